"""Clocks around the world, and the days on which they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.unit.given import DAY

LONDON = ZoneInfo("Europe/London")
ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "America/St_Johns",
    "UTC",
]
MINUTE = timedelta(minutes=1)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, zone: ZoneInfo = LONDON) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + number * MINUTE for number in range(count))


def days_of_change(zone: ZoneInfo, years: range) -> list[date]:
    """Return the local days on which a zone's clocks change."""
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + number * DAY for year in years for number in range(366)]
    changes = (later for one, later in pairwise(noons) if _offset(one, zone) != _offset(later, zone))
    return [instant.astimezone(zone).date() for instant in changes]


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()
