"""Whether a contact is meant for this customer: segment, exceptions, and how often they may have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.conditions import holds, segment_of
from tactful.facts import Customer, PastContact
from tactful.rules.pressure import cap_text, places
from tactful.strategy.model import Communication, Segment, Step
from tactful.verdict import Line, Number
from tactful.words import Reason

SEGMENT = "segment"
UNLESS = "unless"
HAD = "had already"
_FOR_ALL, _NO_EXCEPTION, _NO_LIMIT = Line(SEGMENT), Line(UNLESS), Line(HAD)


def in_segment(
    communication: Communication,
    step: Step | None,
    customer: Customer,
    segments: Sequence[Segment],
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Line:
    """Say whether the customer is in one of the segments that the communication, and its step, are for.

    Every line of the segments is asked at `now`, of the facts that are kept: a membership that was kept at the last
    event may have lapsed since by time alone.

    Source: docs/rules.md#segment
    """
    wanted = tuple(names for names in (communication.for_segments, step.for_segments if step else ()) if names)
    if not wanted:
        return _FOR_ALL
    segment = segment_of(customer, segments, now, zone)
    said: dict[str, Number] = {"segment": segment, "for": ", ".join(min(wanted, key=len))}
    fits = all(segment in names for names in wanted)
    return Line(SEGMENT, None if fits else Reason.NOT_IN_SEGMENT, said)


def no_exception(communication: Communication, customer: Customer, now: datetime, zone: ZoneInfo) -> Line:
    """Say whether the communication's `unless` does not hold; it holds when all of its lines do.

    Source: docs/rules.md#unless
    """
    if not communication.unless:
        return _NO_EXCEPTION
    answers = [(line.text, holds(line, customer, now, zone)) for line in communication.unless]
    found: dict[str, Number] = {text: answer.found for text, answer in answers}
    excepted = all(answer.holds for _, answer in answers)
    return Line(UNLESS, Reason.UNLESS if excepted else None, found)


def not_had_already(
    communication: Communication, past: Sequence[PastContact], *, own: UUID, now: datetime, zone: ZoneInfo
) -> Line:
    """Say whether the customer may have this communication once more, by its own `at_most`.

    Counts contacts of this communication that take a place, mandatory or not.

    Source: docs/rules.md#had-already
    """
    if not communication.at_most:
        return _NO_LIMIT
    numbers: dict[str, Number] = {}
    reason = None
    for cap in communication.at_most:
        made = [
            row.counts_at
            for row in past
            if row.communication == communication.name
            and (cap.channel is None or cap.channel in row.channels)
            and row.contact_key.int != own.int
        ]
        taken, opens_at = places(made, cap.count, cap.window, now, zone)
        numbers[cap_text(cap)] = taken
        if opens_at is not None:
            reason = Reason.ALREADY_HAD
    return Line(HAD, reason, numbers)
