"""Priority between contacts that want the same place at the same time.

A rival keeps its place when it is due, not overdue by more than an hour, ranks higher, and could itself be made now.
If a contact cannot be made beside the rivals that keep their places, it moves behind them. Rank is a function of rows
and `now` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact, Rival, Situation
from tactful.rules.channels import reachable
from tactful.rules.connector import connectors_open
from tactful.rules.eligibility import in_segment, no_exception, not_had_already
from tactful.rules.journey import still_needed
from tactful.rules.permission import lawful_basis
from tactful.rules.pressure import apart, within_caps
from tactful.rules.protection import undisturbed
from tactful.rules.suppression import unsuppressed
from tactful.strategy.model import Communication, Route, Rules, Strategy, Topic
from tactful.timing import shifted
from tactful.verdict import Line
from tactful.words import Channel, Purpose, Reason

PRIORITY = "priority"
PASSED = Line(PRIORITY)
KEEPS_ITS_PLACE = timedelta(hours=1)
"""How long after it was due a contact still keeps its place before others."""

Rank = tuple[int, int, datetime, UUID]
"""Lower comes first: topic's rank, how far raised (negated), when due, key."""


class Reservation(NamedTuple):
    """A rival that keeps a place, if there is room for it: the channels by which it would go."""

    rival: Rival
    topic: Topic
    channels: tuple[Channel, ...]


def rank_of(topic: Topic, raised: int, due_at: datetime, contact_key: UUID) -> Rank:
    """Return where a contact stands among others; the least is made first.

    Source: docs/rules.md#priority
    """
    return (topic.rank, -raised, due_at, contact_key)


def reservations(
    situation: Situation, mine: Rank, published: Strategy, *, now: datetime, at: datetime, zone: ZoneInfo
) -> Iterator[Reservation]:
    """Yield the rivals that keep a place at an instant: due, ranked higher, and nothing of their own against them.

    Args:
        situation: The rivals, and what is known of the customer and connectors.
        mine: The rank of the contact that is decided.
        published: The strategy whose topics and rules hold.
        now: Aware UTC instant at which the rivals' own rules are asked.
        at: The instant asked about, `now` or later.
        zone: The customer's zone.

    Yields:
        Reservations, highest rank first.

    Source: docs/rules.md#priority
    """
    reach: dict[tuple[str, tuple[Channel, ...]], tuple[Channel, ...]] = {}
    for _, rival in _higher(situation, mine, published, at):
        topic = published.topics[rival.topic]
        communication = published.communication(rival.step, rival.communication) if rival.step else None
        if communication is None:
            kind = (rival.topic, rival.channels)
            if kind not in reach:
                reach[kind] = _reach((Route(channels=rival.channels),), topic, situation, now)
            channels = reach[kind]
        elif _is_meant(communication, rival, situation, published, now=now, zone=zone):
            channels = _reach(communication.by, topic, situation, now)
        else:
            continue
        if channels:
            yield Reservation(rival, topic, channels)


