"""Quiet hours: when the customer's evenings, Sundays and holidays are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tactful.facts import Customer
from tactful.openings import all_open
from tactful.strategy.model import QuietHours, Topic
from tactful.timing import local_clock
from tactful.verdict import Line
from tactful.words import Channel, Purpose, Reason

QUIET_HOURS = "quiet hours"


def quiet_hours(
    channels: Sequence[Channel],
    topic: Topic,
    quiet: Sequence[QuietHours],
    customer: Customer,
    *,
    at: datetime,
    zone: ZoneInfo,
) -> Line:
    """Say whether none of the channels is quiet at an instant in the customer's zone. Mandatory contacts pass.

    Channels used together must all be open: `passes_at` is the first instant at which they are.

    Source: docs/rules.md#quiet-hours
    """
    if topic.purpose is Purpose.SERVICE or not quiet:
        return Line(QUIET_HOURS)
    opens_at = all_open(at, quiet, channels, topic.name, zone, holidays=customer.holidays)
    said = {"zone": zone.key, "local": local_clock(at, zone).strftime("%H:%M")}
    if opens_at == at:
        return Line(QUIET_HOURS, numbers=said)
    return Line(QUIET_HOURS, Reason.QUIET_HOURS, said, passes_at=opens_at)
