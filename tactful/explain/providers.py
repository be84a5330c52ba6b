"""What the connectors were asked and answered, and what providers told us later, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tactful.explain.clock import time_text
from tactful.explain.rules import channel_words
from tactful.explain.story import Failed, Part, Story
from tactful.wire.explanation import AttemptAnswer

_ANSWERS: Mapping[str, str] = {
    "claimed": "no answer has come yet",
    "sent": "the provider took it",
    "unknown": "no clear answer came; nobody knows whether it arrived",
    "refused": "the provider refused it",
    "waiting": "it did not go out; it is tried again",
    "skipped": "it did not go out, and is not tried again",
}
_FAULTS: Mapping[str, str] = {
    "transient": "a passing failure",
    "throttled": "too much at once",
    "ambiguous": "the line broke before the answer",
    "bad_recipient": "the address does not exist",
    "suppressed": "the provider has this address on its list of those who want nothing",
    "bad_content": "it did not like the message",
    "config": "our credentials or settings there are wrong",
    "quota": "what we may send there is used up",
    "unsupported": "it cannot send this kind of message",
}
_RECEIPTS: Mapping[str, str] = {
    "accepted": "the provider has taken it",
    "delivered": "it was delivered",
    "deferred": "it could not be delivered just then; the provider tries again",
    "bounced": "it bounced: it did not arrive",
    "rejected": "the provider would not deliver it",
    "complained": "the customer complained about it",
    "unsubscribed": "the customer unsubscribed by it",
    "opened": "it was opened",
    "clicked": "a link in it was followed",
    "printed": "it was printed",
    "mailed": "it was posted",
    "returned": "it came back: nobody could be reached there",
    "cancelled": "the provider stopped it",
    "replied": "the customer answered it",
    "unknown": "the provider told something that we have no word for",
}
_COSTS = frozenset({"claimed", "sent", "unknown"})
"""States of a message that costs something, or may."""
UNDONE = ("returned", "bounced", "rejected", "cancelled", "complained")
"""Receipts that change what became of a contact, the weightiest first."""


def attempts(story: Story) -> list[AttemptAnswer]:
    """Return, in order, when it was tried, by which connector, and what was answered."""
    claims = [made.at for made in story.decided if made.verdict == "send"]
    told: list[AttemptAnswer] = []
    for number, at in enumerate(claims, 1):
        until = claims[number] if number < len(claims) else None
        begun = f"Attempt {number}, {time_text(at, story.who.zone)}"
        failed = [one for one in story.failed if one.at >= at and (until is None or one.at < until)]
        parts = [part for part in _answered(story, at, claims) if part.channel not in {one.channel for one in failed}]
        told += [_failure(one, begun) for one in failed]
        told += [_attempt(part, at, begun) for part in parts]
        if not failed and not parts:
            cut_off = f"{begun}: it was cut off before an answer was written down."
            told.append(AttemptAnswer(at=at, sentence=cut_off))
    return told


def _answered(story: Story, at: datetime, claims: Sequence[datetime]) -> list[Part]:
    """Return the parts whose rows tell of the attempt at an instant.

    A message's row knows its last answer: that of the attempt that froze it, or of the last, if that sent it again.
    """
    again = [part for part in story.parts if part.state != "refused"] if not _frozen(story, claims[-1]) else []
    if at == claims[-1]:
        return again or _frozen(story, at)
    return [part for part in _frozen(story, at) if part.state == "sent" and part not in again]


def _frozen(story: Story, at: datetime) -> list[Part]:
    return [part for part in story.parts if part.frozen_at == at]


def receipts(story: Story) -> list[str]:
    """Return, in order, what providers told us later."""
    return [
        f"{time_text(one.at, story.who.zone)}: {receipt_words(one.kind, machine=one.machine)} ({one.connector})."
        for one in story.told
    ]


def receipt_words(kind: str, *, machine: bool = False) -> str:
    """Return what a provider told, in words; what a program opened or clicked says nothing of the customer."""
    return f"{_RECEIPTS.get(kind, kind.replace('_', ' '))}{', by a program' if machine else ''}"


def undone(story: Story) -> str | None:
    """Return what a provider told us later that undoes a sending, as a sentence; None where all is well."""
    kinds = {one.kind for one in story.told}
    kind = next((kind for kind in UNDONE if kind in kinds), None)
    return f"But {_RECEIPTS[kind]}." if kind is not None else None


def _failure(failed: Failed, begun: str) -> AttemptAnswer:
    fault = failed.fault.partition(" ")[0]
    answer = _ANSWERS["unknown"] if fault == "ambiguous" else "it was not taken"
    return AttemptAnswer(
        at=failed.at,
        sentence=f"{begun}, {_by(failed.channel, failed.connector)}: {answer} ({_FAULTS.get(fault, fault)}).",
        channel=failed.channel,
        connector=failed.connector,
        code=" ".join(filter(None, (failed.fault, failed.detail))),
    )


def _attempt(part: Part, at: datetime, begun: str) -> AttemptAnswer:
    return AttemptAnswer(
        at=at,
        sentence=f"{begun}, {_by(part.channel, part.connector)}: {_ANSWERS.get(part.state, part.state)}.",
        channel=part.channel,
        connector=part.connector,
        code=part.provider_id,
        cost=part.cost if part.state in _COSTS else None,
    )


def _by(channel: str, connector: str) -> str:
    return f"by {channel_words([channel])} through {connector}"
