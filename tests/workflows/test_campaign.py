"""A campaign as a workflow, in virtual time: its audience, its messages, being stopped, going on, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from database import brakes, campaigns, holds, lots, receipts, strategies, views
from database.lots import Lot
from service.plugin import tactful_plugin
from tactful.campaign import CampaignRequest
from tactful.connector import Fault, SendFault, Told
from tactful.temporal import CAMPAIGN_STEP
from tactful.words import Channel, ReceiptKind
from tests.small_strategy import files
from tests.virtual import VirtualHouse, no, virtual_house, yes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OCCASION = datetime(2027, 3, 25, 10)  # noqa: DTZ001 - on everybody's own clock
SPRING = """\
spring:
  why: Spring is here.
  campaign: 2027-03-25 at 10:00
  until: order.placed
  say:
    tulips: { when: at once }
    reminder: { when: 4 days after start }
"""
SAYS = {"tulips": "Tulips are in.", "reminder": "There are tulips left."}


class Campaigning:
    """A house with a campaign published, and what tests do with it."""

    def __init__(self, house: VirtualHouse) -> None:
        self.house = house

    async def publish(self, step: str = SPRING, **more: Any) -> None:  # noqa: ANN401 - whatever the strategy is to have
        await self.house.publish(files(steps=(step,), says=SAYS, **more))

    async def reachable(self, *users: str) -> None:
        now = await self.house.now()
        for user in users:
            addresses = {Channel.EMAIL: f"{user}@example.com"}
            await self.house.identify(user, addresses=addresses, statements=yes("news:email", at=now))

    async def send(
        self, *, after: timedelta = timedelta(0), times: int = 1, key: str = "", occasion: datetime = OCCASION
    ) -> Lot:
        """Send the campaign, as often as somebody clicks."""
        now = await self.house.now()
        asked = CampaignRequest("small", "spring", occasion, now + after, key, "tests")

        def work(conn: sa.Connection) -> Lot:
            (loaded,) = strategies.published(conn)
            return campaigns.begin(conn, asked, loaded, now=now)[0]

        for _ in range(times):
            lot = await asyncio.to_thread(self.house.database.run, work)
            await self.house.carry()
        return lot  # pyright: ignore[reportPossiblyUnboundVariable] - once at least

    async def switch(self, lot: Lot, *, on: bool) -> None:
        now, change = await self.house.now(), lots.resume if on else lots.stop
        await asyncio.to_thread(self.house.database.run, lambda c: change(c, lot.lot_key, now=now))
        await self.house.carry()

    async def hold(self, why: str) -> None:
        now = await self.house.now()
        await asyncio.to_thread(
            self.house.database.run, lambda c: holds.hold(c, "mailbox", why=why, by="maya", until=None, now=now)
        )

    async def let_go(self) -> None:
        """Have the connector tried again, and what waits for it let go, as the caretaker does."""
        now = await self.house.now()
        await asyncio.to_thread(self.house.database.run, lambda c: holds.resume(c, "mailbox", now=now))
        found = await asyncio.to_thread(self.house.database.run, lambda c: holds.best(c, "mailbox", most=9, now=now))
        await asyncio.to_thread(self.house.database.run, lambda c: holds.let_go(c, found, now=now))
        await self.house.carry()

    async def states(self) -> dict[str, int]:
        """Return how many contacts are in each state, with the reason."""
        found = await self.house.rows(
            "SELECT communication || ' ' || state || coalesce(' ' || reason, '') AS what, count(*) AS n "
            "FROM contacts GROUP BY 1 ORDER BY 1"
        )
        return {row.what: row.n for row in found}

    async def told(self, lot: Lot) -> str:
        """Return what the campaign's status says."""

        def work(conn: sa.Connection) -> str:
            return views.campaign(conn, lots.read(conn, lot.lot_key)).sentence

        return await asyncio.to_thread(self.house.database.run, work)

    async def brake(self, lot: Lot) -> str | None:
        now = await self.house.now()
        return await asyncio.to_thread(self.house.database.run, lambda c: brakes.brake(c, lot, now=now))

    async def complain(self, user: str) -> None:
        """Have somebody's provider tell that they complained about the first message."""
        now = await self.house.now()
        (part,) = await self.house.rows(
            "SELECT m.part_key FROM messages m JOIN contacts USING (contact_key) "
            "JOIN customer_ids USING (customer_key) WHERE id = :user",
            user=user,
        )
        said = Told(kind=ReceiptKind.COMPLAINED, at=now, dedupe_id=f"complaint-{user}", key=part.part_key)
        await asyncio.to_thread(self.house.database.run, lambda c: receipts.note(c, "mailbox", said, now=now))

    async def lot(self, key: UUID) -> Lot:
        return await asyncio.to_thread(self.house.database.run, lambda c: lots.read(c, key))


