"""Public holidays by country and region, as the quiet hours need them.

A calendar is worked out when a day of its year is first asked about, and kept: a decision loads nothing. The list of
countries and the rules of their holidays are the `holidays` package's, which is read at the first question only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

NO_COUNTRY = "no country known"


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """The public holidays of one place, `GB` or `GB-ENG`; of no place at all, there are none."""

    where: str | None

    def __contains__(self, day: date) -> bool:
        """Say whether a day is a public holiday there."""
        return self.where is not None and day in _of_year(self.where, day.year)

    @property
    def said(self) -> str:
        """Return the place as a trace has it, or why it has no holidays."""
        return _said(self.where)


@lru_cache(maxsize=1024)
def holidays_of(country: str | None, strategys: str | None) -> PublicHolidays:
    """Return the holidays of where a customer lives.

    Args:
        country: The customer's country, two letters, if it is known.
        strategys: The strategy's: a country, or one of its regions, whose holidays then hold for all of that country.

    Source: docs/rules.md#quiet-hours
    """
    own = country.upper() if country else None
    if strategys is None or (own is not None and own != strategys.partition("-")[0]):
        return PublicHolidays(own)
    return PublicHolidays(strategys)


def has_calendar(where: str) -> bool:
    """Say whether the holidays of a country, or of a region such as `GB-ENG`, are known."""
    country, dash, region = where.partition("-")
    return country in countries() and (not dash or region in countries()[country])


@lru_cache(maxsize=1024)
def _said(where: str | None) -> str:
    if where is None:
        return NO_COUNTRY
    return where if has_calendar(where) else f"no calendar of {where}"


@cache
def countries() -> Mapping[str, tuple[str, ...]]:
    """Return the countries whose holidays are known (ISO 3166-1), each with its regions (the end of ISO 3166-2)."""
    import holidays  # noqa: PLC0415 - takes a tenth of a second, and most of who imports this never asks

    return {name: tuple(known) for name, known in holidays.list_supported_countries(include_aliases=False).items()}


@lru_cache(maxsize=4096)
def _of_year(where: str, year: int) -> frozenset[date]:
    """Return the public holidays of a year, the days off instead of those on a Sunday included; none where unknown."""
    if not has_calendar(where):
        return frozenset()
    import holidays  # noqa: PLC0415 - as above

    country, _, region = where.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year, expand=False))
