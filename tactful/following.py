"""What follows from something a customer did or from something we learned: which journeys begin, move on or end.

Pure: the answer is a list of effects, in the order of the strategy's steps; whoever holds the customer's lock
carries them out in the transaction that stores the event. This module knows nothing of rows or workflows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.conditions import holds, segment_of
from tactful.facts import Customer
from tactful.strategy.model import Again, Communication, Step, Strategy, Trigger
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
    """An open journey of the customer in this strategy."""

    journey_key: UUID
    step: str
    key: str
    started_at: datetime
    cycle: int
    milestones: tuple[str, ...]


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


Effect = Enter | ReachGoal | ReachMilestones | Reanchor


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a customer's journeys in one strategy.

    `entries` are by (step, key). `clocks` are, by step, the instants of the trigger for the event's own key,
    this one included. `blocked` names the steps that this software does not execute yet.
    """

    customer: Customer
    journeys: tuple[OpenJourney, ...] = ()
    entries: Mapping[tuple[str, str], PastEntries] = field(default_factory=dict[tuple[str, str], PastEntries])
    clocks: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict[str, tuple[datetime, ...]])
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
    for segment in strategy.segments:
        for condition in segment.conditions:
            if condition.fact == "event" and condition.name:
                names[condition.name] = None
    return tuple(names)


def clock_steps(strategy: Strategy, event: Happened) -> tuple[tuple[str, str | None, str], ...]:
    """Return (step, `per` field, key) of every clock that `event` sets: whose history is needed for `Story.clocks`."""
    return tuple(
        (step.name, step.per, key)
        for step in strategy.steps.values()
        if step.shape is Shape.CLOCK and _triggers(step, event) and (key := _key(step, event)) is not None
    )


def follow(strategy: Strategy, event: Happened, story: Story, now: datetime) -> tuple[Effect, ...]:
    """Return what `event` begins, moves on or ends.

    Args:
        strategy: The published version.
        event: What happened; it is already among the customer's facts.
        story: The customer's journeys and entries, read under the lock.
        now: Aware UTC instant of the transaction.

    Returns:
        Effects in the order of the strategy's steps, ends before beginnings.
    """
    zone = zone_of(story.customer, strategy)
    ends: list[Effect] = []
    begins: list[Effect] = []
    for step in strategy.steps.values():
        ends += _moved_on(strategy, step, event, story, zone)
        if (entered := _entered(strategy, step, event, story, now, zone)) is not None:
            begins.append(entered)
    return (*ends, *begins, *reached(strategy, story, now, event))


def reached(
    strategy: Strategy, story: Story, now: datetime, event: Happened | None = None
) -> tuple[ReachMilestones, ...]:
    """Return the milestones that are reached now and were not before, one effect a journey."""
    zone = zone_of(story.customer, strategy)
    found: list[ReachMilestones] = []
    for journey in story.journeys:
        step = strategy.steps.get(journey.step)
        if step is None or step.shape is not Shape.MILESTONES:
            continue
        new = tuple(
            c.name
            for c in step.communications
            if c.name not in journey.milestones and _is_done(c, story.customer, now, zone, event)
        )
        if new:
            complete = {*journey.milestones, *new} >= {c.name for c in step.communications}
            found.append(ReachMilestones(journey.journey_key, (*journey.milestones, *new), complete, now))
    return tuple(found)


def _moved_on(strategy: Strategy, step: Step, event: Happened, story: Story, zone: ZoneInfo) -> list[Effect]:
    moved: list[Effect] = []
    for journey in story.journeys:
        if journey.step != step.name or not _is_goal(step, journey, event):
            continue
        if step.shape is Shape.CLOCK and _triggers(step, event):
            due_at = _due(step, event, story, zone)
            moved.append(Reanchor(journey.journey_key, journey.cycle + 1, event.occurred_at, due_at))
        else:
            moved.append(ReachGoal(journey.journey_key, event.occurred_at))
    return moved


def _is_goal(step: Step, journey: OpenJourney, event: Happened) -> bool:
    rewinds = step.shape is Shape.CLOCK and _triggers(step, event)
    if not (rewinds or step.until == event.name) or event.occurred_at <= journey.started_at:
        return False
    return step.per is None or str(event.properties.get(step.per, "")) == journey.key


def _entered(
    strategy: Strategy, step: Step, event: Happened, story: Story, now: datetime, zone: ZoneInfo
) -> Enter | None:
    key = _key(step, event)
    if key is None or not _triggers(step, event) or step.draft or step.name in story.blocked:
        return None
    if event.historical and step.shape is not Shape.CLOCK:
        return None
    if any(j.step == step.name and j.key == key for j in story.journeys):
        return None
    past = story.entries.get((step.name, key))
    if past is not None and not _may_enter_again(step.again, past, event.occurred_at, zone):
        return None
    if step.for_segments and segment_of(story.customer, strategy.segments, now, zone) not in step.for_segments:
        return None
    due_at = _due(step, event, story, zone) if step.due is not None else None
    if _over_before_it_began(step, event, due_at, now, zone):
        return None
    return Enter(
        step=step.name,
        key=key,
        entry_no=past.count + 1 if past else 1,
        started_at=event.occurred_at,
        due_at=due_at,
        milestones=tuple(c.name for c in step.communications if _is_done(c, story.customer, now, zone, event)),
        goal_at=_goal_already(step, event, story.customer),
    )


def _over_before_it_began(step: Step, event: Happened, due_at: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether a told past leaves nothing to say: an old order's clock that has long run out."""
    if step.lasts is None:
        return False
    anchor = due_at if step.lasts.anchor == "due" and due_at is not None else event.occurred_at
    return add_span(anchor, step.lasts.span, zone) <= now


def _goal_already(step: Step, event: Happened, customer: Customer) -> datetime | None:
    """Return when the goal happened, if it did at or after the start: events may arrive in any order."""
    if step.until is None or step.shape is Shape.CLOCK or step.until == event.name:
        return None
    after = [at for at in customer.events.get(step.until, ()) if at >= event.occurred_at]
    return min(after) if after else None


def _triggers(step: Step, event: Happened) -> bool:
    return isinstance(step.entry, Trigger) and step.entry.event == event.name


def _key(step: Step, event: Happened) -> str | None:
    """Return the journey's key: "" for a step without `per`; None when the event lacks the field."""
    if step.per is None:
        return ""
    value = event.properties.get(step.per)
    return str(value) if value not in (None, "") else None


def _due(step: Step, event: Happened, story: Story, zone: ZoneInfo) -> datetime:
    if step.due is None:
        msg = f"step {step.name} is a clock without a due date"
        raise ValueError(msg)
    return clock_due(event.occurred_at, story.clocks.get(step.name, (event.occurred_at,)), step.due, zone)


def _may_enter_again(again: Again, past: PastEntries, at: datetime, zone: ZoneInfo) -> bool:
    if again.kind == "never":
        return False
    if again.kind == "after" and again.after is not None:
        return at >= add_span(past.last_started_at, again.after, zone)
    return True


def _is_done(
    communication: Communication, customer: Customer, now: datetime, zone: ZoneInfo, event: Happened | None
) -> bool:
    done = communication.done
    if done is None:
        return False
    if done.fact == "event" and event is not None and event.name == done.name:
        return True
    return holds(done, customer, now, zone).holds
