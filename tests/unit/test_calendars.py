"""Public holidays: whose, in which years, and what it costs to ask."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from tactful.calendars import has_calendar, holidays_of

EASTER_MONDAY = date(2026, 4, 6)


def test_holidays_are_those_of_the_customers_country() -> None:
    assert date(2026, 7, 4) in holidays_of("US", "GB")
    assert date(2026, 7, 4) not in holidays_of("GB", "GB")
    assert date(2026, 10, 3) in holidays_of("de", "GB")


def test_without_a_country_of_their_own_customers_have_the_strategys() -> None:
    assert EASTER_MONDAY in holidays_of(None, "GB-ENG")
    assert holidays_of(None, "GB-ENG").said == "GB-ENG"


def test_a_region_the_strategy_names_holds_for_all_of_its_country_and_for_no_other() -> None:
    assert EASTER_MONDAY in holidays_of("GB", "GB-ENG")
    assert EASTER_MONDAY not in holidays_of("GB", "GB")
    assert holidays_of("FR", "GB-ENG").said == "FR"


def test_a_holiday_on_a_sunday_is_off_on_the_day_that_makes_up_for_it() -> None:
    assert date(2022, 12, 27) in holidays_of("GB", None)


@pytest.mark.parametrize(
    ("country", "said"),
    [(None, "no country known"), ("XX", "no calendar of XX"), ("GB", "GB"), ("\x00", "no calendar of \x00")],
)
def test_a_country_that_nobody_knows_has_no_holidays_and_says_so(country: str | None, said: str) -> None:
    unknown = holidays_of(country, None)
    assert unknown.said == said
    assert (date(2026, 12, 25) in unknown) is (country == "GB")


def test_years_out_of_any_calendar_have_no_holidays() -> None:
    assert date(9999, 12, 25) not in holidays_of("GB", None)
    assert date(1, 12, 25) not in holidays_of("GB", None)


def test_regions_are_known_by_their_country() -> None:
    assert has_calendar("GB-ENG")
    assert not has_calendar("GB-BY")
    assert not has_calendar("GB-")


def test_whoever_never_asks_about_holidays_never_loads_them() -> None:
    """Reading a strategy and deciding by it: a program that starts pays nothing for calendars and phone tables."""
    code = (
        "import sys, tactful.decide, tactful.planning, tactful.strategy.reading;"
        "assert not {'holidays', 'phonenumbers.timezone'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
