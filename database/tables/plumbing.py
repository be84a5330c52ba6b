"""What carries the work: the outbox to Temporal, holds on connectors, and the mailbox of a development machine."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Table, Text, text

from database.tables.base import Instant, Json, Key, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_no", BigInteger, Identity(), primary_key=True),
    Column("customer_key", Key, ForeignKey("customers.customer_key")),
    Column("kind", Text, nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("workflow_type", Text, nullable=False),
    Column("subject_key", Key, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index(None, "customer_key", "outbox_no"),
    comment="Starts and wake-ups still to be told to Temporal, in order per customer. Delivered rows are deleted. "
    "What concerns a lot has no customer, and needs no order.",
)

connectors = Table(
    "connectors",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("channels", Json, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("cancels_seconds", Integer),
    comment="The connectors that workers are configured with, as they said when they started; and how long after it "
    "was handed over a message can still be stopped at the provider, where it can.",
)

connector_holds = Table(
    "connector_holds",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("fault", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("held_at", Instant, nullable=False),
    Column("until", Instant),
    Column("held_by", Text),
    Column("probe_until", Instant),
    comment="Connectors that cannot work now, for everybody: why, since when, by whom (nobody: found out by us), and "
    "when to try again (where no time is given: when a person says so). Past `until` one contact at a time tries.",
)

connector_rates = Table(
    "connector_rates",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("free_at", Instant, nullable=False),
    Column("queue_at", Instant, nullable=False),
    comment="Connectors with a rate: until when their calls are given out, and their places in the queue behind.",
)

connector_polls = Table(
    "connector_polls",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("cursor", Text),
    Column("asked_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("worked_at", Instant),
    Column("failing_since", Instant),
    Column("fault", Text),
    comment="Connectors whose providers are asked for receipts: where the next look begins, when it is due (while "
    "somebody looks: when another may), when one last worked, and since when and why none does.",
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("swept_at", Instant, nullable=False),
    Column("found", Json, nullable=False),
    comment="What the last sweep found that is overdue, orphaned or stuck.",
)

served_versions = Table(
    "served_versions",
    metadata,
    Column("version", Text, primary_key=True),
    comment="The versions of the code that these tables still serve; a migration that contracts empties it.",
)

call_tasks = Table(
    "call_tasks",
    metadata,
    Column("part_key", Key, primary_key=True),
    Column("state", Text, nullable=False, server_default="open"),
    Column("put_at", Instant, nullable=False),
    Column("taken_by", Text),
    Column("taken_at", Instant),
    Column("outcome", Text),
    Column("done_by", Text),
    Column("done_at", Instant),
    Index("ix_call_tasks_waiting", "put_at", postgresql_where=text("state IN ('open', 'taken')")),
    CheckConstraint("state IN ('open', 'taken', 'done', 'withdrawn')", name="state"),
    CheckConstraint("outcome IN ('reached', 'no_answer', 'wrong_number', 'not_again')", name="outcome"),
    comment="Calls that people are to make; number and words stand in the frozen message of the same key.",
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("part_key", Key, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("content", Json, nullable=False),
    Column("delivered_at", Instant, nullable=False),
    Index(None, "delivered_at"),
    comment="What the mailbox connectors delivered: every channel, for development.",
)
