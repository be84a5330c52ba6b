"""Rates: however many workers call one connector, no two calls are closer than its rate allows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from activities.pace import Busy, Pace, Turn
from database import rates
from database.engine import Database
from database.rates import Leased
from tests.integration.ledger import Ledger, at_once

pytestmark = pytest.mark.integration

TICK = timedelta(microseconds=1)


def instants(leased: Leased) -> list[datetime]:
    return [leased.at(number) for number in range(leased.many)]


def test_instants_leased_by_many_at_once_are_each_given_out_once_and_one_step_apart(empty_ledger: Ledger) -> None:
    def worker(many: int) -> list[datetime]:
        found: list[datetime] = []
        for _ in range(10):
            found += instants(empty_ledger.run(lambda c: rates.lease(c, "twilio", 40, many=many)))
        return found

    workers = [lambda many=many: worker(many) for many in (1, 2, 3, 5, 8, 1, 2, 3)]
    given = sorted(at for found in at_once(*workers) for at in found)
    assert len(given) == 250
    assert min(later - earlier for earlier, later in pairwise(given)) >= rates.step_of(40) - TICK


def test_what_was_not_used_is_lost_and_never_made_up_for(empty_ledger: Ledger) -> None:
    """A connector that nobody called for an hour has no hour's worth of calls to give."""
    empty_ledger.run(lambda c: rates.lease(c, "twilio", 10, many=1))
    empty_ledger.run(lambda c: c.execute(sa.text("UPDATE connector_rates SET free_at = now() - interval '1 hour'")))
    leased = empty_ledger.run(lambda c: rates.lease(c, "twilio", 10, many=5))
    (clock,) = empty_ledger.rows("SELECT now() AS at")
    assert leased.first_at > clock.at - timedelta(minutes=1)


def test_connectors_have_rates_of_their_own(empty_ledger: Ledger) -> None:
    empty_ledger.run(lambda c: rates.lease(c, "slow", 0.01, many=10))
    assert empty_ledger.run(lambda c: rates.lease(c, "fast", 100, many=1)).starts_in <= timedelta(0)


def test_those_who_wait_longer_get_places_one_behind_the_other(empty_ledger: Ledger) -> None:
    empty_ledger.run(lambda c: rates.lease(c, "slow", 0.1, many=1))
    places = [empty_ledger.run(lambda c: rates.queue(c, "slow", 0.1)) for _ in range(4)]
    assert all(later - earlier > timedelta(seconds=9) for earlier, later in pairwise(places))


async def test_workers_together_keep_the_rate_and_no_turn_comes_before_its_instant(database_url: str) -> None:
    """Three workers with connections of their own; their clock is the same, so their turns can be compared."""
    databases = [Database(database_url) for _ in range(3)]
    workers = [Pace(database, {"post": 60}) for database in databases]
    loop = asyncio.get_running_loop()
    early: list[float] = []

    async def turn(pace: Pace) -> float:
        taken = await pace.take("post", patience_seconds=60)
        assert isinstance(taken, Turn)
        early.append(taken.at - loop.time())
        return taken.at

    turns = sorted(await asyncio.gather(*(turn(pace) for pace in workers for _ in range(40))))
    for database in databases:
        database.close()
    assert len(set(turns)) == 120
    assert max(early) < 0.001  # the loop's timers are as exact as that
    assert turns[-1] - turns[0] >= 119 / 60 - 0.5  # a turn may come late by the way from the database


async def test_a_contact_that_would_wait_too_long_is_told_when_to_come_again(database_url: str) -> None:
    database = Database(database_url)
    pace = Pace(database, {"slow": 0.05})
    assert isinstance(await pace.take("slow"), Turn)
    told = [await pace.take("slow") for _ in range(3)]
    database.close()
    waits = [each.again_in for each in told if isinstance(each, Busy)]
    assert len(waits) == 3
    assert all(timedelta(seconds=10) < later - earlier for earlier, later in pairwise(waits))


async def test_a_connector_without_a_rate_never_waits_and_asks_nobody(database_url: str) -> None:
    database = Database(database_url)
    database.close()
    assert isinstance(await Pace(database, {}).take("post", patience_seconds=0), Turn)
