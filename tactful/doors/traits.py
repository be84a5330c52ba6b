"""Traits: what a message says about a customer, sorted into addresses, settings and declared properties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from tactful.doors import addresses, values
from tactful.doors.reading import inside, kind_of
from tactful.doors.refusals import Gathering, refusal, unknown
from tactful.doors.vocabulary import Vocabulary
from tactful.strategy.spelling import did_you_mean, quoted
from tactful.templates.variables import STANDARD_TRAITS
from tactful.words import Channel

# Every spelling under which senders know these; Segment's own are in camelCase.
ALIASES: Final[Mapping[str, str]] = {
    "time_zone": "time_zone",
    "timezone": "time_zone",
    "locale": "language",
    "language": "language",
    "country": "country",
    "email": "email",
    "phone": "phone",
    "push_token": "push_token",
    "device_token": "push_token",
    "address": "address",
    "preferred_channels": "preferred_channels",
    "created_at": "registered_at",
    "registered_at": "registered_at",
} | {name: name for name in STANDARD_TRAITS}
REACHED_BY: Final[Mapping[str, Channel]] = {
    "email": Channel.EMAIL,
    "phone": Channel.SMS,
    "push_token": Channel.PUSH,
    "address": Channel.LETTER,
}
SETTINGS: Final = frozenset(ALIASES.values()) - STANDARD_TRAITS.keys()

Placed = tuple[object, str]
"""A value and the path where it stood."""


@dataclass
class Traits:
    """What was said, in the forms in which it is kept. None among `addresses` and `properties` takes away."""

    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    addresses: dict[Channel, str | None] = field(default_factory=dict[Channel, "str | None"])
    properties: dict[str, object] = field(default_factory=dict[str, object])
    preferred: tuple[Channel, ...] | None = None
    registered_at: datetime | None = None


def read_traits(
    said: Mapping[str, object], context: Mapping[str, object], vocabulary: Vocabulary, now: datetime, at: str
) -> Traits:
    """Return the traits of a message; time zone, locale and push token may also stand in Segment's `context`.

    Args:
        said: The traits as sent.
        context: Segment's context: what the device knows, used where the traits are silent.
        vocabulary: What is declared.
        now: Aware UTC instant.
        at: The path of the traits in the request.

    Raises:
        RefusedError: Names that are unknown, values that are malformed; all at once.
    """
    traits = Traits()
    gathering = Gathering()
    known, properties = _sorted_out(said, vocabulary, at, gathering)
    _settings(traits, known, gathering, now)
    _from_context(traits, known, context)
    _addresses(traits, known, gathering)
    for name, (value, place) in properties.items():
        kind = vocabulary.properties[name].type if name in vocabulary.properties else "text"
        traits.properties[name] = None if value is None else gathering.take(values.declared, value, kind, place)
    gathering.settle()
    return traits


def _sorted_out(
    said: Mapping[str, object], vocabulary: Vocabulary, at: str, gathering: Gathering
) -> tuple[dict[str, Placed], dict[str, Placed]]:
    """Return the traits that every customer has and those that are declared, each with where it stood."""
    known: dict[str, Placed] = {}
    properties: dict[str, Placed] = {}
    for spelled, value in said.items():
        name = spelled if spelled in vocabulary.properties else snake(spelled)
        place = inside(at, spelled)
        if name in vocabulary.properties:
            properties[name] = value, place
        elif ALIASES.get(name) in SETTINGS:
            known[ALIASES[name]] = value, place
        elif name in STANDARD_TRAITS:
            properties[name] = value, place
        else:
            names = {*ALIASES, *vocabulary.properties}
            gathering.take(_refuse_trait, spelled, names, place)
    return known, properties


def _refuse_trait(spelled: str, names: set[str], place: str) -> None:
    error = unknown("trait", spelled, names, field=place)
    hint = error.refusals[0].hint or did_you_mean(snake(spelled), names)
    more = hint or "A property of your own is declared under customer: in strategy.yaml, then published."
    told = error.refusals[0]
    raise refusal(told.code, told.message, field=place, expected=told.expected, hint=more)


def snake(spelled: str) -> str:
    """Return a camelCase name as Python and the strategy spell it: `firstName` becomes `first_name`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", spelled).lower().replace("-", "_")


