"""Lots: contacts that one workflow works on together. A lot is a lot, be it a campaign's audience or a restart.

What is left to do is in the ledger: which of a lot's contacts are open, and when the next is due. There is no cursor
that a crash could leave wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, text

from database import outbox
from database.attempts import Ask
from database.errors import UnknownLotError
from tactful.temporal import LOT_TYPES, lot_workflow_id

Kind = Literal["campaign", "restart"]
LotState = Literal["open", "stopped", "done"]
CLOSE_AT_ONCE = 500

OPEN = text(
    "INSERT INTO lots (lot_key, kind, strategy, step, version, asked_for, asked_by, rate, created_at, frozen_at) "
    "VALUES (:lot_key, :kind, :strategy, :step, :version, CAST(:asked_for AS jsonb), :asked_by, :rate, :now, "
    ":frozen_at) ON CONFLICT (lot_key) DO NOTHING RETURNING lot_key"
)
COLUMNS = (
    "lot_key, kind, coalesce(strategy, '') AS strategy, step, version, asked_for, asked_by, rate, state, created_at, "
    "frozen_to, frozen_at, ended_at"
)
READ = text(f"SELECT {COLUMNS} FROM lots WHERE lot_key = :lot_key")  # noqa: S608 - our own constant
NEWEST = text(
    f"SELECT {COLUMNS} FROM lots WHERE CAST(:kind AS text) IS NULL OR kind = :kind "  # noqa: S608 - our own constant
    "ORDER BY created_at DESC, lot_key LIMIT :most"
)
# A person who has a campaign go on releases the brake that stopped it.
SET_STATE = text(
    "UPDATE lots SET asked_for = CASE WHEN :state = 'open' AND asked_for ? 'braked' "  # noqa: S608 - our own constant
    "THEN (asked_for - 'braked') || "
    "jsonb_build_object('released', coalesce(asked_for -> 'released', '[]'::jsonb) || (asked_for #> '{braked,what}')) "
    "ELSE asked_for END, state = :state, ended_at = CASE WHEN :state = 'done' THEN CAST(:now AS timestamptz) END "
    f"WHERE lot_key = :lot_key AND state = ANY(:from_states) RETURNING {COLUMNS}"
)
# Each part by the index of its state, so that what has been sent costs nothing. Of a restart that is stopped, what is
# in flight is still seen to; the rest of it is parked again.
DUE = text(
    "SELECT d.customer_key, d.contact_key FROM lots l, LATERAL ("
    " (SELECT customer_key, contact_key, state, due_at AS at FROM contacts WHERE lot_key = l.lot_key"
    "  AND state = 'planned' AND due_at <= :now ORDER BY due_at LIMIT :most)"
    " UNION ALL (SELECT customer_key, contact_key, state, lease_until FROM contacts WHERE lot_key = l.lot_key"
    "  AND state = 'claimed' AND lease_until <= :now ORDER BY due_at LIMIT :most)"
    " UNION ALL (SELECT customer_key, contact_key, state, again_at FROM contacts WHERE lot_key = l.lot_key"
    "  AND state IN ('held', 'sent') AND again_at <= :now ORDER BY again_at LIMIT :most)"
    ") d WHERE l.lot_key = :lot_key AND (l.state = 'open' OR (l.kind = 'restart' AND d.state = 'claimed')) "
    "ORDER BY d.at, d.contact_key LIMIT :most"
)
NEXT_AT = text(
    "SELECT least("
    "(SELECT min(due_at) FROM contacts WHERE lot_key = :lot_key AND state = 'planned'), "
    "(SELECT min(lease_until) FROM contacts WHERE lot_key = :lot_key AND state = 'claimed'), "
    "(SELECT min(again_at) FROM contacts WHERE lot_key = :lot_key AND again_at IS NOT NULL "
    " AND state IN ('held', 'sent')), "
    "(SELECT min(ends_at) FROM journeys WHERE lot_key = :lot_key AND state = 'open')) AS at"
)
# A journey of a campaign ends when nothing is left of it, or when its time is up. One with a parked contact stays open,
# so that a person may still settle it; it ends with the lot in which that is done, or, where it was one contact that
# was seen to after the campaign, behind it.
_OF = {
    "behind": "j.lot_key IN (SELECT lot_key FROM lots WHERE kind = 'campaign' AND state = 'done')",
    "campaign": "j.lot_key = :lot_key",
    "restart": "j.lot_key IS NOT NULL AND j.journey_key IN (SELECT journey_key FROM contacts WHERE lot_key = :lot_key)",
}
_LEAVING = """{of} AND j.state = 'open'
 AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.journey_key = j.journey_key AND c.state = 'claimed')
 AND (j.ends_at <= :now OR ((j.ends_at IS NULL OR NOT :stays) AND NOT EXISTS
   (SELECT 1 FROM contacts c WHERE c.journey_key = j.journey_key
       AND (c.state IN ('planned', 'held', 'parked') OR (c.state = 'sent' AND c.again_at IS NOT NULL)))))"""
# Customers in the order of their keys, so that two such transactions never wait for each other.
_LOCK_LEAVING = (
    "UPDATE customers SET revision = revision + 1 WHERE customer_key IN (SELECT k.customer_key FROM customers k "
    "WHERE k.customer_key IN (SELECT j.customer_key FROM journeys j WHERE {leaving} ORDER BY j.customer_key "
    "LIMIT :most) ORDER BY k.customer_key FOR NO KEY UPDATE) RETURNING customer_key"
)
_LEAVE = (
    "WITH ended AS (UPDATE journeys j SET state = CASE WHEN j.ends_at <= :now AND :stays THEN 'timed_out' "
    "ELSE 'completed' END, ended_at = :now, revision = k.revision FROM customers k "
    "WHERE k.customer_key = j.customer_key AND j.customer_key = ANY(:customers) AND {leaving} "
    "RETURNING j.journey_key, k.revision), "
    "cancelled AS (UPDATE contacts c SET state = 'cancelled', reason = 'journey_ended', updated_at = :now, "
    "revision = e.revision FROM ended e WHERE c.journey_key = e.journey_key AND c.state IN ('planned', 'held') "
    "AND c.restarts = 0) SELECT count(*) FROM ended"
)
LOCK_LEAVING = {kind: text(_LOCK_LEAVING.format(leaving=_LEAVING.format(of=of))) for kind, of in _OF.items()}
LEAVE = {kind: text(_LEAVE.format(leaving=_LEAVING.format(of=of))) for kind, of in _OF.items()}
COUNTS = text(
    "SELECT c.communication, c.state, c.reason, count(*) AS contacts FROM contacts c WHERE c.lot_key = :lot_key "
    "GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3"
)


@dataclass(frozen=True)
class Lot:
    """One lot.

    Attributes:
        strategy: Of a campaign; a restart may be of several and names none.
        asked_for: What was asked for, in our own words: a campaign's moment and occasion, a restart's filter.
        frozen_to: How far its contacts are written, in the order of customers' keys.
        frozen_at: When they were all written; None while they are not.
    """

    lot_key: UUID
    kind: Kind
    strategy: str
    step: str | None
    version: int | None
    asked_for: Mapping[str, Any]
    asked_by: str
    rate: int | None
    state: LotState
    created_at: datetime
    frozen_to: UUID | None
    frozen_at: datetime | None
    ended_at: datetime | None

    @property
    def workflow_id(self) -> str:
        """Return the id of the workflow that works on it."""
        return lot_workflow_id(self.kind, self.lot_key)


@dataclass(frozen=True)
class Counted:
    """How many of a lot's contacts stand alike."""

    communication: str
    state: str
    reason: str | None
    contacts: int