@pytest.fixture
async def spring(temporal_test_server_path: Path, database_url: str) -> AsyncGenerator[Campaigning]:
    """An empty house on a Monday at nine in London with a campaign published."""
    async with virtual_house(temporal_test_server_path, database_url) as house:
        await house.until_monday()
        campaigning = Campaigning(house)
        await campaigning.publish()
        yield campaigning


async def test_a_campaign_from_the_click_to_its_end(spring: Campaigning) -> None:
    """Clicked twice, sent once; the reminder four days later spares who has bought; then it is done."""
    await spring.reachable("ada", "bob", "cyd")
    lot = await spring.send(after=2 * HOUR, times=2)
    await spring.house.pass_time(HOUR)
    assert await spring.states() == {"tulips planned": 3, "reminder planned": 3}
    await spring.house.pass_time(2 * HOUR)
    assert await spring.states() == {"tulips sent": 3, "reminder planned": 3}
    await spring.house.track("ada", "order.placed")
    await spring.house.pass_time(5 * DAY)
    assert await spring.states() == {"tulips sent": 3, "reminder sent": 2, "reminder cancelled goal_reached": 1}
    assert (await spring.lot(lot.lot_key)).state == "done"
    journeys = await spring.house.rows("SELECT state, count(*) AS n FROM journeys GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in journeys] == [("completed", 2), ("goal", 1)]
    described = await spring.house.env.client.get_workflow_handle(lot.workflow_id).describe()
    assert described.workflow_type == CAMPAIGN_STEP
    assert described.status is not None
    assert described.status.name == "COMPLETED"


async def test_what_happens_between_the_writing_and_the_hour_counts(spring: Campaigning) -> None:
    """Who opted out does not hear of it, and the row says why; who bought before it began has not reached its goal."""
    await spring.reachable("ada", "bob")
    await spring.send(after=2 * HOUR)
    await spring.house.pass_time(HOUR)
    await spring.house.identify("ada", statements=no("news:email", at=await spring.house.now()))
    await spring.house.track("bob", "order.placed")
    await spring.house.pass_time(2 * HOUR)
    assert await spring.house.contacts("ada") == [("tulips", "skipped", "opted_out"), ("reminder", "planned", None)]
    assert await spring.house.contacts("bob") == [("tulips", "sent", None), ("reminder", "planned", None)]


async def test_stopped_nobody_hears_more_and_gone_on_with_they_do_unless_they_bought(spring: Campaigning) -> None:
    await spring.reachable("ada", "bob")
    lot = await spring.send(after=2 * HOUR)
    await spring.house.pass_time(HOUR)
    await spring.switch(lot, on=False)
    await spring.house.pass_time(3 * HOUR)
    assert await spring.states() == {"tulips planned": 2, "reminder planned": 2}
    await spring.house.track("bob", "order.placed")
    await spring.switch(lot, on=True)
    await spring.house.pass_time(HOUR)
    assert await spring.house.contacts("ada") == [("tulips", "sent", None), ("reminder", "planned", None)]
    assert {reason for _, _, reason in await spring.house.contacts("bob")} == {"goal_reached"}


async def test_a_campaign_takes_its_place_under_a_cap_beside_journeys(spring: Campaigning) -> None:
    """Two a week for everything: a customer who has had two hears nothing of it, recorded with the reason."""
    hello = "welcome:\n  why: Hello.\n  trigger: customer.registered\n  say:\n    hello: { when: at once }\n"
    cap = "at_most: [1 in 7 days]"
    await spring.publish(hello + SPRING.replace("at once }", "at once, expires: 1 day }"), rules=cap)
    await spring.reachable("ada", "bob")
    await spring.house.track("ada", "customer.registered")
    await spring.house.pass_time(HOUR)
    await spring.send()
    await spring.house.pass_time(2 * DAY)
    assert await spring.house.contacts("ada") == [
        ("hello", "sent", None),
        ("tulips", "skipped", "cap"),
        ("reminder", "planned", None),
    ]
    assert [name for name, _ in await spring.house.sent("bob")] == ["tulips"]


async def test_whoever_was_held_back_hears_of_it_the_moment_the_hold_ends(spring: Campaigning) -> None:
    """The campaign sleeps until its next look, a day later; the end of the complaint wakes it."""
    await spring.publish(rules="{ hold_while: { complaint: complaint.opened until complaint.closed } }")
    await spring.reachable("ada", "bob")
    await spring.house.track("ada", "complaint.opened")
    await spring.send()
    await spring.house.pass_time(HOUR)
    assert await spring.house.contacts("ada") == [("tulips", "planned", "on_hold"), ("reminder", "planned", None)]
    await spring.house.track("ada", "complaint.closed")
    await spring.house.pass_time(MINUTE)
    assert [name for name, _ in await spring.house.sent("ada")] == ["tulips"]


async def test_what_waited_for_a_connector_goes_the_moment_it_is_let_go(spring: Campaigning) -> None:
    """Held by a person for no named time, it would look again only hours later."""
    await spring.reachable("ada", "bob", "cyd")
    await spring.hold("by us")
    await spring.send()
    await spring.house.pass_time(HOUR)
    assert await spring.states() == {"tulips held connector_held": 3, "reminder planned": 3}
    await spring.let_go()
    await spring.house.pass_time(MINUTE)
    assert await spring.states() == {"tulips sent": 1, "tulips held connector_held": 2, "reminder planned": 3}, (
        "a probe"
    )
    await spring.let_go()
    await spring.house.pass_time(MINUTE)
    assert await spring.states() == {"tulips sent": 3, "reminder planned": 3}


async def test_hours_without_the_provider_use_up_nobodys_attempts_and_nobody_is_lost(spring: Campaigning) -> None:
    """After twenty faults in a row nobody calls any more but one in turn; when it is back, everybody hears of it."""
    users = [f"u{n}" for n in range(40)]
    await spring.reachable(*users)
    spring.house.fails.append(SendFault(Fault.TRANSIENT, "503"))
    await spring.send()
    await spring.house.pass_time(3 * HOUR, step=HOUR)
    assert await spring.states() == {"tulips held connector_held": 40, "reminder planned": 40}
    (most,) = await spring.house.rows("SELECT max(attempts) AS n FROM contacts")
    assert most.n <= 1
    assert sum(spring.house.calls.values()) < 2 * len(users), "without a hold, each would have called eight times"
    spring.house.fails.clear()
    for _ in range(2):
        await spring.house.pass_time(HOUR)
    assert await spring.states() == {"tulips sent": 40, "reminder planned": 40}
    (boxed,) = await spring.house.rows("SELECT count(*) AS n FROM mailbox")
    assert boxed.n == len(users)


async def test_more_people_than_its_brake_allows_stop_a_campaign_before_anybody_hears_of_it(
    spring: Campaigning,
) -> None:
    """Two are allowed and three are in its audience; to go on is a person's act, and then it is not stopped again."""
    await spring.publish(SPRING.replace("  say:", "  brake: 2 people\n  say:"))
    await spring.reachable("ada", "bob")
    small = await spring.send()
    await spring.house.pass_time(HOUR)
    assert (await spring.lot(small.lot_key)).state == "open", "two are not more than two"
    assert await spring.states() == {"tulips sent": 2, "reminder planned": 2}
    await spring.reachable("cyd", "dan", "eve")
    lot = await spring.send(key="again", occasion=OCCASION + DAY)
    await spring.house.pass_time(DAY)
    assert (await spring.told(lot)).startswith("Stopped by its brake: it would write to more than 2 people.")
    assert await spring.states() == {"tulips sent": 2, "tulips planned": 5, "reminder planned": 7}
    await spring.switch(lot, on=True)
    await spring.house.pass_time(HOUR)
    assert (await spring.lot(lot.lot_key)).state == "open"
    assert await spring.states() == {"tulips sent": 7, "reminder planned": 7}


async def test_complaints_stop_a_campaign_on_its_way(spring: Campaigning) -> None:
    """Three of four have complained since the first message: nobody is reminded, unless a person says so."""
    await spring.publish(SPRING.replace("  say:", "  brake: 50% complaints\n  say:"))
    await spring.reachable("ada", "bob", "cyd", "dan")
    lot = await spring.send()
    await spring.house.pass_time(HOUR)
    assert await spring.states() == {"tulips sent": 4, "reminder planned": 4}
    for user in ("ada", "bob"):
        await spring.complain(user)
    assert await spring.brake(lot) is None, "two may be chance"
    await spring.complain("cyd")
    await spring.house.pass_time(5 * DAY)
    assert await spring.told(lot) == (
        "Stopped by its brake: 3 of 4 customers have complained; the limit is 50%. 4 of 8 contacts are settled."
    )
    assert (await spring.states())["reminder planned"] == 4
    await spring.switch(lot, on=True)
    await spring.house.pass_time(HOUR)
    assert "reminder planned" not in await spring.states()


def test_the_plugin_without_lots_still_serves_journeys() -> None:
    """A client that only starts and asks has no activities."""
    assert tactful_plugin(None).name() == "tactful"
