# ruff: noqa: ANN401 - bodies hold anything
"""What the tests of the doors are given: a vocabulary, an instant, and how to look at refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tactful.doors import RefusedError, Vocabulary
from tactful.strategy.model import FieldType, Property, Topic
from tactful.wire.answers import Refusal
from tactful.words import Purpose

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
EVENTS: dict[str, dict[str, FieldType]] = {
    "customer.registered": {},
    "order.placed": {"order_id": "text", "total": "money", "currency": "text", "occasion": "text"},
    "basket.updated": {"items": "list", "total": "money"},
    "invoice.issued": {"number": "text", "due_on": "date", "paid": "yes or no", "pages": "number"},
}
WORDS = Vocabulary(
    events=EVENTS,
    properties={
        "birthday": Property(name="birthday", type="date"),
        "favourite": Property(name="favourite", type="text"),
        "loyalty_points": Property(name="loyalty_points", type="number"),
    },
    topics={
        "orders": Topic(name="orders", says="Orders", purpose=Purpose.SERVICE, double_opt_in=False, rank=0),
        "news": Topic(name="news", says="News", purpose=Purpose.MARKETING, double_opt_in=False, rank=1),
        "ideas": Topic(name="ideas", says="Ideas", purpose=Purpose.MARKETING, double_opt_in=True, rank=2),
    },
)


def made_up() -> str:
    return "made-up"


def refusals_of(read: Callable[..., Any], *args: Any, **more: Any) -> tuple[Refusal, ...]:
    """Return why `read` refuses; it must."""
    with pytest.raises(RefusedError) as refused:
        read(*args, **more)
    return refused.value.refusals


def refusal_of(read: Callable[..., Any], *args: Any, **more: Any) -> Refusal:
    """Return the one reason why `read` refuses."""
    refusals = refusals_of(read, *args, **more)
    assert len(refusals) == 1, refusals
    return refusals[0]
