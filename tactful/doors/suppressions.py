"""Suppressions from outside: a standing no, or its lift, held against what is declared and spelled as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tactful.doors import values
from tactful.doors.reading import inside
from tactful.doors.refusals import Gathering, refusal, unknown
from tactful.doors.traits import address_on, channel_named
from tactful.doors.vocabulary import NOTHING_DECLARED, Vocabulary
from tactful.intake import Lift, Suppress, Who
from tactful.wire.suppressions import Against, LiftBody, SuppressBody
from tactful.words import Channel, SuppressionClass

ONE_OF_TWO = "userId (or anonymousId) of a customer, or channel and address: one of the two"


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a suppression is against, checked: `who`, or `address` on `channel`."""

    who: Who | None
    channel: Channel | None
    address: str | None
    topic: str | None


def read_suppress(body: SuppressBody, vocabulary: Vocabulary, *, now: datetime, at: str = "") -> Suppress:
    """Return the standing no that a body tells.

    Args:
        body: The body.
        vocabulary: What is declared.
        now: Aware UTC instant; what says no instant was said now.
        at: The path of the body in the request.

    Raises:
        RefusedError: With everything that is wrong with it.
    """
    gathering = Gathering()
    meant = gathering.take(read_against, body, vocabulary, at)
    stated_at = gathering.take(values.instant, body.at, inside(at, "at"), now) or now
    expires_at = gathering.take(values.later_instant, body.expires_at, inside(at, "expires_at"))
    gathering.settle()
    assert meant is not None
    if expires_at is not None and expires_at <= stated_at:
        expected = f"later than {stated_at:%Y-%m-%dT%H:%M:%SZ}, when it was said"
        raise refusal("bad_value", "It would end before it begins.", field=inside(at, "expires_at"), expected=expected)
    return Suppress(
        SuppressionClass(body.kind),
        body.reason,
        body.source,
        stated_at,
        who=meant.who,
        channel=meant.channel,
        address=meant.address,
        topic=meant.topic,
        expires_at=expires_at,
    )


def read_lift(body: LiftBody, vocabulary: Vocabulary) -> Lift:
    """Return the lift that a body asks for.

    Raises:
        RefusedError: With everything that is wrong with it.
    """
    meant = read_against(body, vocabulary)
    kind = SuppressionClass(body.kind) if body.kind is not None else None
    return Lift(
        body.asked_by,
        body.why,
        who=meant.who,
        channel=meant.channel,
        address=meant.address,
        topic=meant.topic,
        kind=kind,
    )


def read_against(said: Against, vocabulary: Vocabulary, at: str = "") -> Meant:
    """Return whom a suppression is against.

    Raises:
        RefusedError: Nobody is named, or a customer and an address are, or a name is none.
    """
    named = said.user_id is not None or said.anonymous_id is not None
    if named == (said.address is not None):
        message = "Nobody is named." if not named else "A customer and an address are named."
        raise refusal("missing_field", message, field=inside(at, "userId"), expected=ONE_OF_TWO)
    gathering = Gathering()
    channel = gathering.take(_channel, said, at)
    topic = gathering.take(_topic, said.topic, vocabulary, inside(at, "topic"))
    gathering.settle()
    if said.address is None:
        return Meant(Who(said.user_id, said.anonymous_id), channel, None, topic)
    assert channel is not None
    place = inside(at, "country")
    country = values.country(said.country, place) if said.country is not None else None
    return Meant(None, channel, address_on(channel, said.address, inside(at, "address"), country), topic)


def _channel(said: Against, at: str) -> Channel | None:
    if said.channel is not None:
        return channel_named(said.channel, inside(at, "channel"))
    if said.address is None:
        return None
    expected = f"one of {', '.join(channel.value for channel in Channel)}"
    message = "Nothing says of which kind the address is."
    raise refusal("missing_field", message, field=inside(at, "channel"), expected=expected)


def _topic(said: str | None, vocabulary: Vocabulary, field: str) -> str | None:
    if said is not None and said not in vocabulary.topics:
        raise unknown("topic", said, vocabulary.topics, field=field, empty=NOTHING_DECLARED)
    return said
