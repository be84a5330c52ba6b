"""What a step says, as rows: planned once however often it is asked, moved with the customer, left once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from database.attempts import NotClaimed
from tactful.words import Channel, Reason
from tests.integration.ledger import DAY, NOON, Ledger, at_once
from tests.small_strategy import INVOICE, ONBOARDING, REPURCHASE, WELCOME

pytestmark = pytest.mark.integration
WELCOME_THEN = WELCOME.replace("until: order.placed", "until: order.placed\n  then: help")
HELP = """\
help:
  why: A little help.
  say:
    guide: { when: 1 day after start }
"""


def test_entering_a_step_twice_gives_the_same_plan_and_the_same_rows(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "customer.registered")
    journey = ledger.journey("ada")
    first = ledger.enter(journey)
    rows = ledger.contacts("ada")
    ledger.now += timedelta(hours=5)
    second = ledger.enter(journey)
    assert second == first
    assert ledger.contacts("ada") == rows
    assert [(row.communication, row.state, row.due_at) for row in rows] == [
        ("hello", "planned", NOON),
        ("story", "planned", datetime(2026, 3, 27, 10, tzinfo=ZoneInfo("Europe/London"))),
    ]


def test_a_step_entered_by_many_at_once_is_planned_once(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "customer.registered")
    plans = at_once(*[partial(ledger.enter, ledger.journey("ada"))] * 6)
    assert all(plan == plans[0] for plan in plans)
    assert len(ledger.contacts("ada")) == 2


def test_what_came_too_late_is_written_as_expired_and_not_left_out(ledger: Ledger) -> None:
    """A registration told after ten days: no greeting, no story, and rows that say so."""
    ledger.reachable("ada")
    ledger.track("ada", "customer.registered", at=NOON - 10 * DAY)
    plan = ledger.enter(ledger.journey("ada"))
    assert ledger.states("ada") == [("hello", "expired", "expired"), ("story", "expired", "expired")]
    assert plan.next_contact is None
    assert plan.stays_until == ledger.journey("ada").ends_at == NOON + 11 * DAY - timedelta(hours=1)


def test_what_hangs_on_a_date_is_planned_when_the_date_becomes_known(empty_ledger: Ledger) -> None:
    """The birthday was not known when the step was entered; two days later it is."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME.replace("when: 3 days after start", "when: 7 days before birthday"),))
    ledger.planned("ada")
    assert ledger.states("ada") == [("hello", "planned", None)]
    ledger.now += 2 * DAY
    words = ledger.count("outbox")
    ledger.identify("ada", properties={"birthday": "1990-04-10"})
    ledger.identify("ada", properties={"birthday": "1990-04-10"})
    assert ledger.words()[words:] == [("wake", "")], "told once, though said twice"
    ledger.enter(ledger.journey("ada"))
    story = ledger.contact("ada", "story")
    assert (story.state, story.due_at) == ("planned", datetime(2026, 4, 3, 10, tzinfo=ZoneInfo("Europe/London")))
    ledger.identify("ada", properties={"birthday": "1990-04-12"})
    ledger.enter(ledger.journey("ada"))
    assert ledger.contact("ada", "story").due_at == story.due_at + 2 * DAY
    assert len(ledger.contacts("ada")) == 2


