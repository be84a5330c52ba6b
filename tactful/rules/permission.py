"""Lawful basis: the customer may be contacted about this topic on this channel, and what allows it still holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tactful.facts import Consent
from tactful.strategy.model import Span, Topic
from tactful.timing import LATEST, add_span, shifted
from tactful.verdict import Line, Number
from tactful.words import Basis, Channel, ConsentState, Purpose, Reason

LAWFUL_BASIS = "lawful basis"
LOOK_FOR_CONFIRMATION = timedelta(minutes=15), timedelta(days=1)
"""A second yes is waited for as long again as it has been waited for, within these bounds."""
PRESUMED = frozenset({Basis.IMPLIED, Basis.SOFT_OPT_IN})
"""Nobody said yes: it is presumed from what they bought or asked, and so not for ever."""
PRESUMED_FOR = Span(months=24)
_RANK = {ConsentState.PENDING: 0, ConsentState.OPTED_IN: 1, ConsentState.OPTED_OUT: 2}
_UTC = ZoneInfo("UTC")


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
        The line says what allows each channel, and where that was said.

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
    for channel in allowed:
        said[f"{channel} basis"], said[f"{channel} source"] = latest[channel].basis, latest[channel].source
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
    ends_at = basis_ends(consent.basis, consent.stated_at, consent.expires_at)
    return Reason.OPT_IN_EXPIRED if ends_at is not None and ends_at <= now else None


def basis_ends(basis: str, stated_at: datetime, expires_at: datetime | None) -> datetime | None:
    """Return when an opt-in runs out: as it says; one that is presumed, 24 months after it was stated at the latest.

    Source: docs/rules.md#lawful-basis
    """
    if basis not in PRESUMED:
        return expires_at
    latest = add_span(stated_at.astimezone(UTC), PRESUMED_FOR, _UTC)
    return latest if expires_at is None else min(expires_at, latest)


def _latest(topic: str, consents: Iterable[Consent]) -> dict[Channel, Consent]:
    """Return the last statement about a topic by channel, whatever order they came in."""
    latest: dict[Channel, Consent] = {}
    for consent in consents:
        if consent.topic == topic:
            known = latest.get(consent.channel)
            if known is None or _weight(consent) > _weight(known):
                latest[consent.channel] = consent
    return latest


def _weight(consent: Consent) -> tuple[datetime, int, timedelta]:
    """Sort statements by when they were made; of one instant, a no outweighs a yes, which outweighs a first yes.

    Of two alike, the one that runs out sooner counts.
    """
    return consent.stated_at, _RANK[consent.state], LATEST - (consent.expires_at or LATEST)


def _look_again(stated_at: datetime, now: datetime) -> datetime:
    least, most = LOOK_FOR_CONFIRMATION
    return shifted(now, min(max(now - stated_at, least), most))
