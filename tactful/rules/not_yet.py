"""What the language can say and this version does not yet do: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tactful.facts import Customer
from tactful.strategy.model import Communication, Hold, Topic
from tactful.timing import add_span
from tactful.verdict import Line
from tactful.words import Purpose, Reason

NOT_YET = "not yet"
_PASSED = Line(NOT_YET)
HOLD = "hold"


def carried_out(communication: Communication) -> Line:
    """Say whether this version can do all that the communication asks for; tests with arms it cannot.

    Source: docs/rules.md#not-yet
    """
    if communication.test is None:
        return _PASSED
    return Line(NOT_YET, Reason.NOT_YET, {"asks_for": "test"})


def unheld(topic: Topic, customer: Customer, holds: Sequence[Hold], now: datetime, zone: ZoneInfo) -> Line:
    """Say whether no complaint, bereavement or the like holds marketing back.

    This version cannot move what is held to a better day. It refuses to make it: silence is the safe mistake.

    Args:
        topic: What about; mandatory contacts pass.
        customer: Whose events begin and end holds.
        holds: `hold_while` of the published strategy.
        now: Aware UTC instant.
        zone: The customer's zone, in which days and months are counted.

    Source: docs/rules.md#hold
    """
    if topic.purpose is Purpose.SERVICE:
        return Line(HOLD)
    standing = next((hold.name for hold in holds if _stands(hold, customer, now, zone)), None)
    if standing is None:
        return Line(HOLD)
    return Line(HOLD, Reason.NOT_YET, {"asks_for": f"to be moved past hold_while {standing}"})


def _stands(hold: Hold, customer: Customer, now: datetime, zone: ZoneInfo) -> bool:
    begun = max((at for at in customer.events.get(hold.event, ()) if at <= now), default=None)
    if begun is None or (hold.lasts is not None and add_span(begun, hold.lasts, zone) <= now):
        return False
    return hold.until is None or not any(begun <= at <= now for at in customer.events.get(hold.until, ()))
