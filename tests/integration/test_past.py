"""The past told in bulk has the outcome of the same events told one after the other."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from database import intake, past, strategies
from database.engine import Database
from database.errors import UnknownCustomerError
from database.intake import Tracked
from tactful.intake import Identify, Track, Who
from tests.small_strategy import files

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 24, 12, tzinfo=UTC)
JOURNEYS = sa.text(
    "SELECT j.step, j.key, j.entry_no, j.cycle, j.state, j.started_at, j.due_at, j.goals, j.goal_at, j.revenue "
    "FROM journeys j WHERE customer_key = :key ORDER BY step, key, entry_no"
)
ORDERS = sa.text("SELECT placed_at, total, currency, order_id FROM orders WHERE customer_key = :key ORDER BY 1, 2, 4")
WORDS = sa.text("SELECT kind, count(*) FROM outbox WHERE customer_key = :key GROUP BY kind ORDER BY kind")


@pytest.fixture
def database(database_url: str) -> Generator[Database]:
    database = Database(database_url)
    database.run(lambda c: strategies.publish(c, files(), now=NOW - timedelta(days=900)))
    yield database
    database.close()


def order(user: str, i: int, chance: random.Random) -> Track:
    days = chance.choice([chance.randrange(1, 700), 30, 60])
    properties: dict[str, Any] = {"occasion": chance.choice(["birthday", "wedding"])} if chance.random() < 0.8 else {}
    if chance.random() < 0.8:
        properties |= {"total": {"amount": str(chance.randrange(1, 99)), "currency": "GBP"}, "currency": "GBP"}
    if chance.random() < 0.3:
        properties["order_id"] = f"order-{chance.randrange(6)}"
    message = f"{user}-{chance.choice([i, i, i, max(i - 1, 0)])}"
    at = NOW - timedelta(days=days, hours=chance.randrange(24))
    return Track(
        Who(user), chance.choice(["order.placed"] * 4 + ["guide.opened"]), message, at, properties, historical=True
    )


def story(database: Database, key: UUID) -> list[list[dict[str, Any]]]:
    def work(conn: sa.Connection) -> list[list[dict[str, Any]]]:
        return [[dict(row) for row in conn.execute(q, {"key": key}).mappings()] for q in (JOURNEYS, ORDERS, WORDS)]

    return database.run(work)


@pytest.mark.parametrize("seed", range(25))
def test_in_bulk_as_one_after_the_other(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    keys = [
        database.run(lambda c, u=user: intake.identify(c, Identify(Who(u), u, NOW - timedelta(days=800)), now=NOW))
        for user in ("one", "bulk")
    ]
    count = chance.randrange(1, 14)
    state = chance.getstate()
    single = [order("one", i, chance) for i in range(count)]
    chance.setstate(state)
    bulk = [order("bulk", i, chance) for i in range(count)]
    answers = [database.run(lambda c, d=done: intake.track(c, d, now=NOW)).duplicate for done in single]
    cut = chance.randrange(count + 1)
    told: list[Tracked | UnknownCustomerError] = []
    for batch in (bulk[:cut], bulk[cut:]):
        told += database.run(lambda c, b=batch: past.track_past(c, b, now=NOW))
    assert [one.duplicate for one in told if isinstance(one, Tracked)] == answers
    assert story(database, keys[1]) == story(database, keys[0])


def test_customers_whom_nobody_knows_are_answered_or_registered(database: Database) -> None:
    events = [
        Track(Who("ada"), "order.placed", "m1", NOW - timedelta(days=9), historical=True),
        Track(Who("ada"), "order.placed", "m2", NOW - timedelta(days=12), historical=True),
        Track(Who(None, "cookie"), "order.placed", "m3", NOW - timedelta(days=3), historical=True),
    ]
    told = database.run(lambda c: past.track_past(c, events, now=NOW))
    assert all(isinstance(one, UnknownCustomerError) for one in told)
    told = database.run(lambda c: past.track_past(c, events, now=NOW, create_customers=True))
    assert [isinstance(one, Tracked) and not one.duplicate for one in told] == [True] * 3
    query = sa.text("SELECT i.id, c.registered_at FROM customers c JOIN customer_ids i USING (customer_key) ORDER BY 1")
    registered = database.run(lambda c: [(row.id, row.registered_at) for row in c.execute(query)])
    assert registered == [("ada", NOW - timedelta(days=12)), ("cookie", NOW - timedelta(days=3))]


def test_nothing_at_all_is_nothing(database: Database) -> None:
    assert database.run(lambda c: past.track_past(c, [], now=NOW)) == []
