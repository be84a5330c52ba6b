"""The contact rules: caps, gap, quiet hours, holds, look-ahead, holdout.

Read only; what they do to a contact is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from tactful.strategy.forms import CAP, HOLD, PERCENT, QUIET, QUIET_FOR, SPAN
from tactful.strategy.limits import LARGEST_CAP, LONGEST_CAP_DAYS, LONGEST_LOOK_AHEAD_DAYS
from tactful.strategy.model import Cap, Hold, QuietHours, Rules, Span
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.tree import Node
from tactful.strategy.wording import say_span
from tactful.words import Channel

LARGEST_HOLDOUT = 50


def read_rules(desk: Desk, root: Fields) -> Rules:
    """Return the contact rules; none where nothing is said."""
    fields = desk.fields(root.node("rules"), root.mark("rules"), "rules")
    return Rules(
        at_most=read_caps(desk, fields.node("at_most")),
        apart=_span(desk, fields.node("apart"), LONGEST_CAP_DAYS, "a gap of"),
        quiet=tuple(_quiet(desk, fields)),
        hold_while=tuple(_holds(desk, fields)),
        look_ahead=_span(desk, fields.node("look_ahead"), LONGEST_LOOK_AHEAD_DAYS, "a look ahead of"),
        holdout=_holdout(desk, fields.node("holdout")),
    )


def read_caps(desk: Desk, node: Node | None) -> tuple[Cap, ...]:
    """Return the caps of a list, or the single one."""
    return tuple(_cap(desk, item) for item in desk.each(node, "a cap, such as `2 in 7 days`"))


def _cap(desk: Desk, item: Node) -> Cap:
    cap = desk.phrase(CAP, item)
    _check_length(desk, item, cap.window, LONGEST_CAP_DAYS, "a cap over")
    if cap.count > LARGEST_CAP:
        desk.note(item.mark, f"a cap of {cap.count:,}", f"at most {LARGEST_CAP:,}: more is no limit")
    if cap.topic is None or cap.topic in desk.names.of("topic"):
        return cap
    return cap.model_copy(update={"topic": None, "stage": cap.topic})


def _span(desk: Desk, node: Node | None, most_days: int, what: str) -> Span | None:
    if node is None:
        return None
    span = desk.phrase(SPAN, node)
    _check_length(desk, node, span, most_days, what)
    return span


def _check_length(desk: Desk, node: Node, span: Span, most_days: int, what: str) -> None:
    """Note a span that no decision can see all of."""
    days = span.months // 12 * 366 + span.months % 12 * 31 + span.days
    if timedelta(days=days, seconds=span.seconds) > timedelta(days=most_days):
        desk.note(node.mark, f"{what} {say_span(span)}", f"at most {most_days} days")


def _quiet(desk: Desk, fields: Fields) -> Iterator[QuietHours]:
    for entry in desk.keys(fields.node("quiet"), "channels, a colon and when they keep quiet"):
        whom = desk.phrase(QUIET_FOR, entry.key)
        hours = desk.phrase(QUIET, entry.value)
        channels = tuple(Channel) if whom.topic else whom.channels
        yield hours.model_copy(update={"channels": channels, "topic": whom.topic})


def _holds(desk: Desk, fields: Fields) -> Iterator[Hold]:
    for entry in desk.named(fields.node("hold_while"), "hold"):
        yield desk.phrase(HOLD, entry.value).model_copy(update={"name": entry.key.text})


def _holdout(desk: Desk, node: Node | None) -> Decimal:
    share = desk.phrase(PERCENT, node)
    if node is not None and share > LARGEST_HOLDOUT:
        desk.note(node.mark, f"a holdout of {share}%", f"at most {LARGEST_HOLDOUT}%")
    return share
