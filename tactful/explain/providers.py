"""What the connectors were asked and answered, and what providers told us later, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tactful.explain.clock import time_text
from tactful.explain.rules import channel_words
from tactful.explain.story import Part, Story
from tactful.wire.explanation import AttemptAnswer

_ANSWERS: Mapping[str, str] = {
    "claimed": "no answer has come yet",
    "sent": "the provider took it",
    "unknown": "no clear answer came; nobody knows whether it arrived",
    "refused": "the provider refused it",
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
    "bounced": "it bounced: it did not arrive",
    "soft_bounced": "it could not be delivered just then",
    "complained": "the customer complained about it",
    "unsubscribed": "the customer unsubscribed by it",
    "opened": "it was opened",
    "clicked": "a link in it was followed",
    "failed": "it did not arrive",
}
UNDONE = ("bounced", "failed", "complained")
"""Receipts that change what became of a contact, the weightiest first."""


def attempts(story: Story) -> list[AttemptAnswer]:
    """Return, in order, when it was tried, by which connector, and what was answered."""
    claims = [made for made in story.decided if made.verdict == "send"]
    told: list[AttemptAnswer] = []
    for number, claim in enumerate(claims, 1):
        frozen = [part for part in story.parts if part.frozen_at == claim.at]
        parts = frozen or (list(story.parts) if number == len(claims) else [])
        begun = f"Attempt {number}, {time_text(claim.at, story.who.zone)}"
        if not parts:
            told.append(AttemptAnswer(at=claim.at, sentence=f"{begun}: it did not get through, and was tried again."))
        told += [_attempt(part, claim.at, begun) for part in parts]
    return told


def receipts(story: Story) -> list[str]:
    """Return, in order, what providers told us later."""
    return [
        f"{time_text(one.at, story.who.zone)}: {_RECEIPTS.get(one.kind, one.kind.replace('_', ' '))} ({one.connector})."
        for one in story.told
    ]


def undone(story: Story) -> str | None:
    """Return what a provider told us later that undoes a sending, as a sentence; None where all is well."""
    kinds = {one.kind for one in story.told}
    kind = next((kind for kind in UNDONE if kind in kinds), None)
    return f"But {_RECEIPTS[kind]}." if kind is not None else None


def _attempt(part: Part, at: datetime, begun: str) -> AttemptAnswer:
    fault = part.fault.partition(" ")[0] if part.fault else None
    why = f" ({_FAULTS.get(fault, fault.replace('_', ' '))})" if fault else ""
    answer = _ANSWERS.get(part.state, part.state)
    said = " ".join(filter(None, (part.fault, part.detail)))
    return AttemptAnswer(
        at=at,
        sentence=f"{begun}, by {channel_words([part.channel])} through {part.connector}: {answer}{why}.",
        channel=part.channel,
        connector=part.connector,
        code=said or part.provider_id,
    )
