"""What a message costs: a price as somebody configures it, and as a provider tells it. Pure; a price is never a float.

Texts are paid for by the segment, everything else by the message.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator

from tactful.connector.message import Message
from tactful.connector.segments import segments
from tactful.strategy.model import Money
from tactful.strategy.spelling import did_you_mean
from tactful.strategy.standards import CURRENCIES
from tactful.words import Channel

AMOUNT_MAX: Final = Decimal(10_000)
EXAMPLE: Final = '"0.85 USD"'
_PRICE: Final = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,8})?)\s*([A-Za-z]{3})")
_TOLD: Final = re.compile(r"-?([0-9]{1,5}(?:\.[0-9]{1,12})?)")


def _currency(said: str) -> str:
    if said not in CURRENCIES:
        hint = did_you_mean(said.upper(), CURRENCIES)
        raise ValueError(f"there is no currency {said[:20]!r}; three letters of ISO 4217, such as GBP" + (hint or ""))
    return said


Currency = Annotated[str, AfterValidator(_currency)]
"""Three letters of ISO 4217: for a configuration that has to say in which currency a provider tells its prices."""


def price(said: object) -> Money:
    """Return a price as it is written in a configuration: `0.85 USD`.

    Raises:
        ValueError: It is none; says what would be right.
    """
    found = _PRICE.fullmatch(said.strip()) if isinstance(said, str) else None
    if found is None:
        raise ValueError(f"must be an amount and its currency, in quotes: {EXAMPLE}")
    amount, currency = Decimal(found[1]), found[2].upper()
    if amount > AMOUNT_MAX:
        raise ValueError(f"must be at most {AMOUNT_MAX:,} for one message: {EXAMPLE}")
    return Money(amount=amount, currency=_currency(currency))


def told_price(amount: str, currency: str | None) -> Money | None:
    """Return a price that a provider tells; None where it tells none, or none that can be read.

    What leaves an account is told as less than nothing by some: the sign says nothing here. A price that cannot be
    read changes nothing about the message, which was taken.
    """
    found = _TOLD.fullmatch(amount.strip())
    code = (currency or "").strip().upper()
    if found is None or code not in CURRENCIES:
        return None
    return Money(amount=Decimal(found[1]), currency=code)


def cost_of(message: Message, unit: Money) -> Money:
    """Return what a message costs at a price: of a text each segment, of everything else the whole."""
    count = segments(message.text or "").count if message.channel is Channel.SMS else 1
    return Money(amount=unit.amount * count, currency=unit.currency)
