"""Words for Temporal, written with what causes them and told afterwards: a Temporal outage loses nothing.

Told in order per customer: only a customer's oldest word is ever handed out. What concerns a lot has no customer and
comes in any order. Telling twice is harmless, because a start refuses a used id and a wake-up carries no data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

WRITE = text(
    "INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at) "
    "VALUES (:customer_key, :kind, :workflow_id, :workflow_type, :subject_key, :now)"
)
WAKE = text(
    "INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at) "
    "SELECT :customer_key, 'wake', strategy || '/' || first_step || '/' || journey_key, '', journey_key, :now "
    "FROM journeys WHERE journey_key = :journey_key AND lot_key IS NULL"
)
TAKE = text(
    "WITH oldest AS MATERIALIZED ("
    " SELECT o.outbox_no FROM outbox o WHERE (o.lease_until IS NULL OR o.lease_until < now())"
    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.customer_key = o.customer_key AND e.outbox_no < o.outbox_no)"
    " ORDER BY o.outbox_no LIMIT :most FOR UPDATE SKIP LOCKED) "
    "UPDATE outbox t SET lease_until = now() + interval '30 seconds', attempts = t.attempts + 1 FROM oldest "
    "WHERE t.outbox_no = oldest.outbox_no RETURNING "
    "t.outbox_no, t.customer_key, t.kind, t.workflow_id, t.workflow_type, t.subject_key, t.attempts"
)
DONE = text("DELETE FROM outbox WHERE outbox_no = ANY(:numbers)")
GIVE_BACK = text(
    "UPDATE outbox SET lease_until = now() + least(attempts, 30) * interval '1 second' WHERE outbox_no = ANY(:numbers)"
)
BACKLOG = text("SELECT count(*) AS waiting, min(written_at) AS oldest FROM outbox")


@dataclass(frozen=True)
class Word:
    """One thing to tell Temporal."""

    outbox_no: int
    customer_key: UUID | None
    kind: Literal["start", "wake", "restart", "again"]
    workflow_id: str
    workflow_type: str
    subject_key: UUID
    attempts: int


@dataclass(frozen=True)
class Backlog:
    """How many words wait to be told, and since when."""

    waiting: int
    oldest: datetime | None


def start(
    conn: Connection,
    workflow_id: str,
    workflow_type: str,
    subject_key: UUID,
    customer_key: UUID | None,
    *,
    now: datetime,
) -> None:
    """Leave word that a workflow is to be started; that of a lot has no customer."""
    row = {"kind": "start", "workflow_id": workflow_id, "workflow_type": workflow_type, "subject_key": subject_key}
    conn.execute(WRITE, row | {"customer_key": customer_key, "now": now})


def wake(conn: Connection, journey_key: UUID, customer_key: UUID, *, now: datetime) -> None:
    """Leave word that a journey's workflow is to look again; one of a campaign has none, its lot looks after it."""
    conn.execute(WAKE, {"customer_key": customer_key, "journey_key": journey_key, "now": now})


def wake_lot(conn: Connection, workflow_id: str, lot_key: UUID, *, now: datetime) -> None:
    """Leave word that a lot's workflow is to look again."""
    row = {"kind": "wake", "workflow_id": workflow_id, "workflow_type": "", "subject_key": lot_key}
    conn.execute(WRITE, row | {"customer_key": None, "now": now})


def take(conn: Connection, *, most: int = 100) -> tuple[Word, ...]:
    """Lease the oldest word of each of up to `most` customers; a lease not settled lapses and is taken again.

    Leases run on the database's clock, the only one that all workers share.
    """
    rows = conn.execute(TAKE, {"most": most})
    return tuple(sorted((Word(**row) for row in rows.mappings()), key=lambda word: word.outbox_no))


def settle(conn: Connection, told: Sequence[int], untold: Sequence[int]) -> None:
    """Delete what was told; give back what was not, to be taken again after a second for each time it was tried."""
    if told:
        conn.execute(DONE, {"numbers": list(told)})
    if untold:
        conn.execute(GIVE_BACK, {"numbers": list(untold)})


def backlog(conn: Connection) -> Backlog:
    """Return how much is still to be told."""
    return Backlog(**conn.execute(BACKLOG).mappings().one())