def open_lot(conn: Connection, row: Mapping[str, object], *, now: datetime) -> bool:
    """Write a lot and leave word that its workflow is to be started; return False where there is one of its key.

    Args:
        conn: The transaction.
        row: lot_key, kind, strategy, step, version, asked_for (JSON), asked_by, rate, and frozen_at where its contacts
            are written in this very transaction.
        now: Aware UTC instant.
    """
    written = conn.execute(OPEN, {"rate": None, "frozen_at": None, **row, "now": now}).scalar_one_or_none()
    if written is None:
        return False
    kind = str(row["kind"])
    outbox.start(conn, lot_workflow_id(kind, written), LOT_TYPES[kind], written, None, now=now)
    return True


def read(conn: Connection, lot_key: UUID) -> Lot:
    """Return a lot.

    Raises:
        UnknownLotError: there is none of that key.
    """
    row = conn.execute(READ, {"lot_key": lot_key}).mappings().one_or_none()
    if row is None:
        raise UnknownLotError
    return Lot(**row)


def newest(conn: Connection, kind: Kind | None = None, *, most: int = 20) -> tuple[Lot, ...]:
    """Return the newest lots."""
    return tuple(Lot(**row) for row in conn.execute(NEWEST, {"kind": kind, "most": most}).mappings())


