"""The rules that do not depend on channel and hour: journey, question, customer, eligibility, expiry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.facts import Restart
from tactful.rules.customer import active_customer
from tactful.rules.eligibility import in_segment, no_exception, not_had_already
from tactful.rules.expiry import unexpired
from tactful.rules.journey import anchor_unmoved, come_due, journey_open, not_overtaken, still_needed
from tactful.rules.question import one_question
from tactful.strategy.model import Cap, Condition, Segment, Span
from tactful.verdict import Line
from tactful.words import JourneyState, Purpose, Reason, Shape
from tests.unit.given import (
    DAY,
    EMAIL,
    HOUR,
    LETTER,
    NOON,
    TOPICS,
    communication,
    contact,
    customer,
    journey,
    key,
    made,
    step,
)

LONDON = ZoneInfo("Europe/London")
MOMENT = timedelta(microseconds=1)
OPENED = Condition(text="guide.opened", fact="event", name="guide.opened")


# journey


def test_a_contact_that_another_system_asks_for_has_no_journey_and_passes() -> None:
    assert journey_open(None, NOON).reason is None
    assert anchor_unmoved(contact(cycle=7), None).reason is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (JourneyState.OPEN, None),
        (JourneyState.GOAL, Reason.GOAL_REACHED),
        (JourneyState.COMPLETED, Reason.JOURNEY_ENDED),
        (JourneyState.EXITED, Reason.JOURNEY_ENDED),
        (JourneyState.TIMED_OUT, Reason.JOURNEY_ENDED),
    ],
)
def test_a_journey_that_is_over_says_nothing_more(state: JourneyState, reason: Reason | None) -> None:
    line = journey_open(journey(state=state), NOON)
    assert line.reason is reason
    assert line.final is (reason is not None)


def test_a_journey_whose_time_is_up_has_ended_at_that_very_instant() -> None:
    assert journey_open(journey(ends_at=NOON + MOMENT), NOON).reason is None
    assert journey_open(journey(ends_at=NOON), NOON).reason is Reason.JOURNEY_ENDED


def test_a_paused_journey_is_looked_at_again_the_next_day() -> None:
    line = journey_open(journey(state=JourneyState.PAUSED), NOON)
    assert (line.reason, line.passes_at, line.ask_at) == (Reason.JOURNEY_PAUSED, None, NOON + DAY)


def test_a_contact_of_the_cycle_before_has_lost_its_anchor() -> None:
    assert anchor_unmoved(contact(cycle=2), journey(cycle=2)).reason is None
    line = anchor_unmoved(contact(cycle=1), journey(cycle=2))
    assert line == Line("anchor", Reason.ANCHOR_MOVED, {"planned_in_cycle": 1, "cycle": 2})


def needed(said: Any, reached: tuple[str, ...] = (), **facts: Any) -> Reason | None:  # noqa: ANN401 - any fact
    return still_needed(said, journey(milestones=reached), customer(**facts), NOON, LONDON).reason


def test_a_milestone_that_is_reached_needs_no_nudge() -> None:
    guide = communication("guide", done=OPENED)
    assert needed(guide) is None
    assert needed(guide, reached=("dates",)) is None
    assert needed(guide, reached=("guide",)) is Reason.MILESTONE_REACHED
    assert needed(guide, events={"guide.opened": (NOON - DAY,)}) is Reason.MILESTONE_REACHED
    assert needed(guide, events={"guide.opened": (NOON + DAY,)}) is None


def test_what_is_known_already_is_not_asked() -> None:
    assert needed(communication(ask="birthday")) is None
    assert needed(communication(ask="birthday"), properties={"birthday": "1980-05-01"}) is Reason.ALREADY_KNOWN


def test_a_contact_is_due_at_its_instant_and_not_before() -> None:
    assert come_due(contact(due_at=NOON), NOON).reason is None
    line = come_due(contact(due_at=NOON + MOMENT), NOON)
    assert (line.reason, line.passes_at) == (Reason.NOT_YET_DUE, NOON + MOMENT)


# question


def asked(*past: Any, topic: str = "ideas", ask: str | None = "birthday", **facts: Any) -> Line:  # noqa: ANN401
    said = communication(ask=ask)
    newest_first = tuple(sorted(past, key=lambda row: row.counts_at, reverse=True))
    return one_question(said, TOPICS[topic], customer(**facts), newest_first, own=key(100), at=NOON)


def test_a_second_question_waits_for_seven_days_while_the_first_is_open() -> None:
    line = asked(made(NOON - 2 * DAY, question="favourite"), made(NOON - DAY))
    assert (line.reason, line.passes_at) == (Reason.QUESTION_OPEN, NOON + 5 * DAY)
    assert line.numbers["open"] == "favourite"


def test_an_answered_question_no_longer_stands_in_the_way() -> None:
    assert asked(made(NOON - DAY, question="favourite"), properties={"favourite": "roses"}).reason is None


def test_after_seven_days_the_next_question_may_be_asked() -> None:
    assert asked(made(NOON - 7 * DAY, question="favourite")).reason is None
    assert asked(made(NOON - 7 * DAY + MOMENT, question="favourite")).reason is Reason.QUESTION_OPEN


def test_the_same_question_is_not_repeated_either() -> None:
    assert asked(made(NOON - DAY, question="birthday")).reason is Reason.QUESTION_OPEN


def test_a_contact_does_not_stand_in_its_own_way() -> None:
    assert asked(made(NOON - DAY, 100, question="birthday")).reason is None


def test_only_contacts_that_ask_wait_and_mandatory_ones_never() -> None:
    open_question = made(NOON - DAY, question="favourite")
    assert asked(open_question, ask=None).reason is None
    assert asked(open_question, topic="orders").reason is None


# customer, expiry


def test_an_inactive_customer_is_left_alone() -> None:
    assert active_customer(customer()).reason is None
    assert active_customer(customer(active=False)).reason is Reason.CUSTOMER_INACTIVE


def test_a_contact_expires_at_its_instant() -> None:
    assert unexpired(contact(expires_at=None), NOON).reason is None
    assert unexpired(contact(expires_at=NOON + MOMENT), NOON).reason is None
    assert unexpired(contact(expires_at=NOON), NOON).reason is Reason.EXPIRED


# eligibility

BUYER = Segment(name="buyer", owner=None, conditions=(Condition(text="orders >= 1", fact="orders"),))
NEW = Segment(
    name="new", owner=None, conditions=(Condition(text="orders <= 0", fact="orders", operator="<=", value=0),)
)


def segment(*wanted: str, of_step: tuple[str, ...] = (), segments: tuple[Segment, ...] = (BUYER, NEW)) -> Line:
    said = communication(for_segments=wanted)
    return in_segment(said, step(said, for_segments=of_step), customer(), segments, now=NOON, zone=LONDON)


def test_a_contact_for_nobody_in_particular_is_for_all() -> None:
    assert segment().reason is None
    assert segment(segments=()).reason is None


def test_a_contact_for_a_segment_is_for_that_segment_only() -> None:
    assert segment("new").reason is None
    assert segment("buyer", "new").reason is None
    line = segment("buyer")
    assert (line.reason, line.numbers) == (Reason.NOT_IN_SEGMENT, {"segment": "new", "for": "buyer"})
    assert segment("buyer", segments=(BUYER,)).numbers["segment"] is None


def test_the_segments_of_the_step_hold_as_well() -> None:
    assert segment(of_step=("new",)).reason is None
    assert segment("new", of_step=("buyer",)).reason is Reason.NOT_IN_SEGMENT
    assert (
        in_segment(communication(for_segments=("new",)), None, customer(), (NEW,), now=NOON, zone=LONDON).reason is None
    )


def test_an_exception_holds_when_all_of_its_lines_do() -> None:
    young = Condition(text="since registered <= 2 days", fact="since_registered", operator="<=", value=Span(days=2))
    said = communication(unless=(OPENED, young))
    opened = {"guide.opened": (NOON - DAY,)}
    assert no_exception(communication(), customer(), NOON, LONDON).reason is None
    assert no_exception(said, customer(events=opened), NOON, LONDON).reason is None
    line = no_exception(said, customer(events=opened, registered_at=NOON - DAY), NOON, LONDON)
    assert line.reason is Reason.UNLESS
    assert line.numbers == {"guide.opened": 1, "since registered <= 2 days": 1}


def had(*past: Any, **cap: Any) -> Line:  # noqa: ANN401 - any row
    said = communication("thank-you", at_most=(Cap(**{"count": 1, "window": Span(days=365)} | cap),))
    return not_had_already(said, past, own=key(100), now=NOON, zone=LONDON)


def test_a_thank_you_comes_once_a_year() -> None:
    line = had(made(NOON - 300 * DAY, communication="thank-you"))
    assert (line.reason, line.numbers) == (Reason.ALREADY_HAD, {"1 in 365 days": 1})
    assert line.final
    assert had(made(NOON - 365 * DAY, communication="thank-you")).reason is None


def test_other_contacts_and_the_contact_itself_do_not_use_it_up() -> None:
    assert had(made(NOON - DAY, communication="hello")).reason is None
    assert had(made(NOON - DAY, 100, communication="thank-you")).reason is None
    assert had(made(NOON - DAY, communication="thank-you"), channel=LETTER).reason is None
    assert had(made(NOON - DAY, communication="thank-you", channels=(LETTER, EMAIL)), channel=LETTER).reason is not None


def test_a_mandatory_communication_keeps_to_its_own_limit_too() -> None:
    past = made(NOON - HOUR, communication="thank-you", purpose=Purpose.SERVICE, topic="orders")
    assert had(past).reason is Reason.ALREADY_HAD


# taken up again


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (JourneyState.OPEN, None),
        (JourneyState.COMPLETED, None),
        (JourneyState.GOAL, Reason.GOAL_REACHED),
        (JourneyState.EXITED, Reason.JOURNEY_ENDED),
        (JourneyState.TIMED_OUT, Reason.JOURNEY_ENDED),
    ],
)
def test_a_journey_that_said_all_it_had_to_say_does_not_stop_a_contact_that_is_taken_up_again(
    state: JourneyState, reason: Reason | None
) -> None:
    assert journey_open(journey(state=state), NOON, Restart()).reason is reason


def test_a_goal_reached_after_the_journey_had_ended_stops_a_contact_that_is_taken_up_again() -> None:
    ended = journey(state=JourneyState.COMPLETED)
    assert journey_open(ended, NOON, Restart(goal_at=NOON - HOUR)).reason is Reason.GOAL_REACHED


def test_what_comes_later_in_the_step_overtakes_a_contact_that_is_taken_up_again_and_no_other() -> None:
    later = Restart(later="our-story", later_at=NOON - HOUR)
    sequence, ideas = step(), TOPICS["ideas"]
    assert not_overtaken(None, sequence, ideas).reason is None
    assert not_overtaken(Restart(), sequence, ideas).reason is None
    line = not_overtaken(later, sequence, ideas)
    assert (line.reason, line.final, line.numbers["by"]) == (Reason.OVERTAKEN, True, "our-story")


def test_nudges_and_mandatory_contacts_are_not_overtaken() -> None:
    later = Restart(later="our-story", later_at=NOON - HOUR)
    assert not_overtaken(later, step(shape=Shape.MILESTONES), TOPICS["ideas"]).reason is None
    assert not_overtaken(later, step(), TOPICS["orders"]).reason is None
