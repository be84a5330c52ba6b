"""`decide`: whether a contact is made now, later or not at all, with every rule's answer in order.

Pure, total and deterministic: the same situation, strategy and `now` give the same verdict; nothing is asked but what
is given. The rules themselves are in `tactful.rules`; here they are put in order and their answers weighed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.calendars import holidays_of
from tactful.conditions import segment_of
from tactful.facts import Situation
from tactful.places import Place, place_of
from tactful.rules.arms import not_kept_back
from tactful.rules.channels import Way, reachable, way_in_home
from tactful.rules.connector import CONNECTOR, connectors_open
from tactful.rules.customer import active_customer
from tactful.rules.eligibility import in_segment, no_exception, not_had_already
from tactful.rules.expiry import LIFE, unexpired
from tactful.rules.following_up import left_to_try
from tactful.rules.holdout import not_held_out
from tactful.rules.journey import anchor_unmoved, come_due, journey_open, not_overtaken, still_needed
from tactful.rules.permission import lawful_basis
from tactful.rules.pressure import COUNTS_AT, apart, rules_for, within_caps
from tactful.rules.priority import PASSED, Kept, places_kept, rank_of, unrivalled
from tactful.rules.protection import HOLD, UNDISTURBED, undisturbed, unheld
from tactful.rules.question import QUESTION, one_question
from tactful.rules.quiet import quiet_hours
from tactful.rules.suppression import unsuppressed
from tactful.strategy.model import Communication, Rules, Segment, Step, Strategy, Topic
from tactful.timing import EARLIEST, in_utc, shifted
from tactful.verdict import Control, Defer, Line, Number, Send, Skip, Verdict, Wait
from tactful.words import Reason

TOPIC = "topic"
MOST_MOVES = 100
"""How often an instant is moved on to where the next rule passes, before it is given up."""
_TIMED = frozenset({QUESTION, UNDISTURBED, HOLD})
_A_MOMENT = timedelta(microseconds=1)


def decide(
    situation: Situation, *, communication: Communication, step: Step | None, published: Strategy, now: datetime
) -> Verdict:
    """Say whether a contact is made now, and if not, when or why not.

    The first rule that will not pass at all ends the asking: *skip*. Rules that pass later defer the contact to the
    first instant at which all of them pass, if that is within its life. What waits for a connector waits without blame.

    Args:
        situation: What is known, read under the customer's lock.
        communication: What is to be said, as pinned when the journey entered the step.
        step: The step it belongs to, as pinned; None for a contact that another system asks for.
        published: The published strategy, whose rules, topics and segments hold.
        now: Aware UTC instant.

    Returns:
        *Send* with its routes, *Defer*, *Skip*, *Control* with the routes it would have gone by, or *Wait*, each with
        the trace.

    Source: docs/rules.md
    """
    now = in_utc(now)
    topic = published.topics.get(communication.topic)
    if topic is None:
        return Skip(Reason.STEP_GONE, (Line(TOPIC, Reason.STEP_GONE, {"topic": communication.topic}),))
    place, ends_at = place_of(situation.customer, published), _life_ends(situation)
    contact, zone = situation.contact, place.zone
    mine = rank_of(topic, communication.raised, contact.planned_for or contact.due_at, contact.contact_key, now)
    segment = _segment_with_caps(situation, published, now, zone)
    rules = rules_for(published.rules, segment)
    kept = places_kept(situation, mine, published, rules, now=now, zone=zone)
    capped = segment.name if segment else None
    return _weigh(_Case(situation, communication, step, published, rules, capped, topic, now, place, ends_at, kept))


@dataclass(frozen=True, slots=True)
class _Case:
    """What is decided, and on what grounds."""

    situation: Situation
    communication: Communication
    step: Step | None
    published: Strategy
    rules: Rules
    """The published ones as they hold for this customer: `segment` is theirs, where it has caps of its own."""
    segment: str | None
    topic: Topic
    now: datetime
    place: Place
    ends_at: datetime | None
    kept: Kept

    @property
    def zone(self) -> ZoneInfo:
        return self.place.zone

    @property
    def own(self) -> UUID:
        return self.situation.contact.contact_key

    @property
    def asked_for(self) -> bool:
        """Say whether another system asks for this one contact: who is meant is its business."""
        return self.step is None

    def outlived(self, instant: datetime) -> bool:
        """Say whether the contact's life is over at an instant."""
        return self.ends_at is not None and instant >= self.ends_at


