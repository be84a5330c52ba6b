"""Soft bounces: how often a mailbox may be full before nobody writes to it any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tactful.timing import in_utc, shifted

MOST_SOFT_BOUNCES = 5
"""On so many days of the window a message may come back softly; then the address is undeliverable."""
COUNTED_FOR = timedelta(days=30)


def too_many_bounces(bounced_at: Iterable[datetime], now: datetime) -> bool:
    """Say whether an address has bounced softly too often to be written to.

    Days count, in UTC, and not messages: a server that is down for an hour bounces everything of that hour.

    Args:
        bounced_at: When messages to the address came back.
        now: Aware UTC instant; the window ends here.

    Source: docs/rules.md#suppression
    """
    since = shifted(now, -COUNTED_FOR)
    days = {in_utc(at).astimezone(UTC).date() for at in bounced_at if since < at <= now}
    return len(days) >= MOST_SOFT_BOUNCES
