"""Health: how the database, its tables, the outbox and whatever else is watched are doing.

Two questions, open to everybody, so they tell how things are and nothing of what is inside: load balancers ask whether
requests can be served here, and what people are called by asks whether all is well.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Response

from database import migrate, polls, views
from database.errors import DatabaseError, SchemaError
from database.polls import Stands
from database.sweep import Found
from database.views.plumbing import Doing
from tactful.connector import Fault
from tactful.wire.answers import HealthAnswer, PartOfHealth
from web.house import HealthCheck, House, InHouse

router = APIRouter(tags=["health"])

# The relay takes words within a second or so: half a minute means that none is running, or that Temporal is gone.
OUTBOX_PATIENCE: Final = timedelta(seconds=30)
CHECK_SECONDS: Final = 3.0
POLL_PATIENCE: Final = timedelta(minutes=10)
_THERE: Final = PartOfHealth(name="database", ok=True, sentence="The database answers.")
_SERVED: Final = PartOfHealth(name="schema", ok=True, sentence="The tables are this version's.")
_LASTING: Final = frozenset({Fault.CONFIG.value, Fault.QUOTA.value})


@router.get("/healthz", responses={503: {"model": HealthAnswer}})
async def healthz(house: InHouse, response: Response) -> HealthAnswer:
    """Answer how every part is doing: 200 when all are well, else 503 with what to do."""
    return _answered(await look(house), response)


@router.get("/readyz", responses={503: {"model": HealthAnswer}})
async def readyz(house: InHouse, response: Response) -> HealthAnswer:
    """Answer whether requests can be served here: 200 while the database answers with our tables, else 503.

    Neither Temporal nor a provider matters: what is told to us meanwhile is kept, and nothing of it is lost.
    """
    try:
        await house.run(migrate.check)
    except SchemaError as error:
        return _answered(_answer([_THERE, *_tables(str(error))]), response)
    except DatabaseError as error:
        return _answered(_answer([_down(error)]), response)
    return _answered(_answer([_THERE, _SERVED]), response)


def _answered(answer: HealthAnswer, response: Response) -> HealthAnswer:
    response.status_code = 200 if answer.ok else 503
    response.headers["Cache-Control"] = "no-store"
    return answer


def _answer(parts: list[PartOfHealth], waiting: int | None = None, oldest: datetime | None = None) -> HealthAnswer:
    return HealthAnswer(
        ok=all(part.ok for part in parts),
        version=version("tactful"),
        parts=parts,
        outbox_waiting=waiting,
        outbox_oldest_at=oldest,
    )


async def look(house: House) -> HealthAnswer:
    """Look at every part."""
    try:
        doing = await house.run(views.health)
    except DatabaseError as error:
        return _answer([_down(error)])
    parts = [_THERE]
    parts += _tables(doing.wrong) if doing.wrong is not None else _working(doing, house.clock())
    parts += await asyncio.gather(*(_checked(name, check) for name, check in house.checks.items()))
    backlog = doing.backlog
    return _answer(parts, backlog.waiting, backlog.oldest) if backlog else _answer(parts)


def _down(error: DatabaseError) -> PartOfHealth:
    told = "Start PostgreSQL, or see to TACTFUL_DATABASE_URL."
    return PartOfHealth(name="database", ok=False, sentence=f"{error}.", what_to_do=told)


def _tables(wrong: str) -> list[PartOfHealth]:
    told = "Run `tactful migrate` with this version, or start the version that the tables are for."
    return [PartOfHealth(name="schema", ok=False, sentence=f"{wrong}.", what_to_do=told)]


def _working(doing: Doing, now: datetime) -> list[PartOfHealth]:
    return [_SERVED, _outbox(doing, now), _strategies(doing), *_connectors(doing), *_polls(doing, now), *_sweep(doing)]


def _outbox(doing: Doing, now: datetime) -> PartOfHealth:
    backlog = doing.backlog
    if backlog is None or backlog.oldest is None:
        return PartOfHealth(name="outbox", ok=True, sentence="Nothing waits to be told to Temporal.")
    age = max(now - backlog.oldest, timedelta(0))
    waits = "1 word waits" if backlog.waiting == 1 else f"{backlog.waiting:,} words wait"
    sentence = f"{waits} to be told to Temporal, the oldest for {age.total_seconds():.0f} s."
    late = age > OUTBOX_PATIENCE
    told = "Is a worker running, and does it reach Temporal? Nothing is lost: it is told when they are back."
    return PartOfHealth(name="outbox", ok=not late, sentence=sentence, what_to_do=told if late else None)


def _connectors(doing: Doing) -> list[PartOfHealth]:
    """Say which connectors are on hold; nothing where all are open. What a person holds is as they want it."""
    if not doing.held:
        return []
    named = ", ".join(f"{name} ({'by hand' if by_hand else fault})" for name, fault, by_hand in doing.held)
    ok = all(by_hand for _, _, by_hand in doing.held)
    do = (
        None if ok else "See `tactful connector list`; it is tried again by itself, `tactful connector resume` at once."
    )
    return [PartOfHealth(name="connectors", ok=ok, sentence=f"On hold: {named}.", what_to_do=do)]


def _polls(doing: Doing, now: datetime) -> list[PartOfHealth]:
    """Say which providers could be asked for news and which could not; nothing where none has to be."""
    asked = [one for one in doing.asked if now - one.due_at < polls.FORGOTTEN_AFTER]
    if not asked:
        return []
    ok = all(
        one.failing_since is None or (one.fault not in _LASTING and now - one.failing_since < POLL_PATIENCE)
        for one in asked
    )
    do = None if ok else "The worker's log says why (poll.failed); nothing is lost: it is asked again by itself."
    return [PartOfHealth(name="polls", ok=ok, sentence="; ".join(map(_poll, asked)) + ".", what_to_do=do)]


def _poll(one: Stands) -> str:
    worked = f"last worked {one.worked_at:%d %b %H:%M} UTC" if one.worked_at else "has not worked yet"
    if one.failing_since is None:
        return f"{one.connector}: {worked}" if one.worked_at else f"{one.connector}: is being asked"
    return f"{one.connector}: cannot be asked since {one.failing_since:%d %b %H:%M} UTC ({one.fault}), {worked}"


def _sweep(doing: Doing) -> list[PartOfHealth]:
    """Say what the last sweep found; nothing before the first, a few seconds after the first worker has started."""
    if doing.swept is None:
        return []
    found, at = doing.swept.found, f"{doing.swept.at:%d %b %H:%M} UTC"
    if found.well:
        return [PartOfHealth(name="sweep", ok=True, sentence=f"Nothing was overdue or orphaned at {at}.")]
    sentence = f"Found at {at}: {told(found)}."
    do = "See `tactful sweep`; `tactful sweep --repair` starts again what has no workflow."
    return [PartOfHealth(name="sweep", ok=False, sentence=sentence, what_to_do=do)]


def told(found: Found) -> str:
    """Return what a sweep found, in words."""
    numbers = {
        "contacts late by more than an hour": found.overdue,
        "contacts planned though their journey has ended": found.orphaned,
        "words to Temporal untold for ten minutes": found.untold,
        "journeys, contacts or lots without a workflow": found.without_workflow,
    }
    return ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number) or "nothing"


def _strategies(doing: Doing) -> PartOfHealth:
    """Say what is published. Nothing published is no fault of the service: it is how every installation begins."""
    if not doing.strategies:
        told = "Publish one: tactful publish FOLDER"
        return PartOfHealth(name="strategies", ok=True, sentence="No strategy is published yet.", what_to_do=told)
    named = ", ".join(f"{name} version {number}" for name, number in doing.strategies)
    return PartOfHealth(name="strategies", ok=True, sentence=f"Published: {named}.")


async def _checked(name: str, check: HealthCheck) -> PartOfHealth:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except Exception as error:  # noqa: BLE001 - a check that breaks is itself the finding
        sentence = f"{name} could not be looked at ({type(error).__name__})."
        return PartOfHealth(name=name, ok=False, sentence=sentence)
