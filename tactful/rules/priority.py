"""Priority with look-ahead: who gives way when several contacts want one place, now or within the horizon.

A planned contact *reserves* its place while it is due within the horizon, not overdue by more than an hour, and its
own static rules pass now. The reserved are placed in the order of their rank, each at the first instant from its due
date on at which it fits among what was made and those before it. A contact that would leave one of them no room moves
behind it. What is reserved depends on the rows and `now` alone, not on the instant that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.facts import PastContact, Rival, Situation
from tactful.rules.channels import Way, reachable, way_in_home
from tactful.rules.connector import connectors_open
from tactful.rules.eligibility import in_segment, no_exception, not_had_already
from tactful.rules.journey import still_needed
from tactful.rules.permission import lawful_basis
from tactful.rules.protection import undisturbed
from tactful.rules.room import Room
from tactful.rules.suppression import unsuppressed
from tactful.strategy.model import Communication, Route, Rules, Strategy, Topic
from tactful.timing import add_span, shifted
from tactful.verdict import Line
from tactful.words import Channel, Purpose, Reason

PRIORITY = "priority"
PASSED = Line(PRIORITY)
KEEPS_ITS_PLACE = timedelta(hours=1)
"""How long after it was due a contact still keeps its place before others."""
STEP_UP_AFTER = timedelta(days=7)
"""How long a contact has to wait to rank one topic higher; and so on, so that nobody waits for ever."""
MOST_MOVES = 8
"""How often the place of a rival is moved on to where it may fit, before it keeps none."""

Rank = tuple[int, int, datetime, UUID]
"""Lower comes first: topic's rank less the age credit, how far raised (negated), when first due, key."""


class Reservation(NamedTuple):
    """A rival that keeps a place, and how it will stand in the past when it was made in that place."""

    rival: Rival
    as_made: PastContact


def rank_of(topic: Topic, raised: int, first_due_at: datetime, contact_key: UUID, now: datetime) -> Rank:
    """Return where a contact stands among others at an instant; the least is made first.

    It has risen by one topic for each full week since it was first due.

    Source: docs/rules.md#priority
    """
    risen = (now - first_due_at) // STEP_UP_AFTER if first_due_at < now else 0
    return (topic.rank - risen, -raised, first_due_at, contact_key)


class Kept:
    """The places kept for contacts of a higher rank, highest first; each is worked out when it is first asked for.

    `room` is what the past has left them; None where nobody is of a higher rank.
    """

    def __init__(self, room: Room | None = None, places: Iterator[Reservation] | None = None) -> None:
        self.room = room
        self._found: list[Reservation] = []
        self._more = places or iter(())

    def __iter__(self) -> Iterator[Reservation]:
        """Yield the places, those first that were asked for before."""
        yield from self._found
        for one in self._more:
            self._found.append(one)
            yield one


def places_kept(
    situation: Situation, mine: Rank, published: Strategy, rules: Rules, *, now: datetime, zone: ZoneInfo
) -> Kept:
    """Return the places that are kept for contacts of a higher rank.

    Args:
        situation: The rivals, and what is known of the customer and connectors.
        mine: The rank of the contact that is decided.
        published: The strategy whose topics and segments hold.
        rules: Its contact rules, as they hold for this customer.
        now: Aware UTC instant.
        zone: The customer's zone.

    Source: docs/rules.md#priority
    """
    if not situation.rivals or not (rules.at_most or rules.apart):
        return Kept()
    horizon = add_span(now, rules.look_ahead, zone) if rules.look_ahead else now
    higher = _higher(situation, mine, published, now=now, horizon=horizon)
    if not higher:
        return Kept()
    room = Room(situation.marketing, rules, now)
    static = _Static(situation, published, now, zone)
    placing = _Placing(room.beside(), now, horizon, zone)
    return Kept(room, _placed(higher, published, static, placing))


def _placed(
    higher: list[tuple[Rank, int, Rival]], published: Strategy, static: _Static, placing: _Placing
) -> Iterator[Reservation]:
    while higher:
        *_, rival = heappop(higher)
        topic = published.topics[rival.topic]
        way = static.way(rival, topic)
        channels = tuple(route.channel for route in way)
        in_home = way_in_home(way, static.situation.channels)
        kept = placing.place(rival, topic, channels, in_home) if way else None
        if kept is not None:
            yield kept


