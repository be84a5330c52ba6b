"""The period that costs are asked for: days or instants, the month so far where nothing is said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tactful.doors.refusals import Gathering, refusal
from tactful.strategy.spelling import quoted

LONGEST: Final = timedelta(days=366)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_period(since: str | None, until: str | None, *, now: datetime) -> tuple[datetime, datetime]:
    """Return a period from its first instant to the one after its last.

    Args:
        since: A day, from its beginning in UTC, or an instant; the beginning of the month where it is missing.
        until: A day, to its end in UTC, or an instant; now where it is missing.
        now: Aware UTC instant.

    Raises:
        RefusedError: With everything that is wrong.
    """
    gathering = Gathering()
    begins = gathering.take(_moment, since, "from", timedelta(0)) if since is not None else None
    ends = gathering.take(_moment, until, "to", timedelta(days=1)) if until is not None else None
    gathering.settle()
    ends = ends or now
    if begins is None:
        last = min(ends - timedelta(microseconds=1), now)
        begins = last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if begins >= ends:
        raise refusal("bad_value", "The period ends before it begins.", field="to", expected="a day not before from")
    if ends - begins > LONGEST:
        raise refusal("bad_value", "The period is longer than a year.", field="from", expected="at most 366 days")
    return begins, ends


def _moment(said: str, field: str, further: timedelta) -> datetime:
    """Return an instant as it is said, or the beginning of a day and what is `further` from there."""
    for read in (_day, _instant):
        try:
            at = read(said.strip(), further)
        except (ValueError, OverflowError):
            continue
        if at >= EARLIEST:
            return at
    expected = "a day such as 2026-03-01, or an instant with its offset such as 2026-03-01T09:30:00Z"
    raise refusal("bad_timestamp", f"{quoted(said)} is neither.", field=field, expected=expected)


def _day(said: str, further: timedelta) -> datetime:
    return datetime.combine(date.fromisoformat(said), time(), UTC) + further


def _instant(said: str, further: timedelta) -> datetime:
    del further
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        msg = "an instant without its offset"
        raise ValueError(msg)
    return at.astimezone(UTC)
