"""What every table shares: the schema, the naming of constraints, the column shorthands."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

SCHEMA = "tactful"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    },
)

Key = UUID(as_uuid=True)
Instant = DateTime(timezone=True)
Amount = Numeric(14, 2)
Json = JSONB(none_as_null=True)


def revision() -> Column[int]:
    """Return the column that orders changes of one customer: the customer's revision when the row was last written."""
    return Column("revision", BigInteger, nullable=False)


def money() -> tuple[Column[object], Column[object], Column[str]]:
    """Return what a contact or journey cost, what it earned, and in which currency."""
    return (
        Column("cost", Amount, nullable=False, server_default="0"),
        Column("revenue", Amount, nullable=False, server_default="0"),
        Column("currency", Text),
    )
