"""Instants in words, as the customer's clock and calendar show them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from tactful.timing import in_utc

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def time_text(instant: datetime, zone: tzinfo) -> str:
    """Return an instant as the customer's clock and calendar show it: `Tuesday 24 March 2026, 09:00`."""
    local = in_utc(instant).astimezone(zone)
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
