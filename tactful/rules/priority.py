"""Priority between contacts that want the same place at the same time.

A rival keeps its place when it is due, not overdue by more than an hour, ranks higher, and could itself be made now.
If a contact cannot be made beside the rivals that keep their places, it moves behind them. Rank is a function of rows
and `now` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact, Rival, Situation
from tactful.rules.channels import reachable
from tactful.rules.connector import connectors_open
from tactful.rules.eligibility import in_segment, no_exception, not_had_already
from tactful.rules.journey import still_needed
from tactful.rules.not_yet import carried_out
from tactful.rules.permission import lawful_basis
from tactful.rules.pressure import apart, within_caps
from tactful.rules.suppression import unsuppressed
from tactful.strategy.model import Communication, Route, Rules, Strategy, Topic
from tactful.timing import shifted
from tactful.verdict import Line
from tactful.words import Channel, Purpose, Reason

PRIORITY = "priority"
KEEPS_ITS_PLACE = timedelta(hours=1)
"""How long after it was due a contact still keeps its place before others."""

Rank = tuple[int, int, datetime, UUID]
"""Lower comes first: topic's rank, how far raised (negated), when due, key."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A rival that may keep a place: all its rules that do not depend on the hour or on others pass."""

    rank: Rank
    rival: Rival
    topic: Topic
    channels: tuple[Channel, ...]


def rank_of(topic: Topic, raised: int, due_at: datetime, contact_key: UUID) -> Rank:
    """Return where a contact stands among others; the least is made first.

    Source: docs/rules.md#priority
    """
    return (topic.rank, -raised, due_at, contact_key)


def reservations(
    situation: Situation, mine: Rank, published: Strategy, *, now: datetime, zone: ZoneInfo
) -> tuple[Reservation, ...]:
    """Return the rivals that rank higher and could be made now, as far as the hour and other contacts let them.

    Args:
        situation: The rivals, and what is known of the customer and connectors.
        mine: The rank of the contact that is decided.
        published: The strategy whose topics and rules hold.
        now: Aware UTC instant at which the rivals' own rules are asked.
        zone: The customer's zone.

    Returns:
        The reservations, highest rank first.

    Source: docs/rules.md#priority
    """
    found: list[Reservation] = []
    cached: dict[tuple[str, tuple[Channel, ...]], tuple[Channel, ...]] = {}
    for rival in situation.rivals:
        topic = published.topics.get(rival.topic)
        if topic is None or topic.purpose is Purpose.SERVICE or now > shifted(rival.due_at, KEEPS_ITS_PLACE):
            continue
        rank = rank_of(topic, rival.raised, rival.due_at, rival.contact_key)
        if rank >= mine or rival.contact_key == situation.contact.contact_key:
            continue
        communication = published.communication(rival.step, rival.communication) if rival.step else None
        if communication is not None and not _is_meant(communication, rival, situation, published, now=now, zone=zone):
            continue
        if communication is not None:
            channels = _reach(communication.by, topic, situation, now)
        else:
            channels = cached.get((rival.topic, rival.channels))
            if channels is None:
                routes = (Route(channels=rival.channels),)
                channels = cached[rival.topic, rival.channels] = _reach(routes, topic, situation, now)
        if channels:
            found.append(Reservation(rank, rival, topic, channels))
    return tuple(sorted(found, key=attrgetter("rank")))


def unrivalled(
    channels: Sequence[Channel],
    topic: Topic,
    reserved: Sequence[Reservation],
    past: Sequence[PastContact],
    rules: Rules,
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> Line:
    """Say whether a contact that caps and gap let pass still does beside the rivals that keep their places.

    The rivals that are due are placed in the order of their rank, each only if it fits itself; when one of them leaves
    no room for this contact, it is outranked.

    Args:
        channels: The channels that would carry this contact.
        topic: What about; mandatory contacts pass.
        reserved: The rivals that rank higher, highest first.
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
        return Line(PRIORITY)
    made = past
    unplaced: set[tuple[str, tuple[Channel, ...]]] = set()
    for one in reserved:
        kind = (one.topic.name, one.channels)
        if kind in unplaced or not _keeps_its_place(one.rival, at):
            continue
        key = one.rival.contact_key
        if _no_room_until(one.channels, one.topic, rules, made, own=key, at=at, zone=zone) is not None:
            unplaced.add(kind)
            continue
        made = _with(made, one, at)
        passes_at = _no_room_until(channels, topic, rules, made, own=own, at=at, zone=zone)
        if passes_at is not None:
            by = {"by": one.rival.communication, "topic": one.topic.name}
            return Line(PRIORITY, Reason.OUTRANKED, by, passes_at)
    return Line(PRIORITY)


def _keeps_its_place(rival: Rival, at: datetime) -> bool:
    alive = rival.expires_at is None or at < rival.expires_at
    return alive and rival.due_at <= at <= shifted(rival.due_at, KEEPS_ITS_PLACE)


def _no_room_until(
    channels: Sequence[Channel],
    topic: Topic,
    rules: Rules,
    past: Sequence[PastContact],
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    gap = apart(topic, rules.apart, past, own=own, at=at, zone=zone)
    caps = within_caps(channels, topic, rules.at_most, past, own=own, at=at, zone=zone)
    return max((line.passes_at for line in (gap, caps) if line.passes_at is not None), default=None)


def _with(past: Sequence[PastContact], one: Reservation, at: datetime) -> Sequence[PastContact]:
    """Return the past as it would be if a rival were made at an instant, newest first."""
    rival = one.rival
    row = PastContact(
        contact_key=rival.contact_key,
        counts_at=at,
        channels=one.channels,
        topic=rival.topic,
        stage="",
        purpose=one.topic.purpose,
        communication=rival.communication,
    )
    if not past or past[0].counts_at <= at:
        return (row, *past)
    return tuple(sorted((row, *past), key=attrgetter("counts_at"), reverse=True))


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
        carried_out(communication),
        still_needed(communication, None, customer, now, zone),
        in_segment(communication, step, customer, published.segments, now=now, zone=zone),
        no_exception(communication, customer, now, zone),
        not_had_already(communication, situation.past, own=rival.contact_key, now=now, zone=zone),
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
