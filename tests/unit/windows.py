"""A small model of windows and quiet hours that shares nothing with the product: all is tried, nothing is clever."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tactful.strategy.model import QuietHours, Span


def end_of(start: datetime, span: Span, zone: ZoneInfo) -> datetime:
    """Return the first instant, to the microsecond of `start`, at which `span` has gone by on the wall."""
    if not span.months and not span.days:
        return start + timedelta(seconds=span.seconds)
    wall = start.astimezone(zone).replace(tzinfo=None)
    for _ in range(span.months):
        wall = _next_month(wall)
    if span.months:
        first_day = start.astimezone(zone).day
        wall = wall.replace(day=min(first_day, calendar.monthrange(wall.year, wall.month)[1]))
    wall += timedelta(days=span.days)
    return _first_showing(wall, zone) + timedelta(seconds=span.seconds)


def fits(others: Iterable[datetime], at: datetime, count: int, window: Span, zone: ZoneInfo) -> bool:
    """Say whether one more at `at` leaves every window with it at no more than `count`."""
    every = [*others, at]
    for start in every:
        ends = end_of(start, window, zone)
        if start <= at < ends and sum(start <= one < ends for one in every) > count:
            return False
    return True


def is_quiet(instant: datetime, quiet: QuietHours, zone: ZoneInfo, holidays: frozenset[date]) -> bool:
    """Say whether quiet hours cover an instant, by nothing but what the clock on the wall shows."""
    wall = instant.astimezone(zone)
    shows = wall.time()
    if wall.weekday() in quiet.weekdays or (quiet.holidays and wall.date() in holidays):
        return True
    if quiet.start is None or quiet.end is None:
        return False
    start, end = quiet.start, quiet.end
    return start <= shows < end if start < end else shows >= start or shows < end


def _next_month(wall: datetime) -> datetime:
    year, month = (wall.year + 1, 1) if wall.month == 12 else (wall.year, wall.month + 1)
    return wall.replace(year=year, month=month, day=min(wall.day, calendar.monthrange(year, month)[1]))


def _first_showing(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the earliest instant at which the clock on the wall shows `wall` or, where it jumps over it, later."""
    offsets = {(wall + timedelta(hours=h)).replace(tzinfo=UTC).astimezone(zone).utcoffset() for h in range(-50, 51, 5)}
    for offset in sorted((one for one in offsets if one is not None), reverse=True):
        instant = wall.replace(tzinfo=UTC) - offset
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return instant
    instant = (wall - timedelta(hours=50)).replace(tzinfo=UTC, second=0, microsecond=0)
    while instant.astimezone(zone).replace(tzinfo=None) < wall:
        instant += timedelta(minutes=1)
    return instant
