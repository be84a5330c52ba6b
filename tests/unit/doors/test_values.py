"""Single values: the forms that are read, the one form that is kept, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.doors import RefusedError, values
from tactful.strategy.model import FieldType
from tests.unit.doors.given import NOON, refusal_of


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-03-24T10:00:00Z", datetime(2026, 3, 24, 10, tzinfo=UTC)),
        ("2026-03-24T10:00:00+01:00", datetime(2026, 3, 24, 9, tzinfo=UTC)),
        ("2026-03-24T10:00:00.123Z", datetime(2026, 3, 24, 10, 0, 0, 123000, tzinfo=UTC)),
        ("1997-01-01T12:00:00+00:00", datetime(1997, 1, 1, 12, tzinfo=UTC)),
        ("2026-03-25T11:59:59Z", datetime(2026, 3, 25, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_kept_in_utc(said: str, kept: datetime) -> None:
    assert values.instant(said, "timestamp", NOON) == kept


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("2026-03-24T10:00:00", "no offset"),
        ("2026-03-24", "no offset"),
        ("yesterday", "no instant"),
        ("", "no instant"),
        ("1969-12-31T23:59:59Z", "too long ago"),
        ("2026-03-25T12:00:01Z", "in the future"),
        ("0001-01-01T00:00:00+14:00", "no instant"),
        ("1711274400", "no instant"),
    ],
)
def test_what_is_no_instant_of_ours_is_refused_with_what_would_be(said: str, why: str) -> None:
    told = refusal_of(values.instant, said, "timestamp", NOON)
    assert told.code == "bad_timestamp"
    assert why in told.message
    assert told.expected


@pytest.mark.parametrize(
    ("said", "kept"), [("en", "en"), ("de_at", "de-AT"), ("EN-gb", "en-GB"), ("zh-hant-tw", "zh-Hant-TW")]
)
def test_a_language_is_kept_in_its_usual_spelling(said: str, kept: str) -> None:
    assert values.language(said, "language") == kept


@pytest.mark.parametrize("said", ["english", "xx", "e", "en-", "en-Latin1"])
def test_what_names_no_language_is_refused(said: str) -> None:
    assert refusal_of(values.language, said, "locale").code == "bad_language"


def test_a_zone_is_refused_with_the_nearest_one() -> None:
    assert values.time_zone("Europe/London", "z") == "Europe/London"
    assert refusal_of(values.time_zone, "Europe/Londn", "z").hint == 'Did you mean "Europe/London"?'
    assert refusal_of(values.time_zone, "../etc/passwd", "z").code == "bad_time_zone"


def test_a_country_is_two_letters() -> None:
    assert values.country("gb", "c") == "GB"
    assert refusal_of(values.country, "UK", "c").hint == 'Did you mean "GB"?'
    assert refusal_of(values.country, "Britain", "c").code == "bad_country"


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        ("text", "roses", "roses"),
        ("text", 17, "17"),
        ("number", "12", 12),
        ("number", "12.5", 12.5),
        ("number", 3, 3),
        ("date", "1990-05-01", "1990-05-01"),
        ("date", "1990-05-01T00:00:00Z", "1990-05-01"),
        ("list", "roses, tulips", ["roses", "tulips"]),
        ("list", [{"sku": 1}], [{"sku": 1}]),
        ("yes or no", True, True),
        ("yes or no", "No", False),
        ("money", {"amount": 10, "currency": "gbp"}, {"amount": "10.00", "currency": "GBP"}),
        ("money", "29.90 EUR", {"amount": "29.90", "currency": "EUR"}),
    ],
)
def test_a_declared_field_is_kept_in_one_form(kind: FieldType, said: object, kept: object) -> None:
    assert values.declared(said, kind, "field") == kept


@pytest.mark.parametrize(
    ("kind", "said", "code"),
    [
        ("text", ["a"], "bad_text"),
        ("text", "a" * 8001, "bad_text"),
        ("text", True, "bad_text"),
        ("number", "twelve", "bad_number"),
        ("number", True, "bad_number"),
        ("number", "nan", "bad_number"),
        ("date", "1990-02-30", "bad_date"),
        ("date", "01/05/1990", "bad_date"),
        ("date", 19900501, "bad_date"),
        ("list", 5, "bad_list"),
        ("list", list(range(501)), "bad_list"),
        ("yes or no", "perhaps", "bad_yes_or_no"),
        ("money", "29.90", "bad_money"),
        ("money", "-1 GBP", "bad_money"),
        ("money", "1e3 GBP", "bad_money"),
        ("money", "29.90 XXY", "bad_currency"),
        ("money", {"amount": "1000000000000", "currency": "GBP"}, "bad_money"),
        ("money", {"currency": "GBP"}, "bad_money"),
        ("money", float("nan"), "bad_money"),
    ],
)
def test_a_declared_field_of_another_type_is_refused(kind: FieldType, said: object, code: str) -> None:
    told = refusal_of(values.declared, said, kind, "properties.field")
    assert told.code == code
    assert told.field == "properties.field"
    assert told.expected


def test_an_amount_takes_the_currency_that_stands_beside_it() -> None:
    assert values.money(29.9, "total", "usd") == {"amount": "29.90", "currency": "USD"}
    assert values.money("0.005", "total", "USD")["amount"] == "0.00"


@given(st.decimals(min_value=0, max_value=10**11, places=2, allow_nan=False, allow_infinity=False))
def test_an_amount_to_the_cent_is_kept_to_the_cent(amount: object) -> None:
    assert values.money(str(amount), "total", "GBP")["amount"] == str(amount)


@given(st.text(max_size=40))
def test_no_text_makes_a_value_fail_but_by_a_refusal(said: str) -> None:
    for kind in ("text", "number", "money", "date", "list", "yes or no"):
        with suppress(RefusedError):
            values.declared(said, kind, "field", "GBP")
    for read in (values.time_zone, values.language, values.country):
        with suppress(RefusedError):
            read(said, "field")
