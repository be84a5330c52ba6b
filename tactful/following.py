"""What follows from something a customer did or from something we learned: which journeys begin, move on or end.

Pure: the answer is a list of effects, in the order of the strategy's steps; whoever holds the customer's lock
carries them out in the transaction that stores the event. This module knows nothing of rows or workflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.conditions import holds, segment_of
from tactful.facts import Customer
from tactful.strategy.model import Again, Step, Strategy, Trigger
from tactful.timing import add_span, clock_due, zone_of
from tactful.words import Shape


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as it bears on journeys."""

    name: str
    occurred_at: datetime
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
    historical: bool = False


@dataclass(frozen=True, slots=True)
class OpenJourney:
    """An open journey of the customer in this strategy.

    `pinned` is its step as it was published when the journey entered it: the goal and the milestones of who is inside
    stay those, whatever has been published since. None means the published one.
    """

    journey_key: UUID
    step: str
    key: str
    started_at: datetime
    cycle: int
    milestones: tuple[str, ...]
    due_at: datetime | None = None
    pinned: Step | None = None


@dataclass(frozen=True, slots=True)
class PastEntries:
    """How often a step was entered with a key, and when last."""

    count: int
    last_started_at: datetime


@dataclass(frozen=True, slots=True)
class Enter:
    """Begin a journey. With `goal_at` it has reached its goal already and ends before it says anything."""

    step: str
    key: str
    entry_no: int
    started_at: datetime
    due_at: datetime | None
    milestones: tuple[str, ...]
    goal_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReachGoal:
    """End a journey: its goal has happened."""

    journey_key: UUID
    goal_at: datetime


@dataclass(frozen=True, slots=True)
class ReachMilestones:
    """Milestones of a journey are reached; `complete` when none is left."""

    journey_key: UUID
    milestones: tuple[str, ...]
    complete: bool
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class Reanchor:
    """Begin the next cycle of a clock: its goal has happened and the next due date is known."""

    journey_key: UUID
    cycle: int
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Redue:
    """Move a clock's due date: an order from before its anchor, told late, has shown the customer's own interval."""

    journey_key: UUID
    due_at: datetime


Effect = Enter | ReachGoal | ReachMilestones | Reanchor | Redue


class Series(NamedTuple):
    """The instants of one event of a customer, where `per` is given only those whose field `per` is `key`."""

    event: str
    per: str | None
    key: str


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a customer's journeys in one strategy.

    `entries` are by (step, key). `series` holds what `series_needed` asks for, the event itself included. `blocked`
    names the steps that this software does not execute yet.
    """

    customer: Customer
    journeys: tuple[OpenJourney, ...] = ()
    entries: Mapping[tuple[str, str], PastEntries] = field(default_factory=dict[tuple[str, str], PastEntries])
    series: Mapping[Series, tuple[datetime, ...]] = field(default_factory=dict[Series, tuple[datetime, ...]])
    blocked: frozenset[str] = frozenset()


def watched_events(strategy: Strategy) -> tuple[str, ...]:
    """Return the events whose history the strategy's goals, milestones and conditions look at, each once."""
    names: dict[str, None] = {}
    for step in strategy.steps.values():
        if step.until is not None:
            names[step.until] = None
        for communication in step.communications:
            for condition in (communication.done, *communication.unless):
                if condition is not None and condition.fact == "event" and condition.name:
                    names[condition.name] = None
    for hold in strategy.rules.hold_while:
        names |= dict.fromkeys(name for name in (hold.event, hold.until) if name is not None)
    for segment in strategy.segments:
        for condition in segment.conditions:
            if condition.fact == "event" and condition.name:
                names[condition.name] = None
    return tuple(names)


def series_needed(strategy: Strategy, event: Happened, journeys: Iterable[OpenJourney]) -> tuple[Series, ...]:
    """Return the series that `follow` looks into for `event`: of the clocks it sets, of the goals that have a key."""
    steps = [*strategy.steps.values(), *(journey.pinned for journey in journeys if journey.pinned is not None)]
    needed: dict[Series, None] = {}
    for step in steps:
        key = _key(step, event)
        if key is None or not _triggers(step, event):
            continue
        if step.shape is Shape.CLOCK:
            needed[Series(event.name, step.per, key)] = None
        elif step.until is not None and step.per is not None and step.until != event.name:
            needed[Series(step.until, step.per, key)] = None
    return tuple(needed)


def follow(strategy: Strategy, event: Happened, story: Story, now: datetime) -> tuple[Effect, ...]:
    """Return what `event` begins, moves on or ends.

    Args:
        strategy: The published version.
        event: What happened; it is already among the customer's facts.
        story: The customer's journeys and entries, read under the lock.
        now: Aware UTC instant of the transaction.

    Returns:
        Effects: journeys that end or whose clock is set, milestones, then beginnings in the order of the steps.
    """
    case = _Case(strategy, event, story, now, zone_of(story.customer, strategy))
    moves = [move for journey in story.journeys if (move := _moved(journey, case)) is not None]
    ended = {move.journey_key for move in moves if isinstance(move, ReachGoal)}
    left = replace(story, journeys=tuple(journey for journey in story.journeys if journey.journey_key not in ended))
    begun = (_begun(step, replace(case, story=left)) for step in strategy.steps.values())
    return (*moves, *reached(strategy, left, now, event), *(effect for effect in begun if effect is not None))