@dataclass(frozen=True, slots=True)
class _Option:
    """One way to reach the customer: what its rules answer at `now`, and when nothing stands against it any more.

    `clear_at` is None if no such instant was found; past the contact's life it is not looked for further.
    """

    way: Way
    lines: tuple[Line, ...]
    clear_at: datetime | None
    connector: Line


def _segment_with_caps(situation: Situation, published: Strategy, now: datetime, zone: ZoneInfo) -> Segment | None:
    """Return the customer's segment if it has caps of its own."""
    if not any(segment.at_most for segment in published.segments):
        return None
    name = segment_of(situation.customer, published.segments, now, zone)
    return next((segment for segment in published.segments if segment.name == name and segment.at_most), None)


def _life_ends(situation: Situation) -> datetime | None:
    """Return the end of a contact's life: its expiry, or the journey's end if that comes first."""
    journey = situation.journey
    ends = (situation.contact.expires_at, journey.ends_at if journey else None)
    return min((end for end in ends if end is not None), default=None)


def _weigh(case: _Case) -> Verdict:
    trace: list[Line] = []
    for line in _standing(case):
        trace.append(line)
        if line.final:
            return _too_late(case, line, trace) or _skip(line, trace)
        if line.reason is Reason.NOT_YET_DUE:
            return _defer(case, line.passes_at, line, trace)
    lines, ways = _ways(case)
    trace += lines
    if trace[-1].final:
        return _skip(trace[-1], trace)
    return _by_the_best_way(case, trace, ways) if ways else _look_again(case, trace, case.now)


def _standing(case: _Case) -> Iterator[Line]:
    """Ask the rules that do not depend on the channel, those that may pass later among them."""
    situation, communication, now, zone = case.situation, case.communication, case.now, case.zone
    contact, journey, customer = situation.contact, situation.journey, situation.customer
    holdout = case.published.rules.holdout
    yield journey_open(journey, now, situation.restart)
    yield anchor_unmoved(contact, journey)
    yield still_needed(communication, journey, customer, now, zone)
    yield not_overtaken(situation.restart, case.step, case.topic)
    yield come_due(contact, now)
    yield one_question(communication, case.topic, customer, situation.past, own=case.own, at=now)
    yield active_customer(customer)
    yield in_segment(communication, case.step, customer, case.published.segments, now=now, zone=zone)
    yield no_exception(communication, customer, now, zone)
    yield not_had_already(communication, situation.past, own=case.own, now=now, zone=zone)
    yield not_kept_back(communication, case.topic, contact.arm, asked_for=case.asked_for)
    yield not_held_out(case.topic, customer, holdout, asked_for=case.asked_for)
    yield unexpired(contact, now)
    yield from _protected(case, now)


def _protected(case: _Case, at: datetime) -> tuple[Line, Line]:
    """Ask whether the customer is to be left alone at an instant."""
    situation, topic, published = case.situation, case.topic, case.published
    return (
        undisturbed(case.communication, topic, published.steps, situation.inside, at=at),
        unheld(topic, situation.customer, published.rules.hold_while, at=at, zone=case.zone),
    )


def _ways(case: _Case) -> tuple[list[Line], tuple[Way, ...]]:
    """Ask which ways lead to the customer: lawful, not suppressed, with an address and a connector."""
    customer = case.situation.customer
    left, by = left_to_try(case.communication.by, case.situation.tried, customer.preferred)
    if left.final:
        return [left], ()
    channels = tuple(dict.fromkeys(channel for route in by for channel in route.channels))
    basis, lawful = lawful_basis(channels, case.topic, customer.consents, case.now)
    if basis.final:
        return [basis], ()
    free, addresses = unsuppressed(lawful, case.topic, customer.addresses, customer.suppressions, case.now)
    if free.final:
        return [basis, free], ()
    choice, ways = reachable(by, addresses, case.situation.channels, customer.preferred, case.now)
    return [basis, free, choice], ways


