# ruff: noqa: ANN401 - rows and what is asked of them can be anything
"""What a person does about parked contacts: taken up again, skipped, marked as sent; kept with who and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from database import sends, views
from database.attempts import Claimed, NotClaimed
from database.sends import Act, Asking
from database.views.sends import causes, sends_list
from tactful.connector import Fault
from tactful.intake import Person, Which
from tactful.words import ContactState, JourneyState, Reason
from tests.integration.ledger import DAY, KEYLESS, MINUTE, Ledger, accepted, fault

pytestmark = pytest.mark.integration
MAYA = Person("maya", "the template is mended")


def which(ledger: Ledger, **changes: Any) -> Which:
    asked: dict[str, Any] = {"parked_by": ledger.now} | changes
    return Which(**asked)


def act(ledger: Ledger, what: Act, *, even_unknown: bool = False, **filters: Any) -> int:
    asking = Asking(what, which(ledger, **filters), MAYA, even_unknown=even_unknown)
    return ledger.run(lambda c: sends.do_page(c, asking, now=ledger.now)).done


def parked(ledger: Ledger, user: str = "ada", kind: Fault = Fault.BAD_CONTENT) -> Any:
    """Park a customer's first contact: refused as it stands, or not known."""
    contact = ledger.planned(user)
    claimed = ledger.claim(contact, KEYLESS)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(kind))
    (found,) = [row for row in ledger.contacts(user) if row.contact_key == contact.contact_key]
    assert found.state == "parked"
    return found


def starts(ledger: Ledger) -> list[str]:
    rows = ledger.rows("SELECT workflow_id FROM outbox WHERE workflow_type = 'ResolveContact' ORDER BY outbox_no")
    return [row.workflow_id for row in rows]


def decisions(ledger: Ledger, contact: Any) -> list[tuple[str, str | None, str | None, str | None]]:
    rows = ledger.rows(
        "SELECT verdict, reason, asked_by, why FROM decisions WHERE contact_key = :key ORDER BY decision_no",
        key=contact.contact_key,
    )
    return [(row.verdict, row.reason, row.asked_by, row.why) for row in rows]


def test_a_contact_taken_up_again_is_planned_with_fresh_attempts_and_a_workflow_of_its_own(ledger: Ledger) -> None:
    contact = parked(ledger)
    assert act(ledger, "retry") == 1
    again = ledger.contact("ada", contact.communication)
    assert (again.state, again.reason, again.attempts, again.restarts) == ("planned", None, 0, 1)
    assert starts(ledger) == [f"contact/{contact.contact_key}/1"]
    assert decisions(ledger, contact)[-1] == ("retry", "bad_message", "maya", "the template is mended")
    claimed = ledger.claim(again)
    assert isinstance(claimed, Claimed)
    assert ledger.record(again, claimed, accepted()).state is ContactState.SENT


def test_a_second_click_and_a_second_person_find_nothing_left_to_do(ledger: Ledger) -> None:
    parked(ledger)
    asking = Asking("retry", which(ledger), MAYA)
    other = Asking("retry", which(ledger), Person("tom"))
    done = ledger.race(
        lambda c: sends.do_page(c, asking, now=ledger.now),
        lambda c: sends.do_page(c, asking, now=ledger.now),
        lambda c: sends.do_page(c, other, now=ledger.now),
    )
    assert sorted(page.done for page in done) == [0, 0, 1]
    assert len(starts(ledger)) == 1


def test_each_time_it_is_taken_up_again_it_has_another_workflow(ledger: Ledger) -> None:
    """Temporal refuses an id that was used: the number of restarts is part of it."""
    contact = parked(ledger)
    act(ledger, "retry")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.now += MINUTE
    ledger.record(contact, claimed, fault(Fault.BAD_CONTENT))
    assert act(ledger, "retry") == 1
    assert starts(ledger) == [f"contact/{contact.contact_key}/{n}" for n in (1, 2)]


def test_what_may_have_arrived_is_passed_over_unless_a_person_says_so(ledger: Ledger) -> None:
    contact = parked(ledger, kind=Fault.AMBIGUOUS)
    assert act(ledger, "retry") == 0
    assert act(ledger, "skip") == 0
    assert act(ledger, "retry", even_unknown=True) == 1
    assert decisions(ledger, contact)[-1] == ("retry", "unknown", "maya", "the template is mended")


