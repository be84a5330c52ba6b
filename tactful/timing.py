"""When things are due: calendar spans, local hours, clock changes and usual intervals.

Everything here is a function of its arguments. This module must never ask a clock what time it is, and it never
raises for an instant near the ends of the calendar: results are held between `EARLIEST` and `LATEST`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import overload
from zoneinfo import ZoneInfo

from tactful.facts import Customer
from tactful.places import place_of
from tactful.strategy.model import Due, Expiry, Span, Strategy, When

EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9999, 12, 29, tzinfo=UTC)
_UNIVERSAL = ZoneInfo("UTC")
ORDERS_FOR_A_HABIT = 3
"""Days with an order from which on a customer's own interval is believed."""
MIDNIGHT = time(0)
_MONTHS_A_YEAR = 12


def in_utc(instant: datetime) -> datetime:
    """Return the instant as UTC, within the part of the calendar in which every zone can show it."""
    if instant.tzinfo is UTC and EARLIEST <= instant <= LATEST:
        return instant
    try:
        as_utc = instant.astimezone(UTC)
    except OverflowError:
        return EARLIEST if instant.year == 1 else LATEST
    return min(max(as_utc, EARLIEST), LATEST)


def shifted(instant: datetime, by: timedelta) -> datetime:
    """Return the instant `by` later in elapsed time, as UTC, held between `EARLIEST` and `LATEST`."""
    try:
        moved = (instant if instant.tzinfo is UTC else in_utc(instant)) + by
    except OverflowError:
        return LATEST if by > timedelta(0) else EARLIEST
    return moved if EARLIEST <= moved <= LATEST else in_utc(moved)


