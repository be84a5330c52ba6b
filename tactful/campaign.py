"""A campaign's moment: when it begins for each customer, and when its audience is written down.

A moment without a zone is what the clocks on customers' walls show, so that it goes round the world with the morning;
one with a zone is the same instant for all. Pure: nothing here asks a clock or knows of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from tactful.keys import NAMESPACE
from tactful.strategy.model import CampaignEntry, Strategy
from tactful.timing import add_span, in_utc, local_instant, shifted

FIRST_ZONE: Final = timezone(timedelta(hours=14))
"""Where every day begins first."""
HORIZON: Final = timedelta(days=1)
"""How long before its moment an audience is written down where the strategy names no `look_ahead`."""
_UNIVERSAL: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class CampaignRequest:
    """A campaign that somebody wants sent.

    Attributes:
        strategy: Which strategy.
        step: Its campaign step.
        occasion: The moment that the strategy names. A customer is in a campaign once for each.
        moment: When it begins: naive for every customer's own clock, aware for one instant.
        request_key: The caller's own key. The same again is the same lot; another one is a lot for who is not in yet.
        asked_by: Who wants it.
        rate: Most contacts a second; None for as fast as it goes.
    """

    strategy: str
    step: str
    occasion: datetime
    moment: datetime
    request_key: str
    asked_by: str
    rate: int | None = None


def lot_key(request: CampaignRequest) -> UUID:
    """Return the key of a campaign's lot: a double click is the same lot."""
    parts = ("campaign", request.strategy, request.step, request.occasion.isoformat(), request.request_key)
    return uuid5(NAMESPACE, "\x1f".join(parts))


def campaign_journey_key(strategy: str, step: str, occasion: str, customer_key: UUID) -> UUID:
    """Return the key of a customer's journey through a campaign: one for each occasion, whichever lot they are in."""
    return uuid5(NAMESPACE, "\x1f".join(("campaign journey", strategy, step, occasion, str(customer_key))))


def read_moment(said: str) -> datetime:
    """Return a moment as people write it: `2027-02-26 10:00`, `2027-02-26 at 10:00`, or ISO 8601 with an offset.

    Raises:
        ValueError: It is none.
    """
    return datetime.fromisoformat(said.strip().replace(" at ", "T"))


def starts_at(moment: datetime, zone: ZoneInfo, not_before: datetime) -> datetime:
    """Return when a campaign begins for a customer who lives in a zone.

    Where their moment has gone by before the campaign was sent, it begins when it is sent: what it says is due later
    hangs on the real beginning.

    Source: docs/rules.md#campaigns
    """
    instant = local_instant(moment.date(), moment.time(), zone) if moment.tzinfo is None else in_utc(moment)
    return max(instant, in_utc(not_before))


def writes_at(moment: datetime, strategy: Strategy) -> datetime:
    """Return from when on the audience may be written down: one horizon before anybody's moment.

    Written earlier, segments would be out of date; later, what matters less would have taken its places.
    """
    first = moment.replace(tzinfo=FIRST_ZONE) if moment.tzinfo is None else moment
    if strategy.rules.look_ahead is None:
        return shifted(first, -HORIZON)
    return add_span(in_utc(first), strategy.rules.look_ahead, _UNIVERSAL, back=True)


def over_at(strategy: Strategy, step: str) -> datetime | None:
    """Return from when on nobody anywhere is to hear any of a campaign any more; None where that hangs on its start."""
    ends = [said.expires.at for said in strategy.steps[step].communications]
    if any(end is None for end in ends):
        return None
    last = timezone(timedelta(hours=-12))
    return max((end.replace(tzinfo=last) if end.tzinfo is None else end for end in ends if end), default=None)


def occasion_of(strategy: Strategy, step: str) -> datetime | None:
    """Return the moment that a strategy names for a campaign step; None where the step is no campaign."""
    found = strategy.steps.get(step)
    return found.entry.at if found is not None and isinstance(found.entry, CampaignEntry) else None


def told(moment: datetime) -> str:
    """Return a moment in words."""
    if moment.tzinfo is None:
        return f"{moment:%d %b %Y %H:%M} on each customer's clock"
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M} UTC"
