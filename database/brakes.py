"""Brakes: a campaign stops by itself where it reaches more people, or brings more complaints, than its step allows.

A brake that stopped it is a row of the lot's: what, how many, and the limit. Going on is a person's act, and releases
that brake for this campaign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from database import strategies
from database.lots import Lot
from tactful.strategy.model import Brake

LEAST_COMPLAINTS: Final = 3
"""With fewer, a share says nothing: one of a hundred is already a whole percent."""
PEOPLE, COMPLAINTS = "people", "complaints"

AUDIENCE = text("SELECT count(*) FROM (SELECT 1 FROM journeys WHERE lot_key = :lot_key LIMIT :most) j")
COMPLAINED = text(
    "SELECT count(DISTINCT c.customer_key) FROM receipts r JOIN contacts c USING (contact_key) "
    "WHERE r.kind = 'complained' AND r.received_at >= :since AND c.lot_key = :lot_key"
)
REACHED = text("SELECT count(DISTINCT customer_key) FROM contacts WHERE lot_key = :lot_key AND state = 'sent'")
STOP = text(
    "UPDATE lots SET state = 'stopped', asked_for = asked_for || jsonb_build_object('braked', CAST(:braked AS jsonb)) "
    "WHERE lot_key = :lot_key AND state = 'open' "
    "AND NOT coalesce(asked_for -> 'released', '[]'::jsonb) ? :what RETURNING lot_key"
)


def brake(conn: Connection, lot: Lot, *, now: datetime) -> str | None:
    """Stop an open campaign whose brake says so; return which one did, None where none does.

    Its contacts stay as they are: none of a stopped lot is claimed.
    """
    found = _found(conn, lot)
    if found is None:
        return None
    told = {"lot_key": lot.lot_key, "what": found["what"], "braked": json.dumps(found | {"at": now.isoformat()})}
    return found["what"] if conn.execute(STOP, told).one_or_none() is not None else None


def sentence(braked: Mapping[str, Any]) -> str:
    """Return in words why a campaign has stopped by itself."""
    number, limit = braked["found"], braked["limit"]
    if braked["what"] == PEOPLE:
        return f"Stopped by its brake: it would write to more than {limit:,} people."
    return f"Stopped by its brake: {number:,} of {braked['of']:,} customers have complained; the limit is {limit}%."


def _found(conn: Connection, lot: Lot) -> dict[str, Any] | None:
    limits = limits_of(conn, lot)
    if limits is None:
        return None
    released = lot.asked_for.get("released", ())
    if limits.people is not None and PEOPLE not in released:
        people = _count(conn, AUDIENCE, lot.lot_key, most=limits.people + 1)
        if people > limits.people:
            return {"what": PEOPLE, "found": people, "limit": limits.people}
    if limits.complaints is not None and COMPLAINTS not in released:
        complained = _count(conn, COMPLAINED, lot.lot_key, since=lot.created_at)
        if complained < LEAST_COMPLAINTS:
            return None
        of = _count(conn, REACHED, lot.lot_key)
        if Decimal(complained) * 100 >= limits.complaints * of:
            return {"what": COMPLAINTS, "found": complained, "of": of, "limit": str(limits.complaints)}
    return None


def limits_of(conn: Connection, lot: Lot) -> Brake | None:
    """Return the brake of a campaign as its version says it; None where it has none."""
    if lot.kind != "campaign" or lot.step is None or lot.version is None:
        return None
    return strategies.load(conn, lot.strategy, lot.version).strategy.steps[lot.step].brake


def _count(conn: Connection, statement: Any, lot_key: UUID, **more: object) -> int:  # noqa: ANN401 - a statement
    return int(conn.execute(statement, {"lot_key": lot_key, **more}).scalar_one())
