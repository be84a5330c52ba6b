"""Calendar spans, local hours on days when clocks change, usual intervals."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tactful.strategy.model import Due, Expiry, Span, When
from tactful.timing import (
    EARLIEST,
    LATEST,
    add_span,
    clock_due,
    due_instant,
    expires_instant,
    first_anniversary,
    local_instant,
    span_text,
    usual_interval,
    zone_of,
)
from tests.unit.clocks import LONDON, MINUTE, ZONES, days_of_change, local, minutes
from tests.unit.given import DAY, HOUR, NOON, customer, strategy

# adding spans


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        (date(2026, 1, 31), Span(months=1), date(2026, 2, 28)),
        (date(2028, 1, 31), Span(months=1), date(2028, 2, 29)),
        (date(2024, 2, 29), Span(months=12), date(2025, 2, 28)),
        (date(2024, 2, 29), Span(months=48), date(2028, 2, 29)),
        (date(2026, 3, 28), Span(days=1), date(2026, 3, 29)),
        (date(2026, 1, 31), Span(months=1, days=1), date(2026, 3, 1)),
        (date(2026, 12, 31), Span(months=2), date(2027, 2, 28)),
        (date(2026, 1, 1), Span(seconds=2 * 86_400 + 5), date(2026, 1, 3)),
    ],
)
def test_months_are_clamped_to_the_end_of_a_shorter_month(start: date, span: Span, end: date) -> None:
    assert add_span(start, span, LONDON) == end


def test_going_back_a_month_is_clamped_too() -> None:
    assert add_span(date(2026, 3, 31), Span(months=1), LONDON, back=True) == date(2026, 2, 28)


def test_days_keep_the_local_hour_when_clocks_change_and_hours_do_not() -> None:
    before = local(2026, 3, 28, 10)
    assert add_span(before, Span(days=1), LONDON) == local(2026, 3, 29, 10)
    assert add_span(before, Span(days=1), LONDON) - before == 23 * HOUR
    assert add_span(before, Span(seconds=86_400), LONDON) == local(2026, 3, 29, 11)


def test_a_span_without_days_is_exact_even_inside_the_hour_shown_twice() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 01:30 for the second time
    assert add_span(second, Span(seconds=60), LONDON) == second + MINUTE


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("zone", ZONES)
def test_the_ends_of_the_calendar_hold(zone: str, *, back: bool) -> None:
    far = Span(months=12_000 * 9, days=10**7, seconds=10**9)
    for instant in (datetime.min.replace(tzinfo=UTC), NOON, datetime.max.replace(tzinfo=UTC)):
        moved = add_span(instant, far, ZoneInfo(zone), back=back)
        assert EARLIEST - 2 * DAY <= moved <= LATEST + 2 * DAY


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Span(days=7), "7 days"),
        (Span(months=1), "1 month"),
        (Span(seconds=20 * 3600), "20 hours"),
        (Span(days=1, seconds=90), "1 day 1 minute 30 seconds"),
        (Span(), "no time"),
    ],
)
def test_a_span_is_said_as_people_say_it(span: Span, text: str) -> None:
    assert span_text(span) == text


# local hours


def test_an_hour_that_clocks_skip_is_the_first_instant_after_the_gap() -> None:
    assert local_instant(date(2026, 3, 29), time(1, 30), LONDON) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_shown_twice_is_the_earlier_one() -> None:
    assert local_instant(date(2026, 10, 25), time(1, 30), LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_lord_howe_moves_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    skipped = local_instant(date(2026, 10, 4), time(2, 10), zone)
    assert skipped.astimezone(zone).time() == time(2, 30)


def test_samoa_left_out_a_whole_day() -> None:
    zone = ZoneInfo("Pacific/Apia")
    first = local_instant(date(2011, 12, 30), time(10), zone)
    assert first.astimezone(zone).replace(tzinfo=None) == datetime(2011, 12, 31)  # noqa: DTZ001 - a wall clock


def test_casablanca_goes_back_for_ramadan() -> None:
    zone = ZoneInfo("Africa/Casablanca")
    days = days_of_change(zone, range(2026, 2027))
    assert len(days) == 2
    assert all(local_instant(day, time(10), zone).astimezone(zone).time() == time(10) for day in days)


@pytest.mark.parametrize("name", ZONES)
def test_a_local_hour_is_the_first_minute_whose_clock_shows_it_or_later(name: str) -> None:
    """Against a search minute by minute, on every day of two years on which clocks change, and one on which not."""
    zone = ZoneInfo(name)
    for day in [*days_of_change(zone, range(2026, 2027)), *days_of_change(zone, range(2011, 2012)), date(2026, 6, 1)]:
        scanned = list(minutes(datetime.combine(day, time(0), UTC) - 40 * HOUR, 80 * 60))
        walls = [instant.astimezone(zone).replace(tzinfo=None) for instant in scanned]
        for at in (time(0), time(0, 15), time(1, 30), time(2), time(2, 10), time(2, 45), time(10), time(23, 59)):
            wall = datetime.combine(day, at)
            first = next(instant for instant, shows in zip(scanned, walls, strict=True) if shows >= wall)
            assert local_instant(day, at, zone) == first, (day, at)


def test_seconds_of_a_local_hour_are_kept() -> None:
    assert local_instant(date(2026, 6, 1), time(10, 0, 5, 7), LONDON) == local(2026, 6, 1, 10) + timedelta(
        seconds=5, microseconds=7
    )


# zones


@pytest.mark.parametrize(
    "name", [None, "", "Mars/Olympus", "America", "../etc/passwd", "/etc/passwd", "x" * 5000, "\x00"]
)
def test_an_unknown_zone_is_the_strategys(name: str | None) -> None:
    assert zone_of(customer(time_zone=name), strategy(time_zone="Asia/Kathmandu")).key == "Asia/Kathmandu"


def test_a_customer_lives_in_their_own_zone() -> None:
    assert zone_of(customer(time_zone="America/New_York"), strategy()).key == "America/New_York"


def test_a_strategy_without_a_zone_means_utc() -> None:
    assert zone_of(customer(time_zone=None), strategy(time_zone="nowhere")).key == "UTC"


# when a communication is due


def due(when: When, started_at: datetime = NOON, due_at: datetime | None = None, **dates: date) -> datetime | None:
    return due_instant(when, started_at=started_at, due_at=due_at, dates=dates, zone=LONDON)


def test_at_once_is_the_anchor_itself() -> None:
    assert due(When(text="at once", at_once=True)) == NOON


def test_an_offset_in_hours_is_elapsed_time() -> None:
    night = local(2026, 3, 28, 23)
    when = When(text="4 hours after start", offset=Span(seconds=4 * 3600))
    assert due(when, night) == night + 4 * HOUR == local(2026, 3, 29, 4)


def test_an_offset_in_days_is_that_day_at_the_local_hour() -> None:
    when = When(text="3 days after start", offset=Span(days=3), at=time(10))
    assert due(when, local(2026, 3, 27, 23, 30)) == local(2026, 3, 30, 10)


def test_the_anchors_day_is_the_customers_day_and_not_utcs() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    when = When(text="1 day after start", offset=Span(days=1), at=time(10))
    late = datetime(2026, 3, 24, 20, tzinfo=UTC)  # 01:45 on the 25th there
    found = due_instant(when, started_at=late, due_at=None, dates={}, zone=kathmandu)
    assert found == local(2026, 3, 26, 10, zone=kathmandu)


def test_a_reminder_counts_back_from_the_day_the_next_order_is_due() -> None:
    when = When(text="14 days before due", anchor="due", before=True, offset=Span(days=14), at=time(10))
    assert due(when, due_at=local(2027, 3, 24, 15)) == local(2027, 3, 10, 10)


def test_a_communication_can_hang_on_a_date_of_the_customers() -> None:
    before = When(text="7 days before birthday", anchor="birthday", before=True, offset=Span(days=7), at=time(10))
    on = When(text="on birthday", anchor="birthday", at=time(10))
    hours = When(text="4 hours before birthday", anchor="birthday", before=True, offset=Span(seconds=4 * 3600))
    assert due(before, birthday=date(2026, 5, 1)) == local(2026, 4, 24, 10)
    assert due(on, birthday=date(2026, 5, 1)) == local(2026, 5, 1, 10)
    assert due(hours, birthday=date(2026, 5, 1)) == local(2026, 4, 30, 20)


def test_what_hangs_on_an_unknown_date_is_not_due() -> None:
    assert due(When(text="on birthday", anchor="birthday", at=time(10))) is None
    assert due(When(text="on due", anchor="due", at=time(10))) is None


@pytest.mark.parametrize(
    ("day", "since", "returned"),
    [
        (date(1980, 5, 1), date(2026, 3, 24), date(2026, 5, 1)),
        (date(1980, 3, 24), date(2026, 3, 24), date(2026, 3, 24)),
        (date(1980, 3, 23), date(2026, 3, 24), date(2027, 3, 23)),
        (date(1984, 2, 29), date(2026, 1, 1), date(2026, 2, 28)),
        (date(1984, 2, 29), date(2028, 1, 1), date(2028, 2, 29)),
        (date(2030, 1, 1), date(2026, 3, 24), date(2030, 1, 1)),
    ],
)
def test_a_birthday_comes_round(day: date, since: date, returned: date) -> None:
    assert first_anniversary(day, since) == returned


# expiry


def test_a_contact_expires_a_span_after_it_was_due_or_at_a_local_moment() -> None:
    assert expires_instant(Expiry(after=Span(days=3)), NOON, LONDON) == local(2026, 3, 27, 12)
    moment = datetime(2026, 4, 4, 18)  # noqa: DTZ001 - a local moment has no zone
    assert expires_instant(Expiry(at=moment), NOON, LONDON) == local(2026, 4, 4, 18)
    assert expires_instant(Expiry(at=moment, after=Span(days=3)), NOON, LONDON) == local(2026, 3, 27, 12)
    assert expires_instant(Expiry(at=NOON), NOON, LONDON) == NOON
    assert expires_instant(Expiry(), NOON, LONDON) is None


# the usual interval


def test_two_orders_are_no_habit() -> None:
    assert usual_interval([NOON, NOON + 10 * DAY]) is None


def test_orders_on_one_local_day_count_once() -> None:
    morning, evening = local(2026, 5, 1, 9), local(2026, 5, 1, 21)
    assert usual_interval([morning, evening, NOON], LONDON) is None
    assert usual_interval([morning, evening, morning + 10 * DAY, morning + 40 * DAY], LONDON) == 20 * DAY


def test_the_usual_interval_is_the_median_and_not_the_mean() -> None:
    placed = [NOON, NOON + 10 * DAY, NOON + 20 * DAY, NOON + 400 * DAY]
    assert usual_interval(placed) == 10 * DAY
    assert usual_interval(list(reversed(placed))) == 10 * DAY
    assert usual_interval([*placed[:2], NOON + 21 * DAY]) == 10.5 * DAY


def test_the_clock_is_set_by_the_customers_own_interval_else_by_the_strategy() -> None:
    rule = Due(usual_interval=True, otherwise=Span(months=12))
    last = local(2026, 3, 1, 10)
    assert clock_due(last, [last], rule, LONDON) == local(2027, 3, 1, 10)
    monthly = [last - 60 * DAY, last - 30 * DAY, last]
    assert clock_due(last, monthly, rule, LONDON) == local(2026, 3, 31, 10)
    assert clock_due(last, monthly[:2], rule, LONDON) == local(2026, 3, 31, 10)
    assert clock_due(last, monthly, Due(usual_interval=False, otherwise=Span(months=12)), LONDON) == local(
        2027, 3, 1, 10
    )


def test_orders_after_the_one_the_clock_is_set_by_are_passed_over() -> None:
    """Events may arrive in any order: a later one that is known already does not bend this clock."""
    rule = Due(usual_interval=True, otherwise=Span(months=12))
    last = local(2026, 3, 1, 10)
    assert clock_due(last, [last - 30 * DAY, last, last + 2 * DAY], rule, LONDON) == local(2027, 3, 1, 10)


def test_an_order_on_29_february_is_repeated_on_28_february() -> None:
    rule = Due(usual_interval=False, otherwise=Span(months=12))
    assert clock_due(local(2028, 2, 29, 10), [], rule, LONDON) == local(2029, 2, 28, 10)
