"""Addresses: email, telephone, push token and letter, each in the one spelling in which it is kept and compared.

Nothing is looked up: whether an address exists is found out by writing to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tactful.doors import values
from tactful.doors.reading import kind_of
from tactful.doors.refusals import refusal
from tactful.strategy.spelling import quoted

LONGEST_TOKEN = 4096
LONGEST_LETTER = 1000
# An address as Segment's traits have it, line by line as it stands on an envelope.
_STREET = ("name", "company", "street", "street2")
_PLACE = ("postal_code", "postalCode", "zip", "city")
_REST = ("state", "country")
ADDRESS_PARTS = (*_STREET, *_PLACE, *_REST)


@lru_cache(maxsize=4096)
def email(said: str, field: str) -> str:
    """Return an email address in lower case, its domain as people write it.

    Lower case throughout: no mail provider of today tells `Ada@` from `ada@`, and a suppression must find both.

    Raises:
        RefusedError: It cannot be an address.
    """
    try:
        found = validate_email(said.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        example = "an address such as ada@fleur.example"
        raise refusal("bad_email", f"{quoted(said)}: {error}", field=field, expected=example) from None
    return found.normalized.lower()


def phone(said: str, field: str, country: str | None) -> str:
    """Return a telephone number as E.164 has it: `+447700900123`.

    Args:
        said: The number; without `+` it is read as one of `country`.
        field: Where it stood.
        country: Two letters, or None where it is not known.

    Raises:
        RefusedError: It is no number, or has too few or too many digits for its country.
    """
    example = "a number with its country, such as +44 7700 900123"
    try:
        number = phonenumbers.parse(said, country)
    except phonenumbers.NumberParseException as error:
        foreign = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        hint = "Begin it with + and the country's code, or say the customer's country." if foreign else None
        raise refusal(
            "bad_phone", f"{quoted(said)} is no telephone number.", field=field, expected=example, hint=hint
        ) from None
    if not phonenumbers.is_possible_number(number):
        message = f"{quoted(said)} has too few or too many digits."
        raise refusal("bad_phone", message, field=field, expected=example)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def push_token(said: str, field: str) -> str:
    """Return a device's push token.

    Raises:
        RefusedError: It is too long or has blanks in it.
    """
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_TOKEN}}}", said):
        expected = f"up to {LONGEST_TOKEN:,} ASCII characters without blanks"
        raise refusal("bad_push_token", f"{field} is no push token.", field=field, expected=expected)
    return said


def letter(said: object, field: str) -> str:
    """Return a postal address as lines, from text or from Segment's object.

    Raises:
        RefusedError: It is neither, has unknown parts, or is too long or empty.
    """
    if isinstance(said, dict):
        text = _lines(cast("dict[str, object]", said), field)
    elif isinstance(said, str):
        text = said
    else:
        expected = "lines of text, or an object with street, city, postalCode, country"
        raise refusal("bad_address", f"{field} is {kind_of(said)}.", field=field, expected=expected)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or len(text) > LONGEST_LETTER:
        expected = f"at least a line, at most {LONGEST_LETTER:,} characters"
        raise refusal("bad_address", f"{field} is empty or too long.", field=field, expected=expected)
    return "\n".join(lines)


def country_of(said: object, field: str) -> str | None:
    """Return the country an address object names, where it names one by two letters."""
    name = cast("dict[str, object]", said).get("country") if isinstance(said, dict) else None
    return values.country(name, f"{field}.country") if isinstance(name, str) and len(name.strip()) == 2 else None  # noqa: PLR2004


def _lines(parts: dict[str, object], field: str) -> str:
    for name, part in parts.items():
        if name not in ADDRESS_PARTS:
            expected = f"only {', '.join(ADDRESS_PARTS)}"
            raise refusal(
                "unknown_field", f"An address has no {quoted(name)}.", field=f"{field}.{name}", expected=expected
            )
        if part is not None and not isinstance(part, str | int):
            raise refusal(
                "bad_address", f"{field}.{name} is {kind_of(part)}.", field=f"{field}.{name}", expected="text"
            )
    said = {name: str(part).strip() for name, part in parts.items() if part not in (None, "")}
    place = " ".join(said[name] for name in _PLACE if name in said)
    street = [said[name] for name in _STREET if name in said]
    return "\n".join([*street, place, *(said[name] for name in _REST if name in said)])
