"""Where a customer lives, as far as clocks are concerned: the time zone, and how it is known.

Asked in this order: the customer's own zone, their country where one zone will do, the prefix of their phone number,
the strategy's zone. What is worked out is kept, so that a decision pays for it once. It asks no clock: whether two
zones show the same time is tried at fixed instants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers

from tactful.facts import Customer
from tactful.strategy.model import Strategy
from tactful.strategy.standards import zones_by_country
from tactful.words import Channel

ZoneFrom = Literal["customer", "country", "phone", "strategy", "nothing"]
CHOSEN: Mapping[str, str] = {
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
}
"""Countries with several times of day, nearly all of whose people live by one of them."""
_UNIVERSAL = ZoneInfo("UTC")
_TRIED_AT = tuple(datetime(year, month, 15, 12, tzinfo=UTC) for year in range(2020, 2030) for month in range(1, 13))


class Place(NamedTuple):
    """The zone a customer lives in, and what it is known from."""

    zone: ZoneInfo
    zone_from: ZoneFrom


def place_of(customer: Customer, strategy: Strategy) -> Place:
    """Return the zone in which a customer's days and hours are counted; UTC where even the strategy names none.

    Source: docs/rules.md#where-a-customer-lives
    """
    own = _own(customer.time_zone)
    if own is not None:
        return own
    phone = next((one.address for one in customer.addresses if one.channel is Channel.SMS), None)
    return _elsewhere(customer.country, phone, strategy.time_zone)


@lru_cache(maxsize=1024)
def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the zone of the zone database with this name, or None."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # ValueError for a path, OSError for a folder such as "America" or a name too long for a file
        return None


def zone_of_country(country: str) -> ZoneInfo | None:
    """Return the zone of a country where one will do: all of its zones show the same time, or one is chosen above."""
    code = country.upper()
    return zone_named(CHOSEN.get(code)) or _one_of(zones_by_country().get(code, ()))


def zone_of_phone(number: str) -> ZoneInfo | None:
    """Return the zone of a phone number (E.164) by its prefix, or None where it may be in several."""
    from phonenumbers import timezone  # noqa: PLC0415 - a table of the world, needed only for whom nothing better is known

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(parsed)
    of_country = zone_of_country(country) if country else None
    names = timezone.time_zones_for_number(parsed)
    if of_country is not None and of_country.key in names:
        return of_country
    return _one_of(names) or of_country


@lru_cache(maxsize=1024)
def _own(name: str | None) -> Place | None:
    zone = zone_named(name)
    return Place(zone, "customer") if zone else None


@lru_cache(maxsize=8192)
def _elsewhere(country: str | None, phone: str | None, strategys: str) -> Place:
    if country and (zone := zone_of_country(country)):
        return Place(zone, "country")
    if phone and (zone := zone_of_phone(phone)):
        return Place(zone, "phone")
    zone = zone_named(strategys)
    return Place(zone, "strategy") if zone else Place(_UNIVERSAL, "nothing")


def _one_of(names: Sequence[str]) -> ZoneInfo | None:
    """Return the first of some zones if all of them show the same time, else None."""
    zones = [zone for name in names if (zone := zone_named(name)) is not None]
    return zones[0] if zones and len(zones) == len(names) and _agree(zones) else None


def _agree(zones: Iterable[ZoneInfo]) -> bool:
    first, *others = zones
    shown = [at.astimezone(first).utcoffset() for at in _TRIED_AT] if others else []
    return all([at.astimezone(zone).utcoffset() for at in _TRIED_AT] == shown for zone in others)
