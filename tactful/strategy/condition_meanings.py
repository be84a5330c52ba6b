"""What the lines of conditions stand for, and the names that phrases mention on the way.

A property is told from an event by the dot in the event's name. Whether it can be compared so is for the reader, which
knows its type.
"""

# ruff: noqa: D102  methods are called by the rules of the grammar whose names they have

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from lark import Token, Transformer

from tactful.strategy.amounts import MeaningFault, calendar_day, decimal, whole
from tactful.strategy.model import Condition, Money, Span
from tactful.strategy.spelling import did_you_mean

MentionKind = Literal["event", "fact", "anchor", "topic", "scope", "value"]
Operator = Literal[">=", "<=", ">", "<", "=", "is not"]
Value = int | Decimal | Money | date | bool | str
_COUNTED = ("orders", "spent")


@dataclass(frozen=True)
class Mention:
    """A name or value said in a phrase, `offset` characters from its beginning."""

    kind: MentionKind
    text: str
    offset: int


class ConditionMeanings(Transformer[Token, object]):
    """Turns the parse of a condition into its value; `mentions` fills up on the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.mentions: list[Mention] = []

    def mention(self, kind: MentionKind, token: Token) -> str:
        self.mentions.append(Mention(kind, str(token), token.start_pos or 0))
        return str(token)

    def window(self, parts: list[Span]) -> Span:
        return parts[0]

    def orders(self, parts: list[object]) -> Condition:
        window, operator, count = cast("tuple[Span | None, Operator, Token]", tuple(parts))
        return Condition(text=self.text, fact="orders", window=window, operator=_plain(operator), value=whole(count))

    def spent(self, parts: list[object]) -> Condition:
        window, operator, amount = cast("tuple[Span | None, Operator, Money]", tuple(parts))
        return Condition(text=self.text, fact="spent", window=window, operator=_plain(operator), value=amount)

    def since_registered(self, parts: list[object]) -> Condition:
        operator, span = cast("tuple[Operator, Span]", tuple(parts))
        return Condition(text=self.text, fact="since_registered", operator=_plain(operator), value=span)

    def since_last_order(self, parts: list[object]) -> Condition:
        operator, span = cast("tuple[Operator, Span]", tuple(parts))
        return Condition(text=self.text, fact="since_last_order", operator=_plain(operator), value=span)

    def compared(self, parts: list[object]) -> Condition:
        fact, window, operator, value = cast("tuple[Token, Span | None, Operator | None, Value | None]", tuple(parts))
        name = self.mention("fact", fact)
        if "." in name:
            return self.happened(fact, window, operator, value)
        if window is not None or operator is None or value is None:
            expected = f"`{name} is known`, or `{name}`, a comparison and a value, without a window"
            raise MeaningFault(fact, expected, did_you_mean(name, _COUNTED))
        return Condition(text=self.text, fact="property", name=name, operator=_plain(operator), value=value)

    def happened(self, fact: Token, window: Span | None, operator: Operator | None, value: Value | None) -> Condition:
        if value is None:
            return Condition(text=self.text, fact="event", name=str(fact), window=window)
        if isinstance(value, bool) or not isinstance(value, int):
            raise MeaningFault(fact, f"how often it happened: `{fact} >= 2`")
        operator = _plain(operator or ">=")
        return Condition(text=self.text, fact="event", name=str(fact), window=window, operator=operator, value=value)

    def known(self, parts: list[Token]) -> Condition:
        return self.property_is(parts[0], "known", "=", value=True)

    def not_known(self, parts: list[Token]) -> Condition:
        return self.property_is(parts[0], "known", "=", value=False)

    def equals(self, parts: list[object]) -> Condition:
        return self.property_is(cast("Token", parts[0]), "property", "=", value=cast("Value", parts[1]))

    def differs(self, parts: list[object]) -> Condition:
        return self.property_is(cast("Token", parts[0]), "property", "is not", value=cast("Value", parts[1]))

    def property_is(
        self, fact: Token, kind: Literal["known", "property"], operator: Operator, *, value: Value
    ) -> Condition:
        name = self.mention("fact", fact)
        if "." in name:
            raise MeaningFault(fact, f"the name of a property before `is`; an event is counted: `{name} >= 1`")
        return Condition(text=self.text, fact=kind, name=name, operator=operator, value=value)

    def literal(self, parts: list[Token | Money]) -> Value:
        (token,) = parts
        if isinstance(token, Money):
            return token
        self.mention("value", token)
        if token.type == "NUMBER":
            return whole(token)
        if token.type == "DECIMAL":
            return decimal(token)
        if token.type == "DATE":
            return calendar_day(token)
        if token.type == "YES_NO":
            return str(token) == "yes"
        return str(token)[1:-1] if token.type == "QUOTED" else str(token)


def _plain(operator: Operator) -> Operator:
    """Return the operator as a plain text: the parser's token would be kept by the value otherwise."""
    return cast("Operator", str(operator))
