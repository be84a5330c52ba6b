"""Whether a plain line of the strategy holds for a customer: `orders in 12 months >= 6`, `birthday is known`.

Rolling windows reach back from `now` over the customer's own calendar and contain both ends. What is not known makes
a line fail, also one with `is not`; `is not known` alone asks for just that. This module decides nothing: rules do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from zoneinfo import ZoneInfo

from tactful.facts import Customer
from tactful.places import zone_named
from tactful.strategy.model import Condition, Money, Segment, Span
from tactful.timing import EARLIEST, add_span, local_clock, span_text
from tactful.verdict import Number

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "is not": operator.ne,
}
# `since X >= SPAN` holds when X lies at or before the instant SPAN ago: for instants the comparison is the other way.
_SINCE = {">=": "<=", "<=": ">=", ">": "<", "<": ">", "=": "=", "is not": "is not"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a condition holds, what was found, and what it needs: 4 and `>= 6`."""

    holds: bool
    found: Number
    needs: str


def holds(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    """Say whether a condition holds for a customer at `now`, with the numbers that say so.

    Args:
        condition: One line of the strategy.
        customer: The customer as known.
        now: Aware UTC instant; later orders and events are passed over.
        zone: The customer's zone: days and months of windows are its own.

    Returns:
        The answer. `found` is a count, an amount, days gone by, or for a property `known` or `not known`: never the
        property itself, which belongs to the customer and not into a trace.

    Source: docs/rules.md#conditions
    """
    return _FACTS[condition.fact](condition, customer, now, zone)


def all_hold(conditions: Iterable[Condition], customer: Customer, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether every line holds; none at all holds too."""
    return all(holds(condition, customer, now, zone).holds for condition in conditions)


def segment_of(
    customer: Customer, segments: Sequence[Segment], now: datetime, zone: ZoneInfo | None = None
) -> str | None:
    """Return the name of the first segment that fits the customer, or None.

    Without `zone`, it is the customer's own, else UTC.

    Source: docs/rules.md#segments
    """
    where = zone or zone_named(customer.time_zone) or ZoneInfo("UTC")
    return next((one.name for one in segments if all_hold(one.conditions, customer, now, where)), None)


def is_known(customer: Customer, name: str) -> bool:
    """Say whether the customer's property has a value; empty texts and lists are none."""
    value = customer.properties.get(name)
    return value is not None and value not in ("", [], (), {})


def as_date(value: object) -> date | None:
    """Return the day a kept property stands for: a date, an instant's own day, or a text `2027-03-07…`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return None


def _count(instants: Iterable[datetime], window: Span | None, now: datetime, zone: ZoneInfo) -> int:
    since = EARLIEST if window is None else add_span(now, window, zone, back=True)
    return sum(1 for instant in instants if since <= instant <= now)


def _orders(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    return _compared(condition, _count((order.placed_at for order in customer.orders), condition.window, now, zone))


def _event(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    happened = customer.events.get(condition.name or "", ())
    return _compared(condition, _count(happened, condition.window, now, zone))


def _compared(condition: Condition, found: int) -> Answer:
    asked = _number(condition.value)
    return Answer(asked is not None and _COMPARE[condition.operator](found, asked), found, _needs(condition))


def _spent(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    """Compare what was spent. Orders without a currency are in the one asked for; other currencies do not count."""
    since = EARLIEST if condition.window is None else add_span(now, condition.window, zone, back=True)
    value = condition.value
    currency = value.currency if isinstance(value, Money) else None
    total = sum(
        (
            order.total
            for order in customer.orders
            if order.total is not None
            and order.total.is_finite()
            and since <= order.placed_at <= now
            and (currency is None or order.currency in {None, currency})
        ),
        Decimal(0),
    )
    asked = _number(value.amount if isinstance(value, Money) else value)
    fits = asked is not None and _COMPARE[condition.operator](total, asked)
    return Answer(fits, f"{total} {currency}" if currency else str(total), _needs(condition))


def _since_registered(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    return _since(condition, customer.registered_at, now, zone)


def _since_last_order(condition: Condition, customer: Customer, now: datetime, zone: ZoneInfo) -> Answer:
    last = max((order.placed_at for order in customer.orders if order.placed_at <= now), default=None)
    return _since(condition, last, now, zone)


def _since(condition: Condition, happened_at: datetime | None, now: datetime, zone: ZoneInfo) -> Answer:
    if happened_at is None or not isinstance(condition.value, Span):
        return Answer(holds=False, found=None, needs=_needs(condition))
    then = add_span(now, condition.value, zone, back=True)
    day = local_clock(happened_at, zone).date()
    days = (local_clock(now, zone).date() - day).days
    if condition.operator in {"=", "is not"}:
        same = day == local_clock(then, zone).date()
        return Answer(same is (condition.operator == "="), days, _needs(condition))
    return Answer(_COMPARE[_SINCE[condition.operator]](happened_at, then), days, _needs(condition))


def _known(condition: Condition, customer: Customer, _now: datetime, _zone: ZoneInfo) -> Answer:
    known = is_known(customer, condition.name or "")
    wanted = (condition.value is not False) is (condition.operator != "is not")
    return Answer(known is wanted, "known" if known else "not known", "known" if wanted else "not known")


def _property(condition: Condition, customer: Customer, _now: datetime, _zone: ZoneInfo) -> Answer:
    name = condition.name or ""
    if not is_known(customer, name):
        return Answer(holds=False, found="not known", needs=_needs(condition))
    kept, asked = _comparable(customer.properties.get(name), condition.value)
    if isinstance(kept, list | tuple):
        inside = asked is not None and asked in cast("Sequence[object]", kept)
        fits = inside if condition.operator == "=" else not inside if condition.operator == "is not" else False
    elif kept is None or asked is None or (isinstance(asked, str | bool) and condition.operator not in {"=", "is not"}):
        fits = False
    else:
        fits = _COMPARE[condition.operator](kept, asked)
    return Answer(fits, "known", _needs(condition))


def _comparable(kept: object, asked: object) -> tuple[object, object]:
    """Return the kept property in the kind of value it is compared with, None if it cannot be; and that value."""
    if isinstance(kept, list | tuple):
        others = [one for one in cast("Sequence[object]", kept) if not isinstance(one, Decimal) or one.is_finite()]
        return others, _number(asked) if isinstance(asked, Decimal) else asked
    if isinstance(asked, Money):
        return _amount(kept, asked.currency), _number(asked.amount)
    if isinstance(asked, bool):
        return (kept if isinstance(kept, bool) else None), asked
    if isinstance(asked, int | Decimal):
        return _number(kept), _number(asked)
    if isinstance(asked, date):
        return as_date(kept), as_date(asked)
    as_text = isinstance(asked, str) and isinstance(kept, str | int | Decimal) and not isinstance(kept, bool)
    return (str(kept) if as_text else None), asked


def _amount(kept: object, currency: str) -> Decimal | None:
    """Return an amount of money kept as `{amount, currency}` or `12.50 GBP`, if it is in this currency."""
    if isinstance(kept, Money):
        return kept.amount if kept.currency == currency else None
    if isinstance(kept, Mapping):
        fields = cast("Mapping[str, object]", kept)
        return _number(fields.get("amount")) if fields.get("currency") == currency else None
    if isinstance(kept, str) and kept.endswith(currency):
        return _number(kept.removesuffix(currency).strip())
    return None


def _number(kept: object) -> Decimal | None:
    if isinstance(kept, bool) or not isinstance(kept, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(kept))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _needs(condition: Condition) -> str:
    value = condition.value
    if isinstance(value, Span):
        said = span_text(value)
    elif isinstance(value, Money):
        said = f"{value.amount} {value.currency}"
    elif isinstance(value, bool):
        said = "yes" if value else "no"
    else:
        said = str(value)
    return f"{condition.operator} {said}"


_FACTS: Mapping[str, Callable[[Condition, Customer, datetime, ZoneInfo], Answer]] = {
    "orders": _orders,
    "spent": _spent,
    "since_registered": _since_registered,
    "since_last_order": _since_last_order,
    "event": _event,
    "known": _known,
    "property": _property,
}
