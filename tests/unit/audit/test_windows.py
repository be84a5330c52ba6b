"""The audit's own calendar and its scan over windows, against models that try everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tactful.audit import Audited, AuditedContact, AuditedCustomer, AuditedDecision
from tactful.audit.spans import window_end, zone_called
from tactful.audit.windows import over_caps, too_close
from tactful.strategy.model import Cap, Rules, Segment, Span
from tactful.words import Channel, ContactState
from tests.unit.given import strategy
from tests.unit.windows import end_of

ZONES = [ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")]
NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CUSTOMER = UUID(int=1)


@given(
    start=st.integers(0, 20 * 366 * 86_400).map(
        lambda seconds: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
    ),
    span=st.builds(Span, months=st.integers(0, 14), days=st.integers(0, 400), seconds=st.integers(0, 90_000)),
    zone=st.sampled_from(ZONES),
)
@example(datetime(2026, 3, 28, 1, 30, tzinfo=UTC), Span(days=1), ZONES[0])  # 01:30 is leapt over
@example(datetime(2026, 10, 24, 0, 30, tzinfo=UTC), Span(days=1), ZONES[0])  # 01:30 comes twice
@example(datetime(2024, 1, 31, 12, tzinfo=UTC), Span(months=1), ZONES[0])  # the 31st of February
@example(datetime(2011, 12, 29, 12, tzinfo=UTC), Span(days=1), ZONES[3])  # Samoa had no 30 December 2011
def test_a_window_ends_where_the_wall_says_so(start: datetime, span: Span, zone: ZoneInfo) -> None:
    assert window_end(start, span, zone) == end_of(start, span, zone)


def test_a_zone_that_there_is_not_is_passed_over() -> None:
    assert zone_called("Mars/Base", None, "", "../etc", "Asia/Tokyo").key == "Asia/Tokyo"
    assert zone_called(None).key == "UTC"


def contact(number: int, counts_at: datetime, *, version: int = 1, order: int | None = None) -> AuditedContact:
    """Return a contact that was claimed when it counts, as the `order`th decision of all."""
    decision = AuditedDecision(order or number, counts_at, "send", None, version, number)
    return AuditedContact(
        contact_key=UUID(int=number + 100),
        strategy="florist",
        step="welcome",
        communication=f"c{number}",
        stage="nurture",
        topic="ideas",
        purpose="marketing",
        channels=(Channel.EMAIL,),
        state=ContactState.SENT,
        reason=None,
        due_at=counts_at,
        counts_at=counts_at,
        decisions=(decision,),
    )


def guilty(contacts: list[AuditedContact], *caps: Cap, apart: Span | None = None) -> set[int]:
    """Return the numbers of the contacts that broke a cap or the gap."""
    book = {("florist", 1): strategy(rules=Rules(at_most=caps, apart=apart)), ("florist", 2): strategy()}
    customer = AuditedCustomer(CUSTOMER, "Europe/London", tuple(contacts))
    about = Audited(NOON + timedelta(days=99))
    found = [*over_caps(customer, book, about)[1], *too_close(customer, book, about)[1]]
    return {one.contact_key.int - 100 for one in found if one.contact_key is not None}


@given(
    hours=st.lists(st.integers(0, 200), min_size=1, max_size=12),
    shuffled=st.randoms(use_true_random=False),
    count=st.integers(1, 3),
    days=st.integers(1, 4),
)
def test_who_came_into_a_full_window_is_found_and_nobody_else(
    hours: list[int], shuffled: Random, count: int, days: int
) -> None:
    """The model: whoever, at their own claim, made some stretch hold more than it may of those claimed by then."""
    order = list(range(1, len(hours) + 1))
    shuffled.shuffle(order)
    contacts = [contact(n + 1, NOON + hour * HOUR, order=order[n]) for n, hour in enumerate(hours)]
    cap = Cap(count=count, window=Span(days=days))
    expected: set[int] = set()
    for late in contacts:
        there = [one for one in contacts if one.decisions[0].decision_no <= late.decisions[0].decision_no]
        for start in there:
            ends = end_of(start.due_at, cap.window, ZONES[0])
            stretch = [one for one in there if start.due_at <= one.due_at < ends]
            if late in stretch and len(stretch) > count:
                expected.add(late.contact_key.int - 100)
    assert guilty(contacts, cap) == expected


def test_one_that_was_decided_by_a_version_without_the_cap_is_not_guilty() -> None:
    cap = Cap(count=1, window=Span(days=7))
    assert guilty([contact(1, NOON), contact(2, NOON + HOUR)], cap) == {2}
    assert guilty([contact(1, NOON), contact(2, NOON + HOUR, version=2)], cap) == set()
    assert guilty([contact(1, NOON, version=2), contact(2, NOON + HOUR)], cap) == {2}


def test_a_segments_own_caps_are_instead_of_the_rules_on_the_same_thing() -> None:
    week = Span(days=7)
    rules = Rules(at_most=(Cap(count=1, window=week), Cap(count=1, window=week, channel=Channel.EMAIL)))
    generous = Segment(name="gold", owner=None, conditions=(), at_most=(Cap(count=2, window=week),))
    book = {("florist", 1): strategy(rules=rules, segments=(generous,))}
    for segment, channel, expected in ((None, "sms", 1), ("gold", "sms", 0), ("gold", "email", 1), ("new", "sms", 1)):
        both = [contact(1, NOON), contact(2, NOON + HOUR)]
        contacts = tuple(
            replace(one, channels=(channel,), decisions=(replace(one.decisions[0], segment=segment),)) for one in both
        )
        customer = AuditedCustomer(CUSTOMER, "Europe/London", contacts)
        assert len(over_caps(customer, book, Audited(NOON + timedelta(days=99)))[1]) == expected, (segment, channel)


@pytest.mark.parametrize(
    ("cap", "found"),
    [
        (Cap(count=1, window=Span(days=7), channel=Channel.SMS), set[int]()),
        (Cap(count=1, window=Span(days=7), channel=Channel.EMAIL), {2}),
        (Cap(count=1, window=Span(days=7), topic="reminders"), set[int]()),
        (Cap(count=1, window=Span(days=7), topic="ideas"), {2}),
        (Cap(count=1, window=Span(days=7), stage="convert"), set[int]()),
        (Cap(count=1, window=Span(days=7), stage="nurture"), {2}),
    ],
)
def test_a_cap_counts_its_own_channel_and_topic_only(cap: Cap, found: set[int]) -> None:
    assert guilty([contact(1, NOON), contact(2, NOON + HOUR)], cap) == found


def test_the_gap_is_over_at_its_very_instant() -> None:
    gap = Span(seconds=4 * 3600)
    assert guilty([contact(1, NOON), contact(2, NOON + 4 * HOUR)], apart=gap) == set()
    assert guilty([contact(1, NOON), contact(2, NOON + 4 * HOUR - timedelta(microseconds=1))], apart=gap) == {2}
