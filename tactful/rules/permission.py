"""Lawful basis: the customer said yes to this topic on this channel, and the yes still holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tactful.facts import Consent
from tactful.strategy.model import Topic
from tactful.timing import shifted
from tactful.verdict import Line, Number
from tactful.words import Channel, ConsentState, Purpose, Reason

LAWFUL_BASIS = "lawful basis"
LOOK_FOR_CONFIRMATION = timedelta(minutes=15), timedelta(days=1)
"""A second yes is waited for as long again as it has been waited for, within these bounds."""


def lawful_basis(
    channels: Iterable[Channel], topic: Topic, consents: Iterable[Consent], now: datetime
) -> tuple[Line, tuple[Channel, ...]]:
    """Say on which channels the customer may be contacted about a topic.

    A service topic needs no opt-in. For marketing, the latest statement about the topic on the channel must be an
    opt-in that has not expired. One that waits for its second yes does not count as a yes; where nothing better is
    there, the contact waits for it.

    Args:
        channels: The channels the communication may go by.
        topic: What about.
        consents: What the customer said.
        now: Aware UTC instant.

    Returns:
        The line, and the channels to go on with: those with a basis; failing these, those that wait for a second yes.

    Source: docs/rules.md#lawful-basis
    """
    asked = tuple(channels)
    if topic.purpose is Purpose.SERVICE:
        return Line(LAWFUL_BASIS, numbers={"purpose": topic.purpose.value}), asked
    latest = _latest(topic.name, consents)
    missing = {channel: lack_of_basis(latest.get(channel), now) for channel in asked}
    said: dict[str, Number] = {
        c: ConsentState.OPTED_IN.value if lack is None else lack.value for c, lack in missing.items()
    }
    allowed = tuple(channel for channel in asked if missing[channel] is None)
    if allowed:
        return Line(LAWFUL_BASIS, numbers=said), allowed
    pending = tuple(channel for channel in asked if missing[channel] is Reason.OPT_IN_PENDING)
    if pending:
        stated_at = max(latest[channel].stated_at for channel in pending)
        ask_at = _look_again(stated_at, now)
        return Line(LAWFUL_BASIS, Reason.OPT_IN_PENDING, said, ask_at=ask_at), pending
    lacking = next((lack for lack in missing.values() if lack is not None), Reason.NO_OPT_IN)
    return Line(LAWFUL_BASIS, lacking, said), ()


def lack_of_basis(consent: Consent | None, now: datetime) -> Reason | None:
    """Return why a statement is no basis for marketing, or None if it is one.

    Source: docs/rules.md#lawful-basis
    """
    if consent is None:
        return Reason.NO_OPT_IN
    if consent.state is ConsentState.OPTED_OUT:
        return Reason.OPTED_OUT
    if consent.state is ConsentState.PENDING:
        return Reason.OPT_IN_PENDING
    return Reason.OPT_IN_EXPIRED if consent.expires_at is not None and consent.expires_at <= now else None


def _latest(topic: str, consents: Iterable[Consent]) -> dict[Channel, Consent]:
    """Return the last statement about a topic by channel: by when it was made, then by revision."""
    latest: dict[Channel, Consent] = {}
    for consent in consents:
        if consent.topic == topic:
            known = latest.get(consent.channel)
            if known is None or (consent.stated_at, consent.revision) > (known.stated_at, known.revision):
                latest[consent.channel] = consent
    return latest


def _look_again(stated_at: datetime, now: datetime) -> datetime:
    least, most = LOOK_FOR_CONFIRMATION
    return shifted(now, min(max(now - stated_at, least), most))