def unrivalled(
    channels: Sequence[Channel],
    topic: Topic,
    reserved: Iterable[Reservation],
    past: Sequence[PastContact],
    rules: Rules,
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> Line:
    """Say whether a contact that caps and gap let pass still does beside the rivals that keep their places.

    The rivals are placed in the order of their rank, each only if it fits itself; when one of them leaves
    no room for this contact, it is outranked.

    Args:
        channels: The channels that would carry this contact.
        topic: What about; mandatory contacts pass.
        reserved: The rivals that keep a place at this instant, highest first.
        past: Contacts that take a place, newest first.
        rules: The strategy's caps and gap.
        own: The contact's own key.
        at: The instant asked about.
        zone: The customer's zone.

    Returns:
        The line; it names the rival. `passes_at` is when there would be room again if the rivals were made at `at`.

    Source: docs/rules.md#priority
    """
    if topic.purpose is Purpose.SERVICE:
        return PASSED
    placed: tuple[PastContact, ...] = ()
    unplaced: set[tuple[str, tuple[Channel, ...]]] = set()
    for one in reserved:
        kind, key = (one.topic.name, one.channels), one.rival.contact_key
        if kind in unplaced:
            continue
        if _no_room_until(one.channels, one.topic, rules, past, placed, own=key, at=at, zone=zone) is not None:
            unplaced.add(kind)
            continue
        placed = (*placed, _as_made(one, at))
        passes_at = _no_room_until(channels, topic, rules, past, placed, own=own, at=at, zone=zone)
        if passes_at is not None:
            by = {"by": one.rival.communication, "topic": one.topic.name}
            return Line(PRIORITY, Reason.OUTRANKED, by, passes_at)
    return PASSED


def _higher(situation: Situation, mine: Rank, published: Strategy, at: datetime) -> list[tuple[Rank, Rival]]:
    """Return the marketing rivals due within the last hour that rank higher, highest first."""
    due_since, own = shifted(at, -KEEPS_ITS_PLACE), situation.contact.contact_key.int
    found: list[tuple[Rank, Rival]] = []
    for rival in [one for one in situation.rivals if due_since <= one.due_at <= at]:
        topic = published.topics.get(rival.topic)
        if (
            topic is None
            or topic.purpose is Purpose.SERVICE
            or (rival.expires_at is not None and at >= rival.expires_at)
        ):
            continue
        rank = rank_of(topic, rival.raised, rival.due_at, rival.contact_key)
        if rank < mine and rival.contact_key.int != own:
            found.append((rank, rival))
    return sorted(found, key=itemgetter(0))


def _no_room_until(
    channels: Sequence[Channel],
    topic: Topic,
    rules: Rules,
    past: Sequence[PastContact],
    placed: tuple[PastContact, ...],
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    gap = apart(topic, rules.apart, past, own=own, at=at, zone=zone, placed=placed)
    caps = within_caps(channels, topic, rules.at_most, past, own=own, at=at, zone=zone, placed=placed)
    return max((line.passes_at for line in (gap, caps) if line.passes_at is not None), default=None)


def _as_made(one: Reservation, at: datetime) -> PastContact:
    """Return a rival as it would stand in the past if it were made at an instant."""
    return PastContact(
        contact_key=one.rival.contact_key,
        counts_at=at,
        channels=one.channels,
        topic=one.rival.topic,
        stage="",
        purpose=one.topic.purpose,
        communication=one.rival.communication,
    )


def _is_meant(
    communication: Communication,
    rival: Rival,
    situation: Situation,
    published: Strategy,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> bool:
    """Say whether a rival is for this customer at all, as far as its own communication says."""
    customer, step = situation.customer, published.steps.get(communication.step)
    lines = (
        still_needed(communication, None, customer, now, zone),
        in_segment(communication, step, customer, published.segments, now=now, zone=zone),
        no_exception(communication, customer, now, zone),
        not_had_already(communication, situation.past, own=rival.contact_key, now=now, zone=zone),
        undisturbed(communication, published.topics[rival.topic], published.steps, situation.inside, at=now),
    )
    return all(line.reason is None for line in lines)


def _reach(routes: Sequence[Route], topic: Topic, situation: Situation, now: datetime) -> tuple[Channel, ...]:
    """Return the channels by which a rival would go now: those of its first route that is open, if any."""
    customer = situation.customer
    channels = tuple(dict.fromkeys(channel for route in routes for channel in route.channels))
    line, lawful = lawful_basis(channels, topic, customer.consents, now)
    if line.reason is not None:
        return ()
    _, addresses = unsuppressed(lawful, topic, customer.addresses, customer.suppressions, now)
    _, ways = reachable(routes, addresses, situation.channels, customer.preferred, now)
    open_ways = (way for way in ways if connectors_open(way, situation.channels, now).reason is None)
    return tuple(route.channel for route in next(open_ways, ()))