def _by_the_best_way(case: _Case, trace: list[Line], ways: Sequence[Way]) -> Verdict:
    """Take the first way that can be gone within the contact's life, and go it when nothing stands against it."""
    option, passed_over = _chosen(case, trace, ways)
    if passed_over:
        trace[-1] = replace(trace[-1], numbers={**trace[-1].numbers, **passed_over})
    trace += option.lines
    trace.append(option.connector)
    last = _last_to_pass(trace)
    if last is not None and (option.clear_at is None or case.outlived(option.clear_at)):
        return _outlived(case, option.clear_at, last, trace)
    clear_at = option.clear_at or case.now
    if any(line.ask_at is not None for line in trace):
        return _look_again(case, trace, clear_at)
    if last is not None:
        return _defer(case, clear_at, last, trace)
    if option.connector.reason is not None and option.connector.passes_at is not None:
        until = _within_life(case, option.connector.passes_at)
        return Wait(until, option.connector.reason, tuple(trace))
    kept_back = next((one.reason for one in reversed(trace) if one.reason is not None and one.reason.keeps_back), None)
    in_home = way_in_home(option.way, case.situation.channels)
    counts_at = shifted(case.now, in_home) if in_home else None
    if kept_back is not None:
        return Control(kept_back, tuple(trace), option.way, counts_at)
    return Send(option.way, tuple(trace), counts_at)


def _chosen(case: _Case, trace: Sequence[Line], ways: Sequence[Way]) -> tuple[_Option, dict[str, Number]]:
    """Return the first option that can be made within the contact's life, and why those before it were passed over.

    Failing that, one that only its connector holds up; failing that, the first choice.
    """
    timed = tuple(line for line in trace if line.rule in _TIMED and line.ask_at is None)
    options: list[_Option] = []
    passed_over: dict[str, Number] = {}
    for way in ways:
        option = _option(case, way, timed)
        ready_at = max((at for at in (option.clear_at, option.connector.passes_at) if at is not None), default=case.now)
        if option.clear_at is not None and not case.outlived(ready_at):
            return option, passed_over
        options.append(option)
        why = _last_to_pass((*option.lines, *timed)) or option.connector
        passed_over |= {route.channel: why.reason.value for route in way if why.reason is not None}
    clear = (one for one in options if one.clear_at is not None and not case.outlived(one.clear_at))
    return next(clear, options[0]), {}


def _option(case: _Case, way: Way, timed: tuple[Line, ...]) -> _Option:
    """Ask what depends on channel and hour, and look for the first instant at which all of it passes."""
    lines = _pressing(case, way, case.now)
    at, asked = case.now, (*timed, *lines)
    connector = connectors_open(way, case.situation.channels, case.now)
    for _ in range(MOST_MOVES):
        waits = [line.passes_at for line in asked if line.reason is not None]
        if waits:
            at = max(shifted(at, _A_MOMENT), *(wait for wait in waits if wait is not None))
        if not waits or case.outlived(at):
            return _Option(way, lines, at, connector)
        asked = (*_timed(case, at), *_pressing(case, way, at))
    return _Option(way, lines, None, connector)


def _timed(case: _Case, at: datetime) -> Iterator[Line]:
    """Ask the rules that know when they pass, whatever the channel; those that do not know are looked at again."""
    situation = case.situation
    yield one_question(case.communication, case.topic, situation.customer, situation.past, own=case.own, at=at)
    yield from (line for line in _protected(case, at) if line.ask_at is None)