def test_what_may_have_arrived_is_never_skipped_even_when_taken_up_again(ledger: Ledger) -> None:
    """Opted out meanwhile: it is not sent, and it is still not known whether it was."""
    contact = parked(ledger, kind=Fault.AMBIGUOUS)
    act(ledger, "retry", even_unknown=True)
    ledger.opt_out("ada")
    made = ledger.claim(contact, KEYLESS)
    assert isinstance(made, NotClaimed)
    assert (made.state, made.reason) == (ContactState.PARKED, Reason.UNKNOWN)


def test_a_late_yes_does_not_settle_what_was_taken_up_again_and_is_being_sent(ledger: Ledger) -> None:
    """The fence: the first attempt's answer belongs to the first attempt."""
    contact = ledger.planned()
    first = ledger.claim(contact, KEYLESS)
    assert isinstance(first, Claimed)
    ledger.record(contact, first, fault(Fault.AMBIGUOUS))
    act(ledger, "retry", even_unknown=True)
    second = ledger.claim(contact, KEYLESS)
    assert isinstance(second, Claimed)
    assert ledger.record(contact, first, accepted()).state is ContactState.CLAIMED
    assert ledger.contact("ada").state == "claimed"


def test_a_live_attempt_is_left_alone(ledger: Ledger) -> None:
    contact = ledger.planned()
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    for what in ("retry", "skip", "mark_sent"):
        assert act(ledger, what, even_unknown=True) == 0
    assert ledger.record(contact, claimed, accepted()).state is ContactState.SENT


def test_a_contact_that_is_skipped_by_a_person_says_who_and_why(ledger: Ledger) -> None:
    contact = parked(ledger)
    assert act(ledger, "skip") == 1
    assert ledger.states("ada")[0] == ("hello", "skipped", "by_hand")
    assert decisions(ledger, contact)[-1] == ("skip", "by_hand", "maya", "the template is mended")
    told = ledger.run(lambda c: views.contact(c, contact.contact_key))
    assert told is not None
    assert told.sentence == "Not sent. A person decided that this is not to be sent: the template is mended."


def test_what_a_person_knows_arrived_is_sent_at_the_time_of_its_call(ledger: Ledger) -> None:
    contact = parked(ledger, kind=Fault.AMBIGUOUS)
    called_at = ledger.now
    ledger.now += DAY
    assert act(ledger, "mark_sent") == 1
    row = ledger.contact("ada", contact.communication)
    assert (row.state, row.reason, row.sent_at, row.counts_at) == ("sent", None, called_at, called_at)
    assert [part.state for part in ledger.rows("SELECT state FROM messages")] == ["sent"]


def test_only_what_is_unknown_can_be_marked_as_sent(ledger: Ledger) -> None:
    parked(ledger)
    assert act(ledger, "mark_sent") == 0


def test_a_journey_that_is_still_under_way_is_not_disturbed(ledger: Ledger) -> None:
    """It goes on to its next contact; what was taken up again is none of its business."""
    contact = parked(ledger)
    story = ledger.contact("ada", "story")
    act(ledger, "retry")
    plan = ledger.enter(ledger.journey("ada"))
    assert plan.next_contact is not None
    assert plan.next_contact.contact_key == story.contact_key != contact.contact_key


def test_a_goal_reached_meanwhile_is_decided_afresh_and_not_swept_away(ledger: Ledger) -> None:
    contact = parked(ledger)
    act(ledger, "retry")
    ledger.now += MINUTE
    ledger.track("ada", "order.placed", occasion="birthday")
    assert ledger.states("ada")[0] == ("hello", "planned", None)
    made = ledger.claim(contact)
    assert isinstance(made, NotClaimed)
    assert (made.state, made.reason) == (ContactState.SKIPPED, Reason.GOAL_REACHED)


INVOICE = {"number": "17"}


def test_a_contact_whose_journey_has_completed_can_be_taken_up_again(ledger: Ledger) -> None:
    ledger.publish(steps=(SHORT,))
    contact = parked(ledger, "ada")
    ledger.leave(ledger.journey("ada"))
    assert ledger.journey("ada").state == JourneyState.COMPLETED
    act(ledger, "retry")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)


def test_a_goal_reached_after_the_journey_had_completed_stops_it(ledger: Ledger) -> None:
    ledger.publish(steps=(SHORT,))
    contact = parked(ledger, "ada")
    ledger.leave(ledger.journey("ada"))
    ledger.now += MINUTE
    ledger.track("ada", "order.placed")
    act(ledger, "retry")
    made = ledger.claim(contact)
    assert isinstance(made, NotClaimed)
    assert made.reason is Reason.GOAL_REACHED


