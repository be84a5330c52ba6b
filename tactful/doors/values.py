"""Single values, each read into the one form in which it is kept: instants, dates, amounts, tags, declared fields."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import cast

import phonenumbers

from tactful.doors.reading import kind_of
from tactful.doors.refusals import refusal
from tactful.strategy.model import FieldType
from tactful.strategy.spelling import did_you_mean, quoted
from tactful.strategy.standards import CURRENCIES, is_language, time_zones

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
MOST_AMOUNT = Decimal(10) ** 12
LONGEST_TEXT = 8_000
MOST_LISTED = 500
CENT = Decimal("0.01")
YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MONEY = re.compile(r"(?P<amount>-?[0-9]+(?:\.[0-9]+)?)(?:\s*(?P<currency>[A-Za-z]{3}))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LANGUAGE = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:[-_](?P<script>[A-Za-z]{4}))?(?:[-_](?P<region>[A-Za-z]{2}|\d{3}))?"
)


def instant(said: str | None, field: str, now: datetime) -> datetime | None:
    """Return the instant, in UTC.

    Raises:
        RefusedError: It is none, has no offset, lies before 1970 or more than a day after `now`.
    """
    if said is None:
        return None
    at = _moment(said, field)
    if at < EARLIEST:
        raise refusal("bad_timestamp", f"{quoted(said)} is too long ago.", field=field, expected="1970 or later")
    if at > now + AHEAD:
        expected = f"at most a day after now, which is {now:%Y-%m-%dT%H:%M:%SZ}"
        hint = "Seconds and milliseconds are easily mixed up when instants are made from numbers."
        raise refusal("bad_timestamp", f"{quoted(said)} is in the future.", field=field, expected=expected, hint=hint)
    return at


def later_instant(said: str | None, field: str) -> datetime | None:
    """Return an instant that may lie ahead, such as an expiry, in UTC.

    Raises:
        RefusedError: It is none, or has no offset.
    """
    return None if said is None else _moment(said, field)


def _moment(said: str, field: str) -> datetime:
    example = "ISO 8601 with an offset, such as 2026-11-21T09:30:00Z"
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError:
        raise refusal("bad_timestamp", f"{quoted(said)} is no instant.", field=field, expected=example) from None
    if at.tzinfo is None:
        raise refusal("bad_timestamp", f"{quoted(said)} has no offset from UTC.", field=field, expected=example)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise refusal("bad_timestamp", f"{quoted(said)} is no instant.", field=field, expected=example) from None


def time_zone(said: str, field: str) -> str:
    """Return the name of a time zone as the IANA database spells it.

    Raises:
        RefusedError: There is no such zone.
    """
    if said in time_zones():
        return said
    expected = "a name of the IANA time zone database, such as Europe/London"
    hint = did_you_mean(said, time_zones())
    raise refusal("bad_time_zone", f"There is no time zone {quoted(said)}.", field=field, expected=expected, hint=hint)


def language(said: str, field: str) -> str:
    """Return a language tag in its usual spelling: `en`, `de-AT`.

    Raises:
        RefusedError: It names no language.
    """
    found = _LANGUAGE.fullmatch(said.strip())
    if found:
        parts = [found["language"].lower(), (found["script"] or "").title(), (found["region"] or "").upper()]
        tag = "-".join(part for part in parts if part)
        if is_language(tag):
            return tag
    expected = "a language tag such as en, de or de-AT"
    raise refusal("bad_language", f"There is no language {quoted(said)}.", field=field, expected=expected)


def country(said: str, field: str) -> str:
    """Return the two letters of a country (ISO 3166).

    Raises:
        RefusedError: There is no such country.
    """
    code = said.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    hint = 'Did you mean "GB"?' if code == "UK" else None
    expected = "two letters of ISO 3166, such as GB or DE"
    raise refusal("bad_country", f"There is no country {quoted(said)}.", field=field, expected=expected, hint=hint)


def declared(value: object, kind: FieldType, field: str, currency: object = None) -> object:
    """Return a declared field's value as JSON keeps it.

    Text is read for every kind, so that files, shells and forms can bring any of them. Money becomes an amount in text
    (JSON numbers would lose cents) with its currency.

    Args:
        value: What was sent; not None.
        kind: The declared type.
        field: Where it stood.
        currency: The currency said beside it, for an amount without one of its own.

    Raises:
        RefusedError: The value is of another type.
    """
    match kind:
        case "text":
            return _text(value, field)
        case "number":
            return _number(value, field)
        case "money":
            return money(value, field, currency)
        case "date":
            return _date(value, field).isoformat()
        case "list":
            return _list(value, field)
        case "yes or no":
            return _yes_or_no(value, field)


def money(value: object, field: str, currency: object = None) -> dict[str, str]:
    """Return an amount and its currency: `{"amount": "29.90", "currency": "GBP"}`, to the cent.

    Raises:
        RefusedError: It is no amount, has no currency, or one that does not exist.
    """
    example = 'an amount with its currency, such as 29.90 and currency "GBP", or "29.90 GBP"'
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value)
        value, currency = parts.get("amount"), parts.get("currency", currency)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise refusal("bad_money", f"{field} is {kind_of(value)}.", field=field, expected=example)
    found = _MONEY.fullmatch(str(value).strip())
    if found is None:
        raise refusal("bad_money", f"{quoted(str(value))} is no amount.", field=field, expected=example)
    amount = Decimal(found["amount"])
    if not 0 <= amount < MOST_AMOUNT:
        expected = "0 or more, and less than a million millions"
        hint = "A refund is an event of its own." if amount < 0 else None
        raise refusal("bad_money", f"{amount} is out of range.", field=field, expected=expected, hint=hint)
    code = found["currency"] or currency
    if code is None:
        raise refusal("bad_money", f"{field} has no currency.", field=field, expected=example)
    return {"amount": str(amount.quantize(CENT, ROUND_HALF_EVEN)), "currency": currency_code(code, field)}


def currency_code(said: object, field: str) -> str:
    """Return the three letters of a currency (ISO 4217).

    Raises:
        RefusedError: There is no such currency.
    """
    code = str(said).strip().upper()
    if code in CURRENCIES:
        return code
    hint = did_you_mean(code, CURRENCIES)
    expected = "three letters of ISO 4217, such as GBP, EUR or USD"
    message = f"There is no currency {quoted(str(said))}."
    raise refusal("bad_currency", message, field=field, expected=expected, hint=hint)


def _text(value: object, field: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise refusal("bad_text", f"{field} is {kind_of(value)}.", field=field, expected="text")
    if len(value) > LONGEST_TEXT:
        expected = f"at most {LONGEST_TEXT:,} characters"
        raise refusal("bad_text", f"{field} has {len(value):,} characters.", field=field, expected=expected)
    return value


def _number(value: object, field: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = Decimal(str(value).strip()) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        said = quoted(value) if isinstance(value, str) else kind_of(value)
        raise refusal("bad_number", f"{field} is {said}.", field=field, expected="a number")
    return int(number) if number == number.to_integral_value() else float(number)


def _date(value: object, field: str) -> date:
    if isinstance(value, str) and _DATE.match(value.strip()):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            pass
    said = quoted(value) if isinstance(value, str) else kind_of(value)
    raise refusal(
        "bad_date", f"{field} is {said}.", field=field, expected="a date as year-month-day, such as 1990-05-01"
    )


def _list(value: object, field: str) -> list[object]:
    items: list[object]
    if isinstance(value, str):
        items = [part.strip() for part in value.split(",") if part.strip()]
    elif isinstance(value, list):
        items = cast("list[object]", value)
    else:
        raise refusal("bad_list", f"{field} is {kind_of(value)}.", field=field, expected="a list")
    if len(items) > MOST_LISTED:
        expected = f"at most {MOST_LISTED}"
        raise refusal("bad_list", f"{field} has {len(items)} entries.", field=field, expected=expected)
    return items


def _yes_or_no(value: object, field: str) -> bool:
    if isinstance(value, bool):
        return value
    found = YES_OR_NO.get(str(value).strip().lower())
    if found is None:
        said = quoted(value) if isinstance(value, str) else kind_of(value)
        raise refusal("bad_yes_or_no", f"{field} is {said}.", field=field, expected="true or false, yes or no")
    return found