def stop(conn: Connection, lot_key: UUID, *, now: datetime) -> Lot:
    """Stop a lot: from here on none of its contacts is claimed; what is being sent finishes. Again changes nothing.

    Raises:
        UnknownLotError: there is none of that key.
    """
    return _switch(conn, lot_key, "open", "stopped", now)


def resume(conn: Connection, lot_key: UUID, *, now: datetime) -> Lot:
    """Have a stopped lot go on. Again changes nothing.

    Raises:
        UnknownLotError: there is none of that key.
    """
    return _switch(conn, lot_key, "stopped", "open", now)


def finish(conn: Connection, lot_key: UUID, *, now: datetime) -> None:
    """Write that nothing of a lot is left to do."""
    conn.execute(SET_STATE, {"lot_key": lot_key, "state": "done", "from_states": ["open"], "now": now})


def due(conn: Connection, lot_key: UUID, *, now: datetime, most: int) -> tuple[Ask, ...]:
    """Return contacts of an open lot that are due, or whose claim has lapsed: the longest due first, one a customer.

    What else is due to the same customer comes with the next call: the first has to count before it is decided.
    """
    found: dict[UUID, Ask] = {}
    for row in conn.execute(DUE, {"lot_key": lot_key, "now": now, "most": most}):
        found.setdefault(row.customer_key, Ask(row.customer_key, row.contact_key, looks_up=True))
    return tuple(found.values())


def next_at(conn: Connection, lot_key: UUID) -> datetime | None:
    """Return when a lot is to be looked at next: for a contact, or at a journey's end; None when all is settled."""
    return conn.execute(NEXT_AT, {"lot_key": lot_key}).scalar_one()


def leave(conn: Connection, lot: Lot, *, stays: bool, now: datetime) -> int:
    """End some journeys of campaigns of which nothing is left; return how many. To be called until it is none.

    Args:
        conn: A transaction in which nothing has happened yet.
        lot: The lot whose contacts' journeys are meant.
        stays: Whether the step waits for its goal, as long as it lasts, though all is said.
        now: Aware UTC instant.
    """
    asked = {"lot_key": lot.lot_key, "now": now, "stays": stays}
    customers = list(conn.execute(LOCK_LEAVING[lot.kind], asked | {"most": CLOSE_AT_ONCE}).scalars())
    if not customers:
        return 0
    return int(conn.execute(LEAVE[lot.kind], asked | {"customers": customers}).scalar_one())


def leave_behind(conn: Connection, *, now: datetime) -> int:
    """End some journeys that campaigns which are done have left open, and of which nothing is left; return how many.

    A contact that was parked when its campaign was done may be settled later: by a person, a receipt, or a workflow of
    its own. To be called until it is none, in a transaction in which nothing has happened yet.
    """
    asked = {"now": now, "stays": True}
    customers = list(conn.execute(LOCK_LEAVING["behind"], asked | {"most": CLOSE_AT_ONCE}).scalars())
    if not customers:
        return 0
    return int(conn.execute(LEAVE["behind"], asked | {"customers": customers}).scalar_one())


def counts(conn: Connection, lot_key: UUID) -> tuple[Counted, ...]:
    """Return how a lot's contacts stand."""
    return tuple(Counted(**row) for row in conn.execute(COUNTS, {"lot_key": lot_key}).mappings())


def _switch(conn: Connection, lot_key: UUID, from_state: LotState, to: LotState, now: datetime) -> Lot:
    asked = {"lot_key": lot_key, "state": to, "from_states": [from_state], "now": now}
    row = conn.execute(SET_STATE, asked).mappings().one_or_none()
    if row is None:
        return read(conn, lot_key)
    lot = Lot(**row)
    outbox.wake_lot(conn, lot.workflow_id, lot_key, now=now)
    return lot
