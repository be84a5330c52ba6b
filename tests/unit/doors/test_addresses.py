"""Addresses: one spelling each, and a word on what is wrong with the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.doors import RefusedError, addresses
from tests.unit.doors.given import refusal_of


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ada@fleur.example", "ada@fleur.example"),
        (" Ada@Fleur.Example ", "ada@fleur.example"),
        ("ada+news@example.com", "ada+news@example.com"),
        ("ada@xn--exmple-cua.com", "ada@exämple.com"),
    ],
)
def test_an_email_address_is_kept_in_lower_case(said: str, kept: str) -> None:
    assert addresses.email(said, "traits.email") == kept


@pytest.mark.parametrize("said", ["ada", "ada@", "@fleur.example", "ada@fleur", "a b@fleur.example", "a..b@x.com", ""])
def test_what_cannot_be_an_email_address_is_refused(said: str) -> None:
    told = refusal_of(addresses.email, said, "traits.email")
    assert (told.code, told.field) == ("bad_email", "traits.email")


@pytest.mark.parametrize(
    ("said", "country", "kept"),
    [
        ("+44 7700 900123", None, "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("(0151) 1234 5678", "DE", "+4915112345678"),
        ("+447700900123", "DE", "+447700900123"),
    ],
)
def test_a_telephone_number_is_kept_as_e164(said: str, country: str | None, kept: str) -> None:
    assert addresses.phone(said, "traits.phone", country) == kept


def test_a_number_without_a_country_says_what_is_missing() -> None:
    told = refusal_of(addresses.phone, "07700 900123", "traits.phone", None)
    assert told.code == "bad_phone"
    assert "country" in (told.hint or "")


@pytest.mark.parametrize("said", ["+44 77", "call me", "+" + "1" * 40, ""])
def test_what_is_no_telephone_number_is_refused(said: str) -> None:
    assert refusal_of(addresses.phone, said, "traits.phone", "GB").code == "bad_phone"


def test_a_letter_goes_to_the_lines_of_an_envelope() -> None:
    parts = {"street": "1 Rose Lane", "city": "Bath", "postalCode": "BA1 1AA", "country": "UK"}
    assert addresses.letter(parts, "traits.address") == "1 Rose Lane\nBA1 1AA Bath\nUK"
    assert addresses.letter("1 Rose Lane\r\n\n Bath ", "traits.address") == "1 Rose Lane\nBath"


@pytest.mark.parametrize("said", [{}, "", 5, {"street": ["x"]}, {"planet": "Mars"}, "x" * 1001])
def test_what_is_no_postal_address_is_refused(said: object) -> None:
    assert refusal_of(addresses.letter, said, "traits.address").code in {"bad_address", "unknown_field"}


def test_a_push_token_has_no_blanks() -> None:
    assert addresses.push_token("abc:DEF-123_", "t") == "abc:DEF-123_"
    assert refusal_of(addresses.push_token, "a b", "t").code == "bad_push_token"
    assert refusal_of(addresses.push_token, "a" * 4097, "t").code == "bad_push_token"


@given(st.text(max_size=60))
def test_what_is_read_once_is_read_the_same_again(said: str) -> None:
    for read in (lambda s: addresses.email(s, "e"), lambda s: addresses.phone(s, "p", "GB")):
        try:
            kept = read(said)
        except RefusedError:
            continue
        assert read(kept) == kept
