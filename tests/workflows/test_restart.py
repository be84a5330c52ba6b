"""A restart of many, in virtual time: exactly the right ones go, however often it is asked for, or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from database import forecasts, plans, restarts
from database.restarts import RestartRequest
from database.sends import Asking
from database.views.restarts import restart
from tactful.intake import Person, Which
from tactful.wire.sends import ForecastAnswer, RestartAnswer
from tactful.words import Channel
from tests.small_strategy import files
from tests.virtual import VirtualHouse, no, virtual_house, yes

T = TypeVar("T")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MAYA, TOM = Person("maya", "the key is renewed"), Person("tom")
MAILBOX = dict.fromkeys(Channel, ("mailbox",))
PARK = sa.text(
    "UPDATE contacts c SET state = 'parked', reason = 'failed', attempts = 8, updated_at = :now "
    "FROM customer_ids i WHERE i.customer_key = c.customer_key AND i.id = :user AND c.communication = 'hello'"
)
JOURNEY = sa.text(
    "SELECT journey_key, customer_key FROM journeys JOIN customer_ids USING (customer_key) WHERE id = :user"
)


@pytest.fixture
async def house(temporal_test_server_path: Path, database_url: str) -> AsyncGenerator[VirtualHouse]:
    """An empty house on a Monday at nine in London."""
    async with virtual_house(temporal_test_server_path, database_url) as opened:
        await opened.until_monday()
        yield opened


async def run(house: VirtualHouse, work: Callable[[sa.Connection], T]) -> T:
    return await asyncio.to_thread(house.database.run, work)


async def parked(house: VirtualHouse, *users: str) -> None:
    """Make customers known whose greeting is parked: nobody could be reached that day. Temporal hears of it later."""
    now = await house.now()
    for user in users:
        addresses = {Channel.EMAIL: f"{user}@example.com"}
        await house.identify(user, addresses=addresses, statements=yes("news:email", at=now))
        await house.store(user, "customer.registered", {})

        def enter(conn: sa.Connection, user: str = user) -> None:
            row = conn.execute(JOURNEY, {"user": user}).one()
            plans.enter_step(conn, row.customer_key, row.journey_key, now=now)

        await run(house, enter)
        await run(house, lambda c, user=user: c.execute(PARK, {"user": user, "now": now}))


async def begin(
    house: VirtualHouse, person: Person = MAYA, key: str = "once", rate: int | None = None
) -> RestartAnswer:
    """Ask for a restart of everything, and have Temporal told."""
    now = await house.now()
    asked = RestartRequest(Which(now), person, key, rate=rate)
    lot = await run(house, lambda c: restarts.begin(c, asked, now=now))
    await house.carry()
    return await run(house, lambda c: restart(c, lot.lot_key))


async def progress(house: VirtualHouse, begun: RestartAnswer) -> RestartAnswer:
    return await run(house, lambda c: restart(c, begun.lot_key))


async def greetings(house: VirtualHouse) -> Counter[str]:
    """Return what became of the greetings."""
    rows = await house.rows("SELECT state, reason FROM contacts WHERE communication = 'hello'")
    return Counter(row.reason or row.state for row in rows)


async def told_beforehand(house: VirtualHouse) -> ForecastAnswer:
    now = await house.now()
    return await run(house, lambda c: forecasts.forecast(c, Asking("retry", Which(now), MAYA), MAILBOX, now=now))


async def test_exactly_the_right_ones_go_though_it_is_started_twice_and_by_two_people(house: VirtualHouse) -> None:
    """Of forty: four opted out since, two reached the goal, one expired, one was overtaken; the forecast knew it."""
    await house.publish(files())
    users = [f"u{n}" for n in range(40)]
    await parked(house, *users)
    await house.carry()
    await house.pass_time(MINUTE)
    now = await house.now()
    for user in users[:4]:
        await house.identify(user, statements=no("news:email", at=now))
    for user in users[4:6]:
        await house.store(user, "order.placed", {"occasion": "birthday"})
    await change(house, users[6], "hello", "expires_at = :now")
    await change(house, users[7], "story", "state = 'sent', counts_at = :now, sent_at = :now")
    forecast = await told_beforehand(house)
    begun = [await begin(house), await begin(house), await begin(house, TOM, "again")]
    assert begun[0].lot_key == begun[1].lot_key != begun[2].lot_key
    await house.pass_time(2 * MINUTE)
    became = {"sent": 32, "opted_out": 4, "goal_reached": 2, "expired": 1, "overtaken": 1}
    assert await greetings(house) == became
    assert forecast.at_once == became.pop("sent")
    assert {no_.reason: no_.contacts for no_ in forecast.not_sent} == became
    delivered = await house.rows("SELECT count(*) AS n, count(DISTINCT part_key) AS different FROM mailbox")
    assert tuple(delivered[0]) == (32, 32)
    ended = [await progress(house, one) for one in begun]
    assert {one.state for one in ended} == {"done"}
    assert sum(one.contacts for one in ended[1:]) == 40
    who = await house.rows("SELECT DISTINCT asked_by, why FROM decisions WHERE verdict = 'retry'")
    assert {row.asked_by for row in who} <= {"maya", "tom"}


async def change(house: VirtualHouse, user: str, communication: str, what: str) -> None:
    """Have a contact of somebody changed."""
    now = await house.now()
    statement = sa.text(
        f"UPDATE contacts c SET {what} FROM customer_ids i WHERE i.customer_key = c.customer_key "
        "AND i.id = :user AND c.communication = :communication"
    )
    await run(house, lambda c: c.execute(statement, {"user": user, "communication": communication, "now": now}))


async def test_what_waits_for_the_morning_goes_in_the_morning_and_the_journey_goes_on_by_itself(
    house: VirtualHouse,
) -> None:
    """Restarted at midnight: quiet until nine; the story of the third day comes as planned."""
    await house.publish(files(rules="{ quiet: { email: 22:00 to 09:00 } }"))
    await parked(house, "ada", "bob")
    await house.carry()
    await house.pass_time(15 * timedelta(hours=1))
    begun = await begin(house)
    await house.pass_time(MINUTE)
    assert await greetings(house) == {"quiet_hours": 2}
    waiting = await progress(house, begun)
    assert (waiting.state, waiting.contacts, waiting.settled) == ("open", 2, 0)
    await house.pass_time(10 * timedelta(hours=1))
    assert await greetings(house) == {"sent": 2}
    await house.pass_time(3 * DAY)
    assert [name for name, _ in await house.sent("ada")] == ["hello", "story"]
    assert (await progress(house, begun)).state == "done"


async def test_what_a_stop_leaves_undone_is_parked_again_for_its_old_reason(house: VirtualHouse) -> None:
    """Stopped while everybody waits for the morning; the next restart takes them up once more."""
    await house.publish(files(rules="{ quiet: { email: 22:00 to 09:00 } }"))
    await parked(house, "ada", "bob")
    await house.pass_time(15 * timedelta(hours=1))
    begun = await begin(house)
    await house.pass_time(MINUTE)
    now = await house.now()
    await run(house, lambda c: restarts.stop(c, begun.lot_key, TOM, now=now))
    await house.carry()
    await house.pass_time(MINUTE)
    assert await greetings(house) == {"failed": 2}
    stopped = await progress(house, begun)
    assert (stopped.state, stopped.ended_at is not None) == ("stopped", True)
    acts = await house.rows("SELECT DISTINCT verdict, reason, asked_by FROM decisions WHERE asked_by = 'tom'")
    assert [tuple(row) for row in acts] == [("park", "failed", "tom")]
    await begin(house, key="anew")
    await house.pass_time(12 * timedelta(hours=1))
    assert await greetings(house) == {"sent": 2}


async def test_a_restart_keeps_to_its_rate(house: VirtualHouse) -> None:
    """Five a second: not all at once."""
    await house.publish(files())
    await parked(house, *(f"u{n}" for n in range(12)))
    begun = await begin(house, rate=5)
    await house.pass_time(2 * MINUTE)
    assert (await progress(house, begun)).rate == 5
    assert await greetings(house) == {"sent": 12}
