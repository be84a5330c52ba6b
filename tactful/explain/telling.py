"""A story told: what became of a contact in one sentence, then everything that led to it, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from tactful.explain.clock import time_text
from tactful.explain.counters import BECAME, details
from tactful.explain.providers import attempts, receipts, undone
from tactful.explain.rules import channel_words, sentence
from tactful.explain.story import Decided, Other, Story
from tactful.verdict import Line
from tactful.wire.explanation import DecisionAnswer, ExplanationAnswer, RuleAnswer
from tactful.words import ContactState

MOST_OTHERS = 20
_NOT_SENT = frozenset({ContactState.SKIPPED, ContactState.EXPIRED, ContactState.CANCELLED})
_OUTCOMES: Mapping[ContactState, str] = {
    ContactState.PLANNED: "Not sent yet",
    ContactState.CLAIMED: "It is being sent",
    ContactState.CONTROL: "Not sent, on purpose",
    ContactState.HELD: "Not sent yet",
    ContactState.PARKED: "It needs a person",
}
_DECIDED: Mapping[str, str] = {
    "send": "it may go",
    "defer": "not now",
    "skip": "not at all",
    "control": "kept back, to measure",
    "wait": "it has to wait",
    "park": "a person has to look at it",
    "ask": "the provider is asked what became of it",
    "settle": "a person had the provider asked what became of it",
    "receipt": "the provider told that it had gone out",
    "resume": "its connector was tried again, and it was let go",
    "recall": "it was not wanted any more, and stopped at the provider before it went out",
    "too_late": "it was not wanted any more, but could not be stopped at the provider",
    "retry": "taken up again",
    "mark_sent": "said to have arrived",
}


def tell(story: Story) -> ExplanationAnswer:
    """Return a story in words."""
    last = story.decided[-1] if story.decided else None
    stopped = _stopped(last.lines) if last is not None else None
    passes_at = story.due_at if story.state is ContactState.PLANNED else stopped.passes_at if stopped else None
    return ExplanationAnswer(
        sentence=outcome(story),
        customer_key=story.who.customer_key,
        user_id=story.who.user_id,
        strategy=story.what.strategy,
        step=story.what.step,
        communication=story.what.communication,
        contact_key=story.contact_key,
        state=story.state.value,
        reason=story.reason,
        passes_at=passes_at,
        zone=story.who.zone.key,
        background=_background(story),
        decisions=_decisions(story),
        attempts=attempts(story),
        receipts=receipts(story),
        if_due_now=_decision([story.afresh], story, "If it were due now") if story.afresh is not None else None,
        others=[_other(one, story) for one in story.same[:MOST_OTHERS]],
    )


def outcome(story: Story) -> str:
    """Return what became of a contact, and why, in one sentence (or two)."""
    if story.state is ContactState.SENT:
        return _sent(story)
    begins, why = _OUTCOMES.get(story.state, "Not sent"), _why(story)
    due = time_text(story.due_at, story.who.zone)
    if story.state is ContactState.PLANNED and why is None:
        return f"{begins}: planned for {due}."
    again = f" It is looked at again on {due}." if story.state is ContactState.PLANNED else ""
    return f"{begins}: {_lower(why)}{again}" if why is not None else f"{begins}."


def _sent(story: Story) -> str:
    by = channel_words(part.channel for part in story.parts if part.state == "sent")
    sent_at = f" on {time_text(story.sent_at, story.who.zone)}" if story.sent_at else ""
    told = f"Sent{f' by {by}' if by else ''}{sent_at}."
    after = undone(story)
    return f"{told} {after}" if after else told


def _why(story: Story) -> str | None:
    """Return the sentence of the reason, with the numbers of the rule that gave it where they were kept."""
    if story.reason is None:
        return None
    lines = (line for made in reversed(story.decided) for line in made.lines if line.reason is story.reason)
    line = next(lines, None)
    numbers = line.numbers if line is not None else None
    passes_at = line.passes_at if line is not None and story.state in _NOT_SENT and line.rule != "life" else None
    told = sentence(story.reason, numbers, None, story.who.zone)
    if passes_at is None or story.expires_at is None or passes_at < story.expires_at:
        return told
    can = time_text(passes_at, story.who.zone)
    until = time_text(story.expires_at, story.who.zone)
    return f"{told} It could have gone from {can}, but it was worth saying only until {until}."


def _lower(sentence_: str) -> str:
    """Return a sentence as the second half of one: its first word small, unless it is a name or a quotation."""
    first = sentence_.split(" ", 1)[0]
    return sentence_[0].lower() + sentence_[1:] if first.istitle() or first in {"A", "We"} else sentence_


def _background(story: Story) -> list[str]:
    zone, journey = story.who.zone, story.journey
    told: list[str] = []
    if not story.who.own_zone:
        told.append(f"Times are told in the zone {zone.key}: the customer's own is not known.")
    if journey is None:
        told.append(f"Another system asked for it on {time_text(story.created_at, zone)}.")
    else:
        began = f" with {journey.event}" if journey.event else ""
        about = f" about {journey.about}" if journey.about else ""
        state = f"; it ended on {time_text(journey.ended_at, zone)}" if journey.ended_at else ""
        told.append(
            f"It belongs to the customer's journey{about} through {story.what.step}, which began{began} on"
            f" {time_text(journey.started_at, zone)}{state}."
        )
    moved = f", and is now due on {time_text(story.due_at, zone)}" if _moved(story) else ""
    told.append(f"It was planned for {time_text(story.planned_for, zone)}{moved}.")
    if story.expires_at is not None:
        told.append(f"It is worth saying until {time_text(story.expires_at, zone)}.")
    told.append(_version(story))
    return told


def _moved(story: Story) -> bool:
    return story.due_at != story.planned_for and not story.state.settled


def _version(story: Story) -> str:
    """Return which version wrote it, and which governed."""
    wrote = f"What it says is from version {story.pinned} of the strategy{_published(story, story.pinned)}"
    governed = story.decided[-1].version if story.decided else None
    if governed is None:
        return f"{wrote}; nothing has been decided about it yet."
    if governed == story.pinned:
        return f"{wrote}, whose rules also decided about it."
    return f"{wrote}; the rules that decided about it are those of version {governed}{_published(story, governed)}."


def _published(story: Story, version: int) -> str:
    at = story.published.get(version)
    return f" (published on {time_text(at, story.who.zone)})" if at is not None else ""


def _decisions(story: Story) -> list[DecisionAnswer]:
    """Return the decisions, those alike in a row as one."""
    runs = [list(run) for _, run in groupby(story.decided, key=lambda made: (made.verdict, made.reason, made.version))]
    return [_decision(run, story, None) for run in runs]


def _decision(run: Sequence[Decided], story: Story, instead: str | None) -> DecisionAnswer:
    last, zone = run[-1], story.who.zone
    when = instead or f"On {time_text(last.at, zone)}"
    if len(run) > 1:
        when = f"{len(run)} times, from {time_text(run[0].at, zone)} to {time_text(last.at, zone)}"
    said = _DECIDED.get(last.verdict, last.verdict.replace("_", " "))
    line = _stopped(last.lines)
    why = None
    if last.reason is not None:
        why = sentence(last.reason, line.numbers if line is not None else None, None, zone)
    parts = [f"{when}: {said}."]
    parts += [why] if why else []
    if last.until is not None:
        waits = line is None or line.passes_at is None
        later = "It would be looked at again on" if waits else "It could go from"
        parts.append(f"{later if instead else 'Looked at again on'} {time_text(last.until, zone)}.")
    parts += [f"Asked for by {last.asked_by}{f': {last.why}' if last.why else ''}."] if last.asked_by else []
    return DecisionAnswer(
        at=last.at,
        sentence=" ".join(parts),
        verdict=last.verdict,
        reason=last.reason,
        version=last.version,
        asked_by=last.asked_by,
        rules=[_rule(line, last.at, story) for line in last.lines],
    )


def _rule(line: Line, at: datetime, story: Story) -> RuleAnswer:
    return RuleAnswer(
        rule=line.rule,
        passed=line.reason is None,
        reason=line.reason,
        sentence=sentence(line, zone=story.who.zone),
        passes_at=line.passes_at,
        numbers=dict(line.numbers),
        details=details(line, at, story),
    )


def _stopped(lines: Sequence[Line]) -> Line | None:
    """Return the line that stopped a contact: the last that did not pass, but for the one about its life."""
    return next((line for line in reversed(lines) if line.reason is not None and line.rule != "life"), None)


def _other(one: Other, story: Story) -> str:
    when = time_text(one.counts_at or one.due_at, story.who.zone)
    return f"{one.communication} of {one.step} {BECAME[one.state]}: {when} ({one.contact_key})."
