"""Prices as they are configured and told, and what a message costs by them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.sms.vonage import VonageConfig
from tactful.connector import Message, Money
from tactful.connector.prices import cost_of, price, told_price
from tests.connectors.letters import letter
from tests.connectors.mobile import text_message


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("said", ["0.85 USD", " 0.85USD ", "0.85 usd"])
def test_a_price_is_an_amount_and_its_currency(said: str) -> None:
    assert price(said) == Money(amount=Decimal("0.85"), currency="USD")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (0.85, "in quotes"),
        ("0.85", "its currency"),
        ("USD 0.85", "an amount and its currency"),
        ("-1 EUR", "an amount"),
        ("1,50 EUR", "an amount"),
        ("0.000000001 EUR", "an amount"),
        ("20000 EUR", "at most 10,000"),
        ("1 EUX", "no currency 'EUX'.*Did you mean"),
    ],
)
def test_what_is_no_price_says_what_would_be_right(said: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        price(said)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.03330000", "EUR", "0.0333"),
        ("-0.0333", "eur", "0.0333"),
        ("", "EUR", None),
        ("0.03", None, None),
        ("0.03", "EUX", None),
        ("1e3", "EUR", None),
        ("NaN", "EUR", None),
        ("123456", "EUR", None),
    ],
)
def test_a_price_that_is_told_is_taken_where_it_can_be_read(
    amount: str, currency: str | None, expected: str | None
) -> None:
    assert told_price(amount, currency) == (euros(expected) if expected else None)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (text_message(text="a" * 160), "0.1"),
        (text_message(text="a" * 161), "0.2"),
        (text_message(text="ж" * 71), "0.2"),
        (letter(html="<p>" + "a" * 5000 + "</p>"), "0.1"),
    ],
    ids=["one segment", "two", "two in another alphabet", "a letter"],
)
def test_texts_cost_by_the_segment_and_all_else_by_the_message(message: Message, expected: str) -> None:
    assert cost_of(message, euros("0.1")) == euros(expected)


def test_a_currency_that_there_is_not_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="no currency 'EURO'"):
        VonageConfig.model_validate({"api_key": "abcd1234", "api_secret": "abcdef0123456789", "currency": "EURO"})
