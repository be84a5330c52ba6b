"""Where a customer lives: which zone, and what it is known from."""

from __future__ import annotations

import pytest

from tactful.facts import Address
from tactful.places import place_of, zone_of_country, zone_of_phone
from tactful.words import Channel
from tests.unit.given import customer, strategy


def place(time_zone: str | None = None, country: str | None = None, phone: str | None = None) -> tuple[str, str]:
    addresses = (Address(Channel.SMS, phone),) if phone else ()
    found = place_of(customer(time_zone=time_zone, country=country, addresses=addresses), strategy())
    return found.zone.key, found.zone_from


def test_a_customers_own_zone_comes_before_everything() -> None:
    assert place("Asia/Tokyo", "DE", "+33612345678") == ("Asia/Tokyo", "customer")


def test_then_their_country_where_one_zone_will_do() -> None:
    assert place(country="JP", phone="+33612345678") == ("Asia/Tokyo", "country")
    assert place("Nowhere/Land", "de") == ("Europe/Berlin", "country")


def test_then_the_prefix_of_their_phone() -> None:
    assert place(country="US", phone="+12125551234") == ("America/New_York", "phone")
    assert place(phone="+442079460000") == ("Europe/London", "phone")


def test_then_the_strategys_zone_for_want_of_a_better() -> None:
    assert place(country="US") == ("Europe/London", "strategy")
    assert place(country="US", phone="+18005551234") == ("Europe/London", "strategy")
    assert place() == ("Europe/London", "strategy")
    assert place(country="nowhere", phone="no number") == ("Europe/London", "strategy")


def test_where_even_the_strategy_names_no_zone_it_is_universal_time() -> None:
    found = place_of(customer(time_zone=None, addresses=()), strategy(time_zone="Nowhere"))
    assert (found.zone.key, found.zone_from) == ("UTC", "nothing")


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("GB", "Europe/London"),  # the only one
        ("DE", "Europe/Berlin"),  # Büsingen shows the same time
        ("ES", "Europe/Madrid"),  # chosen: nearly all live by it
        ("PT", "Europe/Lisbon"),
        ("US", None),
        ("AU", None),
        ("XX", None),
    ],
)
def test_a_country_has_a_zone_only_if_one_will_do(country: str, zone: str | None) -> None:
    found = zone_of_country(country)
    assert (found.key if found else None) == zone


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+4915112345678", "Europe/Berlin"),
        ("+34612345678", "Europe/Madrid"),  # a mobile number of all Spain: the country's choice
        ("+61412345678", None),  # a mobile number of all Australia
        ("+61292345678", "Australia/Sydney"),
        ("12", None),
    ],
)
def test_a_phone_number_has_a_zone_if_its_prefix_leaves_no_doubt(number: str, zone: str | None) -> None:
    found = zone_of_phone(number)
    assert (found.key if found else None) == zone
