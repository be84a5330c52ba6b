"""Calls that people make: the list, taking one, and saying what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from database import calls
from database.calls import CallTakenError, UnknownCallError
from tactful.doors import RefusedError, read_body, refusal
from tactful.wire.calls import CallAnswer, CallsAnswer, FinishBody, TakeBody, Which
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import House, InHouse

router = APIRouter(tags=["calls"])

log = structlog.get_logger()


@router.get("/calls")
async def waiting(
    house: InHouse,
    state: Which = "all",
    by: Annotated[str | None, Query(max_length=255)] = None,
    after: Annotated[str | None, Query(max_length=400)] = None,
) -> CallsAnswer:
    """Answer the calls to be made, those that wait longest first; who has taken one, and until when it is theirs."""
    now = house.clock()
    return await house.run(lambda conn: calls.waiting(conn, now=now, which=state, by=by, after=after))


@router.post("/calls/{task_key}/take", openapi_extra=takes(TakeBody))
async def take(task_key: UUID, request: Request, house: InHouse) -> CallAnswer:
    """Take a call: for an hour it is nobody else's, and it is not withdrawn any more."""
    body = read_body(TakeBody, await json_body(request, most=ITEM_BYTES))
    return await _done(house, lambda conn: calls.take(conn, task_key, by=body.by, now=house.clock()))


@router.post("/calls/{task_key}/give-back", openapi_extra=takes(TakeBody))
async def give_back(task_key: UUID, request: Request, house: InHouse) -> CallAnswer:
    """Give a call back: anybody may take it again, and it is withdrawn if it is not wanted any more."""
    body = read_body(TakeBody, await json_body(request, most=ITEM_BYTES))
    return await _done(house, lambda conn: calls.give_back(conn, task_key, by=body.by, now=house.clock()))


@router.post("/calls/{task_key}/finish", openapi_extra=takes(FinishBody))
async def finish(task_key: UUID, request: Request, house: InHouse) -> CallAnswer:
    """Say what came of a call. It is a receipt: a way behind it follows at once where nobody answered."""
    body = read_body(FinishBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()
    done = await _done(
        house, lambda conn: calls.finish(conn, task_key, body.outcome, by=body.by, now=now, note=body.note)
    )
    log.info("call.finished", contact_key=str(done.contact_key), outcome=done.outcome)
    return done


async def _done(house: House, work: Callable[[Connection], CallAnswer]) -> CallAnswer:
    try:
        return await house.run(work)
    except (UnknownCallError, CallTakenError) as error:
        raise _refused(error) from None


def _refused(error: UnknownCallError | CallTakenError) -> RefusedError:
    if isinstance(error, UnknownCallError):
        expected = "a task_key of GET /v1/calls"
        return refusal("unknown_call", "There is no such call.", field="task_key", expected=expected)
    said = str(error)
    return refusal("call_taken", f"{said[0].upper()}{said[1:]}.", field="task_key", expected="a call that is open")