def test_what_comes_later_in_the_step_overtakes_it(ledger: Ledger) -> None:
    contact = parked(ledger)
    ledger.now += 3 * DAY
    story = ledger.contact("ada", "story")
    claimed = ledger.claim(story)
    assert isinstance(claimed, Claimed)
    ledger.record(story, claimed, accepted())
    act(ledger, "retry")
    made = ledger.claim(contact)
    assert isinstance(made, NotClaimed)
    assert (made.state, made.reason) == (ContactState.SKIPPED, Reason.OVERTAKEN)


def test_a_mended_template_is_used_though_the_customer_began_with_the_broken_one(ledger: Ledger) -> None:
    ledger.publish(says={"hello": "Hello {{ customer.favourite }}."})
    contact = ledger.planned()
    made = ledger.claim(contact)
    assert isinstance(made, NotClaimed)
    assert made.reason is Reason.BAD_MESSAGE
    ledger.publish(says={"hello": "Hello."})
    act(ledger, "retry")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    assert "Hello." in (claimed.parts[0].message.text or "")


SHORT = """\
welcome:
  why: You have just met us.
  trigger: customer.registered
  until: order.placed
  say:
    hello: { when: at once }
"""


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({}, True),
        ({"reason": "bad_message"}, True),
        ({"reason": "failed"}, False),
        ({"connector": "post"}, True),
        ({"connector": "smtp"}, False),
        ({"fault": "bad_content"}, True),
        ({"fault": "bad_content code"}, True),
        ({"fault": "transient"}, False),
        ({"connector": "post", "fault": "transient"}, False),
        ({"strategy": "small", "step": "welcome", "communication": "hello"}, True),
        ({"communication": "story"}, False),
        ({"contacts": ()}, False),
    ],
)
def test_a_filter_means_what_it_says(ledger: Ledger, filters: dict[str, Any], fits: bool) -> None:  # noqa: FBT001
    parked(ledger)
    counted = ledger.run(lambda c: sends.count(c, Asking("retry", which(ledger, **filters), MAYA)))
    assert (counted.meant, counted.possible) == (int(fits), int(fits))
    assert act(ledger, "retry", **filters) == int(fits)


def test_what_is_parked_after_the_request_is_not_meant_by_it(ledger: Ledger) -> None:
    before = ledger.now - timedelta(seconds=1)
    parked(ledger)
    assert act(ledger, "retry", parked_by=before) == 0
    assert act(ledger, "retry", since=ledger.now + MINUTE) == 0
    assert act(ledger, "retry", until=ledger.now) == 0
    assert act(ledger, "retry", since=ledger.now, until=ledger.now + MINUTE) == 1


def test_causes_come_first_with_how_many_since_when_and_what_happened(ledger: Ledger) -> None:
    began = ledger.now
    for user in ("ada", "bob", "cyd"):
        parked(ledger, user)
        ledger.now += MINUTE
    parked(ledger, "dan", Fault.AMBIGUOUS)
    found = ledger.run(lambda c: causes(c, which(ledger), now=ledger.now))
    told = [(one.contacts, one.reason, one.connector, one.fault, one.step, one.since) for one in found]
    assert told == [
        (3, "bad_message", "post", "bad_content code", "welcome", began),
        (1, "unknown", "post", "ambiguous code", "welcome", began + 3 * MINUTE),
    ]
    assert "detail" in found[0].sentence


def test_what_waits_for_a_connector_and_what_is_overdue_are_causes_too(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.CONFIG))
    ledger.planned("bob")
    ledger.now += 2 * timedelta(hours=1)
    found = ledger.run(lambda c: causes(c, which(ledger), now=ledger.now))
    told = {(one.reason, one.connector, one.fault, one.contacts) for one in found}
    assert told == {("connector_held", "post", "config", 1), ("overdue", None, None, 1)}


def test_the_list_is_paged_the_newest_first(ledger: Ledger) -> None:
    keys = []
    for user in ("ada", "bob", "cyd"):
        keys.append(parked(ledger, user).contact_key)
        ledger.now += MINUTE
    first = ledger.run(lambda c: sends_list(c, which(ledger), None, most=2))
    second = ledger.run(lambda c: sends_list(c, which(ledger), first.next, most=2))
    assert [one.contact_key for one in (*first.contacts, *second.contacts)] == keys[::-1]
    assert second.next is None
