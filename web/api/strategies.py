"""Strategies: published as numbered versions, and what the published ones declare."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from database import strategies, views
from tactful.doors import read_body
from tactful.strategy import Problem, StrategyErrors, examine
from tactful.strategy.problems import errors_in, in_reading_order
from tactful.templates import check_templates
from tactful.wire import PublishAnswer, PublishBody, StrategiesAnswer
from web.bodies import STRATEGY_BYTES, json_body, takes
from web.failures import problem_refusal
from web.house import InHouse

router = APIRouter(tags=["strategies"])


@router.post("/strategies", openapi_extra=takes(PublishBody))
async def publish(request: Request, house: InHouse) -> PublishAnswer:
    """Check a strategy folder and make it the published version; the same content again is no new version."""
    body = read_body(PublishBody, await json_body(request, most=STRATEGY_BYTES))
    now = house.clock()
    warnings = await asyncio.to_thread(_checked, body.files)

    def work(conn: Connection) -> PublishAnswer:
        done = strategies.publish(conn, body.files, now=now, note=body.note)
        return PublishAnswer(
            strategy=done.strategy,
            version=done.version,
            hash=done.hash,
            unchanged=done.unchanged,
            waits_for_later=[str(waiting) for waiting in done.not_yet],
            warnings=[problem_refusal(problem) for problem in warnings],
        )

    return await house.run(work)


def _checked(files: Mapping[str, str]) -> Sequence[Problem]:
    """Return the warnings about a strategy folder, templates included.

    Raises:
        StrategyErrors: It cannot be used; with everything that is wrong.
    """
    reading = examine(files)
    if reading.strategy is None:
        raise StrategyErrors(reading.problems)
    problems = in_reading_order([*reading.problems, *check_templates(reading.strategy, files)])
    if errors_in(problems):
        raise StrategyErrors(problems)
    return problems


@router.get("/strategies")
async def published(house: InHouse) -> StrategiesAnswer:
    """Answer the published version of every strategy, with the events, fields and topics it declares."""

    def work(conn: Connection) -> StrategiesAnswer:
        return StrategiesAnswer(strategies=views.published_strategies(conn))

    return await house.run(work)
