"""Quiet hours as a rule: who is held back, until when, and what the trace says."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tactful.calendars import holidays_of
from tactful.places import Place
from tactful.rules.quiet import quiet_hours
from tactful.verdict import Line
from tactful.words import Channel, Reason
from tests.unit.given import EMAIL, LETTER, NOON, RULES, SMS, TOPICS

LONDON = ZoneInfo("Europe/London")
EVENING = datetime(2026, 3, 24, 21, tzinfo=UTC)
NIGHT = datetime(2026, 3, 24, 23, tzinfo=UTC)


def asked(
    at: datetime, *channels: Channel, topic: str = "ideas", zone: ZoneInfo = LONDON, country: str | None = None
) -> Line:
    holidays = holidays_of(country, "GB-ENG")
    return quiet_hours(channels, TOPICS[topic], RULES.quiet, at=at, place=Place(zone, "customer"), holidays=holidays)


def test_by_day_nobody_is_held_back() -> None:
    said = {"zone": "Europe/London", "zone_from": "customer", "local": "12:00"}
    assert asked(NOON, EMAIL) == Line("quiet hours", numbers=said)
    assert asked(NOON, SMS, EMAIL) == Line("quiet hours", numbers=said | {"holidays": "GB-ENG"})


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


EASTER_MONDAY = datetime(2026, 4, 6, 11, tzinfo=UTC)


def test_a_public_holiday_is_quiet_where_the_customer_has_it() -> None:
    tuesday = datetime(2026, 4, 7, 8, tzinfo=UTC)
    assert asked(EASTER_MONDAY, SMS).passes_at == tuesday
    assert asked(EASTER_MONDAY, EMAIL).reason is None
    assert asked(EASTER_MONDAY, SMS, country="gb").passes_at == tuesday
    assert asked(EASTER_MONDAY, SMS, country="US").reason is None


def test_of_a_country_without_a_calendar_the_trace_says_so() -> None:
    assert asked(EASTER_MONDAY, SMS, country="XX").numbers["holidays"] == "no calendar of XX"
    nowhere = quiet_hours(
        (SMS,), TOPICS["ideas"], RULES.quiet, at=NOON, place=Place(LONDON, "strategy"), holidays=holidays_of(None, None)
    )
    assert (nowhere.numbers["holidays"], nowhere.numbers["zone_from"]) == ("no country known", "strategy")


def test_a_service_message_goes_out_at_night() -> None:
    assert asked(NIGHT, EMAIL, SMS, topic="orders").reason is None
