"""Repurchase: one clock per occasion, reminders around the customer's own interval, silence when told."""

from datetime import date, datetime, timedelta

from tactful.words import Channel
from tests.virtual import VirtualHouse, yes

DAY = timedelta(days=1)
REMINDERS = {"early-bird", "last-call"}


async def customer(house: VirtualHouse, user: str) -> None:
    """Make somebody known who wants reminders by email and ideas by letter."""
    now = await house.now()
    wanted = yes("reminders:email", "ideas:letter", "ideas:email", at=now)
    addresses = {Channel.EMAIL: f"{user}@example.com", Channel.LETTER: "2 Rose Lane, Bath"}
    await house.identify(user, addresses=addresses, statements=wanted)


async def order(
    house: VirtualHouse, user: str, occasion: str, *, at: datetime | None = None, amount: str = "40"
) -> None:
    """Place an order for an occasion."""
    total = {"amount": amount, "currency": "GBP"}
    placed = {"occasion": occasion, "total": total}
    await house.store(user, "order.placed", placed, at=at, historical=at is not None)
    await house.carry()


def a_year_after(began: datetime) -> date:
    """Return the same day of the next year."""
    return began.date().replace(year=began.year + 1)


async def reminders(house: VirtualHouse, user: str) -> list[tuple[str, datetime]]:
    """Return the reminders that were sent."""
    return [(name, at) for name, at in await house.sent(user) if name in REMINDERS]


async def test_a_reminder_comes_two_weeks_before_the_year_is_round_and_again_four_days_before(
    house: VirtualHouse,
) -> None:
    """One order: the strategy's twelve months hold."""
    await customer(house, "ada")
    began = await house.now()
    await order(house, "ada", "anniversary")
    await house.pass_time(400 * DAY)
    (early, first), (last, second) = await reminders(house, "ada")
    assert (early, last) == ("early-bird", "last-call")
    assert first.date() + 14 * DAY == a_year_after(began)
    assert second.date() + 4 * DAY == a_year_after(began)
    state = await house.rows("SELECT state FROM journeys WHERE step = 'repurchase'")
    assert [row.state for row in state] == ["timed_out"]


async def test_from_three_orders_on_the_customers_own_interval_sets_the_clock(house: VirtualHouse) -> None:
    """Orders every 90 days: the reminder comes 76 days after the last."""
    await customer(house, "bob")
    now = await house.now()
    for days_ago in (180, 90, 0):
        await order(house, "bob", "office", at=now - days_ago * DAY)
    await house.pass_time(80 * DAY)
    ((name, at),) = await reminders(house, "bob")
    assert name == "early-bird"
    assert (at.date() - now.date()).days == 76


async def test_an_order_that_comes_early_cancels_its_reminder_and_sets_the_clock_again(house: VirtualHouse) -> None:
    """Ordered again after eleven months: nothing is said this year, and the next is counted from the new order."""
    await customer(house, "cyd")
    await order(house, "cyd", "birthday")
    await house.pass_time(330 * DAY)
    began = await house.now()
    await order(house, "cyd", "birthday")
    await house.pass_time(30 * DAY)
    assert await reminders(house, "cyd") == []
    assert ("early-bird", "cancelled", "anchor_moved") in await house.contacts("cyd")
    await house.pass_time(325 * DAY)
    ((_, at),) = await reminders(house, "cyd")
    assert at.date() + 14 * DAY == a_year_after(began)


async def test_an_order_for_one_occasion_leaves_the_clock_of_another_alone(house: VirtualHouse) -> None:
    """Two clocks run side by side; each is set by its own orders only."""
    await customer(house, "dan")
    await order(house, "dan", "birthday")
    await house.pass_time(100 * DAY)
    await order(house, "dan", "anniversary")
    await house.pass_time(255 * DAY)
    assert [name for name, _ in await reminders(house, "dan")] == ["early-bird"]
    cycles = await house.rows("SELECT key, cycle FROM journeys WHERE step = 'repurchase' ORDER BY key")
    assert [tuple(row) for row in cycles] == [("anniversary", 1), ("birthday", 1)]


async def test_the_offers_last_day_stands_in_the_reminder(house: VirtualHouse) -> None:
    """A time-bound offer says until when, and its code is the customer's own."""
    await customer(house, "eve")
    await order(house, "eve", "anniversary")
    await house.pass_time(355 * DAY)
    (message,) = await house.rows(
        "SELECT m.content ->> 'text' AS text, m.frozen_at, c.code FROM messages m "
        "JOIN offer_codes c USING (contact_key) JOIN contacts USING (contact_key) WHERE communication = 'early-bird'"
    )
    last_day = message.frozen_at + 14 * DAY
    assert message.code in message.text
    assert f"{last_day.day} {last_day:%B}" in message.text


async def test_a_heavy_buyer_is_thanked_once_a_year_and_offered_nothing(house: VirtualHouse) -> None:
    """Gold: a letter of thanks forty days before the due date, at most one a year, with no code in it."""
    await customer(house, "fay")
    now = await house.now()
    for days_ago in (300, 240, 180, 120, 60, 0):
        await order(house, "fay", "home", at=now - days_ago * DAY, amount="80")
    await house.pass_time(58 * DAY)
    thanks = [name for name, _ in await house.sent("fay") if name == "thank-you"]
    assert thanks == ["thank-you"]
    codes = await house.rows(
        "SELECT code FROM offer_codes JOIN contacts USING (contact_key) WHERE communication = 'thank-you'"
    )
    assert codes == []
