"""Connectors: how each stands, and holding or resuming one by hand."""

from __future__ import annotations

from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from sqlalchemy import Connection

from database import holds
from database.holds import Held
from tactful.doors import read_body, refusal
from tactful.doors.refusals import unknown
from tactful.timing import in_utc
from tactful.wire.connectors import ConnectorAnswer, ConnectorsAnswer, HoldBody, ResumeBody
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import InHouse

router = APIRouter(tags=["connectors"])

log = structlog.get_logger()


@router.get("/connectors")
async def connectors(house: InHouse) -> ConnectorsAnswer:
    """Answer every connector: open or held, why, since when, by whom, and how many contacts wait for it."""
    now = house.clock()
    found = await house.run(holds.read)
    return ConnectorsAnswer(connectors=[_answer(each, now) for each in found])


@router.post("/connectors/{connector}/hold", openapi_extra=takes(HoldBody))
async def hold(connector: str, request: Request, house: InHouse) -> ConnectorAnswer:
    """Hold a connector for everybody. Calls under way are let finish; contacts due meanwhile wait, within their life.

    Holding one that is held says why and until when anew.
    """
    body = read_body(HoldBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()
    until = _instant(body.until, now)

    def work(conn: Connection) -> Held:
        _known(conn, connector)
        holds.hold(conn, connector, why=body.why, by=body.asked_by, until=until, now=now)
        return _one(conn, connector)

    held = await house.run(work)
    log.warning("connector.held", connector=connector, fault=holds.BY_HAND, asked_by=body.asked_by)
    return _answer(held, now)


@router.post("/connectors/{connector}/resume", openapi_extra=takes(ResumeBody))
async def resume(connector: str, request: Request, house: InHouse) -> ConnectorAnswer:
    """Have a held connector tried again now: one contact first, then the others, best first, at its rate.

    Resuming one that is open changes nothing.
    """
    body = read_body(ResumeBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> tuple[bool, Held]:
        _known(conn, connector)
        return holds.resume(conn, connector, now=now), _one(conn, connector)

    resumed, held = await house.run(work)
    if resumed:
        log.info("connector.resumed", connector=connector, asked_by=body.asked_by)
    return _answer(held, now)


def _known(conn: Connection, connector: str) -> None:
    names = holds.known(conn)
    if connector not in names:
        raise unknown("connector", connector, names, field="connector", empty="none: no worker has been started yet")


def _one(conn: Connection, connector: str) -> Held:
    return next(each for each in holds.read(conn) if each.connector == connector)


def _instant(said: str | None, now: datetime) -> datetime | None:
    if said is None:
        return None
    try:
        until = in_utc(datetime.fromisoformat(said))
    except ValueError:
        expected = "an instant with an offset: 2026-11-22T09:00+00:00"
        raise refusal("bad_value", f'"{said}" is no instant.', field="until", expected=expected) from None
    if until <= now:
        raise refusal("bad_value", "That is past.", field="until", expected="an instant to come")
    return until


def _answer(held: Held, now: datetime) -> ConnectorAnswer:
    state = "open" if held.fault is None else "held" if held.until is None or held.until > now else "trying"
    return ConnectorAnswer(
        connector=held.connector,
        channels=list(held.channels),
        state=state,
        fault=held.fault,
        why=held.why or None,
        since=held.since,
        until=held.until,
        held_by=held.held_by,
        waiting=held.waiting,
    )