def local_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what clocks and calendars in a zone show at an instant."""
    return in_utc(instant).astimezone(zone)


@overload
def add_span(start: datetime, span: Span, zone: ZoneInfo, *, back: bool = False) -> datetime: ...
@overload
def add_span(start: date, span: Span, zone: ZoneInfo, *, back: bool = False) -> date: ...
def add_span(start: date, span: Span, zone: ZoneInfo, *, back: bool = False) -> date:
    """Return what is a span of time after `start`, or before it with `back`.

    Months and days follow the local calendar and keep the local hour, months first; seconds are elapsed time. A day
    that a month does not have becomes its last: 31 January and 1 month is 28 February (29 in a leap year), and
    29 February and 12 months is 28 February.

    Args:
        start: An aware instant, or a day. To a day, only whole days of `seconds` are added.
        span: How long.
        zone: Where the customer lives; decides what a day is.
        back: Go back instead of forward.

    Returns:
        An aware UTC instant for an instant, a day for a day.

    Source: docs/rules.md#spans-of-time
    """
    sign = -1 if back else 1
    if not isinstance(start, datetime):
        return day_moved(start, sign * span.months, sign * (span.days + span.seconds // 86_400))
    moved = in_utc(start)
    if span.months or span.days:
        wall = local_clock(moved, zone)
        day = day_moved(wall.date(), sign * span.months, sign * span.days)
        moved = local_instant(day, wall.time(), zone)
    return shifted(moved, timedelta(seconds=sign * span.seconds)) if span.seconds else moved


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which clocks in `zone` show `at` on `day`.

    Where clocks go forward over `at`, it is the first instant after the gap; where they go back and show `at` twice,
    it is the earlier one.

    Source: docs/rules.md#local-times
    """
    held = min(max(day, EARLIEST.date()), LATEST.date())
    wall = datetime.combine(held, at.replace(tzinfo=None, fold=0))
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _after_gap(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def zone_of(customer: Customer, strategy: Strategy) -> ZoneInfo:
    """Return the zone a customer lives in: their own, their country's, their phone's, else the strategy's.

    Source: docs/rules.md#where-a-customer-lives
    """
    return place_of(customer, strategy).zone


def due_instant(
    when: When, *, started_at: datetime, due_at: datetime | None, dates: Mapping[str, date], zone: ZoneInfo
) -> datetime | None:
    """Return the instant at which a communication is due, or None if its anchor is not known.

    `at once` is the anchor itself. An offset in days or months counts from the anchor's local day and ends at the
    local hour `when.at`; an offset in hours is elapsed time. A date as anchor begins at its local midnight.

    Args:
        when: What the strategy says.
        started_at: When the journey began: the anchor `start`.
        due_at: When the customer is expected to buy again: the anchor `due`, of a clock only.
        dates: The customer's own dates by property, for all other anchors.
        zone: The customer's zone.

    Source: docs/rules.md#when-a-communication-is-due
    """
    anchor = _anchor(when.anchor, started_at=started_at, due_at=due_at, dates=dates)
    if anchor is None:
        return None
    if when.at_once or when.at is None:
        start = anchor if isinstance(anchor, datetime) else local_instant(anchor, MIDNIGHT, zone)
        return in_utc(start) if when.at_once else add_span(start, when.offset, zone, back=when.before)
    day = local_clock(anchor, zone).date() if isinstance(anchor, datetime) else anchor
    sign = -1 if when.before else 1
    day = day_moved(day, sign * when.offset.months, sign * when.offset.days)
    return shifted(local_instant(day, when.at, zone), timedelta(seconds=sign * when.offset.seconds))


def expires_instant(expiry: Expiry, due_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant from which on a contact is no longer worth making, or None if it always is."""
    ends: list[datetime] = []
    if expiry.after is not None:
        ends.append(add_span(due_at, expiry.after, zone))
    if expiry.at is not None:
        naive = expiry.at.tzinfo is None
        ends.append(local_instant(expiry.at.date(), expiry.at.time(), zone) if naive else in_utc(expiry.at))
    return min(ends, default=None)


def usual_interval(placed_at: Sequence[datetime], zone: ZoneInfo = _UNIVERSAL) -> timedelta | None:
    """Return the median of the days between a customer's orders, or None while there is no habit to see.

    Orders on one local day count once. From three such days on there is a habit; an even number of intervals gives
    the mean of the middle two, so half days occur.

    Source: docs/rules.md#when-the-next-order-is-due
    """
    days = sorted({local_clock(placed, zone).date() for placed in placed_at})
    if len(days) < ORDERS_FOR_A_HABIT:
        return None
    return timedelta(days=median((later - earlier).days for earlier, later in pairwise(days)))


def clock_due(last_order_at: datetime, history: Sequence[datetime], due: Due, zone: ZoneInfo) -> datetime:
    """Return when the next order is due: the last one and the customer's usual interval, else the strategy's.

    Args:
        last_order_at: The order that the clock is anchored at.
        history: All orders of this clock, in any order; those after `last_order_at` are passed over.
        due: What the strategy says.
        zone: The customer's zone; the local hour of the last order is kept.

    Source: docs/rules.md#when-the-next-order-is-due
    """
    if due.usual_interval:
        known = [*(placed for placed in history if placed <= last_order_at), last_order_at]
        usual = usual_interval(known, zone)
        if usual is not None:
            whole, rest = divmod(usual, timedelta(days=1))
            return add_span(last_order_at, Span(days=whole, seconds=int(rest.total_seconds())), zone)
    return add_span(last_order_at, due.otherwise, zone)


def first_anniversary(day: date, since: date) -> date:
    """Return the first return of a day in the calendar that is not before `since`: the day itself if it is not.

    29 February returns on 28 February in a year that has none.
    """
    if day >= since:
        return day
    years = since.year - day.year
    returned = day_moved(day, years * _MONTHS_A_YEAR, 0)
    return returned if returned >= since else day_moved(day, (years + 1) * _MONTHS_A_YEAR, 0)


def span_text(span: Span) -> str:
    """Return a span as people say it: `7 days`, `1 month`, `4 hours`."""
    parts = [(span.months, "month"), (span.days, "day"), (span.seconds // 3600, "hour")]
    parts += [(span.seconds % 3600 // 60, "minute"), (span.seconds % 60, "second")]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count) or "no time"


def day_moved(day: date, months: int, days: int) -> date:
    """Return the day so many months and then days on, clamped to the month's end and to the calendar's."""
    if months:
        year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
        if not date.min.year <= year <= date.max.year:
            return date.min if year < date.min.year else date.max
        day = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal())) if days else day


def _after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between two at which the clocks of a zone go forward, to the second."""
    old = before.astimezone(zone).utcoffset()
    low, high = before.replace(microsecond=0), after.replace(microsecond=0) + timedelta(seconds=1)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def _anchor(
    name: str, *, started_at: datetime, due_at: datetime | None, dates: Mapping[str, date]
) -> datetime | date | None:
    if name == "start":
        return started_at
    return due_at if name == "due" else dates.get(name)
