"""Conditions as they are read: the phrase, then whether the property it compares can be compared so.

A text cannot be greater than another, a date is compared with a date. What a condition means for a customer is not
decided here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tactful.strategy.forms import CONDITION
from tactful.strategy.model import Condition, FieldType, Money
from tactful.strategy.phrases import Said
from tactful.strategy.reading.desk import Desk
from tactful.strategy.spelling import did_you_mean, nearest, quoted
from tactful.strategy.tree import Mark, Node, Scalar

_KNOWN = ("known", "unknown")
_EQUALITY = frozenset({"=", "is not"})
_EXAMPLES: dict[FieldType, str] = {
    "text": '`= roses`, or in quotes: `= "red roses"`',
    "number": "a number: `>= 100`",
    "money": "an amount with its currency: `>= 300 GBP`",
    "date": "a day: `>= 2027-03-07`",
    "list": "something in the list: `= roses`",
    "yes or no": "`is yes` or `is no`",
}


def read_conditions(desk: Desk, node: Node | None) -> tuple[Condition, ...]:
    """Return the conditions of a list, or the single one."""
    return tuple(read_condition(desk, item) for item in desk.each(node, "a condition"))


def read_condition(desk: Desk, node: Node | None) -> Condition:
    """Return one condition, its value in the type of the property it compares."""
    said = desk.said(CONDITION, node)
    declared = desk.names.properties.get(said.value.name or "")
    if said.value.fact != "property" or declared is None or not isinstance(node, Scalar):
        return said.value
    return _fitted(desk, node, said, declared.type)


def _fitted(desk: Desk, node: Scalar, said: Said[Condition], declared: FieldType) -> Condition:
    condition = said.value
    mark, raw = _value_place(node, said)
    if declared == "text" and nearest(raw, _KNOWN) and node.text.rstrip().endswith(raw):
        right = f"`{condition.name} is known`, or the word in quotes if it is a text"
        desk.note(mark, quoted(raw), right, did_you_mean(raw, _KNOWN))
    if condition.operator not in _EQUALITY and declared in {"text", "list", "yes or no"}:
        found = f'"{condition.operator}" with "{condition.name}", which is {declared}'
        desk.note(node.mark, found, f"{_EXAMPLES[declared]}, or `is not`, or `is known`")
        return condition
    if declared in {"text", "list"}:
        return condition.model_copy(update={"value": raw})
    if not _fits(condition.value, declared):
        found = f'{raw!r} compared with "{condition.name}", which is {declared}'.replace("'", '"')
        desk.note(mark, found, _EXAMPLES[declared])
    return condition


def _value_place(node: Scalar, said: Said[Condition]) -> tuple[Mark, str]:
    """Return where the value stands and how it was written, without its quotes."""
    mention = next((mention for mention in said.mentions if mention.kind == "value"), None)
    if mention is None:  # an amount of money, which is two words
        value = said.value.value
        return node.mark, f"{value.amount} {value.currency}" if isinstance(value, Money) else str(value)
    raw = mention.text
    return node.at(mention.offset), raw[1:-1] if raw[:1] in {'"', "'"} else raw


def _fits(value: object, declared: FieldType) -> bool:
    if declared == "number":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if declared == "money":
        return isinstance(value, Money)
    if declared == "date":
        return isinstance(value, date)
    return isinstance(value, bool)
