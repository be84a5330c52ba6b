"""Quiet hours and what lies between them: when a channel is next open for a customer.

What the clock on the customer's wall shows decides, so an hour that clocks skip is never quiet and one they show twice
is quiet twice. Whether a contact has to mind quiet hours at all is for the rules.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tactful.strategy.model import QuietHours
from tactful.timing import MIDNIGHT, day_moved, local_clock, local_instant, shifted
from tactful.words import Channel

QUIET_SEARCH = timedelta(days=15)
"""How far ahead an opening is looked for. Longer than any row of public holidays between two Sundays."""


def next_open(
    instant: datetime,
    quiet: Iterable[QuietHours],
    channel: Channel,
    topic: str,
    zone: ZoneInfo,
    *,
    holidays: Container[date] = frozenset(),
) -> datetime:
    """Return the first instant from `instant` on that no quiet hours cover; `instant` itself if it is open.

    Args:
        instant: From when on, aware.
        quiet: The strategy's quiet hours; those of other channels and topics are passed over.
        channel: How the customer would be reached.
        topic: What about.
        zone: The customer's zone.
        holidays: Public holidays where the customer lives.

    Returns:
        The opening; where there is none within 15 days, the instant 15 days on, which is still quiet.

    Source: docs/rules.md#quiet-hours
    """
    ours = [one for one in quiet if concerns(one, channel, topic)]
    at = instant
    if not ours:
        return at
    limit = shifted(instant, QUIET_SEARCH)
    while at < limit:
        ends = [end for one in ours if (end := _quiet_until(one, at, zone, holidays)) is not None]
        if not ends:
            return at
        at = max(ends)
    return limit


def all_open(
    instant: datetime,
    quiet: Sequence[QuietHours],
    channels: Iterable[Channel],
    topic: str,
    zone: ZoneInfo,
    *,
    holidays: Container[date] = frozenset(),
) -> datetime:
    """Return the first instant from `instant` on at which all of several channels are open together.

    As with `next_open`, it is an instant that is still quiet where there is none within 15 days.
    """
    together, limit, at = tuple(channels), shifted(instant, QUIET_SEARCH), instant
    while at < limit:
        openings = (next_open(at, quiet, channel, topic, zone, holidays=holidays) for channel in together)
        opens_at = max(openings, default=at)
        if opens_at == at:
            return at
        at = opens_at
    return limit


def concerns(quiet: QuietHours, channel: Channel, topic: str) -> bool:
    """Say whether quiet hours are for a channel and a topic."""
    return (not quiet.channels or channel in quiet.channels) and quiet.topic in {None, topic}


def _quiet_until(quiet: QuietHours, at: datetime, zone: ZoneInfo, holidays: Container[date]) -> datetime | None:
    """Return until when these hours are quiet if they are at `at`, else None. Always later than `at`."""
    end = _end_shown(quiet, at, zone, holidays)
    turned = _turned_back(at, end, zone) if end is not None else None
    # Clocks that are turned back may show an hour from before the quiet ones.
    return turned if turned is not None and _end_shown(quiet, turned, zone, holidays) is None else end


def _turned_back(at: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant between two from which clocks run behind, if there is one; to the second."""
    before, behind = local_clock(at, zone).utcoffset(), local_clock(end, zone).utcoffset()
    if before is None or behind is None or behind >= before:
        return None
    early, late = int(at.timestamp()), int(end.timestamp())
    while late - early > 1:
        middle = (early + late) // 2
        offset = local_clock(datetime.fromtimestamp(middle, UTC), zone).utcoffset()
        early, late = (early, middle) if offset != before else (middle, late)
    return datetime.fromtimestamp(late, UTC)


def _end_shown(quiet: QuietHours, at: datetime, zone: ZoneInfo, holidays: Container[date]) -> datetime | None:
    """Return when clocks show the end of these hours if they are quiet at `at`, else None. Always later than `at`."""
    wall = local_clock(at, zone)
    day = wall.date()
    if day.weekday() in quiet.weekdays or (quiet.holidays and day in holidays):
        return _next_showing(day_moved(day, 0, 1), MIDNIGHT, zone, after=at)
    if quiet.start is None or quiet.end is None:
        return None
    shown = wall.time()
    if quiet.start < quiet.end:
        return _next_showing(day, quiet.end, zone, after=at) if quiet.start <= shown < quiet.end else None
    if shown >= quiet.start:
        return _next_showing(day_moved(day, 0, 1), quiet.end, zone, after=at)
    return _next_showing(day, quiet.end, zone, after=at) if shown < quiet.end else None


def _next_showing(day: date, at: time, zone: ZoneInfo, *, after: datetime) -> datetime:
    """Return the first instant later than `after` at which clocks show `at` on `day`, should they show it twice."""
    first = local_instant(day, at, zone)
    if first > after:
        return first
    second = datetime.combine(day, at).replace(tzinfo=zone, fold=1).astimezone(UTC)
    return second if second > after else shifted(after, timedelta(minutes=1))