def reached(
    strategy: Strategy, story: Story, now: datetime, event: Happened | None = None
) -> tuple[ReachMilestones, ...]:
    """Return the milestones that are reached now and were not before, one effect a journey."""
    # An event may have been told by a clock that runs ahead of ours; it has happened all the same.
    as_of = now if event is None else max(now, event.occurred_at)
    zone = zone_of(story.customer, strategy)
    found: list[ReachMilestones] = []
    for journey in story.journeys:
        step = _step_of(strategy, journey)
        if step is None or step.shape is not Shape.MILESTONES:
            continue
        new = tuple(name for name in _done(step, story.customer, as_of, zone) if name not in journey.milestones)
        if new:
            complete = {*journey.milestones, *new} >= {c.name for c in step.communications}
            found.append(ReachMilestones(journey.journey_key, (*journey.milestones, *new), complete, now))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Case:
    """One event, and everything that what follows from it depends on."""

    strategy: Strategy
    event: Happened
    story: Story
    now: datetime
    zone: ZoneInfo


def _step_of(strategy: Strategy, journey: OpenJourney) -> Step | None:
    return journey.pinned or strategy.steps.get(journey.step)


def _moved(journey: OpenJourney, case: _Case) -> ReachGoal | Reanchor | Redue | None:
    """Return how the event ends a journey or moves its clock, if it does."""
    step, event = _step_of(case.strategy, journey), case.event
    if step is None or _key(step, event) != journey.key:
        return None
    triggers = _triggers(step, event)
    if step.shape is Shape.CLOCK and triggers:
        return _clock_set(step, journey, case)
    # The event that began a journey cannot end it; any other may at the same instant.
    early = event.occurred_at < journey.started_at or (triggers and event.occurred_at == journey.started_at)
    return ReachGoal(journey.journey_key, event.occurred_at) if step.until == event.name and not early else None


def _clock_set(step: Step, journey: OpenJourney, case: _Case) -> Reanchor | Redue | None:
    """Set a clock again by a newer order; by an older one told late, move its due date at most."""
    happened_at = case.event.occurred_at
    if happened_at > journey.started_at:
        return Reanchor(journey.journey_key, journey.cycle + 1, happened_at, _due(step, happened_at, case))
    due_at = _due(step, journey.started_at, case)
    return Redue(journey.journey_key, due_at) if journey.due_at is not None and due_at != journey.due_at else None


def _begun(step: Step, case: _Case) -> Enter | None:
    """Return the journey that the event begins in a step, if it does."""
    event, story = case.event, case.story
    key = _key(step, event)
    if key is None or not _triggers(step, event) or not _may_enter(step, key, case):
        return None
    due_at = _due(step, event.occurred_at, case) if step.due is not None else None
    if _over_before_it_began(step, due_at, case):
        return None
    milestones = _done(step, story.customer, max(case.now, event.occurred_at), case.zone)
    all_reached = step.shape is Shape.MILESTONES and len(milestones) == len(step.communications)
    past = story.entries.get((step.name, key))
    return Enter(
        step=step.name,
        key=key,
        entry_no=past.count + 1 if past else 1,
        started_at=event.occurred_at,
        due_at=due_at,
        milestones=milestones,
        goal_at=event.occurred_at if all_reached else _goal_already(step, key, event, story),
    )


def _may_enter(step: Step, key: str, case: _Case) -> bool:
    """Say whether the customer may come in: the step takes people, they are not inside, re-entry and segment agree."""
    event, story = case.event, case.story
    if step.draft or step.name in story.blocked or (event.historical and step.shape is not Shape.CLOCK):
        return False
    if any(journey.step == step.name and journey.key == key for journey in story.journeys):
        return False
    past = story.entries.get((step.name, key))
    if past is not None and not _may_enter_again(step.again, past, event.occurred_at, case.zone):
        return False
    segments = case.strategy.segments
    return not step.for_segments or segment_of(story.customer, segments, case.now, case.zone) in step.for_segments


def _may_enter_again(again: Again, past: PastEntries, at: datetime, zone: ZoneInfo) -> bool:
    if again.kind == "never":
        return False
    if again.kind == "after" and again.after is not None:
        return at >= add_span(past.last_started_at, again.after, zone)
    return True


def _over_before_it_began(step: Step, due_at: datetime | None, case: _Case) -> bool:
    """Say whether a told past leaves nothing to say: an old order's clock that has long run out."""
    if step.lasts is None:
        return False
    anchor = due_at if step.lasts.anchor == "due" and due_at is not None else case.event.occurred_at
    return add_span(anchor, step.lasts.span, case.zone) <= case.now


def _goal_already(step: Step, key: str, event: Happened, story: Story) -> datetime | None:
    """Return when the goal happened, if it did at or after the start: events may arrive in any order."""
    if step.until is None or step.shape is Shape.CLOCK or step.until == event.name:
        return None
    happened = (
        story.customer.events.get(step.until, ())
        if step.per is None
        else story.series.get(Series(step.until, step.per, key), ())
    )
    return min((at for at in happened if at >= event.occurred_at), default=None)


def _triggers(step: Step, event: Happened) -> bool:
    return isinstance(step.entry, Trigger) and step.entry.event == event.name


def _key(step: Step, event: Happened) -> str | None:
    """Return the journey's key: "" for a step without `per`; None when the event lacks the field."""
    if step.per is None:
        return ""
    value = event.properties.get(step.per)
    return str(value) if value not in (None, "") else None


def _due(step: Step, anchor: datetime, case: _Case) -> datetime:
    """Return when the order after the one at `anchor` is due."""
    event, key = case.event, _key(step, case.event)
    if step.due is None or key is None:
        msg = f"step {step.name} is a clock without a due date"
        raise ValueError(msg)
    orders = case.story.series.get(Series(event.name, step.per, key), (event.occurred_at,))
    return clock_due(anchor, orders, step.due, case.zone)


def _done(step: Step, customer: Customer, as_of: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """Return the milestones of a step that are reached."""
    return tuple(
        c.name for c in step.communications if c.done is not None and holds(c.done, customer, as_of, zone).holds
    )
