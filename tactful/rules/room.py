"""Room in rolling windows: how many places are taken around an instant, and when one opens.

Places are counted here and nothing else: which contacts take one, and what it means where there is none, is for the
rules. A place is taken from an instant until one window later on the customer's own calendar.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact
from tactful.strategy.model import Cap, Rules, Span
from tactful.timing import EARLIEST, LATEST, add_span, shifted
from tactful.words import Channel, Purpose

_A_MONTH = timedelta(days=30, hours=10, minutes=29)
_DAYS_ARE_WITHIN = timedelta(days=2)
_MONTHS_ARE_WITHIN = timedelta(days=7)


class Room:
    """The places that are taken under the gap and each cap, from an instant on: for asking again and again.

    What it answers is what the rules of pressure answer, without their words.
    """

    __slots__ = ("_limits", "_rows", "_taken")

    def __init__(self, past: Sequence[PastContact], rules: Rules, since: datetime) -> None:
        """Count the marketing contacts of the past, newest first, that a limit can still see at `since`."""
        gap = [(1, rules.apart, None)] if rules.apart else []
        self._limits: list[tuple[int, Span, Cap | None]] = [
            *gap,
            *((cap.count, cap.window, cap) for cap in rules.at_most),
        ]
        self._rows: dict[int, PastContact] = {}
        self._taken: list[list[datetime]] = []
        for _, window, cap in self._limits:
            rows = [row for row in past[: _reaching(past, bounds(window, since)[1])] if _takes(cap, row)]
            self._taken.append([row.counts_at for row in rows])
            self._rows.update((row.contact_key.int, row) for row in rows)

    def beside(self) -> Room:
        """Return the same room, in which places can be taken without touching this one."""
        other = object.__new__(Room)
        other._limits, other._rows = self._limits, self._rows
        other._taken = [list(taken) for taken in self._taken]
        return other

    def take(self, row: PastContact) -> None:
        """Take the place of one more marketing contact."""
        at = row.counts_at
        for (_, _, cap), taken in zip(self._limits, self._taken, strict=True):
            if cap is None or cap.covers(row.channels, row.topic, row.stage):
                place = 0
                while place < len(taken) and taken[place] > at:
                    place += 1
                taken.insert(place, at)

    def none_until(
        self, channels: Sequence[Channel], topic: str, stage: str, *, own: UUID, at: datetime, zone: ZoneInfo
    ) -> datetime | None:
        """Return None where a marketing contact fits at `at`, else an instant before which there is no room.

        Args:
            channels: The channels that would carry it.
            topic: What about.
            stage: The stage of its step.
            own: Its own key: what it took in the past does not count against it.
            at: The instant asked about; not before the room was counted from.
            zone: The customer's zone.
        """
        latest, mine = None, self._rows.get(own.int)
        for (count, window, cap), taken in zip(self._limits, self._taken, strict=True):
            if len(taken) >= count and (cap is None or cap.covers(channels, topic, stage)):
                others = taken if mine is None or not _takes(cap, mine) else _but(taken, mine.counts_at)
                opens_at = places(others, count, window, at, zone)[1]
                if opens_at is not None and (latest is None or opens_at > latest):
                    latest = opens_at
        return latest


def _takes(cap: Cap | None, row: PastContact) -> bool:
    if row.purpose is not Purpose.MARKETING:
        return False
    return cap is None or cap.covers(row.channels, row.topic, row.stage)


def _but(taken: Sequence[datetime], one: datetime) -> list[datetime]:
    """Return what is taken without one of the places; it may be too old to be among them."""
    others = list(taken)
    if one in others:
        others.remove(one)
    return others


def _reaching(past: Sequence[PastContact], since: datetime) -> int:
    """Return how many of some contacts, newest first, are later than an instant."""
    return bisect_left(past, True, key=lambda row: row.counts_at <= since)  # noqa: FBT003  False, …, True


def places(
    taken_at: Sequence[datetime], count: int, window: Span, at: datetime, zone: ZoneInfo
) -> tuple[int, datetime | None]:
    """Return how many of `count` places are taken around an instant, and when one opens if none is left.

    A contact fits where no stretch of one window, beginning at any contact and counted from it, holds more than
    `count` with it. Contacts later than `at` (a letter that is still on its way) are part of such stretches too.

    Args:
        taken_at: The instants of the contacts that count, newest first.
        count: How many a window may hold.
        window: How long a place is taken.
        at: The instant asked about.
        zone: The customer's zone.

    Returns:
        Places taken, and None or an instant later than `at` before which there is certainly no room.
    """
    if not taken_at:
        return 0, None
    surely, certainly_not = bounds(window, at)
    held = [t for t in taken_at if t > surely or (t > certainly_not and add_span(t, window, zone) > at)]
    if held and held[0] > at:
        held = _busiest(held, count, window, at, zone)
    if len(held) < count:
        return len(held), None
    opens_at = min((add_span(t, window, zone) for t in held[:count]), default=LATEST)
    return len(held), max(opens_at, shifted(at, timedelta(microseconds=1)))


def bounds(window: Span, at: datetime) -> tuple[datetime, datetime]:
    """Return two instants: what came after the first surely holds its place at `at`, what came by the second does not.

    Between them the calendar has to be asked: a month has no fixed length, and a day has 25 hours once a year.
    """
    surely, possibly = _lengths(window.months, window.days, window.seconds)
    return shifted(at, -surely), shifted(at, -possibly)


@lru_cache(maxsize=256)
def _lengths(months: int, days: int, seconds: int) -> tuple[timedelta, timedelta]:
    """Return how long a window lasts at least and at most, whatever the calendar says."""
    about = min(timedelta(days=days, seconds=seconds) + months * _A_MONTH, LATEST - EARLIEST)
    within = _MONTHS_ARE_WITHIN if months else _DAYS_ARE_WITHIN if days else timedelta(0)
    return about - within, about + within


def _busiest(taken_at: Sequence[datetime], count: int, window: Span, at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the contacts of the fullest stretch of one window around `at`, some of them after it, newest first."""
    ends = add_span(at, window, zone)
    near = [t for t in taken_at if t < ends]
    if len(near) < count:
        return near
    busiest = [t for t in near if t >= at]
    for start in (t for t in near if t < at):
        ends = add_span(start, window, zone)
        stretch = [t for t in near if start <= t < ends]
        if len(stretch) > len(busiest):
            busiest = stretch
    return busiest
