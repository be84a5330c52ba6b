"""Quiet hours: when the customer's evenings, Sundays and holidays are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tactful.calendars import PublicHolidays
from tactful.openings import all_open, concerns
from tactful.places import Place
from tactful.strategy.model import QuietHours, Topic
from tactful.timing import local_clock
from tactful.verdict import Line, Number
from tactful.words import Channel, Purpose, Reason

QUIET_HOURS = "quiet hours"


def quiet_hours(
    channels: Sequence[Channel],
    topic: Topic,
    quiet: Sequence[QuietHours],
    *,
    at: datetime,
    place: Place,
    holidays: PublicHolidays,
) -> Line:
    """Say whether none of the channels is quiet at an instant where the customer lives. Mandatory contacts pass.

    Channels used together must all be open: `passes_at` is the first instant at which they are.

    Args:
        channels: The channels that would carry the contact.
        topic: What about.
        quiet: The strategy's quiet hours.
        at: The instant asked about.
        place: The customer's zone, and what it is known from.
        holidays: The public holidays there.

    Returns:
        The line. Its numbers are the zone, what it is known from, and the local hour; where holidays are quiet, also
        whose holidays those are.

    Source: docs/rules.md#quiet-hours
    """
    if topic.purpose is Purpose.SERVICE:
        return Line(QUIET_HOURS)
    zone = place.zone
    said: dict[str, Number] = {"zone": zone.key, "zone_from": place.zone_from}
    if not quiet:
        return Line(QUIET_HOURS, numbers=said)
    said["local"] = f"{local_clock(at, zone):%H:%M}"
    if any(one.holidays and concerns(one, channel, topic.name) for one in quiet for channel in channels):
        said["holidays"] = holidays.said
    opens_at = all_open(at, quiet, channels, topic.name, zone, holidays=holidays)
    if opens_at == at:
        return Line(QUIET_HOURS, numbers=said)
    return Line(QUIET_HOURS, Reason.QUIET_HOURS, said, passes_at=opens_at)
