"""Calendar spans, local hours on days when clocks change, quiet hours, usual intervals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.strategy.model import Due, Expiry, QuietHours, Span, When
from tactful.timing import (
    EARLIEST,
    LATEST,
    add_span,
    all_open,
    clock_due,
    due_instant,
    expires_instant,
    first_anniversary,
    local_instant,
    next_open,
    span_text,
    usual_interval,
    zone_of,
)
from tests.unit.given import DAY, EMAIL, HOUR, NOON, PUSH, SMS, customer, strategy
from tests.unit.windows import is_quiet

LONDON = ZoneInfo("Europe/London")
ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "America/St_Johns",
    "UTC",
]
MINUTE = timedelta(minutes=1)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, zone: ZoneInfo = LONDON) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + number * MINUTE for number in range(count))


def days_of_change(zone: ZoneInfo, years: range) -> list[date]:
    """Return the local days on which a zone's clocks change."""
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + number * DAY for year in years for number in range(366)]
    changes = (later for one, later in pairwise(noons) if shown(one, zone) != shown(later, zone))
    return [instant.astimezone(zone).date() for instant in changes]


def shown(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


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


# quiet hours

NIGHT = QuietHours(channels=(SMS, PUSH), start=time(20), end=time(9), weekdays=(6,), holidays=True)
SMALL_HOURS = QuietHours(channels=(EMAIL,), start=time(22), end=time(7))


def opens(
    instant: datetime, *quiet: QuietHours, zone: ZoneInfo = LONDON, holidays: frozenset[date] = frozenset()
) -> datetime:
    return next_open(instant, quiet or (NIGHT,), SMS, "ideas", zone, holidays=holidays)


def test_an_open_hour_is_returned_as_it_is() -> None:
    assert opens(NOON) is NOON


def test_the_night_ends_in_the_morning() -> None:
    assert opens(local(2026, 3, 24, 20)) == local(2026, 3, 25, 9)
    assert opens(local(2026, 3, 25, 8, 59)) == local(2026, 3, 25, 9)
    assert opens(local(2026, 3, 25, 9)) == local(2026, 3, 25, 9)
    assert opens(local(2026, 3, 25, 19, 59)) == local(2026, 3, 25, 19, 59)


def test_saturday_evening_lasts_until_monday() -> None:
    assert opens(local(2026, 4, 11, 21)) == local(2026, 4, 13, 9)


def test_a_holiday_is_quiet_all_day() -> None:
    easter = frozenset({date(2026, 4, 3), date(2026, 4, 6)})
    assert opens(local(2026, 4, 2, 20), holidays=easter) == local(2026, 4, 4, 9)
    assert opens(local(2026, 4, 4, 20), holidays=easter) == local(2026, 4, 7, 9)


def test_quiet_hours_of_other_channels_and_topics_are_passed_over() -> None:
    evening = local(2026, 3, 24, 21)
    other = QuietHours(channels=(), start=time(0), end=time(23), topic="reminders")
    assert opens(evening, SMALL_HOURS) == evening
    assert opens(evening, other) == evening
    assert next_open(evening, (other,), EMAIL, "reminders", LONDON) == local(2026, 3, 24, 23)


def test_channels_used_together_must_all_be_open() -> None:
    late = QuietHours(channels=(EMAIL,), start=time(8), end=time(11))
    assert all_open(local(2026, 3, 24, 21), (NIGHT, late), (SMS, EMAIL), "ideas", LONDON) == local(2026, 3, 25, 11)


def test_what_never_opens_is_given_up_after_fifteen_days() -> None:
    always = QuietHours(channels=(SMS,), start=None, end=None, weekdays=tuple(range(7)))
    assert opens(NOON, always) == NOON + 15 * DAY
    assert all_open(NOON, (always,), (SMS, PUSH), "ideas", LONDON) == NOON + 15 * DAY


def test_quiet_hours_around_the_clock_in_two_pieces_never_open() -> None:
    pieces = (
        QuietHours(channels=(SMS,), start=time(20), end=time(9)),
        QuietHours(channels=(SMS,), start=time(9), end=time(20)),
    )
    assert opens(NOON, *pieces) == NOON + 15 * DAY


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_quiet_hours_open_at_the_first_minute_that_is_not_quiet(data: st.DataObject) -> None:
    """Against a search minute by minute, near clock changes of several zones."""
    zone = ZoneInfo(data.draw(st.sampled_from(ZONES)))
    days = [*days_of_change(zone, range(2026, 2027)), *days_of_change(zone, range(2011, 2012)), date(2026, 6, 1)]
    day = data.draw(st.sampled_from(days))
    start, end = data.draw(st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]))
    weekdays = data.draw(st.sets(st.integers(0, 6), max_size=2))
    holidays = frozenset(data.draw(st.sets(st.sampled_from([day, day + DAY, day - DAY]))))
    quiet = QuietHours(channels=(SMS,), start=start, end=end, weekdays=tuple(sorted(weekdays)), holidays=True)
    begin = datetime.combine(day, time(0), UTC) + data.draw(st.integers(-30 * 60, 40 * 60)) * MINUTE
    expected = next(t for t in minutes(begin, 8 * 24 * 60) if not is_quiet(t, quiet, zone, holidays))
    assert opens(begin, quiet, zone=zone, holidays=holidays) == expected


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
