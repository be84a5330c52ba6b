"""Calls that people make: the list, taking one, and saying what came of it."""

from __future__ import annotations

from uuid import UUID

import structlog
from fastapi import APIRouter, Request

from database import calls
from database.calls import CallTakenError, UnknownCallError
from tactful.doors import RefusedError, read_body, refusal
from tactful.wire.calls import CallAnswer, CallsAnswer, FinishBody, TakeBody
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import InHouse

router = APIRouter(tags=["calls"])

log = structlog.get_logger()


@router.get("/calls")
async def waiting(house: InHouse) -> CallsAnswer:
    """Answer the calls to be made, those that wait longest first; who has taken one, and since when."""
    return CallsAnswer(calls=await house.run(calls.waiting))


@router.post("/calls/{task_key}/take", openapi_extra=takes(TakeBody))
async def take(task_key: UUID, request: Request, house: InHouse) -> CallAnswer:
    """Take a call: for an hour it is nobody else's, and it is not withdrawn any more."""
    body = read_body(TakeBody, await json_body(request, most=ITEM_BYTES))
    try:
        return await house.run(lambda conn: calls.take(conn, task_key, by=body.by, now=house.clock()))
    except (UnknownCallError, CallTakenError) as error:
        raise _refused(error) from None


@router.post("/calls/{task_key}/finish", openapi_extra=takes(FinishBody))
async def finish(task_key: UUID, request: Request, house: InHouse) -> CallAnswer:
    """Say what came of a call. It is a receipt: a way behind it follows at once where nobody answered."""
    body = read_body(FinishBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()
    try:
        done = await house.run(lambda conn: calls.finish(conn, task_key, body.outcome, by=body.by, now=now))
    except (UnknownCallError, CallTakenError) as error:
        raise _refused(error) from None
    log.info("call.finished", contact_key=str(done.contact_key), outcome=done.outcome)
    return done


def _refused(error: UnknownCallError | CallTakenError) -> RefusedError:
    if isinstance(error, UnknownCallError):
        expected = "a task_key of GET /v1/calls"
        return refusal("unknown_call", "There is no such call.", field="task_key", expected=expected)
    said = str(error)
    return refusal("call_taken", f"{said[0].upper()}{said[1:]}.", field="task_key", expected="a call that is open")
