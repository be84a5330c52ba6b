"""When a window ends, on a customer's own calendar. Written for the audit alone: it must not use `tactful.timing`."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tactful.strategy.model import Span

SECOND = timedelta(seconds=1)


def window_end(start: datetime, span: Span, zone: ZoneInfo) -> datetime:
    """Return the first instant that a window beginning at `start` no longer holds.

    Months and days go by the calendar in `zone` and end when its clocks show the same hour; seconds go by as they do.
    """
    ends = start
    if span.months or span.days:
        wall = start.astimezone(zone).replace(tzinfo=None)
        year, month = divmod(wall.year * 12 + wall.month - 1 + span.months, 12)
        day = min(wall.day, monthrange(year, month + 1)[1])
        ends = _shown(wall.replace(year=year, month=month + 1, day=day, fold=0) + timedelta(days=span.days), zone)
    return ends + timedelta(seconds=span.seconds)


def zone_called(*names: str | None) -> ZoneInfo:
    """Return the first of the zones named that there is; UTC where there is none."""
    for name in names:
        if name:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return ZoneInfo("UTC")


def _shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which clocks show `wall`; where they leap over it, the instant they leap."""
    early, late = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    before = early.astimezone(zone).utcoffset()
    while late - early > SECOND:
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)
