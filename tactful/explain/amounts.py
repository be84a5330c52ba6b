"""Amounts of money as they are shown: to the cent, and further only where there is more: `12.30`, `0.0158`."""

from __future__ import annotations

from decimal import Decimal

_CENT = Decimal("0.01")


def amount_text(amount: Decimal) -> str:
    """Return an amount in digits, without zeros behind that say nothing."""
    cents = amount.quantize(_CENT)
    return f"{cents if cents == amount else amount.normalize():f}"
