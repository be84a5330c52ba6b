"""Who took the places: the contacts behind the numbers of a rule, by name and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from tactful.explain.clock import time_text
from tactful.explain.story import Other, Story
from tactful.rules.eligibility import HAD
from tactful.rules.pressure import CAPS, COUNTS_AT, GAP
from tactful.rules.priority import PRIORITY
from tactful.strategy.model import Cap
from tactful.timing import add_span
from tactful.verdict import Line, Number
from tactful.words import ContactState, Purpose

BECAME: Mapping[ContactState, str] = {
    ContactState.PLANNED: "is planned",
    ContactState.CLAIMED: "is being sent",
    ContactState.SENT: "was sent",
    ContactState.SKIPPED: "was not sent in the end",
    ContactState.CONTROL: "was kept back to measure",
    ContactState.EXPIRED: "was not sent in the end",
    ContactState.CANCELLED: "was not sent in the end",
    ContactState.HELD: "is on hold",
    ContactState.PARKED: "waits for a person",
}
"""What became of a contact, as the end of a sentence."""


def details(line: Line, at: datetime, story: Story) -> list[str]:
    """Return what a rule counted at a decision, contact by contact; nothing where it counted none.

    Args:
        line: The rule's answer.
        at: The instant of the decision.
        story: The customer's other contacts, and the caps by their text.
    """
    told = _TOLD.get(line.rule)
    return told(line.numbers, at, story) if told is not None else []


def _caps(numbers: Mapping[str, Number], at: datetime, story: Story) -> list[str]:
    marketing = [one for one in story.past if one.purpose == Purpose.MARKETING]
    counts_at = numbers.get(COUNTS_AT)
    at = datetime.fromisoformat(counts_at) if isinstance(counts_at, str) else at
    return [said for name, taken in numbers.items() for said in _places(name, taken, marketing, at, story)]


def _had(numbers: Mapping[str, Number], at: datetime, story: Story) -> list[str]:
    same = [one for one in story.past if one.communication == story.what.communication]
    return [said for name, taken in numbers.items() for said in _places(name, taken, same, at, story)]


def _places(name: str, taken: Number, among: Iterable[Other], at: datetime, story: Story) -> list[str]:
    """Return `2 of 2 in 7 days: hello on Tuesday 3 March 2026, 10:00; story on …`."""
    cap = story.caps.get(name)
    if cap is None or not isinstance(taken, int) or taken < 1:
        return []
    counted = [one for one in among if _counts(one, cap, at, story)][:taken]
    who = [f"{one.communication} on {_on(one.counts_at, story)}" for one in counted]
    if len(counted) < taken:
        who.append(f"{taken - len(counted)} that gave the place back later" if who else "given back later")
    return [f"{taken} of {name}: {'; '.join(who)}."]


def _counts(other: Other, cap: Cap, at: datetime, story: Story) -> bool:
    if other.counts_at is None or other.contact_key == story.contact_key:
        return False
    if cap.channel not in {None, *other.channels}:
        return False
    if cap.topic not in {None, other.topic} or cap.stage not in {None, other.stage}:
        return False
    earlier, later = sorted((other.counts_at, at))
    return later < add_span(earlier, cap.window, story.who.zone)


def _gap(numbers: Mapping[str, Number], at: datetime, story: Story) -> list[str]:
    del at
    last_at = numbers.get("last_at")
    last = next((one for one in story.past if one.counts_at and one.counts_at.isoformat() == last_at), None)
    return [f"The last one was {last.communication}, on {_on(last.counts_at, story)}."] if last is not None else []


def _priority(numbers: Mapping[str, Number], at: datetime, story: Story) -> list[str]:
    by = numbers.get("by")
    rivals = [one for one in story.named if one.communication == by]
    rival = min(rivals, key=lambda one: abs(one.due_at - at), default=None)
    if rival is None:
        return []
    became = BECAME[rival.state]
    when = _on(rival.counts_at or rival.due_at, story)
    return [f"“{rival.communication}” (about {rival.topic}, of {rival.step}) {became}: {when}."]


def _on(at: datetime | None, story: Story) -> str:
    return time_text(at, story.who.zone) if at is not None else "an unknown day"


_TOLD: Mapping[str, Callable[[Mapping[str, Number], datetime, Story], list[str]]] = {
    CAPS: _caps,
    HAD: _had,
    GAP: _gap,
    PRIORITY: _priority,
}
