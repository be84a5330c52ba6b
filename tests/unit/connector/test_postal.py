"""Postal addresses read out of their lines: those we write come back whole, people's own as well as can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.connector import Fault, SendFault
from tactful.connector.postal import PostalAddress, letter_html, read_address
from tactful.doors import addresses
from tests.unit.connector.test_message import message


def read(lines: str, country: str = "GB") -> PostalAddress:
    return read_address(message(channel="letter", to=lines), country=country)


@pytest.mark.parametrize(
    ("lines", "country", "parts"),
    [
        (
            "Jane Doe\n210 King St\n# 6100\nSan Francisco, CA 94107\nUS",
            "GB",
            (("Jane Doe",), ("210 King St", "# 6100"), "San Francisco", "CA", "94107", "US"),
        ),
        ("Jane\n1 A St\n62704 Springfield\nIL", "US", (("Jane",), ("1 A St",), "Springfield", "IL", "62704", "US")),
        ("1 Rose Lane, Bath BA1 1AA, UK", "US", ((), ("1 Rose Lane",), "Bath", "", "BA1 1AA", "GB")),
        ("Ada\n1 Rose Lane\nBath\nba1 1aa\nEngland", "US", (("Ada",), ("1 Rose Lane",), "Bath", "", "BA1 1AA", "GB")),
        ("Ada\nRose Cottage\nBath BA1 1AA", "GB", (("Ada",), ("Rose Cottage",), "Bath", "", "BA1 1AA", "GB")),
        (
            "Ada\nFleur & Fils\nRosenweg 3\n10115 Berlin\nDeutschland",
            "GB",
            (("Ada", "Fleur & Fils"), ("Rosenweg 3",), "Berlin", "", "10115", "DE"),
        ),
        ("Jan\nDam 1\n1012 JS Amsterdam\nNetherlands", "GB", (("Jan",), ("Dam 1",), "Amsterdam", "", "1012 JS", "NL")),
        ("Lee\n9 Elm\nToronto ON M5V 2T6\nCanada", "GB", (("Lee",), ("9 Elm",), "Toronto", "ON", "M5V 2T6", "CA")),
        ("Mr Ho\n8 Queen's Road\nCentral\nHong Kong", "GB", (("Mr Ho",), ("8 Queen's Road",), "Central", "", "", "HK")),
    ],
)
def test_an_address_is_read_as_people_write_it(lines: str, country: str, parts: tuple[object, ...]) -> None:
    found = read(lines, country)
    assert (
        found.addressees,
        found.street,
        found.city,
        found.region,
        found.postal_code,
        found.country,
    ) == parts


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("Ada\n1 Rose Lane\nBath", "postal code of GB"),
        ("BA1 1AA", "postal code of GB"),
        ("Bath BA1 1AA\nUK", "postal code of GB"),
        ("UK", "postal code"),
        ("A\nB\nC\n1 Rose Lane\nBath BA1 1AA", "more lines"),
    ],
)
def test_what_is_no_whole_address_is_refused_without_a_word_of_it(lines: str, why: str) -> None:
    with pytest.raises(SendFault, match=why) as caught:
        read(lines)
    assert caught.value.fault is Fault.BAD_RECIPIENT
    assert "Rose" not in caught.value.detail


WORD = st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True)


@given(
    who=st.tuples(WORD, st.none() | WORD),
    street=st.tuples(
        st.builds(lambda word, number: f"{number} {word} Street", WORD, st.integers(1, 999)),
        st.none() | st.builds(lambda number: f"Flat {number}", st.integers(1, 99)),
    ),
    city=WORD,
    place=st.sampled_from([("BA1 1AA", "GB"), ("94107", "US"), ("10115", "DE"), ("1012 JS", "NL"), ("00-950", "PL")]),
)
def test_an_address_that_was_told_in_parts_comes_back_in_parts(
    who: tuple[str, str | None], street: tuple[str, str | None], city: str, place: tuple[str, str]
) -> None:
    code, country = place
    said = {"name": who[0], "company": who[1], "street": street[0], "street2": street[1], "city": city}
    said |= {"postalCode": code, "country": country, "state": "CA" if country == "US" else None}
    found = read(addresses.letter(said, "traits.address"), "FR")
    whole = [tuple(one for one in pair if one) for pair in (who, street)]
    assert found == PostalAddress(whole[0], whole[1], city, said["state"] or "", code, country)


@given(st.text(max_size=200).filter(lambda said: bool(said.strip()) and "\0" not in said))
def test_whatever_stands_in_an_address_it_is_read_or_refused(lines: str) -> None:
    refused: SendFault | None = None
    try:
        assert read(lines).street
    except SendFault as fault:
        refused = fault
    assert refused is None or refused.fault is Fault.BAD_RECIPIENT


def test_braces_in_what_is_said_are_no_placeholders_of_the_printers() -> None:
    letter = message(channel="letter", html="<style>p { color: red }</style><p>Dear {{name}}</p>")
    assert letter_html(letter) == ("<style>p { color: red }</style><p>Dear {&#123;name&#125;}</p>")


def test_a_letter_without_html_is_its_text_in_paragraphs() -> None:
    assert letter_html(message(channel="letter", text="Dear <Ada>,\nhello\n\nBye")) == (
        "<html><body><p>Dear &lt;Ada&gt;,<br>hello</p><p>Bye</p></body></html>"
    )
