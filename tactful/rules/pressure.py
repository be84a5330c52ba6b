"""Contact pressure: caps on how many contacts in a rolling window, and the gap between any two.

A contact takes its place from `counts_at` until one window later on the customer's own calendar: with `2 in 7 days`,
what was sent on Monday at 10:00 makes room on the next Monday at 10:00, clock change or not. Only marketing contacts
take a place and only they need one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact
from tactful.rules.room import bounds, places
from tactful.strategy.model import Cap, Rules, Segment, Span, Topic
from tactful.timing import span_text
from tactful.verdict import Line, Number
from tactful.words import Channel, Purpose, Reason

CAPS = "caps"
GAP = "gap"
COUNTS_AT = "counts_at"
"""Among the numbers of a contact that takes days to arrive: when it counts."""


def rules_for(rules: Rules, segment: Segment | None) -> Rules:
    """Return the rules as they hold for customers of a segment: its caps are instead of the others on the same thing.

    Source: docs/rules.md#caps
    """
    if segment is None or not segment.at_most:
        return rules
    own = {_scope(cap) for cap in segment.at_most}
    others = tuple(cap for cap in rules.at_most if _scope(cap) not in own)
    return rules.model_copy(update={"at_most": (*segment.at_most, *others)})


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
    segment: str | None = None,
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
        segment: Whose caps these are, where the customer's segment has its own.

    Returns:
        The line. Its numbers are the places taken under each cap; `passes_at` is when every full cap has room.

    Source: docs/rules.md#caps
    """
    if topic.purpose is Purpose.SERVICE:
        return Line(CAPS)
    numbers: dict[str, Number] = {"segment": segment} if segment else {}
    passes_at = at
    for cap in caps:
        if cap.covers(channels, topic.name, stage):
            taken_at = _taken_at((past, placed), cap, own=own, at=at)
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
    taken_at = _taken_at((past, placed), Cap(count=1, window=span), own=own, at=at)
    opens_at = places(taken_at, 1, span, at, zone)[1]
    said: dict[str, Number] = {"apart": span_text(span)}
    if opens_at is None:
        return Line(GAP, numbers=said)
    return Line(GAP, Reason.GAP, said | {"last_at": taken_at[0].isoformat()}, opens_at)


def counts(past: Sequence[PastContact], cap: Cap, now: datetime, *, own: UUID, zone: ZoneInfo) -> int:
    """Return how many places are taken under a cap at `now`: the most that share one window with it.

    Source: docs/rules.md#caps
    """
    taken_at = _taken_at((past, ()), cap, own=own, at=now)
    return places(taken_at, cap.count, cap.window, now, zone)[0]


def cap_text(cap: Cap) -> str:
    """Return a cap as the strategy says it: `1 sms in 7 days`."""
    return _cap_text(
        cap.count, cap.channel or cap.topic or cap.stage, cap.window.months, cap.window.days, cap.window.seconds
    )


def _scope(cap: Cap) -> tuple[Channel | None, str | None, str | None]:
    """Return what a cap is on."""
    return cap.channel, cap.topic, cap.stage


def _taken_at(
    made: tuple[Sequence[PastContact], tuple[PastContact, ...]],
    cap: Cap,
    *,
    own: UUID,
    at: datetime,
) -> list[datetime]:
    """Return when marketing contacts, past and placed, took their places, newest first, as far as `at` can see them."""
    past, placed = made
    if not past and not placed:
        return []
    since = bounds(cap.window, at)[1]
    reach = past[: bisect_left(past, True, key=lambda row: row.counts_at <= since)]  # noqa: FBT003  False, …, True
    mine, marketing = own.int, Purpose.MARKETING
    taken_at = [
        row.counts_at
        for row in (*placed, *reach)
        if row.purpose is marketing and cap.covers(row.channels, row.topic, row.stage) and row.contact_key.int != mine
    ]
    return sorted(taken_at, reverse=True) if placed else taken_at


@lru_cache(maxsize=1024)
def _cap_text(count: int, scope: str | None, months: int, days: int, seconds: int) -> str:
    window = span_text(Span(months=months, days=days, seconds=seconds))
    return f"{count} {scope} in {window}" if scope else f"{count} in {window}"
