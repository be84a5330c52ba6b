"""Sentences of the read models: what a row says, in words. What a reason means is `tactful.explain`'s to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from tactful.explain import sentence, time_text
from tactful.strategy.standards import time_zones
from tactful.verdict import Line, Number
from tactful.wire.answers import LineAnswer, VerdictAnswer
from tactful.words import ContactState, Reason

_JOURNEYS = {
    "goal": "reached its goal",
    "completed": "was completed",
    "exited": "was left",
    "timed_out": "ran out of time",
}
_CONSENTS = {
    "opted_in": "Said yes to {topic} by {channel}",
    "pending": "Said yes to {topic} by {channel}, to be confirmed",
    "opted_out": "Said no to {topic} by {channel}",
}
_STATES = {
    ContactState.PLANNED: "Planned for {due}.",
    ContactState.CLAIMED: "Being sent.",
    ContactState.SKIPPED: "Not sent.",
    ContactState.CONTROL: "Kept back, to measure.",
    ContactState.EXPIRED: "Not sent.",
    ContactState.CANCELLED: "Not sent.",
    ContactState.HELD: "On hold.",
    ContactState.PARKED: "Needs a person.",
}
_ACTS = {
    "retry": "Taken up again by {by}",
    "skip": "Let be by {by}",
    "mark_sent": "Marked as sent by {by}",
    "park": "Parked again when {by} stopped the restart",
}
MOST_SHOWN = 200


def contact_sentence(row: RowMapping, verdict: VerdictAnswer | None, zone: tzinfo) -> str:
    """Return where a contact stands, and why."""
    state = ContactState(row["state"])
    if state is ContactState.SENT:
        sent_at: datetime | None = row["sent_at"]
        return f"Sent on {time_text(sent_at, zone)}." if sent_at else "Sent."
    told = _STATES[state].format(due=time_text(row["due_at"], zone))
    why = _why(row, verdict, zone)
    return f"{told} {why}" if why else told


def _why(row: RowMapping, verdict: VerdictAnswer | None, zone: tzinfo) -> str | None:
    """Return the sentence of the reason; the numbers are those of the rule that gave it, where it was kept."""
    if row["reason"] is None:
        return None
    reason = Reason(row["reason"])
    line = next((line for line in verdict.trace if line.reason == reason), None) if verdict is not None else None
    return sentence(reason, _numbers(line.numbers) if line is not None else None, None, zone)


def line_of(short: Sequence[Any], zone: tzinfo) -> LineAnswer:
    """Return a line of a trace in words, from its short form."""
    line = short_line(short)
    return LineAnswer(
        rule=line.rule,
        passed=line.reason is None,
        reason=line.reason,
        sentence=sentence(line, zone=zone),
        passes_at=line.passes_at,
        numbers=dict(line.numbers),
    )


def short_line(short: Sequence[Any]) -> Line:
    """Return a line of a trace from its short form: rule, reason, numbers, instant; trailing nothings are left out."""
    rule, why, numbers, passes = [*short, *[None] * 4][:4]
    reason = Reason(why) if why is not None else None
    passes_at = datetime.fromisoformat(passes) if isinstance(passes, str) else None
    return Line(str(rule), reason, _numbers(numbers or {}), passes_at)


def _numbers(kept: Mapping[str, object]) -> dict[str, Number]:
    return {name: value if isinstance(value, int | float | str) else None for name, value in kept.items()}


def zone_named(name: str | None) -> tzinfo:
    """Return the zone in which a customer is told times; UTC where none is known."""
    return ZoneInfo(name) if name is not None and name in time_zones() else UTC


def event_sentence(properties: Mapping[str, Any], *, historical: bool) -> str:
    """Return what an event's properties say, in one line."""
    said = ", ".join(f"{name} {_shown(value)}" for name, value in properties.items())
    told = " (told afterwards)" if historical else ""
    return (said if len(said) <= MOST_SHOWN else said[: MOST_SHOWN - 1] + "…") + told


def consent_sentence(state: str, topic: str, channel: str, source: str) -> str:
    """Return what a customer said about a topic on a channel, and where."""
    return f"{_CONSENTS[state].format(topic=topic, channel=channel)} ({source})."


def act_sentence(act: str, by: str, why: str | None) -> str:
    """Return what a person did about a contact, and why."""
    return f"{_ACTS.get(act, act).format(by=by)}{f': {why}' if why else ''}."


def call_sentence(caller: str, communication: str, outcome: str, note: str | None) -> str:
    """Return what came of a call, and what whoever called has noted."""
    return f"{caller} called about {communication}: {outcome.replace('_', ' ')}.{f' “{note}”' if note else ''}"


def reply_sentence(told: Mapping[str, Any]) -> str:
    """Return what a customer wrote to us, and what was done about it."""
    done = {
        "stop": "No more marketing goes there.",
        "start": "Marketing may go there again.",
        "help": "They were told how to stop, and whom to ask.",
    }.get(told["wish"])
    if done is None and told["handed_on_at"]:
        done = "It was forwarded to the company's address."
    elif done is None:
        done = "It is being forwarded." if told["waits"] else "It could not be forwarded; somebody has to read it here."
    return f"Wrote: {_shown(told['text'])}. {done}"


def journey_sentence(state: str, step: str, key: str, due_at: str | None) -> str:
    """Return that a journey began or how it ended."""
    about = f" for {key}" if key else ""
    if state == "began":
        due = f", due on {due_at[:10]}" if due_at else ""
        return f"Began {step}{about}{due}."
    return f"{step}{about} {_JOURNEYS.get(state, state)}."


def _shown(value: object) -> str:
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value)
        return " ".join(str(parts[name]) for name in ("amount", "currency") if name in parts) or "{…}"
    if isinstance(value, list):
        return f"({len(cast('list[object]', value))})"
    return str(value)
