"""Contact pressure: caps on how many contacts in a rolling window, and the gap between any two.

A contact takes its place from `counts_at` until one window later on the customer's own calendar: with `2 in 7 days`,
what was sent on Monday at 10:00 makes room on the next Monday at 10:00, clock change or not. Only marketing contacts
take a place and only they need one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact
from tactful.strategy.model import Cap, Rules, Span, Topic
from tactful.timing import LATEST, add_span, shifted, span_text
from tactful.verdict import Line, Number
from tactful.words import Channel, Purpose, Reason

CAPS = "caps"
GAP = "gap"
_DAYS_ARE_WITHIN = timedelta(days=2)
_MONTHS_ARE_WITHIN = timedelta(days=5)


def within_caps(
    channels: Sequence[Channel],
    topic: Topic,
    stage: str,
    caps: Sequence[Cap],
    past: Sequence[PastContact],
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
    placed: tuple[PastContact, ...] = (),
) -> Line:
    """Say whether one more contact fits under every cap that concerns it. Mandatory contacts pass.

    Args:
        channels: The channels that would carry it.
        topic: What about.
        stage: The stage of its step.
        caps: The strategy's caps: on everything, on a channel, on a topic, on a stage.
        past: Contacts that take a place, newest first.
        own: The contact's own key: it never counts against itself.
        at: The instant asked about.
        zone: The customer's zone.
        placed: Contacts that are taken to be made at `at`, besides the past.

    Returns:
        The line. Its numbers are the places taken under each cap; `passes_at` is when every full cap has room.

    Source: docs/rules.md#caps
    """
    if topic.purpose is Purpose.SERVICE:
        return Line(CAPS)
    numbers: dict[str, Number] = {}
    passes_at = at
    for cap in caps:
        if cap.covers(channels, topic.name, stage):
            taken_at = _taken_at((past, placed), cap, own=own, at=at, zone=zone)
            taken, opens_at = places(taken_at, cap.count, cap.window, at, zone)
            numbers[cap_text(cap)] = taken
            if opens_at is not None and opens_at > passes_at:
                passes_at = opens_at
    return Line(CAPS, numbers=numbers) if passes_at == at else Line(CAPS, Reason.CAP, numbers, passes_at)


def apart(
    topic: Topic,
    span: Span | None,
    past: Sequence[PastContact],
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
    placed: tuple[PastContact, ...] = (),
) -> Line:
    """Say whether no marketing contact lies less than the strategy's gap before or after. Mandatory contacts pass.

    Source: docs/rules.md#gap
    """
    if span is None or topic.purpose is Purpose.SERVICE:
        return Line(GAP)
    taken_at = _taken_at((past, placed), Cap(count=1, window=span), own=own, at=at, zone=zone)
    opens_at = places(taken_at, 1, span, at, zone)[1]
    said: dict[str, Number] = {"apart": span_text(span)}
    if opens_at is None:
        return Line(GAP, numbers=said)
    return Line(GAP, Reason.GAP, said | {"last_at": taken_at[0].isoformat()}, opens_at)


def still_counting(past: Sequence[PastContact], rules: Rules, now: datetime, zone: ZoneInfo) -> tuple[PastContact, ...]:
    """Return the marketing contacts that a cap or the gap can still see at `now` or later."""
    windows = [cap.window for cap in rules.at_most] + ([rules.apart] if rules.apart else [])
    since = min((_bounds(window, now, zone)[1] for window in windows), default=now)
    reach = past[: bisect_left(past, True, key=lambda row: row.counts_at <= since)]  # noqa: FBT003  False, …, True
    marketing = Purpose.MARKETING
    return tuple([row for row in reach if row.purpose is marketing])


def no_room_until(
    channels: Sequence[Channel],
    topic: str,
    stage: str,
    rules: Rules,
    counting: Sequence[PastContact],
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    """Return None where caps and gap leave room for a marketing contact, else an instant before which there is none.

    The same as `within_caps` and `apart` together, without the words: it is asked for every rival.

    Args:
        channels: The channels that would carry it.
        topic: What about.
        stage: The stage of its step.
        rules: The caps and the gap.
        counting: Marketing contacts that take a place, in any order.
        own: The contact's own key.
        at: The instant asked about.
        zone: The customer's zone.
    """
    mine = own.int
    others = [row for row in counting if row.contact_key.int != mine]
    every = sorted([row.counts_at for row in others], reverse=True)
    latest = places(every, 1, rules.apart, at, zone)[1] if rules.apart and every else None
    for cap in rules.at_most:
        if len(every) >= cap.count and cap.covers(channels, topic, stage):
            taken_at = every
            if cap.channel is not None or cap.topic is not None or cap.stage is not None:
                under = [row.counts_at for row in others if cap.covers(row.channels, row.topic, row.stage)]
                taken_at = sorted(under, reverse=True)
            opens_at = places(taken_at, cap.count, cap.window, at, zone)[1] if len(taken_at) >= cap.count else None
            if opens_at is not None and (latest is None or opens_at > latest):
                latest = opens_at
    return latest


def counts(past: Sequence[PastContact], cap: Cap, now: datetime, *, own: UUID, zone: ZoneInfo) -> int:
    """Return how many places are taken under a cap at `now`: the most that share one window with it.

    Source: docs/rules.md#caps
    """
    taken_at = _taken_at((past, ()), cap, own=own, at=now, zone=zone)
    return places(taken_at, cap.count, cap.window, now, zone)[0]


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
    surely, certainly_not = _bounds(window, at, zone)
    held = [t for t in taken_at if t > surely or (t > certainly_not and add_span(t, window, zone) > at)]
    if held and held[0] > at:
        held = _busiest(held, count, window, at, zone)
    if len(held) < count:
        return len(held), None
    opens_at = min((add_span(t, window, zone) for t in held[:count]), default=LATEST)
    return len(held), max(opens_at, shifted(at, timedelta(microseconds=1)))


def cap_text(cap: Cap) -> str:
    """Return a cap as the strategy says it: `1 sms in 7 days`."""
    return _cap_text(
        cap.count, cap.channel or cap.topic or cap.stage, cap.window.months, cap.window.days, cap.window.seconds
    )


def _taken_at(
    made: tuple[Sequence[PastContact], tuple[PastContact, ...]],
    cap: Cap,
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> list[datetime]:
    """Return when marketing contacts, past and placed, took their places, newest first, as far as `at` can see them."""
    past, placed = made
    if not past and not placed:
        return []
    since = _bounds(cap.window, at, zone)[1]
    reach = past[: bisect_left(past, True, key=lambda row: row.counts_at <= since)]  # noqa: FBT003  False, …, True
    mine, marketing = own.int, Purpose.MARKETING
    taken_at = [
        row.counts_at
        for row in (*placed, *reach)
        if row.purpose is marketing and cap.covers(row.channels, row.topic, row.stage) and row.contact_key.int != mine
    ]
    return sorted(taken_at, reverse=True) if placed else taken_at


def _bounds(window: Span, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return two instants: what came after the first surely holds its place at `at`, what came by the second does not.

    Between them the calendar has to be asked: a month has no fixed length, and a day has 25 hours once a year.
    """
    return _bounds_of(window.months, window.days, window.seconds, at, zone)


@lru_cache(maxsize=256)
def _span(months: int, days: int, seconds: int) -> Span:
    return Span(months=months, days=days, seconds=seconds)


@lru_cache(maxsize=256)
def _bounds_of(months: int, days: int, seconds: int, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins = add_span(at, _span(months, days, seconds), zone, back=True)
    if not months and not days:
        return begins, begins
    within = _MONTHS_ARE_WITHIN if months else _DAYS_ARE_WITHIN
    return shifted(begins, within), shifted(begins, -within)


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


@lru_cache(maxsize=1024)
def _cap_text(count: int, scope: str | None, months: int, days: int, seconds: int) -> str:
    window = span_text(Span(months=months, days=days, seconds=seconds))
    return f"{count} {scope} in {window}" if scope else f"{count} in {window}"
