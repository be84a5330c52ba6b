"""Protection: whom marketing leaves alone for a while, because of where they are or what happened to them.

`undisturbed_by` keeps topics away from a customer who is in a step; `hold_while` keeps all marketing away while
something stands, such as a complaint. What is held moves to the end of the hold where that is known; else it is looked
at again, and woken when the hold ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tactful.facts import Customer, OpenStep
from tactful.strategy.model import Communication, Hold, Step, Topic
from tactful.timing import add_span, shifted
from tactful.verdict import Line
from tactful.words import Purpose, Reason

UNDISTURBED = "undisturbed"
HOLD = "hold"
LOOK_AFTER_HOLD = timedelta(days=1)
"""When a contact is looked at again whose hold has no known end; whatever ends the hold wakes it before."""
_NOT_DISTURBING, _NOT_HELD = Line(UNDISTURBED), Line(HOLD)


def undisturbed(
    communication: Communication,
    topic: Topic,
    steps: Mapping[str, Step],
    inside: Sequence[OpenStep],
    *,
    at: datetime,
) -> Line:
    """Say whether the contact interrupts no other step that its topic may not interrupt.

    A step protects a customer while a journey is in it: open or paused, its time not up. What the step itself says
    goes out, about whatever topic. Mandatory contacts pass.

    Args:
        communication: What is to be said, and in which step.
        topic: What about.
        steps: The published steps by name, with their `undisturbed_by`.
        inside: The steps of this strategy in which the customer is.
        at: The instant asked about.

    Returns:
        The line; `passes_at` is when the last of the steps is over by the clock, if all of them are.

    Source: docs/rules.md#undisturbed
    """
    if not inside or topic.purpose is Purpose.SERVICE:
        return _NOT_DISTURBING
    protecting = [
        one
        for one in inside
        if one.step != communication.step
        and (one.ends_at is None or at < one.ends_at)
        and one.step in steps
        and topic.name in steps[one.step].undisturbed_by
    ]
    if not protecting:
        return _NOT_DISTURBING
    said = {"step": protecting[0].step, "topic": topic.name}
    return _held(UNDISTURBED, Reason.UNDISTURBED, said, [one.ends_at for one in protecting], at)


def unheld(topic: Topic, customer: Customer, holds: Sequence[Hold], *, at: datetime, zone: ZoneInfo) -> Line:
    """Say whether no complaint, bereavement or the like holds marketing back. Mandatory contacts pass.

    A hold stands from its event until the event that ends it, or until its span has gone by on the customer's
    calendar, whichever comes first; its newest event counts.

    Args:
        topic: What about.
        customer: Whose events begin and end holds.
        holds: `hold_while` of the published strategy.
        at: The instant asked about.
        zone: The customer's zone, in which days and months are counted.

    Returns:
        The line; `passes_at` is when the last of the holds is over by the clock, if all of them are.

    Source: docs/rules.md#hold
    """
    if not holds or not customer.events or topic.purpose is Purpose.SERVICE:
        return _NOT_HELD
    standing = [(hold, begun) for hold in holds if (begun := _begun(hold, customer, at, zone)) is not None]
    if not standing:
        return _NOT_HELD
    ends = [add_span(begun, hold.lasts, zone) if hold.lasts is not None else None for hold, begun in standing]
    first, begun = standing[0]
    return _held(HOLD, Reason.ON_HOLD, {"hold": first.name, "since": begun.isoformat()}, ends, at)


def _begun(hold: Hold, customer: Customer, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return since when a hold stands, or None."""
    begun = max((one for one in customer.events.get(hold.event, ()) if one <= at), default=None)
    if begun is None or (hold.lasts is not None and add_span(begun, hold.lasts, zone) <= at):
        return None
    ended = hold.until is not None and any(begun <= one <= at for one in customer.events.get(hold.until, ()))
    return None if ended else begun


def _held(rule: str, reason: Reason, said: Mapping[str, str], ends: Sequence[datetime | None], at: datetime) -> Line:
    known = [end for end in ends if end is not None]
    if len(known) == len(ends):
        return Line(rule, reason, said, passes_at=max(known))
    return Line(rule, reason, said, ask_at=shifted(at, LOOK_AFTER_HOLD))
