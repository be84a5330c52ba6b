"""The sweep: what the last one found, and asking a worker for one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from database import sweep
from database.sweep import Swept
from tactful.doors import read_body
from tactful.wire.sweeping import SweepAnswer, SweepBody
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import InHouse

router = APIRouter(tags=["operating"])


@router.get("/sweep")
async def last_sweep(house: InHouse) -> SweepAnswer:
    """Answer what the last sweep found that is overdue, orphaned or stuck; a worker sweeps every five minutes."""
    return _answer(await house.run(sweep.last))


@router.post("/sweep", openapi_extra=takes(SweepBody), status_code=202)
async def ask_for_sweep(request: Request, house: InHouse) -> SweepAnswer:
    """Have a worker sweep now. Answers the sweep before; ask again until `swept_at` has moved."""
    body = read_body(SweepBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> Swept | None:
        sweep.ask(conn, repairs=body.repairs, by=body.asked_by, now=now)
        return sweep.last(conn)

    return _answer(await house.run(work))


def _answer(swept: Swept | None) -> SweepAnswer:
    if swept is None:
        return SweepAnswer()
    found = swept.found
    return SweepAnswer(
        swept_at=swept.at,
        well=found.well,
        overdue=found.overdue,
        orphaned=found.orphaned,
        untold=found.untold,
        without_workflow=found.without_workflow,
        looked_at=found.looked_at,
        restarted=found.restarted,
    )