def _pressing(case: _Case, way: Way, at: datetime) -> tuple[Line, ...]:
    """Ask the rules whose answer changes with the hour: quiet hours, caps, gap, priority."""
    situation, topic, rules, own, zone = case.situation, case.topic, case.rules, case.own, case.zone
    channels, stage = tuple(route.channel for route in way), case.communication.stage
    holidays = holidays_of(situation.customer.country, case.published.country)
    quiet = quiet_hours(channels, topic, rules.quiet, at=at, place=case.place, holidays=holidays)
    past, segment = situation.marketing, case.segment
    # A letter counts when it arrives: that is when there has to be room. What passes then is sent so much earlier.
    in_home = way_in_home(way, situation.channels)
    counts_at = shifted(at, in_home) if in_home else at
    limits = rules.at_most
    caps = within_caps(channels, topic, stage, limits, past, own=own, at=counts_at, zone=zone, segment=segment)
    gap = apart(topic, rules.apart, past, own=own, at=counts_at, zone=zone)
    if caps.reason is not None or gap.reason is not None:
        priority = PASSED
    else:
        priority = unrivalled(channels, topic, stage, case.kept, own=own, at=counts_at, zone=zone)
    return (quiet, *(_sent_earlier(line, counts_at, in_home) if in_home else line for line in (caps, gap, priority)))


def _sent_earlier(line: Line, counts_at: datetime, in_home: timedelta) -> Line:
    """Return what a rule says of the day a contact arrives, as of the day it is sent."""
    said = {**line.numbers, COUNTS_AT: counts_at.isoformat()} if line.numbers else line.numbers
    passes_at = shifted(line.passes_at, -in_home) if line.passes_at is not None else None
    return replace(line, numbers=said, passes_at=passes_at)


def _last_to_pass(lines: Iterable[Line]) -> Line | None:
    """Return the line that passes last of those that know when, the earlier of equals; connectors make no promise."""
    waiting = [line for line in lines if line.passes_at is not None and line.rule != CONNECTOR]
    return max(waiting, key=lambda line: line.passes_at or EARLIEST, default=None)


def _too_late(case: _Case, line: Line, trace: Sequence[Line]) -> Skip | None:
    """Skip a contact whose time is up for what held it until then; None if nothing did, or it is not that."""
    journey = case.situation.journey
    over = line.reason is Reason.JOURNEY_ENDED and journey is not None and not journey.state.ended
    if case.ends_at is None or not (over or line.reason is Reason.EXPIRED):
        return None
    held = next((one for one in _protected(case, min(case.ends_at, case.now)) if one.reason is not None), None)
    return Skip(held.reason, (*trace, held)) if held is not None and held.reason is not None else None


def _skip(line: Line, trace: Sequence[Line]) -> Skip:
    assert line.reason is not None
    return Skip(line.reason, tuple(trace))


def _defer(case: _Case, until: datetime | None, line: Line, trace: Sequence[Line]) -> Verdict:
    assert line.reason is not None
    assert until is not None
    return _outlived(case, until, line, trace) if case.outlived(until) else Defer(until, line.reason, tuple(trace))


def _outlived(case: _Case, until: datetime | None, line: Line, trace: Sequence[Line]) -> Skip:
    """Skip a contact whose life is over before it could be made, for the reason that would have held it up."""
    assert line.reason is not None
    said: dict[str, Number] = {"ends_at": case.ends_at.isoformat()} if case.ends_at else {}
    return Skip(line.reason, (*trace, Line(LIFE, line.reason, said, passes_at=until)))


def _look_again(case: _Case, trace: Sequence[Line], clear_at: datetime) -> Verdict:
    """Come back to a contact that waits for somebody to do something: a channel without a connector waits unblamed."""
    asking = [line for line in trace if line.ask_at is not None]
    until = _within_life(case, max(clear_at, *(line.ask_at for line in asking if line.ask_at is not None)))
    reason = asking[0].reason
    assert reason is not None
    return (Wait if reason is Reason.NO_CONNECTOR else Defer)(until, reason, tuple(trace))


def _within_life(case: _Case, until: datetime) -> datetime:
    return until if case.ends_at is None else min(until, case.ends_at)
