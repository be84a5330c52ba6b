"""Whether plain lines hold: counts and sums in rolling windows, time gone by, properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.conditions import Answer, all_hold, as_date, holds, is_known, segment_of
from tactful.facts import Order
from tactful.strategy.model import Condition, Money, Segment, Span
from tests.unit.given import DAY, NOON, customer

LONDON = ZoneInfo("Europe/London")
YEAR = Span(months=12)
GBP_300 = Money(amount=Decimal(300), currency="GBP")


def line(fact: str, operator: str = ">=", value: Any = 1, **more: Any) -> Condition:  # noqa: ANN401 - any value
    return Condition.model_validate({"text": fact, "fact": fact, "operator": operator, "value": value} | more)


def answer(condition: Condition, now: datetime = NOON, **facts: Any) -> Answer:  # noqa: ANN401 - any fact
    return holds(condition, customer(**facts), now, LONDON)


def orders(*ago: timedelta, total: Decimal | None = None, currency: str | None = None) -> tuple[Order, ...]:
    return tuple(Order(NOON - one, total, currency) for one in ago)


def test_orders_are_counted_in_a_rolling_window() -> None:
    six = line("orders", ">=", 3, window=YEAR)
    assert answer(six, orders=orders(DAY, 100 * DAY, 364 * DAY)) == Answer(holds=True, found=3, needs=">= 3")
    assert answer(six, orders=orders(DAY, 100 * DAY, 367 * DAY)) == Answer(holds=False, found=2, needs=">= 3")


def test_a_window_contains_both_of_its_ends() -> None:
    a_week = line("orders", "=", 1, window=Span(days=7))
    assert answer(a_week, orders=orders(timedelta(0))).holds
    assert answer(a_week, datetime(2026, 3, 25, 12, tzinfo=UTC), orders=orders(timedelta(days=6))).holds
    assert not answer(a_week, orders=orders(timedelta(days=7, microseconds=1))).holds


def test_a_window_of_days_follows_the_customers_calendar_over_a_clock_change() -> None:
    """From Tuesday noon (summer time) seven days back is Tuesday noon (winter time): 169 hours apart in autumn."""
    now = datetime(2026, 10, 27, 12, tzinfo=UTC)
    a_week = line("orders", window=Span(days=7))
    placed = (Order(now - timedelta(hours=169)),)
    assert answer(a_week, now, orders=placed).holds
    assert not answer(a_week, now, orders=(Order(now - timedelta(hours=169, seconds=1)),)).holds


def test_later_orders_do_not_count() -> None:
    assert not answer(line("orders"), orders=orders(-DAY)).holds
    assert not answer(line("spent", value=GBP_300), orders=orders(-DAY, total=Decimal(500))).holds


def test_what_was_spent_is_summed_in_one_currency() -> None:
    spent = line("spent", ">=", GBP_300, window=YEAR)
    enough = orders(DAY, 2 * DAY, total=Decimal("150.00"), currency="GBP")
    assert answer(spent, orders=enough) == Answer(holds=True, found="300.00 GBP", needs=">= 300 GBP")
    assert answer(spent, orders=orders(DAY, total=Decimal(500), currency="EUR")).found == "0 GBP"


def test_an_order_that_names_no_currency_is_in_the_one_asked_for_and_one_without_a_total_is_nothing() -> None:
    spent = line("spent", ">=", GBP_300)
    assert answer(spent, orders=orders(900 * DAY, total=Decimal(300))).holds
    assert answer(spent, orders=(Order(NOON), Order(NOON, Decimal("NaN")))).found == "0 GBP"


@pytest.mark.parametrize(
    ("operator", "days", "fits"),
    [
        ("<=", 30, True),
        ("<=", 400, False),
        (">", 400, True),
        (">", 30, False),
        (">=", 400, True),
        ("<", 30, True),
        ("=", 184, False),
        ("is not", 184, True),
    ],
)
def test_time_since_registering(operator: str, days: int, *, fits: bool) -> None:
    six_months = line("since_registered", operator, Span(months=6))
    assert answer(six_months, registered_at=NOON - days * DAY).holds is fits


def test_exactly_six_months_after_registering_is_six_months() -> None:
    registered = datetime(2025, 9, 24, 11, tzinfo=UTC)  # noon in London's summer
    assert answer(line("since_registered", ">=", Span(months=6)), registered_at=registered).holds
    assert answer(line("since_registered", "<=", Span(months=6)), registered_at=registered).holds
    assert answer(line("since_registered", "=", Span(months=6)), registered_at=registered).holds


def test_time_since_the_last_order_looks_at_the_newest() -> None:
    lapsed = line("since_last_order", ">", Span(months=18))
    assert answer(lapsed, orders=orders(600 * DAY, 900 * DAY)) == Answer(holds=True, found=600, needs="> 18 months")
    assert not answer(lapsed, orders=orders(900 * DAY, 10 * DAY)).holds


@pytest.mark.parametrize("operator", [">=", "<=", ">", "<", "=", "is not"])
def test_without_an_order_nothing_is_said_about_the_last(operator: str) -> None:
    assert not answer(line("since_last_order", operator, Span(days=1))).holds


def test_events_are_counted_by_name() -> None:
    opened = {"guide.opened": (NOON - DAY, NOON - 40 * DAY)}
    assert answer(line("event", name="guide.opened"), events=opened).found == 2
    assert answer(line("event", name="guide.opened", window=Span(days=30)), events=opened).found == 1
    assert not answer(line("event", name="complaint.opened"), events=opened).holds


@pytest.mark.parametrize("value", [None, "", [], (), {}])
def test_an_empty_property_is_not_known(value: object) -> None:
    assert not is_known(customer(properties={"birthday": value}), "birthday")
    assert not is_known(customer(), "birthday")


def test_a_property_is_known_or_not() -> None:
    known, unknown = line("known", "=", value=True, name="birthday"), line("known", "=", value=False, name="birthday")
    born = {"birthday": "1980-05-01"}
    assert answer(known, properties=born) == Answer(holds=True, found="known", needs="known")
    assert not answer(unknown, properties=born).holds
    assert answer(unknown).holds
    assert answer(line("known", "is not", value=True, name="birthday")).holds
    assert is_known(customer(properties={"vegan": False, "children": 0}), "vegan")


@pytest.mark.parametrize(
    ("kept", "operator", "value", "fits"),
    [
        ("roses", "=", "roses", True),
        ("Roses", "=", "roses", False),
        ("roses", "is not", "tulips", True),
        ("roses", ">", "apples", False),
        (120, ">=", 100, True),
        ("120.5", ">", 120, True),
        ("many", ">=", 1, False),
        (float("nan"), "=", 1, False),
        (True, "=", 1, False),
        (True, "=", True, True),
        (False, "is not", True, True),
        ("yes", "=", True, False),
        ("2027-03-07", "<", date(2027, 3, 8), True),
        (datetime(2027, 3, 7, 23, tzinfo=UTC), "=", date(2027, 3, 7), True),
        ("soon", "<", date(2027, 3, 8), False),
        (["roses", "tulips"], "=", "tulips", True),
        (["roses"], "is not", "tulips", True),
        (["roses"], ">=", "tulips", False),
        ([1, 2], "=", Decimal(2), True),
        ([Decimal("sNaN"), None], "=", 1, False),
        ({"amount": "12.50", "currency": "GBP"}, ">=", Money(amount=Decimal(12), currency="GBP"), True),
        ({"amount": 100, "currency": "EUR"}, ">=", Money(amount=Decimal(12), currency="GBP"), False),
        ("12.50 GBP", "<", Money(amount=Decimal(13), currency="GBP"), True),
        ("12.50 EUR", "<", Money(amount=Decimal(13), currency="GBP"), False),
        (Money(amount=Decimal(12), currency="GBP"), "=", Money(amount=Decimal(12), currency="GBP"), True),
        (5, "=", "5", True),
        (object(), "=", "5", False),
    ],
)
def test_a_property_is_compared_as_what_it_is_compared_with(
    kept: object, operator: str, value: object, *, fits: bool
) -> None:
    assert answer(line("property", operator, value, name="favourite"), properties={"favourite": kept}).holds is fits


@pytest.mark.parametrize("operator", [">=", "<=", ">", "<", "=", "is not"])
def test_nothing_is_said_about_an_unknown_property(operator: str) -> None:
    assert not answer(line("property", operator, "roses", name="favourite")).holds


def test_an_answer_never_repeats_what_a_property_says() -> None:
    found = answer(line("property", "=", "roses", name="favourite"), properties={"favourite": "tulips"})
    assert found == Answer(holds=False, found="known", needs="= roses")


@pytest.mark.parametrize(("kept", "day"), [("2026-03-24T10:00:00Z", date(2026, 3, 24)), (7, None), (NOON, NOON.date())])
def test_a_kept_date_may_be_a_text(kept: object, day: date | None) -> None:
    assert as_date(kept) == day


GOLD = Segment(
    name="gold", owner="Maya", conditions=(line("orders", ">=", 2, window=YEAR), line("spent", ">=", GBP_300))
)
REGULAR = Segment(name="regular", owner="Maya", conditions=(line("orders", ">=", 2),))


def test_the_first_segment_that_fits_is_the_customers() -> None:
    rich = customer(orders=orders(DAY, 2 * DAY, total=Decimal(200), currency="GBP"))
    poor = customer(orders=orders(DAY, 2 * DAY))
    assert segment_of(rich, (GOLD, REGULAR), NOON) == "gold"
    assert segment_of(rich, (REGULAR, GOLD), NOON) == "regular"
    assert segment_of(poor, (GOLD, REGULAR), NOON, LONDON) == "regular"
    assert segment_of(customer(), (GOLD, REGULAR), NOON) is None


def test_every_line_of_a_segment_must_hold() -> None:
    assert not all_hold(GOLD.conditions, customer(orders=orders(DAY, 2 * DAY)), NOON, LONDON)


KEPT = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.decimals()
VALUES = (
    st.booleans()
    | st.integers()
    | st.dates()
    | st.text(max_size=5)
    | st.builds(Span, months=st.integers(0, 50), days=st.integers(0, 50))
    | st.decimals()
    | st.datetimes()
    | st.decimals().map(lambda amount: Money.model_construct(amount=amount, currency="GBP"))
)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["orders", "spent", "since_registered", "since_last_order", "event", "known", "property"]),
    st.sampled_from([">=", "<=", ">", "<", "=", "is not"]),
    VALUES,
    KEPT | st.lists(KEPT, max_size=2) | st.dictionaries(st.sampled_from(["amount", "currency"]), KEPT),
)
def test_no_line_and_no_property_makes_it_fail(fact: str, operator: str, value: object, kept: object) -> None:
    condition = Condition.model_construct(text="", fact=fact, name="x", window=None, operator=operator, value=value)  # type: ignore[arg-type]
    known = customer(properties={"x": kept}, orders=(Order(NOON, Decimal("NaN")),), events={"x": (NOON,)})
    assert holds(condition, known, NOON, LONDON) == holds(condition, known, NOON, LONDON)
