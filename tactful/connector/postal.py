"""A postal address read out of the lines it is kept in: who, street, town, region, postal code, country.

Lines are what people write and what stands on an envelope; providers want the parts. Pure, and it looks nothing up:
where the lines do not show what a country's addresses must have, the address is refused, with none of it in the words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

from babel import Locale

from tactful.connector.faults import Fault, SendFault
from tactful.connector.message import Message

_US_STATES: Final = """
AA AE AK AL AP AR AS AZ CA CO CT DC DE FL FM GA GU HI IA ID IL IN KS KY LA MA MD ME MH MI MN MO MP MS MT NC ND NE NH NJ
NM NV NY OH OK OR PA PR PW RI SC SD TN TX UT VA VI VT WA WI WV WY
"""
US_STATES: Final = frozenset(_US_STATES.split())
"""States and territories as the United States Postal Service writes them."""
_ADDRESSEES_MAX: Final = 2
_NAMED_IN: Final = ("en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da")
_ALSO: Final = {
    "uk": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "great britain": "GB",
    "usa": "US",
    "united states of america": "US",
    "czech republic": "CZ",
    "hong kong": "HK",
    "macau": "MO",
}
_CODES: Final[Mapping[str, str]] = {
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "US": r"\d{5}(?:-\d{4})?",
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "SE": r"\d{3} ?\d{2}",
    "CZ": r"\d{3} ?\d{2}",
    "SK": r"\d{3} ?\d{2}",
    "GR": r"\d{3} ?\d{2}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "BR": r"\d{5}-?\d{3}",
    "JP": r"\d{3}-?\d{4}",
}
_CODE_OTHERWISE: Final = r"(?:[A-Z]{1,2}-)?\d{3,6}"
_PLACEHOLDER: Final = re.compile(r"\{([^{}<>]+)\}")
_STYLE: Final = re.compile(r"(<(style|script)\b.*?</\2\s*>)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address in its parts.

    Attributes:
        addressees: Who it is for, person and company, at most two; none where the lines name nobody.
        street: Street and number, and what stands below them.
        city: The town; empty where a code alone says it.
        region: State, province or county; empty where none is written.
        postal_code: As the country writes it, in capitals; empty in countries without.
        country: Two letters of ISO 3166.
    """

    addressees: tuple[str, ...]
    street: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country: str


def read_address(message: Message, *, country: str) -> PostalAddress:
    """Return the parts of the address that a letter goes to.

    Args:
        message: The letter; `to` holds the lines.
        country: Two letters; the country of addresses that name none.

    Raises:
        SendFault: BAD_RECIPIENT, the lines are no whole address.
    """
    lines = message.to.splitlines()
    lines = [" ".join(line.split()).strip(" ,") for line in (lines if len(lines) > 1 else message.to.split(","))]
    lines = [line for line in lines if line]
    named = _country_named(lines[-1], country) if lines else None
    if named is not None:
        lines.pop()
    country = named or country
    at, code, rest = _place(lines, country)
    if at is None:
        at, rest = len(lines) - 1, lines[-1] if lines else ""
        if country in _CODES:
            raise unreadable(f"none of its last lines has a postal code of {country}")
    above, below = lines[:at], lines[at + 1 :]
    region, city = _region_of(rest, country)
    if not city and above:
        city = above.pop()
    region = region or (below[0] if below else "")
    addressees, street = _split(above)
    if not street:
        raise unreadable("it has no line for the street")
    if len(addressees) > _ADDRESSEES_MAX or len(below) > 1:
        raise unreadable("it has more lines than an address")
    return PostalAddress(addressees, street, city, region, code, country)


def unreadable(why: str) -> SendFault:
    """Return the fault of an address that no letter can go to; `why` in words without any of the address."""
    return SendFault(Fault.BAD_RECIPIENT, "address", f"the postal address cannot be used: {why}")


def letter_html(message: Message) -> str:
    """Return what is printed, as HTML: the message's own, else its text in paragraphs.

    Braces around words stand as entities, so that a printer's own placeholders are never filled in.
    """
    if message.html is None:
        paragraphs = (message.text or "").strip().split("\n\n")
        content = "".join(f"<p>{html.escape(one).replace(chr(10), '<br>')}</p>" for one in paragraphs)
        return _unbraced(f"<html><body>{content}</body></html>")
    pieces = _STYLE.split(message.html)
    # The pattern has two groups: whole, style, its name, whole, …
    return "".join(piece if number % 3 else _unbraced(piece) for number, piece in enumerate(pieces) if number % 3 != 2)  # noqa: PLR2004


def _unbraced(piece: str) -> str:
    return _PLACEHOLDER.sub(r"&#123;\1&#125;", piece)


def _place(lines: Sequence[str], country: str) -> tuple[int | None, str, str]:
    """Return the line with the postal code, the code, and what else stands in that line; the lowest such line."""
    code = _CODES.get(country, _CODE_OTHERWISE)
    first = re.compile(rf"({code})(?![\w-])(.*)", re.IGNORECASE)
    last = re.compile(rf"(.*?)(?<![\w-])({code})", re.IGNORECASE)
    for at in range(len(lines) - 1, max(len(lines) - 4, 0), -1):
        if found := first.fullmatch(lines[at]):
            return at, found[1].upper(), found[2].strip(" ,")
        if found := last.fullmatch(lines[at]):
            return at, found[2].upper(), found[1].strip(" ,")
    return None, "", ""


def _region_of(place: str, country: str) -> tuple[str, str]:
    """Return region and town of `Springfield, IL` and `Springfield IL`, where the country writes both in one line."""
    if country in {"US", "CA", "AU"} and (found := re.fullmatch(r"(.+?)[, ]+([A-Za-z]{2,3})", place)):
        return found[2].upper(), found[1].strip(" ,")
    return "", place


def _split(above: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who and street: the street begins with the first line that has a number, else it is the last line."""
    numbered = next((at for at, line in enumerate(above) if any(c.isdigit() for c in line)), len(above) - 1)
    return tuple(above[: max(numbered, 0)]), tuple(above[max(numbered, 0) :])


def _country_named(line: str, otherwise: str) -> str | None:
    """Return the country that a last line names; `IL` is a state in an address of the United States."""
    if otherwise == "US" and line.upper() in US_STATES:
        return None
    return _countries().get(line.casefold().strip("."))


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, str]:
    """Return two letters by what people write for a country, in several languages and as the letters themselves."""
    found: dict[str, str] = {}
    for language in reversed(_NAMED_IN):
        for code, name in cast("Mapping[str, str]", Locale.parse(language).territories).items():
            if len(code) == 2 and code.isalpha():  # noqa: PLR2004 - others are continents
                found[name.casefold()] = code
                found[code.casefold()] = code
    return found | _ALSO
