"""Soft bounces: days count, and only those of the window."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tactful.rules.bounces import COUNTED_FOR, MOST_SOFT_BOUNCES, too_many_bounces
from tests.unit.given import DAY, HOUR, NOON

days_back = st.lists(st.integers(0, 40 * 24).map(lambda hours: NOON - hours * HOUR), max_size=40)


def test_five_days_are_too_many_and_four_are_not() -> None:
    days = [NOON - number * DAY for number in range(MOST_SOFT_BOUNCES)]
    assert too_many_bounces(days, NOON)
    assert not too_many_bounces(days[1:] * 9, NOON)


def test_a_bounce_at_the_edge_of_the_window_is_out() -> None:
    days = [NOON - number * DAY for number in range(MOST_SOFT_BOUNCES - 1)]
    assert not too_many_bounces([*days, NOON - COUNTED_FOR], NOON)
    assert too_many_bounces([*days, NOON - COUNTED_FOR + timedelta(microseconds=1)], NOON)
    assert not too_many_bounces([*days, NOON + DAY], NOON)


@given(days_back)
def test_order_and_repetition_change_nothing(bounced_at: list[datetime]) -> None:
    again = too_many_bounces([*reversed(bounced_at), *bounced_at], NOON)
    assert too_many_bounces(bounced_at, NOON) is again
