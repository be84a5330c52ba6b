"""How Alembic meets our tables: one schema, one transaction, one migrator at a time."""

from alembic import context

from database.tables import SCHEMA, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=lambda name, type_, _parents: type_ != "schema" or name == SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
