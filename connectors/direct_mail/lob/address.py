"""A postal address as Lob wants it, and what Lob's verification says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tactful.connector import Fault, SendFault
from tactful.connector.http import Answer, Request
from tactful.connector.postal import US_STATES, PostalAddress, unreadable

NAME_CHARACTERS_MAX: Final = 40
_US_TERRITORIES: Final = {"US", "AS", "PR", "FM", "GU", "MH", "MP", "PW", "VI"}
_UNDELIVERABLE: Final = {"undeliverable", "no_match"}
_DOUBTFUL: Final[Mapping[str, str]] = {
    "deliverable_missing_unit": "the building has units, and none is named",
    "deliverable_incorrect_unit": "the building has no such unit",
    "deliverable_missing_info": "it lacks something",
}


def parts(address: PostalAddress, addressee: str) -> dict[str, str]:
    """Return the parts of an address in Lob's names; `addressee` is whom it is for where it names nobody.

    Raises:
        SendFault: BAD_RECIPIENT, it lacks what Lob needs, or is too long; says what.
    """
    people: list[str] = list(address.addressees) or [addressee]
    if any(len(one) > NAME_CHARACTERS_MAX for one in people):
        raise unreadable(f"a name in it is longer than {NAME_CHARACTERS_MAX} characters")
    at_home = address.country in _US_TERRITORIES
    street_max = 64 if at_home else 200
    if len(address.street) > 2 or any(len(line) > street_max for line in address.street):  # noqa: PLR2004 - Lob's two
        raise unreadable(f"Lob takes two lines of street, of {street_max} characters each")
    if at_home and (address.region.upper() not in US_STATES or not address.postal_code or not address.city):
        raise unreadable("an address in the United States has a town, a state of two letters and a ZIP code")
    if not at_home and not address.postal_code and not (address.city and address.region):
        raise unreadable("it has neither a postal code nor a town and a region")
    # Abroad, Lob takes a postal code, or else a town and a region; a region beside a code goes with the town.
    beside = not at_home and bool(address.postal_code)
    return _filled(
        {
            "name": people[0],
            "company": people[1] if len(people) > 1 else "",
            **{f"address_line{number}": line for number, line in enumerate(address.street, start=1)},
            "address_city": f"{address.city} {address.region}".strip() if beside else address.city,
            "address_state": "" if beside else address.region.upper() if at_home else address.region,
            "address_zip": address.postal_code,
            "address_country": "US" if at_home else address.country,
        }
    )


def verification(address: PostalAddress, addressee: str) -> Request:
    """Return the request that has Lob verify an address.

    Raises:
        SendFault: BAD_RECIPIENT, no letter could go there anyway.
    """
    to = parts(address, addressee)
    lines = {"primary_line": to["address_line1"], "secondary_line": to.get("address_line2", "")}
    if address.country in _US_TERRITORIES:
        place = {"city": address.city, "state": address.region.upper(), "zip_code": address.postal_code}
        return Request.json("/us_verifications", _filled(lines | place))
    place = {"city": address.city, "state": address.region, "postal_code": address.postal_code}
    return Request.json("/intl_verifications", _filled(lines | place | {"country": address.country}))


def require_deliverable(answer: Answer, *, strict: bool) -> None:
    """Let an address pass unless Lob says that nothing arrives there; a test key says nothing.

    Raises:
        SendFault: BAD_RECIPIENT, nothing does; or with `strict`, perhaps nothing does.
    """
    verdict = answer.find("deliverability")
    if verdict in _UNDELIVERABLE or (strict and verdict in _DOUBTFUL):
        said = _DOUBTFUL.get(verdict, "it does not exist, or nothing is delivered there")
        raise SendFault(Fault.BAD_RECIPIENT, verdict, f"Lob's verification refused the address: {said}")


def _filled(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parts.items() if value}
