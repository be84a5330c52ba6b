"""Values as a message says them: a date, an amount of money, in the reader's language.

`speak` turns plain values into ones that print themselves. It knows no clock: every value comes from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from math import isfinite
from typing import cast

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from liquid.exceptions import LiquidTypeError

from tactful.strategy.model import Money
from tactful.templates.journeys import JourneyTold

NAMED_FORMS = ("full", "long", "medium", "short")
DIRECTIVES = {
    "%d": "dd",
    "%-d": "d",
    "%e": "d",
    "%A": "EEEE",
    "%a": "EEE",
    "%B": "MMMM",
    "%b": "MMM",
    "%m": "MM",
    "%-m": "M",
    "%Y": "y",
    "%y": "yy",
}
DIRECTIVE = re.compile(r"%-?.?")
MOST_NESTED = 6


@cache
def locale_of(language: str) -> Locale:
    """Return the locale of a language tag. Plain `en` says "7 March 2027", which no reader of English misreads."""
    tag = "en-GB" if language.lower() == "en" else language
    for candidate in (tag, tag.split("-")[0], "en-GB"):
        try:
            return Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("en-GB is always known")


@dataclass(frozen=True, slots=True)
class Day:
    """A date that prints itself in words, and compares as `2027-03-07`."""

    on: date
    language: str

    def __str__(self) -> str:
        """Return the date in its long form: "7 March 2027", "7. März 2027"."""
        return self.written("long")

    def __liquid__(self) -> str:
        return self.on.isoformat()

    def written(self, form: str) -> str:
        """Return the date in a named form (full, long, medium, short) or as strftime directives say it.

        Raises:
            ValueError: The form has a directive that is not about a day (`%H`) or not known.
        """
        return _in_words(self.on, self.language, form)


@lru_cache(maxsize=4096)
def _in_words(day: date, language: str, form: str) -> str:
    """Return a date in a form. Kept: a thousand messages of one day say the same few dates."""
    locale = locale_of(language)
    if form in NAMED_FORMS:
        return format_date(day, form, locale=locale)
    return DIRECTIVE.sub(lambda match: _directive(day, match.group(), locale), form)


def _directive(day: date, directive: str, locale: Locale) -> str:
    if directive == "%%":
        return "%"
    if directive not in DIRECTIVES:
        raise ValueError(f"{directive} is none of {', '.join(DIRECTIVES)}")
    return format_date(day, DIRECTIVES[directive], locale=locale)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that prints itself ("£34.00", "34,00 £"), and compares as its amount."""

    money: Money
    language: str

    def __str__(self) -> str:
        return format_currency(self.money.amount, self.money.currency, locale=locale_of(self.language))

    def __liquid__(self) -> Decimal:
        return self.money.amount


class Group(dict[str, object]):
    """Values by name. A template may go into it, but not print it: nobody wants to read braces."""

    def __str__(self) -> str:
        raise LiquidTypeError("a group of values cannot be printed", token=None)


class Named(Group):
    """Values that go by a name: printed it is that name, and so a template finds it among others (`contains`)."""

    def __init__(self, name: str, values: Group) -> None:
        super().__init__(values)
        self.name = name

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return other == self.name if isinstance(other, str) else super().__eq__(other)

    __hash__ = None  # type: ignore[assignment] # as every dictionary


def speak(value: object, language: str, depth: int = 0) -> object:
    """Return a value as templates of a language use it, mappings and lists with all they hold.

    Dates and money become values that print themselves; whole numbers lose their `.0`; what is nested deeper than six
    levels is left out.
    """
    if isinstance(value, date):
        return Day(value.date() if isinstance(value, datetime) else value, language)
    if isinstance(value, Money):
        return Amount(value, language)
    if isinstance(value, float | Decimal):
        return int(value) if isfinite(value) and value % 1 == 0 else value
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        spoken = Group((str(key), speak(inner, language, depth + 1)) for key, inner in items if depth < MOST_NESTED)
        return Named(str(value), spoken) if isinstance(value, JourneyTold) else spoken
    if isinstance(value, list | tuple):
        inner_values = cast("list[object]", value)
        return [speak(inner, language, depth + 1) for inner in inner_values if depth < MOST_NESTED]
    return value
