"""Values of a strategy as the phrases that say them: what is read back gives the same value.

The opposite of `phrases`, for expanded files, summaries and documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal

from tactful.strategy.amounts import WEEKDAYS
from tactful.strategy.model import (
    Again,
    Brake,
    Cap,
    Due,
    Expiry,
    Hold,
    Lasts,
    Money,
    Property,
    QuietHours,
    Route,
    Span,
    Trigger,
    When,
)

_HOUR = 3600
_MINUTE = 60


def say_span(span: Span) -> str:
    """Return `4 hours`, `3 days`, `12 months`."""
    if span.months:
        return _counted(span.months, "month")
    if span.days:
        return _counted(span.days, "day")
    whole_hours = span.seconds % _HOUR == 0
    return _counted(span.seconds // _HOUR, "hour") if whole_hours else _counted(span.seconds // _MINUTE, "minute")


def say_time(at: time) -> str:
    """Return `10:00`."""
    return at.strftime("%H:%M")


def say_moment(at: datetime) -> str:
    """Return `2027-02-26 at 10:00`."""
    return f"{at.date().isoformat()} at {say_time(at.time())}"


def say_percent(share: Decimal) -> str:
    """Return `2%`."""
    return f"{share}%"


def say_money(money: Money) -> str:
    """Return `10 GBP`."""
    return f"{money.amount} {money.currency}"


def say_property(declared: Property) -> str:
    """Return `text from Acme Data`."""
    return f"{declared.type} from {declared.source}" if declared.source else declared.type


def say_when(when: When) -> str:
    """Return `at once`, `14 days before due`, `on birthday`."""
    if when.at_once:
        return "at once"
    if when.offset == Span():
        return f"on {when.anchor}"
    return f"{say_span(when.offset)} {'before' if when.before else 'after'} {when.anchor}"


def say_by(routes: Iterable[Route]) -> str:
    """Return `push or sms after 4 hours`."""
    return " or ".join(_route(route) for route in routes)


def say_expiry(expires: Expiry) -> str:
    """Return `3 days` or `2027-03-04 at 18:00`."""
    return say_moment(expires.at) if expires.at else say_span(expires.after or Span())


def say_cap(cap: Cap) -> str:
    """Return `1 sms in 7 days`."""
    scope = cap.channel or cap.topic or cap.stage
    return f"{cap.count} {scope} in {say_span(cap.window)}" if scope else f"{cap.count} in {say_span(cap.window)}"


def say_quiet(quiet: QuietHours) -> str:
    """Return `20:00 to 09:00, sunday, holidays`."""
    daily: list[str] = []
    if quiet.start is not None and quiet.end is not None:
        daily = [f"{say_time(quiet.start)} to {say_time(quiet.end)}"]
    days = [WEEKDAYS[day] for day in quiet.weekdays]
    return ", ".join([*daily, *days, *(["holidays"] if quiet.holidays else [])])


def say_hold(hold: Hold) -> str:
    """Return `complaint.opened until complaint.closed`."""
    return f"{hold.event} until {hold.until}" if hold.until else f"{hold.event} for {say_span(hold.lasts or Span())}"


def say_trigger(trigger: Trigger) -> str:
    """Return `basket.updated, then no order.placed for 4 hours`."""
    if trigger.silent_event is None or trigger.silent_for is None:
        return trigger.event
    return f"{trigger.event}, then no {trigger.silent_event} for {say_span(trigger.silent_for)}"


def say_lasts(lasts: Lasts) -> str:
    """Return `21 days after start`."""
    return f"{say_span(lasts.span)} after {lasts.anchor}"


def say_again(again: Again) -> str:
    """Return `never`, `always`, `after 14 days`."""
    return f"after {say_span(again.after)}" if again.after else again.kind


def say_due(due: Due) -> str:
    """Return `usual interval, else 12 months`."""
    return f"usual interval, else {say_span(due.otherwise)}" if due.usual_interval else say_span(due.otherwise)


def say_brake(brake: Brake) -> str:
    """Return `40000 people or 0.2% complaints`."""
    people = [f"{brake.people} people"] if brake.people is not None else []
    complaints = [f"{say_percent(brake.complaints)} complaints"] if brake.complaints is not None else []
    return " or ".join([*people, *complaints])


def _route(route: Route) -> str:
    together = " and ".join(route.channels)
    return f"{together} after {say_span(route.after)}" if route.after else together


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
