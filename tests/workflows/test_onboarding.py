"""Onboarding: a nudge goes out only where the milestone is not reached, and one question is asked at a time."""

from datetime import timedelta

from tactful.words import Channel
from tests.virtual import VirtualHouse, yes

DAY = timedelta(days=1)


async def first_order(house: VirtualHouse, user: str, **properties: object) -> None:
    """Make somebody a customer who has just ordered, and who wants ideas by email."""
    wanted = yes("ideas:email", at=await house.now())
    await house.identify(
        user, addresses={Channel.EMAIL: f"{user}@example.com"}, statements=wanted, properties=properties
    )
    await house.track(user, "order.placed", total={"amount": "25", "currency": "GBP"}, occasion="birthday")


async def test_each_nudge_goes_out_at_its_time_when_nothing_is_reached(house: VirtualHouse) -> None:
    """Three milestones, three nudges, then time is up."""
    await first_order(house, "ada")
    await house.pass_time(61 * DAY)
    onboarding = await house.rows("SELECT state FROM journeys WHERE step = 'onboarding'")
    assert [name for name, _ in await house.sent("ada")] == ["guide", "dates", "taste"]
    assert [row.state for row in onboarding] == ["timed_out"]


async def test_a_milestone_that_is_reached_needs_no_nudge(house: VirtualHouse) -> None:
    """The guide was opened on the second day: its nudge of the third is gone, the others stay."""
    await first_order(house, "bob")
    await house.pass_time(2 * DAY)
    await house.track("bob", "guide.opened")
    await house.pass_time(20 * DAY)
    assert ("guide", "cancelled", "milestone_reached") in await house.contacts("bob")
    assert [name for name, _ in await house.sent("bob")] == ["dates"]


async def test_what_is_known_from_the_start_is_never_asked(house: VirtualHouse) -> None:
    """A customer whose birthday we know is not asked for it."""
    await first_order(house, "cyd", birthday="1990-05-04")
    await house.pass_time(40 * DAY)
    assert [name for name, _ in await house.sent("cyd")] == ["guide", "taste"]


async def test_the_step_ends_when_all_milestones_are_reached(house: VirtualHouse) -> None:
    """An answer and an opened guide, and nothing is left to nudge for."""
    await first_order(house, "dan", favourite="peony")
    await house.track("dan", "guide.opened")
    await house.identify("dan", properties={"birthday": "1980-01-01"})
    await house.carry()
    await house.pass_time(60 * DAY)
    assert await house.sent("dan") == []
    onboarding = await house.rows("SELECT state, goals FROM journeys WHERE step = 'onboarding'")
    assert [tuple(row) for row in onboarding] == [("goal", 1)]
