"""What a step will say to a customer, and when: each communication at the first open instant from its due date on.

The same inputs give the same plan; a customer who moved to another zone gets another one. Whether a contact is then
made is decided when it is due: this module asks no contact rule but the quiet hours.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from tactful.calendars import holidays_of
from tactful.conditions import as_date
from tactful.facts import Customer
from tactful.openings import all_open
from tactful.strategy.model import Communication, Step, Strategy
from tactful.timing import add_span, due_instant, expires_instant, first_anniversary, local_clock, zone_of
from tactful.words import Purpose, Shape


@dataclass(frozen=True)
class Planned:
    """One communication to be made at `due_at`. `occurrence` is the journey's cycle it belongs to, from 1."""

    communication: str
    occurrence: int
    due_at: datetime
    expires_at: datetime | None


class Plan(NamedTuple):
    """What is to come, and what came too late to be made: both by (due_at, declared order)."""

    planned: tuple[Planned, ...]
    expired: tuple[Planned, ...]


def plan(
    step: Step,
    *,
    strategy: Strategy,
    journey_started_at: datetime,
    due_at: datetime | None,
    cycle: int,
    customer: Customer,
    now: datetime,
) -> Plan:
    """Return every communication of a step at its next open instant, and apart those whose life is over already.

    A contact's life begins when it is due, quiet hours or not. Besides what has expired, a reminder *before* the next
    order that would have been due before the last one is over too: nobody is reminded of what they just did. A
    communication that hangs on a date nobody knows is not planned.

    Args:
        step: The step, as pinned at entry.
        strategy: The published one, whose quiet hours, topics and zone hold: the same that `decide` goes by.
        journey_started_at: The anchor `start`; for a clock, the order that set it.
        due_at: The anchor `due` of a clock.
        cycle: The clock's cycle, from 1.
        customer: The customer as known.
        now: Aware UTC instant.

    Source: docs/rules.md#planning
    """
    zone = zone_of(customer, strategy)
    dates = _dates(step, customer, local_clock(journey_started_at, zone).date())
    planned: list[Planned] = []
    expired: list[Planned] = []
    for communication in step.communications:
        due = due_instant(communication.when, started_at=journey_started_at, due_at=due_at, dates=dates, zone=zone)
        if due is None:
            continue
        expires_at = expires_instant(communication.expires, due, zone)
        opens_at = opening(communication, strategy, customer, due)
        too_late = expires_at is not None and expires_at <= max(opens_at, now)
        overtaken = communication.when.anchor == "due" and due < journey_started_at
        entry = Planned(communication.name, cycle, opens_at, expires_at)
        (expired if too_late or overtaken else planned).append(entry)
    return Plan(tuple(sorted(planned, key=_due_at)), tuple(sorted(expired, key=_due_at)))


def opening(communication: Communication, strategy: Strategy, customer: Customer, at: datetime) -> datetime:
    """Return the first instant from `at` on at which one of a communication's routes is open; *service* always is."""
    topic = strategy.topics.get(communication.topic)
    if (topic is not None and topic.purpose is Purpose.SERVICE) or not strategy.rules.quiet:
        return at
    zone, quiet, holidays = (
        zone_of(customer, strategy),
        strategy.rules.quiet,
        holidays_of(customer.country, strategy.country),
    )
    openings = (
        all_open(at, quiet, route.channels, communication.topic, zone, holidays=holidays) for route in communication.by
    )
    return min(openings, default=at)


def ends_at(
    step: Step, strategy: Strategy, *, started_at: datetime, due_at: datetime | None, customer: Customer
) -> datetime | None:
    """Return when a step's time is up, or None if it ends after its last communication."""
    if step.lasts is None:
        return None
    anchor = due_at if step.lasts.anchor == "due" else started_at
    return add_span(anchor, step.lasts.span, zone_of(customer, strategy)) if anchor is not None else None


def hangs_on(step: Step, properties: Container[str]) -> bool:
    """Say whether something that a step says is due by one of these properties of the customer, such as a birthday."""
    return any(communication.when.anchor in properties for communication in step.communications)


def stays_open(step: Step) -> bool:
    """Say whether a step that has said everything still waits: for its goal, its milestones or the next order."""
    return step.until is not None or step.shape is not Shape.SEQUENCE


def _due_at(entry: Planned) -> datetime:
    return entry.due_at


def _dates(step: Step, customer: Customer, since: date) -> Mapping[str, date]:
    """Return the customer's dates that the step hangs on, each at its first return on or after a day."""
    named = (communication.when.anchor for communication in step.communications)
    known = {name: as_date(customer.properties.get(name)) for name in named}
    return {name: first_anniversary(day, since) for name, day in known.items() if day is not None}
