"""Welcome: at once, on later days at a local hour, and never after the goal."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tactful.intake import Statement
from tactful.words import Channel, ConsentState
from tests.virtual import LONDON, VirtualHouse, no, yes

DAY = timedelta(days=1)


async def registered(house: VirtualHouse, user: str, **said: object) -> None:
    """Register a customer who wants ideas and reminders by email."""
    now = await house.now()
    wanted = yes("ideas:email", "reminders:email", at=now)
    await house.identify(user, addresses={Channel.EMAIL: f"{user}@example.com"}, statements=wanted, **said)
    await house.track(user, "customer.registered")


async def test_a_new_customer_is_greeted_at_once_and_hears_more_on_the_third_day_at_ten(house: VirtualHouse) -> None:
    """The greeting needs no time to pass; the story comes three days later at the local hour."""
    began = await house.now()
    await registered(house, "ada")
    await house.pass_time(timedelta(minutes=1))
    assert [name for name, _ in await house.sent("ada")] == ["hello"]
    await house.pass_time(4 * DAY)
    (_, first), (story, second) = await house.sent("ada")
    assert story == "our-story"
    assert first - began < timedelta(minutes=1)
    local = second.astimezone(LONDON)
    assert (local.date(), local.hour, local.minute) == ((began + 3 * DAY).astimezone(LONDON).date(), 10, 0)


async def test_the_goal_ends_the_step_in_the_middle_of_a_wait(house: VirtualHouse) -> None:
    """An order on the second day: the story that was planned for the third is never told."""
    await registered(house, "bob")
    await house.pass_time(2 * DAY)
    await house.track("bob", "order.placed", total={"amount": "30", "currency": "GBP"})
    await house.pass_time(30 * DAY)
    welcome = [row for row in await house.contacts("bob") if row[0] in {"hello", "our-story", "first-treat"}]
    assert welcome == [
        ("hello", "sent", None),
        ("our-story", "cancelled", "goal_reached"),
        ("first-treat", "cancelled", "goal_reached"),
    ]
    state = await house.rows("SELECT state, goals FROM journeys WHERE step = 'welcome'")
    assert [tuple(row) for row in state] == [("goal", 1)]


async def test_an_order_that_temporal_has_not_heard_of_yet_stops_the_welcome_all_the_same(house: VirtualHouse) -> None:
    """The order is committed, its word still lies in the outbox: what is due meanwhile is not sent."""
    await registered(house, "cyd")
    await house.pass_time(2 * DAY)
    await house.store("cyd", "order.placed", {"total": {"amount": "30", "currency": "GBP"}})
    await house.env.sleep(3 * DAY)
    assert [name for name, _ in await house.sent("cyd")] == ["hello"]


async def test_a_customer_who_says_no_in_the_middle_is_not_told_the_story(house: VirtualHouse) -> None:
    """An opt-out during the wait is seen when the contact is due."""
    await registered(house, "dan")
    await house.pass_time(DAY)
    await house.identify("dan", statements=no("ideas:email", at=await house.now()))
    await house.pass_time(3 * DAY)
    assert ("our-story", "skipped", "opted_out") in await house.contacts("dan")


async def test_who_tells_us_of_a_loss_hears_no_marketing(house: VirtualHouse) -> None:
    """A year is longer than a story is worth telling."""
    await registered(house, "fay")
    await house.pass_time(DAY)
    await house.track("fay", "bereavement.told")
    await house.pass_time(3 * DAY)
    assert ("our-story", "skipped", "on_hold") in await house.contacts("fay")


async def test_a_story_that_a_complaint_holds_is_told_as_soon_as_the_complaint_is_closed(house: VirtualHouse) -> None:
    """Nobody waits for the next daily look: the word that closes the complaint wakes the journey."""
    await registered(house, "gus")
    await house.pass_time(DAY)
    await house.track("gus", "complaint.opened")
    await house.pass_time(2.5 * DAY)
    assert [name for name, _ in await house.sent("gus")] == ["hello"]
    assert ("our-story", "planned", "on_hold") in await house.contacts("gus")
    closed_at = await house.now()
    await house.track("gus", "complaint.closed")
    await house.pass_time(timedelta(hours=13))
    (_, _), (name, told_at) = await house.sent("gus")
    assert name == "our-story"
    assert told_at - closed_at < timedelta(hours=12), "at once, or when the night is over"


async def test_a_yes_that_is_confirmed_is_answered_at_once(house: VirtualHouse) -> None:
    """The greeting waits for the second yes, however long the next look is away."""
    now = await house.now()
    first = Statement(Channel.EMAIL, "ideas", ConsentState.PENDING, "express", "form", now)
    await house.identify("hal", addresses={Channel.EMAIL: "hal@example.com"}, statements=(first,))
    await house.track("hal", "customer.registered")
    await house.pass_time(timedelta(hours=5))
    assert ("hello", "planned", "opt_in_pending") in await house.contacts("hal")
    confirmed_at = await house.now()
    await house.identify("hal", statements=yes("ideas:email", at=confirmed_at))
    await house.carry()
    await house.pass_time(timedelta(minutes=1))
    ((name, sent_at),) = await house.sent("hal")
    assert (name, sent_at - confirmed_at < timedelta(minutes=1)) == ("hello", True)


async def test_who_moves_to_another_zone_hears_at_ten_oclock_there(house: VirtualHouse) -> None:
    """The wait is shortened or lengthened when the customer's zone changes."""
    await registered(house, "eve")
    await house.pass_time(DAY)
    await house.identify("eve", time_zone="America/New_York")
    await house.carry()
    await house.pass_time(3 * DAY)
    (_, _), (_, second) = await house.sent("eve")
    assert second.astimezone(ZoneInfo("America/New_York")).hour == 10
