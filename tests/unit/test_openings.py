"""Quiet hours: when a channel is next open, across midnight, Sundays, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.openings import all_open, next_open
from tactful.strategy.model import QuietHours
from tests.unit.clocks import LONDON, MINUTE, ZONES, days_of_change, local, minutes
from tests.unit.given import DAY, EMAIL, NOON, PUSH, SMS
from tests.unit.windows import is_quiet

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


def test_clocks_that_are_turned_back_may_open_what_was_quiet() -> None:
    quiet = QuietHours(channels=(SMS,), start=time(1, 1), end=time(0))
    begun = datetime(2026, 11, 1, 5, 1, tzinfo=UTC)  # 01:01 in New York, an hour before it is 01:00 again
    assert opens(begun, quiet, zone=ZoneInfo("America/New_York")) == datetime(2026, 11, 1, 6, tzinfo=UTC)


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
