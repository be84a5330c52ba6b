"""What the columns of a file mean: by the names people give them, or as they are told with --map."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tactful.cli.importing.lines import FileError
from tactful.strategy.spelling import did_you_mean, listed
from tactful.strategy.standards import CURRENCIES

# Columns that a rejects file adds; read again, they mean nothing.
OURS: Final = frozenset({"line", "reason", "rejected_because"})

CUSTOMER: Final = ("customer_id", "customer", "user_id", "userid", "customerid", "client_id", "cust_id", "member_id")
ORDER_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "customer": CUSTOMER,
    "placed": (
        *("ordered_on", "ordered_at", "placed_on", "placed_at", "order_date", "purchased_on", "purchased_at"),
        *("date", "datetime", "timestamp", "occurred_at", "created_at"),
    ),
    "total": ("total", "value", "amount", "order_total", "order_value", "revenue", "price"),
    "currency": ("currency", "currency_code"),
    "order_id": ("order_id", "orderid", "order_number", "order_no", "order", "transaction_id", "invoice_id"),
}
CUSTOMER_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "customer": (*CUSTOMER, "id"),
    "email": ("email", "email_address", "e_mail", "mail"),
    "phone": ("phone", "phone_number", "telephone", "mobile", "sms"),
    "time_zone": ("time_zone", "timezone", "tz"),
    "language": ("language", "locale", "lang"),
    "country": ("country", "country_code"),
    "registered_at": ("registered_at", "registered_on", "created_at", "created_on", "signed_up_at", "since"),
    "first_name": ("first_name", "firstname", "given_name"),
    "last_name": ("last_name", "lastname", "surname", "family_name"),
    "push_token": ("push_token", "device_token"),
    "address": ("address", "postal_address"),
    "street": ("street", "street_address", "address_line_1"),
    "street2": ("street2", "address_line_2"),
    "city": ("city", "town"),
    "postal_code": ("postal_code", "postcode", "zip", "zip_code"),
    "state": ("state", "region", "county"),
}
_WITH_CURRENCY = re.compile(r"(?P<name>[a-z_]+?)_(?P<currency>[a-z]{3})")


@dataclass(frozen=True)
class Columns:
    """What each column of a file is: the `known` meanings, properties by name, and those that mean nothing.

    `currency` is the one that a column's name ends with, as in `value_usd`.
    """

    known: Mapping[str, str]
    properties: Mapping[str, str]
    ignored: tuple[str, ...]
    currency: str | None = None


def find_columns(
    columns: Sequence[str],
    names: Mapping[str, Sequence[str]],
    *,
    declared: Iterable[str],
    told: Mapping[str, str],
) -> Columns:
    """Return what the columns mean.

    Args:
        columns: The header.
        names: The meanings there are, each with the names it goes by.
        declared: Properties that may have a column too.
        told: Column by meaning or property, as given with --map; it wins.

    Raises:
        FileError: --map names a column or a meaning that is not there.
    """
    properties = set(declared)
    _check_told(told, columns, {*names, *properties})
    meanings = {name: meaning for meaning, aliases in names.items() for name in aliases}
    known = {meaning: column for meaning, column in told.items() if meaning in names}
    found = {name: column for name, column in told.items() if name not in names}
    ignored: list[str] = []
    currency: str | None = None
    for column in (column for column in columns if column not in told.values()):
        name = normalised(column)
        suffixed = _WITH_CURRENCY.fullmatch(name)
        meaning = meanings.get(name)
        if meaning is None and suffixed and suffixed["currency"].upper() in CURRENCIES:
            meaning = meanings.get(suffixed["name"]) if meanings.get(suffixed["name"]) == "total" else None
            currency = suffixed["currency"].upper() if meaning and "total" not in known else currency
        if meaning is not None and meaning not in known:
            known[meaning] = column
        elif name in properties and name not in found:
            found[name] = column
        elif name not in OURS:
            ignored.append(column)
    return Columns(known, found, tuple(ignored), currency)


def require(
    columns: Columns, meaning: str, what: str, header: Sequence[str], names: Mapping[str, Sequence[str]]
) -> None:
    """Refuse a file that lacks a column it must have.

    Raises:
        FileError: With the columns that were found, and the names that would have been understood.
    """
    if meaning not in columns.known:
        found = listed(header, most=30) or "none"
        raise FileError(
            f"There is no column for {what}. Found: {found}.\n"
            f"Understood are {listed(names[meaning], most=30)}; or say which it is: --map {meaning}=COLUMN"
        )


def normalised(column: str) -> str:
    """Return a column's name as ours are written: `Order ID` becomes `order_id`, `firstName` `first_name`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _check_told(told: Mapping[str, str], columns: Sequence[str], meanings: Iterable[str]) -> None:
    right = sorted(meanings)
    for meaning, column in told.items():
        if meaning not in right:
            hint = did_you_mean(meaning, right) or f"There are: {listed(right, most=40)}."
            raise FileError(f'--map {meaning}={column}: there is nothing called "{meaning}". {hint}')
        if column not in columns:
            hint = did_you_mean(column, columns) or f"Found: {listed(columns, most=30)}."
            raise FileError(f'--map {meaning}={column}: the file has no column "{column}". {hint}')
