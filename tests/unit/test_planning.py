"""What a step plans, for each shape of step."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.facts import Customer
from tactful.planning import Plan, ends_at, plan, stays_open
from tactful.strategy.model import DateEntry, Expiry, Lasts, Rules, Span, Step, When
from tactful.words import Shape
from tests.unit.given import (
    DAY,
    EMAIL,
    HOUR,
    LETTER,
    NOON,
    PUSH,
    RULES,
    SMS,
    by,
    communication,
    customer,
    step,
    strategy,
)

LONDON = ZoneInfo("Europe/London")
QUIET = Rules(quiet=RULES.quiet)
AT_TEN = time(10)


def local(month: int, day: int, hour: int, zone: str = "Europe/London") -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def after(days: int, anchor: str = "start") -> When:
    return When(text=f"{days} days after {anchor}", anchor=anchor, offset=Span(days=days), at=AT_TEN)


def before(days: int, anchor: str = "due") -> When:
    return When(text=f"{days} days before", anchor=anchor, before=True, offset=Span(days=days), at=AT_TEN)


def planned(one: Step, rules: Rules = QUIET, **changes: Any) -> Plan:  # noqa: ANN401 - arguments of any type
    given: dict[str, Any] = {
        "journey_started_at": NOON,
        "due_at": None,
        "cycle": 1,
        "customer": customer(),
        "now": NOON,
    }
    return plan(one, strategy=strategy(one, rules=rules), **given | changes)


def names(entries: tuple[Any, ...]) -> list[str]:
    return [entry.communication for entry in entries]


WELCOME = step(
    communication("first-treat", when=after(10), by=by(PUSH, EMAIL)),
    communication("hello"),
    communication("our-story", when=after(3)),
)


def test_a_sequence_is_planned_in_the_order_in_which_it_is_due() -> None:
    found, passed = planned(WELCOME)
    assert [(entry.communication, entry.due_at) for entry in found] == [
        ("hello", NOON),
        ("our-story", local(3, 27, 10)),
        ("first-treat", local(4, 3, 10)),
    ]
    assert passed == ()


def test_what_is_due_at_the_same_instant_keeps_the_declared_order() -> None:
    both = step(communication("b"), communication("a"), communication("c"))
    assert names(planned(both).planned) == ["b", "a", "c"]


def test_the_same_inputs_give_the_same_plan() -> None:
    assert planned(WELCOME) == planned(WELCOME)


def test_a_customer_who_moved_gets_another_plan() -> None:
    found = planned(WELCOME, customer=customer(time_zone="America/New_York")).planned
    assert found[1].due_at == local(3, 27, 10, "America/New_York")


def test_a_contact_in_quiet_hours_is_planned_for_their_end() -> None:
    late = local(3, 24, 23)
    found = planned(WELCOME, journey_started_at=late, now=late).planned
    assert found[0].due_at == local(3, 25, 7)
    assert found[0].expires_at == late + 3 * DAY


def test_of_several_channels_the_first_to_open_counts() -> None:
    evening = local(3, 24, 21)
    either = step(communication(by=by(SMS, EMAIL)))
    assert planned(either, journey_started_at=evening, now=evening).planned[0].due_at == evening


def test_a_combined_contact_waits_until_all_of_its_channels_are_open() -> None:
    evening = local(3, 24, 21)
    both = step(communication(by=by((SMS, EMAIL))))
    assert planned(both, journey_started_at=evening, now=evening).planned[0].due_at == local(3, 25, 9)


def test_a_service_contact_does_not_wait_for_the_morning() -> None:
    night = local(3, 24, 23)
    invoice = step(communication("invoice", topic="orders", by=by(EMAIL, LETTER)))
    assert planned(invoice, journey_started_at=night, now=night).planned[0].due_at == night


def test_what_has_expired_is_not_planned_but_told() -> None:
    """An old order that is imported: its early reminders are over, the last one is still to come."""
    clock = step(
        communication("early-bird", when=before(14)), communication("last-call", when=before(4)), shape=Shape.CLOCK
    )
    found, passed = planned(clock, journey_started_at=NOON - 300 * DAY, due_at=NOON + 5 * DAY)
    assert names(found) == ["last-call"]
    assert names(passed) == ["early-bird"]
    assert passed[0].expires_at == local(3, 18, 10)


def test_what_would_expire_before_it_can_open_is_over_as_well() -> None:
    saturday_night = local(4, 11, 21)
    one = step(communication(by=by(SMS), expires=Expiry(after=Span(seconds=12 * 3600))))
    assert names(planned(one, journey_started_at=saturday_night, now=saturday_night).expired) == ["hello"]


def test_a_recompute_later_on_moves_nothing_that_is_still_alive() -> None:
    later = planned(WELCOME, now=NOON + 2 * DAY)
    assert later.planned == planned(WELCOME).planned


def test_a_clock_is_planned_around_the_day_the_next_order_is_due() -> None:
    clock = step(
        communication("last-call", when=before(4)),
        communication("early-bird", when=before(14)),
        communication("missed-you", when=after(7, "due")),
        shape=Shape.CLOCK,
        lasts=Lasts(span=Span(days=30), anchor="due"),
    )
    due_at = NOON + 365 * DAY
    found = planned(clock, due_at=due_at, cycle=3).planned
    assert names(found) == ["early-bird", "last-call", "missed-you"]
    assert {entry.occurrence for entry in found} == {3}
    assert ends_at(clock, strategy(), started_at=NOON, due_at=due_at, customer=customer()) == due_at + 30 * DAY - HOUR
    assert stays_open(clock)


def test_a_heavy_buyer_is_not_reminded_of_the_order_just_placed() -> None:
    """Due again after 13 days: 14 days before that is yesterday, before the order; 4 days before is still to come."""
    clock = step(
        communication("early-bird", when=before(14)), communication("last-call", when=before(4)), shape=Shape.CLOCK
    )
    found, passed = planned(clock, due_at=NOON + 13 * DAY)
    assert names(found) == ["last-call"]
    assert names(passed) == ["early-bird"]


def test_milestones_are_nudged_one_by_one() -> None:
    onboarding = step(
        communication("guide", when=after(3)),
        communication("dates", when=after(14)),
        shape=Shape.MILESTONES,
        lasts=Lasts(span=Span(days=60)),
    )
    assert names(planned(onboarding).planned) == ["guide", "dates"]
    assert ends_at(onboarding, strategy(), started_at=NOON, due_at=None, customer=customer()) == NOON + 60 * DAY - HOUR
    assert stays_open(onboarding)


@pytest.mark.parametrize("kept", ["1980-05-01", datetime(1980, 5, 1, tzinfo=UTC).date()])
def test_a_birthday_is_planned_for_its_next_return(kept: object) -> None:
    wish = step(communication("wish", when=before(7, "birthday")), entry=DateEntry(property="birthday"))
    born = customer(properties={"birthday": kept})
    assert planned(wish, customer=born).planned[0].due_at == local(4, 24, 10)


def test_without_the_date_nothing_is_planned() -> None:
    wish = step(communication("wish", when=before(7, "birthday")))
    unknown: Customer = customer(properties={"birthday": "soon"})
    assert planned(wish, customer=unknown) == ((), ())


def test_a_sequence_without_a_goal_or_an_end_is_over_after_its_last_word() -> None:
    assert ends_at(WELCOME, strategy(), started_at=NOON, due_at=None, customer=customer()) is None
    assert not stays_open(WELCOME)
    assert stays_open(step(until="order.placed"))


def test_a_step_that_lasts_from_a_due_date_without_one_has_no_end() -> None:
    clock = step(lasts=Lasts(span=Span(days=30), anchor="due"))
    assert ends_at(clock, strategy(), started_at=NOON, due_at=None, customer=customer()) is None
