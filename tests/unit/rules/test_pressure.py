"""Caps and the gap, against windows counted by hand and by a small model of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.facts import PastContact
from tactful.rules.pressure import apart, cap_text, counts, places, within_caps
from tactful.strategy.model import Cap, Span
from tactful.verdict import Line
from tactful.words import Channel, Purpose, Reason
from tests.unit.given import DAY, EMAIL, HOUR, LETTER, NOON, RULES, SMS, TOPICS, key, made
from tests.unit.windows import fits

LONDON = ZoneInfo("Europe/London")
MOMENT = timedelta(microseconds=1)
WEEK = Span(days=7)
TWO_A_WEEK = Cap(count=2, window=WEEK)


def capped(
    *past: PastContact,
    caps: tuple[Cap, ...] = RULES.at_most,
    topic: str = "ideas",
    stage: str = "nurture",
    channels: tuple[Channel, ...] = (EMAIL,),
    at: datetime = NOON,
) -> Line:
    newest_first = tuple(sorted(past, key=lambda row: row.counts_at, reverse=True))
    return within_caps(channels, TOPICS[topic], stage, caps, newest_first, own=key(100), at=at, zone=LONDON)


def test_with_two_a_week_the_third_waits_until_the_first_is_a_week_old() -> None:
    line = capped(made(NOON - 3 * DAY, 1), made(NOON - DAY, 2))
    assert line == Line("caps", Reason.CAP, {"2 in 7 days": 2}, NOON + 4 * DAY)


def test_a_place_opens_at_the_same_local_hour_a_week_later_clock_change_or_not() -> None:
    sent = datetime(2026, 3, 23, 10, tzinfo=LONDON).astimezone(UTC)
    due = datetime(2026, 3, 30, 10, tzinfo=LONDON).astimezone(UTC)
    assert due - sent == timedelta(hours=167)
    weekly = (Cap(count=1, window=WEEK),)
    assert capped(made(sent), caps=weekly, at=due).reason is None
    assert capped(made(sent), caps=weekly, at=due - MOMENT).passes_at == due


def test_a_month_is_a_month_of_the_calendar() -> None:
    monthly = (Cap(count=1, window=Span(months=1)),)
    sent = datetime(2026, 1, 31, 10, tzinfo=UTC)
    line = capped(made(sent), caps=monthly, at=datetime(2026, 2, 20, tzinfo=UTC))
    assert line.passes_at == datetime(2026, 2, 28, 10, tzinfo=UTC)
    assert capped(made(sent), caps=monthly, at=datetime(2026, 2, 28, 10, tzinfo=UTC)).reason is None


def test_two_contacts_at_one_instant_count_each_other() -> None:
    """On a server whose clock stands still, and for contacts claimed in one breath."""
    assert capped(made(NOON), caps=(Cap(count=1, window=WEEK),)).reason is Reason.CAP


def test_what_still_lies_ahead_counts_too() -> None:
    """A letter that arrives in three days is in one week with what is sent today."""
    ahead, ago = made(NOON + 3 * DAY, 1), made(NOON - 6 * DAY, 2)
    assert capped(ahead, caps=(Cap(count=1, window=WEEK),)).reason is Reason.CAP
    assert capped(ahead, ago).reason is None  # nine days apart: no week holds both
    assert capped(ahead, made(NOON - 2 * DAY, 2)).reason is Reason.CAP
    assert capped(made(NOON + 8 * DAY), caps=(Cap(count=1, window=WEEK),)).reason is None


def test_a_cap_on_a_channel_counts_that_channel_only() -> None:
    by_sms = made(NOON - DAY, 1, channels=(SMS,))
    assert capped(by_sms, channels=(SMS,)).numbers == {"2 in 7 days": 1, "1 sms in 7 days": 1}
    assert capped(by_sms, channels=(SMS,)).reason is Reason.CAP
    assert capped(by_sms, channels=(EMAIL,)).reason is None
    assert capped(made(NOON - DAY, 1), channels=(SMS,)).reason is None


def test_a_combined_contact_takes_a_place_on_each_of_its_channels() -> None:
    both = made(NOON - DAY, 1, channels=(EMAIL, SMS))
    assert capped(both, channels=(LETTER, SMS)).reason is Reason.CAP


def test_a_cap_on_a_topic_counts_that_topic_only() -> None:
    weekly = (Cap(count=1, window=WEEK, topic="ideas"),)
    assert capped(made(NOON - DAY, 1), caps=weekly).reason is Reason.CAP
    assert capped(made(NOON - DAY, 1), caps=weekly, topic="reminders").reason is None
    assert capped(made(NOON - DAY, 1, topic="reminders"), caps=weekly).reason is None


def test_a_cap_on_a_stage_counts_that_stage_only() -> None:
    weekly = (Cap(count=1, window=WEEK, stage="nurture"),)
    assert capped(made(NOON - DAY, 1), caps=weekly).numbers == {"1 nurture in 7 days": 1}
    assert capped(made(NOON - DAY, 1), caps=weekly).reason is Reason.CAP
    assert capped(made(NOON - DAY, 1), caps=weekly, stage="keep").reason is None
    assert capped(made(NOON - DAY, 1, stage="keep"), caps=weekly).reason is None


def test_service_contacts_take_no_place_and_need_none() -> None:
    invoices = [made(NOON - number * HOUR, number, purpose=Purpose.SERVICE, topic="orders") for number in range(1, 9)]
    assert capped(*invoices).reason is None
    assert capped(made(NOON - DAY, 1), made(NOON - DAY, 2), topic="orders").reason is None


def test_a_contact_never_counts_against_itself() -> None:
    assert capped(made(NOON - DAY, 100), made(NOON - DAY, 2)).reason is None


def test_the_cap_that_opens_last_decides() -> None:
    past = (made(NOON - 5 * DAY, 1, channels=(SMS,)), made(NOON - 3 * DAY, 2), made(NOON - DAY, 3))
    line = capped(*past, channels=(SMS,))
    assert line.numbers == {"2 in 7 days": 3, "1 sms in 7 days": 1}
    assert line.passes_at == NOON + 4 * DAY
    yearly = [made(NOON - number * DAY, number, channels=(LETTER,)) for number in (10, 20, 30, 40)]
    assert capped(*yearly, channels=(LETTER,)).passes_at == NOON + 325 * DAY


def test_places_taken_can_be_asked_for() -> None:
    past = (made(NOON - DAY, 1), made(NOON - 2 * DAY, 100), made(NOON - 8 * DAY, 3))
    assert counts(past, TWO_A_WEEK, NOON, own=key(100), zone=LONDON) == 1
    assert counts(past, TWO_A_WEEK, NOON, own=key(7), zone=LONDON) == 2
    assert cap_text(Cap(count=1, window=WEEK, topic="ideas")) == "1 ideas in 7 days"


def gap(*past: PastContact, topic: str = "ideas", at: datetime = NOON) -> Line:
    return apart(TOPICS[topic], Span(seconds=20 * 3600), past, own=key(100), at=at, zone=LONDON)


def test_two_contacts_are_twenty_hours_apart() -> None:
    line = gap(made(NOON - 19 * HOUR))
    assert (line.reason, line.passes_at) == (Reason.GAP, NOON + HOUR)
    assert gap(made(NOON - 20 * HOUR)).reason is None
    assert gap(made(NOON - 20 * HOUR + MOMENT)).passes_at == NOON + MOMENT
    assert gap(made(NOON + 10 * HOUR)).passes_at == NOON + 30 * HOUR


def test_the_gap_is_not_kept_by_or_from_service_contacts() -> None:
    assert gap(made(NOON - HOUR), topic="orders").reason is None
    assert gap(made(NOON - HOUR, purpose=Purpose.SERVICE)).reason is None
    assert gap(made(NOON - HOUR, 100)).reason is None


def test_without_a_gap_in_the_strategy_nothing_is_kept_apart() -> None:
    assert apart(TOPICS["ideas"], None, (made(NOON),), own=key(100), at=NOON, zone=LONDON).reason is None


SPANS = st.builds(Span, months=st.integers(0, 2), days=st.integers(0, 10), seconds=st.sampled_from([0, 3600, 90_000]))
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.integers(-100 * 24, 100 * 24), max_size=12),
    st.integers(1, 4),
    SPANS.filter(lambda span: span != Span()),
    ZONES.map(ZoneInfo),
    st.sampled_from([NOON, datetime(2026, 10, 26, 0, 30, tzinfo=UTC), datetime(2011, 12, 31, 9, tzinfo=UTC)]),
)
def test_there_is_room_exactly_when_no_window_would_hold_too_many(
    hours: list[int], count: int, window: Span, zone: ZoneInfo, at: datetime
) -> None:
    """Against a model that tries every window; and where there is no room, none opens before the instant given."""
    taken = sorted((at + number * HOUR for number in hours), reverse=True)
    found, opens_at = places(taken, count, window, at, zone)
    assert (opens_at is None) is fits(taken, at, count, window, zone)
    assert (found >= count) is (opens_at is not None)
    if opens_at is not None:
        assert opens_at > at
        tried = [at + (opens_at - at) * share / 7 for share in range(7)]
        assert not any(fits(taken, earlier, count, window, zone) for earlier in tried)
