"""Restarts of many: a lot into which parked contacts are taken up page by page, and out of which a stop lets them go.

A contact is in one lot only, that of its row. Who asks twice, or beside somebody else, finds the contacts taken. What a
stop leaves undone is parked again, for the reason it was parked for before.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, text

from database import customers, lots, sends
from database.lots import Lot
from database.sends import PAGE, Asking
from tactful.intake import Person, Which
from tactful.keys import NAMESPACE

# Shared with nobody who stops the lot: a page is written before the stop, or not at all.
OPEN = text("SELECT state = 'open' AND frozen_at IS NULL FROM lots WHERE lot_key = :lot_key FOR SHARE")
FROZEN = text("UPDATE lots SET frozen_at = :now WHERE lot_key = :lot_key AND frozen_at IS NULL")
STOPPED_BY = text(
    "UPDATE lots SET asked_for = asked_for || jsonb_build_object('stopped_by', CAST(:by AS text), 'stopped_why', "
    "CAST(:why AS text)) WHERE lot_key = :lot_key AND state = 'open' AND NOT asked_for ? 'stopped_by'"
)
ENDED = text("UPDATE lots SET ended_at = :now WHERE lot_key = :lot_key AND state = 'stopped' AND ended_at IS NULL")
UNDONE = text(
    "SELECT contact_key, customer_key FROM contacts WHERE lot_key = :lot_key AND state IN ('planned', 'held') "
    "ORDER BY customer_key, contact_key LIMIT :most"
)
RELEASE = text("""
WITH released AS (
  UPDATE contacts c SET state = 'parked', reason = r.reason, held_for = NULL, lease_until = NULL, updated_at = :now,
         revision = l.revision
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS l(contact_key uuid, revision bigint),
         LATERAL (SELECT d.reason FROM decisions d WHERE d.contact_key = l.contact_key AND d.verdict = 'retry'
                   ORDER BY d.decision_no DESC LIMIT 1) r
   WHERE c.contact_key = l.contact_key AND c.lot_key = :lot_key AND c.state IN ('planned', 'held')
  RETURNING c.contact_key, c.reason, c.version, c.revision
)
INSERT INTO decisions (contact_key, decided_at, verdict, reason, trace, version, asked_by, why, revision)
SELECT contact_key, :now, 'park', reason, '[]'::jsonb, version, :asked_by, :why, revision FROM released
""")


@dataclass(frozen=True)
class RestartRequest:
    """A restart that somebody wants.

    Attributes:
        which: Which contacts.
        person: Who wants it, and why.
        request_key: The caller's own key: the same again is the same restart.
        even_unknown: Also what may have arrived.
        rate: Most contacts a second; None for as fast as the connectors go.
        said: The filter as it was said, to be told again.
    """

    which: Which
    person: Person
    request_key: str
    even_unknown: bool = False
    rate: int | None = None
    said: dict[str, Any] | None = None


def begin(conn: Connection, request: RestartRequest, *, now: datetime) -> Lot:
    """Open a restart's lot and leave word that its workflow is to be started; the same request again finds it."""
    key = uuid5(NAMESPACE, f"restart\x1f{request.request_key}")
    asked_for = {
        "which": asdict(request.which),
        "even_unknown": request.even_unknown,
        "why": request.person.why,
        "filter": request.said or {},
    }
    row = {
        "lot_key": key,
        "kind": "restart",
        "strategy": None,
        "step": None,
        "version": None,
        "asked_for": json.dumps(asked_for, default=str),
        "asked_by": request.person.name,
        "rate": request.rate,
    }
    lots.open_lot(conn, row, now=now)
    return lots.read(conn, key)


def freeze_page(conn: Connection, lot: Lot, *, now: datetime, most: int = PAGE) -> bool:
    """Take up the next contacts of a restart; return whether that was all.

    Args:
        conn: A transaction in which nothing was written yet.
        lot: The restart.
        now: Aware UTC instant.
        most: How many at once.
    """
    if not conn.execute(OPEN, {"lot_key": lot.lot_key}).scalar_one():
        return True
    if sends.do_page(conn, asking_of(lot), now=now, most=most).found:
        return False
    conn.execute(FROZEN, {"lot_key": lot.lot_key, "now": now})
    return True


def asking_of(lot: Lot) -> Asking:
    """Return what a restart asks for, from its row."""
    said = dict(lot.asked_for["which"])
    for name in ("parked_by", "since", "until"):
        said[name] = customers.instant(said[name])
    said["customer_key"] = UUID(said["customer_key"]) if said["customer_key"] else None
    said["contacts"] = tuple(UUID(key) for key in said["contacts"]) if said["contacts"] is not None else None
    person = Person(lot.asked_by, lot.asked_for.get("why"))
    return Asking("retry", Which(**said), person, lot.asked_for["even_unknown"], lot.lot_key)


def stop(conn: Connection, lot_key: UUID, person: Person, *, now: datetime) -> Lot:
    """Stop a restart: what is being sent finishes, the rest is parked again. Again changes nothing.

    Raises:
        UnknownLotError: there is none of that key.
    """
    conn.execute(STOPPED_BY, {"lot_key": lot_key, "by": person.name, "why": person.why})
    return lots.stop(conn, lot_key, now=now)


def release_page(conn: Connection, lot: Lot, *, now: datetime, most: int = PAGE) -> int:
    """Park the next contacts that a stopped restart leaves undone; return how many. To be called until it is none."""
    found = conn.execute(UNDONE, {"lot_key": lot.lot_key, "most": most}).all()
    if not found:
        return 0
    locked = customers.lock_all(conn, sorted({row.customer_key for row in found}))
    rows = [{"contact_key": str(row.contact_key), "revision": locked[row.customer_key]["revision"]} for row in found]
    said = {"asked_by": lot.asked_for.get("stopped_by"), "why": lot.asked_for.get("stopped_why")}
    conn.execute(RELEASE, said | {"lot_key": lot.lot_key, "rows": json.dumps(rows), "now": now})
    return len(found)


def end(conn: Connection, lot_key: UUID, *, now: datetime) -> None:
    """Write that nothing of a stopped restart is left to let go."""
    conn.execute(ENDED, {"lot_key": lot_key, "now": now})