def _settings(traits: Traits, known: Mapping[str, Placed], gathering: Gathering, now: datetime) -> None:
    if said := gathering.take(_text, known, "time_zone"):
        traits.time_zone = gathering.take(values.time_zone, *said)
    if said := gathering.take(_text, known, "language"):
        traits.language = gathering.take(values.language, *said)
    if said := gathering.take(_text, known, "country"):
        traits.country = gathering.take(values.country, *said)
    elif "address" in known:
        traits.country = gathering.take(addresses.country_of, *known["address"])
    if said := gathering.take(_text, known, "registered_at"):
        traits.registered_at = gathering.take(values.instant, *said, now)
    if "preferred_channels" in known:
        traits.preferred = gathering.take(_channels, *known["preferred_channels"])


def _from_context(traits: Traits, known: dict[str, Placed], context: Mapping[str, object]) -> None:
    """Fill in what the device says of itself. It is nobody's statement, so what is unreadable is passed over."""
    device = context.get("device")
    token = cast("dict[str, object]", device).get("token") if isinstance(device, dict) else None
    if isinstance(token, str) and "push_token" not in known:
        known["push_token"] = token, "context.device.token"
    quiet = Gathering()
    zone, tag = context.get("timezone"), context.get("locale")
    if traits.time_zone is None and isinstance(zone, str):
        traits.time_zone = quiet.take(values.time_zone, zone, "context.timezone")
    if traits.language is None and isinstance(tag, str):
        traits.language = quiet.take(values.language, tag, "context.locale")


def _addresses(traits: Traits, known: Mapping[str, Placed], gathering: Gathering) -> None:
    """Read the addresses that were said; one said to be null is taken away."""
    for name, channel in REACHED_BY.items():
        if name not in known:
            continue
        address = gathering.take(_said_address, channel, *known[name], traits.country)
        if address is not None or known[name][0] is None:
            traits.addresses[channel] = address


def _said_address(channel: Channel, value: object, place: str, country: str | None) -> str | None:
    return address_on(channel, value, place, country) if value is not None else None


def address_on(channel: Channel, value: object, place: str, country: str | None) -> str:
    """Return an address on a channel in the one spelling in which it is kept.

    Raises:
        RefusedError: It cannot be one.
    """
    if channel is Channel.LETTER:
        return addresses.letter(value, place)
    said = _as_text(value, place)
    if channel is Channel.EMAIL:
        return addresses.email(said, place)
    return (
        addresses.phone(said, place, country) if channel.kept_as is Channel.SMS else addresses.push_token(said, place)
    )


def _text(known: Mapping[str, Placed], name: str) -> tuple[str, str] | None:
    """Return a trait that must be text, with its place; None where it is missing or null."""
    value, place = known.get(name, (None, ""))
    return None if value is None else (_as_text(value, place), place)


def _as_text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise refusal("bad_value", f"{place} is {kind_of(value)}.", field=place, expected="text")
    return value


def _channels(value: object, place: str) -> tuple[Channel, ...]:
    if not isinstance(value, list):
        raise refusal("bad_value", f"{place} is {kind_of(value)}.", field=place, expected="a list of channels")
    named = enumerate(cast("list[object]", value))
    return tuple(dict.fromkeys(channel_named(name, f"{place}[{i}]") for i, name in named))


def channel_named(name: object, place: str) -> Channel:
    """Return the channel of that name.

    Raises:
        RefusedError: There is no such channel.
    """
    try:
        return Channel(str(name))
    except ValueError:
        names = [channel.value for channel in Channel]
        hint = did_you_mean(str(name), names)
        message = f"There is no channel called {quoted(str(name))}."
        expected = f"one of {', '.join(names)}"
        raise refusal("unknown_channel", message, field=place, expected=expected, hint=hint) from None