def unrivalled(
    channels: Sequence[Channel],
    topic: Topic,
    stage: str,
    kept: Kept,
    *,
    own: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> Line:
    """Say whether a contact that caps and gap let pass still does beside the places that are kept.

    Args:
        channels: The channels that would carry this contact.
        topic: What about; mandatory contacts pass.
        stage: The stage of its step.
        kept: The places kept for contacts of a higher rank, highest first.
        own: The contact's own key.
        at: The instant asked about.
        zone: The customer's zone.

    Returns:
        The line; it names the highest rival that would have to give way, and when that is due. Before `passes_at` there
        is certainly no room if the rivals are made in their places.

    Source: docs/rules.md#priority
    """
    if topic.purpose is Purpose.SERVICE or kept.room is None:
        return PASSED
    room = kept.room.beside()
    for one in kept:
        room.take(one.as_made)
        passes_at = room.none_until(channels, topic.name, stage, own=own, at=at, zone=zone)
        if passes_at is not None:
            by = {"by": one.rival.communication, "topic": one.rival.topic, "due_at": one.rival.due_at.isoformat()}
            return Line(PRIORITY, Reason.OUTRANKED, by, passes_at)
    return PASSED


def _higher(
    situation: Situation, mine: Rank, published: Strategy, *, now: datetime, horizon: datetime
) -> list[tuple[Rank, int, Rival]]:
    """Return the marketing rivals that rank higher and are due from an hour ago to the horizon, as a heap."""
    due_since, topics, own = shifted(now, -KEEPS_ITS_PLACE), published.topics, situation.contact.contact_key.int
    found: list[tuple[Rank, int, Rival]] = []
    for rival in situation.rivals:
        topic = topics.get(rival.topic) if due_since <= rival.due_at <= horizon else None
        if topic is None or topic.purpose is Purpose.SERVICE:
            continue
        rank = rank_of(topic, rival.raised, rival.planned_for or rival.due_at, rival.contact_key, now)
        if rank < mine and rival.contact_key.int != own:
            found.append((rank, len(found), rival))
    heapify(found)
    return found


@dataclass(slots=True)
class _Placing:
    """Places rivals one after the other, each at the first instant at which it fits among those before it."""

    room: Room
    now: datetime
    horizon: datetime
    zone: ZoneInfo
    full: dict[tuple[str, str, tuple[Channel, ...], timedelta], list[tuple[datetime, datetime]]] = field(
        default_factory=dict[tuple[str, str, tuple[Channel, ...], timedelta], list[tuple[datetime, datetime]]]
    )
    """By topic, stage, channels and days on the way, stretches without room: what is placed later makes them longer."""

    def place(
        self, rival: Rival, topic: Topic, channels: tuple[Channel, ...], in_home: timedelta
    ) -> Reservation | None:
        """Return the place of a rival, and keep it; None if there is none within its life and the horizon.

        It is taken when the rival arrives: so long after it was sent.
        """
        full = self.full.setdefault((topic.name, rival.stage, channels, in_home), [])
        at = max(rival.due_at, self.now)
        for _ in range(MOST_MOVES):
            at = _past_the_full(full, at)
            if at > self.horizon or (rival.expires_at is not None and at >= rival.expires_at):
                return None
            own, zone = rival.contact_key, self.zone
            counts_at = shifted(at, in_home) if in_home else at
            opens_at = self.room.none_until(channels, topic.name, rival.stage, own=own, at=counts_at, zone=zone)
            if opens_at is None:
                kept = Reservation(rival, _as_made(rival, topic, channels, counts_at))
                self.room.take(kept.as_made)
                return kept
            opens_at = shifted(opens_at, -in_home) if in_home else opens_at
            full.append((at, opens_at))
            at = opens_at
        return None


def _past_the_full(full: Iterable[tuple[datetime, datetime]], at: datetime) -> datetime:
    """Return the first instant from `at` on that no stretch without room covers, as far as one look tells."""
    return max((until for since, until in full if since <= at < until), default=at)


def _as_made(rival: Rival, topic: Topic, channels: tuple[Channel, ...], at: datetime) -> PastContact:
    """Return a rival as it will stand in the past when it was made at an instant."""
    return PastContact(rival.contact_key, at, channels, rival.topic, rival.stage, topic.purpose, rival.communication)


@dataclass(slots=True)
class _Static:
    """The rules of a rival that do not change with the hour, asked now; once for all rivals of one communication."""

    situation: Situation
    published: Strategy
    now: datetime
    zone: ZoneInfo
    known: dict[tuple[str | None, str, str, tuple[Channel, ...]], Way] = field(
        default_factory=dict[tuple[str | None, str, str, tuple[Channel, ...]], Way]
    )

    def way(self, rival: Rival, topic: Topic) -> Way:
        """Return the way by which a rival would go now; an empty one where something stands against it."""
        said = self.published.communication(rival.step, rival.communication) if rival.step else None
        kind = (rival.step, rival.communication if said else "", rival.topic, rival.channels)
        if kind not in self.known:
            if said is None:
                self.known[kind] = self._reach((Route(channels=rival.channels),), topic)
            else:
                self.known[kind] = self._reach(said.by, topic) if self._is_meant(said, rival) else ()
        return self.known[kind]

    def _is_meant(self, said: Communication, rival: Rival) -> bool:
        """Say whether a rival is for this customer at all, as far as its own communication says."""
        customer, step = self.situation.customer, self.published.steps.get(said.step)
        now, zone = self.now, self.zone
        lines = (
            still_needed(said, None, customer, now, zone),
            in_segment(said, step, customer, self.published.segments, now=now, zone=zone),
            no_exception(said, customer, now, zone),
            not_had_already(said, self.situation.past, own=rival.contact_key, now=now, zone=zone),
            undisturbed(said, self.published.topics[said.topic], self.published.steps, self.situation.inside, at=now),
        )
        return all(line.reason is None for line in lines)

    def _reach(self, routes: Sequence[Route], topic: Topic) -> Way:
        """Return the first way that is open, if any."""
        customer, states, now = self.situation.customer, self.situation.channels, self.now
        channels = tuple(dict.fromkeys(channel for route in routes for channel in route.channels))
        line, lawful = lawful_basis(channels, topic, customer.consents, now)
        if line.reason is not None:
            return ()
        _, addresses = unsuppressed(lawful, topic, customer.addresses, customer.suppressions, now)
        _, ways = reachable(routes, addresses, states, customer.preferred, now)
        open_ways = (way for way in ways if connectors_open(way, states, now).reason is None)
        return next(open_ways, ())
