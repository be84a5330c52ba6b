"""Strategies: published as numbered versions, and what the published ones declare."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from database import strategies, views
from tactful.doors import read_body
from tactful.wire import PublishAnswer, PublishBody, StrategiesAnswer
from web.bodies import STRATEGY_BYTES, json_body, takes
from web.house import InHouse

router = APIRouter(tags=["strategies"])


@router.post("/strategies", openapi_extra=takes(PublishBody))
async def publish(request: Request, house: InHouse) -> PublishAnswer:
    """Check a strategy folder and make it the published version; the same content again is no new version."""
    body = read_body(PublishBody, await json_body(request, most=STRATEGY_BYTES))
    now = house.clock()

    def work(conn: Connection) -> PublishAnswer:
        done = strategies.publish(conn, body.files, now=now, note=body.note)
        return PublishAnswer(
            strategy=done.strategy,
            version=done.version,
            hash=done.hash,
            unchanged=done.unchanged,
            waits_for_later=[str(waiting) for waiting in done.not_yet],
        )

    return await house.run(work)


@router.get("/strategies")
async def published(house: InHouse) -> StrategiesAnswer:
    """Answer the published version of every strategy, with the events, fields and topics it declares."""

    def work(conn: Connection) -> StrategiesAnswer:
        return StrategiesAnswer(strategies=views.published_strategies(conn))

    return await house.run(work)
