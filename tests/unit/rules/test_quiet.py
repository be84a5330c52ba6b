"""Quiet hours as a rule: who is held back, until when, and what the trace says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tactful.rules.quiet import quiet_hours
from tactful.verdict import Line
from tactful.words import Channel, Reason
from tests.unit.given import EMAIL, LETTER, NOON, RULES, SMS, TOPICS, customer

LONDON = ZoneInfo("Europe/London")
EVENING = datetime(2026, 3, 24, 21, tzinfo=UTC)
NIGHT = datetime(2026, 3, 24, 23, tzinfo=UTC)


def asked(at: datetime, *channels: Channel, topic: str = "ideas", zone: ZoneInfo = LONDON, **facts: Any) -> Line:  # noqa: ANN401
    return quiet_hours(channels, TOPICS[topic], RULES.quiet, customer(**facts), at=at, zone=zone)


def test_by_day_nobody_is_held_back() -> None:
    assert asked(NOON, SMS, EMAIL) == Line("quiet hours", numbers={"zone": "Europe/London", "local": "12:00"})


def test_at_night_a_contact_waits_for_the_morning() -> None:
    line = asked(NIGHT, EMAIL)
    assert (line.reason, line.passes_at) == (Reason.QUIET_HOURS, datetime(2026, 3, 25, 7, tzinfo=UTC))
    assert line.numbers["local"] == "23:00"


def test_it_is_the_customers_night_that_counts() -> None:
    assert asked(NIGHT, EMAIL, zone=ZoneInfo("America/New_York")).reason is None
    assert asked(NOON, EMAIL, zone=ZoneInfo("Pacific/Auckland")).reason is Reason.QUIET_HOURS


def test_channels_used_together_wait_for_the_last_to_open() -> None:
    assert asked(EVENING, EMAIL).reason is None
    assert asked(EVENING, EMAIL, SMS).passes_at == datetime(2026, 3, 25, 9, tzinfo=UTC)


def test_a_channel_without_quiet_hours_is_always_open() -> None:
    assert asked(NIGHT, LETTER).reason is None


def test_a_public_holiday_is_quiet_where_the_customer_has_it() -> None:
    tuesday = frozenset({date(2026, 3, 24)})
    assert asked(NOON, SMS, holidays=tuesday).passes_at == datetime(2026, 3, 25, 9, tzinfo=UTC)
    assert asked(NOON, EMAIL, holidays=tuesday).reason is None


def test_a_service_message_goes_out_at_night() -> None:
    assert asked(NIGHT, EMAIL, SMS, topic="orders").reason is None
