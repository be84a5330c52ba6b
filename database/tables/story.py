"""What customers did (events, orders), and the strategies by which we answer (immutable versions)."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from database.tables.base import Amount, Instant, Json, Key, metadata, revision

events = Table(
    "events",
    metadata,
    Column("event_key", Key, primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key"), nullable=False),
    Column("name", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("properties", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("historical", Boolean, nullable=False, server_default="false"),
    revision(),
    Index(None, "customer_key", "name", "occurred_at"),
    comment="Append-only. `message_id` is the sender's: the same event told twice is one row.",
)

orders = Table(
    "orders",
    metadata,
    Column("event_key", Key, ForeignKey("events.event_key"), primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key"), nullable=False),
    Column("order_id", Text),
    Column("placed_at", Instant, nullable=False),
    Column("total", Amount),
    Column("currency", Text),
    Column("properties", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Index(None, "customer_key", "placed_at"),
    Index("ux_orders_told_once", "customer_key", "order_id", unique=True),
    comment="Every `order.placed`, ready to be counted and added up; an order id told again is the same order.",
)

strategies = Table(
    "strategies",
    metadata,
    Column("strategy", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    comment="Which version of a strategy is the published one.",
)

strategy_versions = Table(
    "strategy_versions",
    metadata,
    Column("strategy", Text, ForeignKey("strategies.strategy"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("files", Json, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("note", Text),
    comment="Immutable: the whole folder, as it was published.",
)


watched_events = Table(
    "watched_events",
    metadata,
    Column("name", Text, primary_key=True),
    comment="The events whose history some version of a strategy looks at: only these are read for a decision.",
)
