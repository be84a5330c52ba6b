"""What a strategy says of the company and its knowledge: the sender, what is known of customers, what happens.

These are read first: everything else refers to them.
"""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tactful.calendars import countries
from tactful.strategy.forms import PROPERTY
from tactful.strategy.model import FieldType, Property, Sender
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.spelling import did_you_mean, listed, quoted
from tactful.strategy.standards import LANGUAGES, country_of_zone, is_language, time_zones
from tactful.strategy.tree import Node, Scalar

_LONGEST_SMS_SENDER = 11
DEFAULT_LANGUAGE = "en"


def read_customer(desk: Desk, root: Fields) -> dict[str, Property]:
    """Return the declared properties of a customer, by name; those whose type is not understood are left out."""
    declared: dict[str, Property] = {}
    for entry in desk.named(root.node("customer"), "property"):
        typed = desk.phrase(PROPERTY, entry.value)
        if typed is not PROPERTY.blank:
            declared[entry.key.text] = Property(name=entry.key.text, type=typed.type, source=typed.source)
    return declared


def read_events(desk: Desk, root: Fields) -> dict[str, dict[str, FieldType]]:
    """Return the declared events, by name, with the types of their fields."""
    declared: dict[str, dict[str, FieldType]] = {}
    for entry in desk.named(root.node("events"), "event"):
        fields = desk.named(entry.value, "field")
        declared[entry.key.text] = {field.key.text: _field_type(desk, field.value) for field in fields}
    return declared


def _field_type(desk: Desk, node: Node) -> FieldType:
    typed = desk.phrase(PROPERTY, node)
    if typed.source:
        desk.note(node.mark, f'"from {typed.source}" in an event', "a type alone: an event comes from whoever sends it")
    return typed.type


def read_sender(desk: Desk, root: Fields) -> Sender:
    """Return who the company is on each channel."""
    fields = desk.fields(root.node("sender"), root.mark("sender"), "sender")
    return Sender(
        name=desk.text(fields.node("name")),
        email=_email(desk, fields.node("email")),
        sms=_sms_sender(desk, fields.node("sms")),
        push=desk.text(fields.node("push")) or None,
        address=desk.text(fields.node("address"), most=500) or None,
        call=_calling_number(desk, fields.node("call")),
    )


def _email(desk: Desk, node: Node | None) -> str | None:
    said = desk.text(node)
    if not said or not isinstance(node, Scalar):
        return None
    try:
        return validate_email(said, check_deliverability=False).normalized
    except EmailNotValidError as error:
        desk.note(
            node.mark,
            f"{quoted(said)}, which is no email address",
            "an address such as hello@fleur.example",
            str(error),
        )
        return None


def _sms_sender(desk: Desk, node: Node | None) -> str | None:
    said = desk.text(node)
    if not said or not isinstance(node, Scalar) or _is_sms_name(said) or _is_phone(said):
        return said or None
    expected = f"a name of up to {_LONGEST_SMS_SENDER} letters and digits, or a number such as +441225000000"
    desk.note(node.mark, f"{quoted(said)}, which no text message can come from", expected)
    return None


def _calling_number(desk: Desk, node: Node | None) -> str | None:
    said = desk.text(node)
    if not said or not isinstance(node, Scalar) or _is_phone(said):
        return said or None
    desk.note(node.mark, f"{quoted(said)}, which no call can come from", "a number such as +441225000000")
    return None


def _is_sms_name(said: str) -> bool:
    plain = said.isascii() and said.replace(" ", "").isalnum() and not said.isdigit()
    return plain and len(said) <= _LONGEST_SMS_SENDER and any(letter.isalpha() for letter in said)


def _is_phone(said: str) -> bool:
    try:
        return said.startswith("+") and phonenumbers.is_possible_number(phonenumbers.parse(said))
    except phonenumbers.NumberParseException:
        return False


def read_time_zone(desk: Desk, node: Node | None) -> str:
    """Return the name of a time zone."""
    said = desk.text(node)
    if said and isinstance(node, Scalar) and said not in time_zones():
        cities = {zone.rpartition("/")[2]: zone for zone in sorted(time_zones(), reverse=True)}
        city = cities.get(said.strip().title().replace(" ", "_"))
        hint = f'Did you mean "{city}"?' if city else did_you_mean(said, time_zones())
        desk.note(node.mark, f"unknown time zone {quoted(said)}", "a place such as Europe/London", hint)
    return said


def read_country(desk: Desk, node: Node | None, time_zone: str) -> str | None:
    """Return a country or a region of one, `GB` or `GB-ENG`; where nothing is said, the country of the time zone."""
    said = desk.text(node)
    if not said or not isinstance(node, Scalar):
        return country_of_zone(time_zone)
    country, dash, region = said.partition("-")
    known = countries()
    if country not in known:
        expected = "two letters such as GB, or a region of a country as in GB-ENG"
        desk.note(node.mark, f"unknown country {quoted(said)}", expected, did_you_mean(country.upper(), known))
    elif dash and region not in known[country]:
        near = did_you_mean(said.upper(), [f"{country}-{one}" for one in known[country]])
        expected = f"{country} alone, or with one of {listed(known[country], 20)}" if known[country] else country
        desk.note(node.mark, f"unknown region {quoted(region)} of {country}", expected, near)
    return said


def read_language(desk: Desk, node: Node | None) -> str:
    """Return a language tag, English where nothing is said."""
    said = desk.text(node)
    if said and isinstance(node, Scalar) and not is_language(said):
        near = did_you_mean(said.casefold().replace("_", "-")[:2], LANGUAGES)
        desk.note(node.mark, f"unknown language {quoted(said)}", "a tag such as en, de or pt-BR", near)
    return said or DEFAULT_LANGUAGE
