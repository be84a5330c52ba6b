"""Restarts as pages and the API show them: what was asked for, how far each is."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from database import lots
from database.lots import Lot
from tactful.wire.sends import LotCount, RestartAnswer, SendsFilter

TOLD_FOR = timedelta(days=1)
"""How long a restart that has ended is still told of."""
COUNTS = text("SELECT state, reason, count(*) AS contacts FROM contacts WHERE lot_key = :lot_key GROUP BY 1, 2")
OPEN = ("planned", "held", "claimed")


def restart(conn: Connection, lot_key: UUID) -> RestartAnswer:
    """Return one restart.

    Raises:
        UnknownLotError: there is none of that key.
    """
    return _answer(conn, lots.read(conn, lot_key))


def restarts(conn: Connection, *, now: datetime) -> list[RestartAnswer]:
    """Return the restarts that are under way or have ended within a day, the newest first."""
    found = lots.newest(conn, "restart")
    recent = (lot for lot in found if lot.ended_at is None or lot.ended_at > now - TOLD_FOR)
    return [_answer(conn, lot) for lot in recent]


def _answer(conn: Connection, lot: Lot) -> RestartAnswer:
    rows = conn.execute(COUNTS, {"lot_key": lot.lot_key}).mappings()
    counts = sorted((LotCount(**row) for row in rows), key=lambda one: (-one.contacts, one.state, one.reason or ""))
    left = sum(one.contacts for one in counts if one.state in OPEN)
    return RestartAnswer(
        lot_key=lot.lot_key,
        state=lot.state,
        asked_by=lot.asked_by,
        why=lot.asked_for.get("why"),
        filter=SendsFilter.model_validate(lot.asked_for.get("filter", {})),
        rate=lot.rate,
        created_at=lot.created_at,
        ended_at=lot.ended_at,
        frozen=lot.frozen_at is not None,
        contacts=sum(one.contacts for one in counts),
        settled=sum(one.contacts for one in counts) - left,
        next_at=lots.next_at(conn, lot.lot_key) if left else None,
        counts=counts,
    )
