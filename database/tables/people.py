"""Customers, the ids other systems know them by, their addresses, and what they allowed."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Table, Text, text

from database.tables.base import Instant, Json, Key, metadata, revision

customers = Table(
    "customers",
    metadata,
    Column("customer_key", Key, primary_key=True),
    Column("revision", BigInteger, nullable=False, server_default="0"),
    Column("status", Text, nullable=False, server_default="active"),
    Column("time_zone", Text),
    Column("language", Text),
    Column("country", Text),
    Column("properties", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("preferred", Json, nullable=False, server_default=text("'[]'::jsonb")),
    Column("segment", Text),
    Column("registered_at", Instant, nullable=False),
    Column("told_at", Instant),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("status IN ('active', 'inactive', 'erased')", name="status"),
    comment="One row a customer. `revision` goes up by one in every transaction that changes what may be sent to them; "
    "`told_at` is as of when the newest of their facts were told.",
)

customer_ids = Table(
    "customer_ids",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key"), nullable=False),
    Column("since", Instant, nullable=False),
    Index(None, "customer_key"),
    CheckConstraint("kind IN ('user', 'anonymous')", name="kind"),
    comment="Other people's ids, several to a customer.",
)

addresses = Table(
    "addresses",
    metadata,
    Column("address_no", BigInteger, Identity(), primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("said_at", Instant, nullable=False),
    Column("replaced_at", Instant),
    revision(),
    Index("ux_addresses_current", "customer_key", "channel", unique=True, postgresql_where=text("replaced_at IS NULL")),
    Index(None, "channel", "address"),
    comment="Where a customer can be reached; the row without `replaced_at` is the one in use, last said at `said_at`.",
)

consents = Table(
    "consents",
    metadata,
    Column("consent_no", BigInteger, Identity(), primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("evidence", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("stated_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("expires_at", Instant),
    revision(),
    Index(None, "customer_key", "channel", "topic", "stated_at"),
    CheckConstraint("state IN ('opted_in', 'pending', 'opted_out')", name="state"),
    comment="Append-only. The latest statement by `stated_at` holds, whatever order statements arrive in.",
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("suppression_no", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("customer_key", Key, ForeignKey("customers.customer_key")),
    Column("channel", Text),
    Column("address", Text),
    Column("topic", Text),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("stated_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("told_key", Key),
    revision(),
    Index(None, "customer_key"),
    Index(None, "channel", "address"),
    Index("ux_suppressions_told_once", "told_key", unique=True),
    CheckConstraint("kind IN ('undeliverable', 'marketing')", name="kind"),
    CheckConstraint("customer_key IS NOT NULL OR address IS NOT NULL", name="somebody"),
    comment="Append-only. A standing no for a customer or for an address (whoever holds it).",
)

suppression_lifts = Table(
    "suppression_lifts",
    metadata,
    Column("suppression_no", BigInteger, ForeignKey("suppressions.suppression_no"), primary_key=True),
    Column("lifted_at", Instant, nullable=False),
    Column("lifted_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("revision", BigInteger),
    comment="Append-only: suppressions that somebody lifted, who and why; a customer's own, at which revision.",
)

soft_bounces = Table(
    "soft_bounces",
    metadata,
    Column("bounce_no", BigInteger, Identity(), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("told_id", Text, nullable=False),
    Column("bounced_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ux_soft_bounces_told_once", "source", "told_id", unique=True),
    Index(None, "channel", "address", "bounced_at"),
    comment="Append-only: messages that came back for now; too many make an address undeliverable.",
)
