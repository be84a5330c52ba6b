"""Protection: steps that are not to be interrupted, and what holds marketing back altogether."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tactful.facts import OpenStep
from tactful.rules.protection import undisturbed, unheld
from tactful.strategy.model import Hold, Span
from tactful.verdict import Line
from tactful.words import Reason
from tests.unit.given import DAY, HOUR, NOON, TOPICS, communication, customer, step

LONDON = ZoneInfo("Europe/London")
MOMENT = timedelta(microseconds=1)
COMPLAINT = Hold(name="complaint", event="opened", until="closed")
MOURNING = Hold(name="mourning", event="told", lasts=Span(months=12))
CALMING = Hold(name="calming", event="shouted", until="smiled", lasts=Span(days=7))
ONBOARDING = step(communication("guide", step="onboarding"), name="onboarding", undisturbed_by=("ideas",))
STEPS = {"onboarding": ONBOARDING, "welcome": step()}


def held(*holds: Hold, topic: str = "ideas", at: datetime = NOON, **events: tuple[datetime, ...]) -> Line:
    return unheld(TOPICS[topic], customer(events=events), holds or (COMPLAINT, MOURNING), at=at, zone=LONDON)


def interrupting(*inside: OpenStep, topic: str = "ideas", of: str = "welcome") -> Line:
    return undisturbed(communication(step=of, topic=topic), TOPICS[topic], STEPS, inside, at=NOON)


def test_nobody_with_an_open_complaint_hears_marketing_and_nobody_knows_until_when() -> None:
    line = held(opened=(NOON - DAY,))
    assert line == Line(
        "hold", Reason.ON_HOLD, {"hold": "complaint", "since": (NOON - DAY).isoformat()}, None, NOON + DAY
    )


def test_a_complaint_that_is_closed_holds_nothing_and_a_new_one_does() -> None:
    assert held(opened=(NOON - DAY,), closed=(NOON,)).reason is None
    assert held(opened=(NOON - DAY,), closed=(NOON - 2 * DAY,)).reason is Reason.ON_HOLD
    assert held(opened=(NOON - 3 * DAY, NOON - DAY), closed=(NOON - 2 * DAY,)).reason is Reason.ON_HOLD
    assert held(opened=(NOON + MOMENT,)).reason is None


def test_mourning_ends_on_the_same_day_of_the_next_year_on_the_customers_calendar() -> None:
    told = datetime(2026, 3, 1, 12, tzinfo=LONDON)
    line = held(told=(told,))
    assert (line.reason, line.passes_at) == (Reason.ON_HOLD, datetime(2027, 3, 1, 12, tzinfo=LONDON))
    assert line.passes_at is not None
    assert held(told=(told,), at=line.passes_at - MOMENT).reason is Reason.ON_HOLD
    assert held(told=(told,), at=line.passes_at).reason is None


def test_a_hold_with_an_event_and_a_span_ends_with_whichever_comes_first() -> None:
    assert held(CALMING, shouted=(NOON - DAY,)).passes_at == NOON + 6 * DAY - HOUR, "the clocks go forward"
    assert held(CALMING, shouted=(NOON - DAY,), smiled=(NOON,)).reason is None
    assert held(CALMING, shouted=(NOON - 7 * DAY,)).reason is None


def test_of_several_holds_the_last_to_end_counts_and_an_unknown_end_outlasts_all() -> None:
    both = held(CALMING, MOURNING, shouted=(NOON - DAY,), told=(NOON - DAY,))
    assert both.numbers["hold"] == "calming"
    assert both.passes_at == datetime(2027, 3, 23, 12, tzinfo=LONDON)
    line = held(MOURNING, COMPLAINT, told=(NOON - DAY,), opened=(NOON - DAY,))
    assert (line.passes_at, line.ask_at) == (None, NOON + DAY)


def test_mandatory_contacts_know_no_hold_and_interrupt_whom_they_must() -> None:
    assert held(topic="orders", opened=(NOON - DAY,)).reason is None
    assert interrupting(OpenStep("onboarding"), topic="orders").reason is None


def test_a_step_keeps_its_topics_from_other_steps_while_the_customer_is_in_it() -> None:
    line = interrupting(OpenStep("onboarding", NOON + 9 * DAY))
    assert line == Line("undisturbed", Reason.UNDISTURBED, {"step": "onboarding", "topic": "ideas"}, NOON + 9 * DAY)
    assert interrupting(OpenStep("onboarding")).ask_at == NOON + DAY
    assert interrupting(OpenStep("onboarding", NOON)).reason is None, "its time is up"
    assert interrupting(OpenStep("welcome")).reason is None
    assert interrupting(OpenStep("onboarding"), topic="reminders").reason is None, "about something else"
    assert interrupting(OpenStep("onboarding"), of="onboarding").reason is None, "what it says itself"
    assert interrupting(OpenStep("long gone")).reason is None, "no step of the published strategy"


def test_of_several_journeys_the_last_to_end_counts() -> None:
    two = interrupting(OpenStep("onboarding", NOON + DAY), OpenStep("onboarding", NOON + 2 * DAY))
    assert two.passes_at == NOON + 2 * DAY
    assert interrupting(OpenStep("onboarding", NOON + DAY), OpenStep("onboarding")).passes_at is None
