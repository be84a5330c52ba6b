"""The contact rules: caps, gap, quiet hours, holds, look-ahead, holdout.

Read only; what they do to a contact is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tactful.strategy.forms import CAP, HOLD, PERCENT, QUIET, QUIET_FOR, SPAN
from tactful.strategy.model import Cap, Hold, QuietHours, Rules, Span
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.tree import Node
from tactful.words import Channel

LARGEST_HOLDOUT = 50


def read_rules(desk: Desk, root: Fields) -> Rules:
    """Return the contact rules; none where nothing is said."""
    fields = desk.fields(root.node("rules"), root.mark("rules"), "rules")
    return Rules(
        at_most=read_caps(desk, fields.node("at_most")),
        apart=_span(desk, fields.node("apart")),
        quiet=tuple(_quiet(desk, fields)),
        hold_while=tuple(_holds(desk, fields)),
        look_ahead=_span(desk, fields.node("look_ahead")),
        holdout=_holdout(desk, fields.node("holdout")),
    )


def read_caps(desk: Desk, node: Node | None) -> tuple[Cap, ...]:
    """Return the caps of a list, or the single one."""
    return tuple(desk.phrase(CAP, item) for item in desk.each(node, "a cap, such as `2 in 7 days`"))


def _span(desk: Desk, node: Node | None) -> Span | None:
    return None if node is None else desk.phrase(SPAN, node)


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
