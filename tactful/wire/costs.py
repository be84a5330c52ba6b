"""What messages cost, as the API answers it: a sum for each currency; what has no price is counted."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from tactful.wire.answers import Answer


class SumAnswer(Answer):
    """What messages of one currency cost together. Without a `currency`: messages whose price nobody knows."""

    currency: str | None = None
    messages: int
    """Messages that providers took, and did not cancel."""

    amount: str | None = None
    told: int = 0
    """Of how many of them the provider told the price; of the others it is as configured."""

    unsettled: int = 0
    """Messages besides of which nobody knows, or not yet, whether they went out."""

    unsettled_amount: str | None = None
    """What those would cost; in no sum."""


class CostLine(SumAnswer):
    """What one communication cost by one connector."""

    connector: str
    strategy: str
    step: str
    communication: str


class CostsAnswer(Answer):
    """What messages cost that were handed over in a period."""

    since: datetime
    until: datetime
    totals: list[SumAnswer]
    lines: list[CostLine]
    """The dearest first, within each currency."""

    left_out: int = Field(default=0)
    """How many lines more there are; the totals count them."""