def test_a_new_time_zone_moves_what_is_planned_to_the_same_hour_there(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.identify("ada", time_zone="America/New_York")
    plan = ledger.enter(ledger.journey("ada"))
    story = ledger.contact("ada", "story")
    assert story.due_at == story.planned_for == datetime(2026, 3, 27, 10, tzinfo=ZoneInfo("America/New_York"))
    assert story.expires_at == story.due_at + 3 * DAY
    journey = ledger.journey("ada")
    assert journey.ends_at == plan.stays_until == datetime(2026, 4, 14, 8, tzinfo=ZoneInfo("America/New_York"))


def test_a_new_time_zone_leaves_alone_what_was_deferred(ledger: Ledger) -> None:
    """A rule has found it another moment: its own hour is past."""
    ledger.planned("ada")
    later = NOON + 2 * DAY
    ledger.run(
        lambda c: c.execute(sa.text("UPDATE contacts SET due_at = :at WHERE communication = 'story'"), {"at": later})
    )
    ledger.identify("ada", time_zone="America/New_York")
    ledger.enter(ledger.journey("ada"))
    assert ledger.contact("ada", "story").due_at == later


def test_a_contact_that_a_rule_deferred_is_looked_at_when_the_rule_said(empty_ledger: Ledger) -> None:
    """Not planned by the hour: the decision found it, the row carries it, the plan tells it."""
    ledger = empty_ledger
    ledger.publish(rules="apart: 20 hours")
    ledger.planned("ada")
    ledger.claim(ledger.contact("ada"))
    ledger.track("ada", "order.placed", occasion="birthday", at=NOON - 352 * DAY, historical=True)
    clock = ledger.journey("ada", "repurchase")
    ledger.enter(clock)
    reminder = ledger.contact("ada", "reminder")
    ledger.now = max(reminder.due_at, NOON)
    answer = ledger.claim(reminder)
    assert isinstance(answer, NotClaimed)
    assert (answer.reason, answer.again_at) == (Reason.GAP, NOON + timedelta(hours=20))
    plan = ledger.enter(clock)
    assert plan.next_contact is not None
    assert (plan.next_contact.contact_key, plan.next_contact.at) == (reminder.contact_key, answer.again_at)


# ------------------------------------------------------------------------------------------------------------- leaving


def test_leaving_twice_is_harmless_and_the_journey_moves_on_once(empty_ledger: Ledger) -> None:
    """The commit arrived, the answer did not: the workflow asks again and hears the same."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME_THEN, HELP))
    ledger.planned("ada")
    ledger.track("ada", "order.placed")
    welcome = ledger.journey("ada")
    first = ledger.leave(welcome)
    moved = ledger.journey("ada")
    second = ledger.leave(welcome)
    assert first == second
    assert (first.again, first.then) == (False, "HelpStep")
    assert (moved.step, moved.state, moved.started_at, moved.first_step) == ("help", "open", NOON, "welcome")
    assert ledger.journey("ada").started_at == moved.started_at
    ledger.now += DAY
    assert ledger.leave(welcome) == first, "even much later"
    ledger.enter(ledger.journey("ada"))
    assert ledger.states("ada") == [
        ("hello", "cancelled", "goal_reached"),
        ("guide", "planned", None),
        ("story", "cancelled", "goal_reached"),
    ]


def test_leaving_a_step_that_nothing_follows_ends_the_journey_however_often(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.now += 22 * DAY
    journey = ledger.journey("ada")
    assert [ledger.leave(journey), ledger.leave(journey)] == [ledger.leave(journey)] * 2
    ended = ledger.journey("ada")
    assert (ended.state, ended.ended_at) == ("timed_out", ledger.now)
    assert ledger.states("ada") == [("hello", "cancelled", "journey_ended"), ("story", "cancelled", "journey_ended")]


def test_a_step_left_while_its_clock_was_set_again_goes_on(ledger: Ledger) -> None:
    """The order is committed, its wake-up still on the way: the journey is not over after all."""
    ledger.reachable("ada")
    ledger.track("ada", "order.placed", occasion="birthday", at=NOON - 385 * DAY, historical=True)
    clock = ledger.journey("ada")
    ledger.enter(clock)
    ledger.now += 40 * DAY
    ledger.track("ada", "order.placed", occasion="birthday")
    left = ledger.leave(ledger.journey("ada", "repurchase"))
    assert (left.again, left.then) == (True, None)
    assert ledger.journey("ada", "repurchase").state == "open"
    assert ledger.enter(clock).cycle == 2


def test_a_step_is_not_left_while_a_contact_is_in_flight(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact)
    ledger.now += 30 * DAY
    assert ledger.leave(ledger.journey("ada")).again


def test_a_step_is_not_left_before_its_time_while_something_is_planned(ledger: Ledger) -> None:
    ledger.planned("ada")
    assert ledger.leave(ledger.journey("ada")).again
    assert ledger.journey("ada").state == "open"


def test_the_step_that_follows_is_that_of_the_published_version(empty_ledger: Ledger) -> None:
    """What a step says is pinned when it is entered; where it leads is decided when it is left."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME,))
    ledger.planned("ada")
    ledger.publish(steps=(WELCOME_THEN, HELP))
    ledger.track("ada", "order.placed")
    assert ledger.leave(ledger.journey("ada")).then == "HelpStep"
    assert (ledger.journey("ada").version, ledger.journey("ada").step) == (2, "help")


def test_milestones_reached_before_the_step_that_follows_are_known_when_it_is_entered(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    leads_on = WELCOME.replace("until: order.placed", "until: order.placed\n  then: onboarding")
    ledger.publish(steps=(leads_on, ONBOARDING.replace("  trigger: order.placed\n", "")))
    for user, opened in (("ada", True), ("bob", False)):
        ledger.reachable(user, properties={"birthday": "1990-05-04"})
        ledger.track(user, "customer.registered")
        if opened:
            ledger.track(user, "guide.opened")
        ledger.track(user, "order.placed")
        assert ledger.leave(ledger.journey(user)).then == "OnboardingStep"
        ledger.enter(ledger.journey(user))
    assert ledger.journey("ada").state == "goal"
    assert ledger.journey("bob").milestones == ["dates"]
    assert ledger.states("ada") == []


def test_who_is_in_a_step_that_was_dropped_can_leave_it(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.publish(steps=(INVOICE,))
    ledger.track("ada", "order.placed")
    left = ledger.leave(ledger.journey("ada"))
    assert (left.again, left.then) == (False, None)


def test_what_was_planned_before_the_next_version_is_said_as_it_was_then(empty_ledger: Ledger) -> None:
    """Content is pinned: the words of the version in which the journey entered the step."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME, REPURCHASE), says={"hello": "The old words."})
    contact = ledger.planned("ada")
    ledger.publish(steps=(WELCOME, REPURCHASE), says={"hello": "The new words."})
    ledger.claim(contact)
    (message,) = ledger.rows("SELECT content ->> 'text' AS said FROM messages")
    assert "The old words." in message.said


def test_the_channels_of_a_planned_row_are_those_of_its_first_choice(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME.replace("{ when: at once }", "{ when: at once, by: push or sms after 4 hours }"),))
    ledger.planned("ada", Channel.PUSH)
    assert ledger.contact("ada").channels == ["push"]


def test_quiet_hours_published_since_move_what_is_planned_for_those_who_are_inside(ledger: Ledger) -> None:
    """Governance is the published version, for the plan as for the decision."""
    ledger.reachable("ada")
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada"))
    ledger.publish(rules="{ quiet: { email: 09:00 to 14:00 } }")
    ledger.enter(ledger.journey("ada"))
    moved = ledger.contact("ada", "story").due_at.astimezone(ZoneInfo("Europe/London"))
    assert moved == datetime(2026, 3, 27, 14, tzinfo=ZoneInfo("Europe/London"))
