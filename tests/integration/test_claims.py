"""The first transaction of a contact: who gets the place, with which bytes, and what a second attempt may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from database.attempts import Claimed, NotClaimed
from database.audit import audit
from database.errors import UnknownContactError
from database.freezing import Sending
from database.plans import contact_row
from database.strategies import load
from database.tables import contacts
from tactful.audit import Audited
from tactful.wire.audit import FindingLine
from tactful.words import Channel, ContactState, Reason
from tests.integration.ledger import DAY, EVERYWHERE, KEYED, KEYLESS, LINKS, MINUTE, NOON, Ledger, accepted, at_once
from tests.small_strategy import ONBOARDING, WELCOME
from tests.statements import counted

pytestmark = pytest.mark.integration
EMAIL, SMS, PUSH = Channel.EMAIL, Channel.SMS, Channel.PUSH
AFTER_LEASE = timedelta(minutes=1)
ONE_A_DAY = "at_most: [1 in 1 day]"
BY_PUSH_OR_SMS = WELCOME.replace("{ when: at once }", "{ when: at once, by: push or sms }")
WITH_CODES = WELCOME.replace("{ when: at once }", "{ when: at once, offer: tenner }")
OFFERS = "{ tenner: { kind: incentive, says: 10 pounds off, codes: codes/tenner.csv, lasts: 14 days } }"


def messages(ledger: Ledger) -> list[dict[str, Any]]:
    """Return every frozen message as it lies in the ledger."""
    return [dict(row._mapping) for row in ledger.rows("SELECT * FROM messages ORDER BY contact_key, channel")]


def decisions(ledger: Ledger, contact_key: UUID) -> list[tuple[str, str | None]]:
    """Return (verdict, reason) of every decision about a contact, in order."""
    found = ledger.rows(
        "SELECT verdict, reason FROM decisions WHERE contact_key = :key ORDER BY decision_no", key=contact_key
    )
    return [tuple(row) for row in found]


def plan_many(ledger: Ledger, user: str, count: int) -> list[Any]:
    """Plan several contacts of one customer that are due now, as so many journeys would."""
    customer = ledger.reachable(user)

    def work(conn: sa.Connection) -> None:
        loaded = load(conn, "small", 1)
        hello = loaded.strategy.steps["welcome"].communications[0]
        row = contact_row(loaded, hello) | {
            "customer_key": customer,
            "planned_for": NOON,
            "due_at": NOON,
            "created_at": NOON,
            "updated_at": NOON,
            "revision": 1,
        }
        conn.execute(sa.insert(contacts), [row | {"contact_key": uuid4()} for _ in range(count)])

    ledger.run(work)
    return ledger.contacts(user)


# ------------------------------------------------------------------------------------------------------------ the claim


def test_a_claim_freezes_the_message_takes_the_place_and_keeps_the_decision(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    row = ledger.contact("ada")
    assert (row.state, row.counts_at, row.attempts, row.fence) == ("claimed", NOON, 1, 1)
    assert (claimed.fence, claimed.attempt, claimed.repeats) == (1, 1, False)
    (message,) = messages(ledger)
    assert message["content"] == claimed.parts[0].message.model_dump(mode="json")
    assert message["content"]["to"] == "ada@email.example"
    assert decisions(ledger, contact.contact_key) == [("send", None)]


def test_of_two_threads_that_claim_one_contact_one_gets_it_and_the_other_hears_that_it_is_in_flight(
    ledger: Ledger,
) -> None:
    for i in range(5):
        contact = ledger.planned(f"user-{i}")
        answers = ledger.race(*[ledger.claiming(contact)] * 2)
        (got,) = [answer for answer in answers if isinstance(answer, Claimed)]
        (other,) = [answer for answer in answers if isinstance(answer, NotClaimed)]
        row = ledger.contact(f"user-{i}")
        assert got.fence == row.fence == 1
        assert (other.state, other.reason, other.again_at) == (ContactState.CLAIMED, Reason.IN_FLIGHT, row.lease_until)


def test_of_twenty_contacts_claimed_at_once_under_a_cap_of_one_exactly_one_is_claimed(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=ONE_A_DAY)
    planned = plan_many(ledger, "ada", 20)
    answers = ledger.race(*[ledger.claiming(contact) for contact in planned])
    assert sum(isinstance(answer, Claimed) for answer in answers) == 1
    rest = {(answer.state, answer.reason) for answer in answers if isinstance(answer, NotClaimed)}
    assert rest <= {(ContactState.PLANNED, Reason.CAP), (ContactState.PLANNED, Reason.OUTRANKED)}
    assert ledger.count("contacts", "counts_at IS NOT NULL") == 1


def test_a_cap_sees_past_any_number_of_service_contacts(empty_ledger: Ledger) -> None:
    """Hundreds of delivery notices since do not hide the newsletter that took the place."""
    ledger = empty_ledger
    ledger.publish(rules="{ at_most: [1 in 30 days] }")
    contact = ledger.planned("ada")
    ledger.run(lambda c: c.execute(sa.insert(contacts), _taken(contact, 1500)))
    answer = ledger.claim(contact)
    assert isinstance(answer, NotClaimed)
    assert answer.reason in {Reason.CAP, Reason.EXPIRED}


def test_a_membership_that_has_lapsed_by_time_alone_does_not_count(empty_ledger: Ledger) -> None:
    """What is kept with the customer is as old as the last event; the claim asks the segment's lines anew."""
    ledger = empty_ledger
    for_new = WELCOME.replace("story: {", "story: { for: [new],")
    ledger.publish(steps=(for_new,), segments="{ new: { if: since registered <= 2 days } }")
    ledger.reachable("ada")
    ledger.planned("ada")
    kept = ledger.rows("SELECT segment FROM customers")[0].segment
    assert kept == "new"
    ledger.now += timedelta(days=3)
    answer = ledger.claim(ledger.contact("ada", "story"))
    assert isinstance(answer, NotClaimed)
    assert answer.reason is Reason.NOT_IN_SEGMENT
    assert ledger.rows("SELECT segment FROM customers")[0].segment == kept


def test_a_letter_counts_from_the_day_it_should_arrive(empty_ledger: Ledger) -> None:
    """Sent on Tuesday, it arrives on Friday: it is Friday's place that it takes, and Friday's emails that wait."""
    ledger, days = empty_ledger, timedelta(days=3)
    by_letter = WELCOME.replace("hello: { when: at once", "hello: { when: at once, by: letter")
    ledger.publish(steps=(by_letter,), rules="{ apart: 1 day }")
    ledger.reachable("ada", *Channel)
    contact = ledger.planned("ada", *Channel)
    claimed = ledger.claim(contact, replace(KEYED, in_home={"post": days}))
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, accepted())
    letter = ledger.contact("ada", "hello")
    assert (letter.state, letter.sent_at, letter.counts_at) == ("sent", ledger.now, ledger.now + days)
    ledger.now += days
    story = ledger.contact("ada", "story")
    answer = ledger.claim(story)
    assert isinstance(answer, NotClaimed)
    assert answer.reason is Reason.GAP
    lines = [line for line in audit(ledger.database, Audited(ledger.now)) if isinstance(line, FindingLine)]
    assert lines == []
    trace = ledger.rows("SELECT trace FROM decisions WHERE verdict = 'send'")[0].trace
    assert any(line[0] == "gap" and line[2]["counts_at"].startswith("20") for line in trace if len(line) > 2)


@pytest.mark.parametrize(
    ("cap", "different"),
    [
        ("1 nurture in 365 days", {"stage": "keep"}),
        ("1 news in 12 months", {"topic": "orders"}),
        ("1 email in 365 days", {"channels": ["push"]}),
    ],
)
def test_a_cap_sees_past_any_number_of_contacts_that_it_does_not_count(
    empty_ledger: Ledger, cap: str, different: dict[str, Any]
) -> None:
    """Two a day for a year, all of them marketing, do not hide the one that took the only place."""
    ledger = empty_ledger
    ledger.publish(rules=f"{{ at_most: [{cap}] }}")
    contact = ledger.planned("ada")
    rows = [row | {"purpose": "marketing"} for row in _taken(contact, 700)]
    rows[:-1] = [row | different for row in rows[:-1]]
    ledger.run(lambda c: c.execute(sa.insert(contacts), rows[:-1]))
    with counted(ledger.database) as said:
        assert isinstance(ledger.claim(contact), Claimed)
    assert len(said) == 4
    other = ledger.planned("bob")
    ledger.run(
        lambda c: c.execute(sa.insert(contacts), [row | {"contact_key": uuid4()} | _whose(other) for row in rows])
    )
    answer = ledger.claim(other)
    assert isinstance(answer, NotClaimed)
    assert answer.reason is Reason.CAP


def _whose(contact: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    return {"customer_key": contact.customer_key, "journey_key": contact.journey_key}


def _taken(like: Any, notices: int) -> list[dict[str, Any]]:  # noqa: ANN401 - a row
    """Return rows of so many notices sent a minute apart, and of one newsletter before them all."""
    made: list[dict[str, Any]] = []
    for minutes in range(1, notices + 2):
        service = minutes <= notices
        different = {"contact_key": uuid4(), "state": "sent", "counts_at": NOON - minutes * MINUTE}
        different |= {"purpose": "service" if service else "marketing", "communication": f"earlier-{service}"}
        made.append(like._asdict() | different)
    return made


def test_an_opt_out_committed_before_the_claim_is_always_obeyed_however_threads_race(ledger: Ledger) -> None:
    """Whatever the race, the revisions tell: no claim comes after the no that stood against it."""
    outcomes = {"claimed": 0, "skipped": 0}
    for i in range(30):
        user = f"user-{i}"
        contact = ledger.planned(user)
        works = [partial(ledger.opt_out, user), partial(ledger.claim, contact)]
        if i % 3 == 2:
            at_once(*works)
        else:  # both orders are among those tried, whatever the races come to
            [work() for work in works[:: 1 if i % 3 else -1]]
        row = ledger.contact(user)
        (no_,) = ledger.rows(
            "SELECT revision FROM consents WHERE customer_key = :key AND state = 'opted_out'", key=row.customer_key
        )
        outcomes[row.state] += 1
        if row.state == "claimed":
            assert row.revision < no_.revision
        else:
            assert row.reason == "opted_out"
            assert row.revision > no_.revision
    assert min(outcomes.values()) >= 10


def test_an_unknown_contact_is_an_error_and_locks_nobody(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    bob = ledger.identify("bob")
    with pytest.raises(UnknownContactError):
        ledger.claim(_named(contact.customer_key, uuid4()))
    with pytest.raises(UnknownContactError):
        ledger.claim(_named(bob, contact.contact_key))
    assert ledger.contact("ada").state == "planned"


def _named(customer_key: UUID, contact_key: UUID) -> Any:  # noqa: ANN401 - stands in for a row
    return type("Row", (), {"customer_key": customer_key, "contact_key": contact_key})()


def test_a_contact_that_is_not_yet_due_waits_until_it_is(ledger: Ledger) -> None:
    ledger.planned("ada")
    story = ledger.contact("ada", "story")
    answer = ledger.claim(story)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason, answer.again_at) == (
        ContactState.PLANNED,
        Reason.NOT_YET_DUE,
        story.due_at,
    )


def test_a_settled_contact_is_left_as_it_is(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, accepted())
    before = ledger.contact("ada")
    answer = ledger.claim(contact)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.again_at) == (ContactState.SENT, None)
    assert ledger.contact("ada") == before
    assert decisions(ledger, contact.contact_key) == [("send", None)]


def test_a_missing_variable_parks_the_contact_before_a_place_is_taken(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(says={"hello": "You like {{ customer.favourite }}."})
    contact = ledger.planned("ada")
    answer = ledger.claim(contact)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason) == (ContactState.PARKED, Reason.BAD_MESSAGE)
    row = ledger.contact("ada")
    assert (row.counts_at, row.fence, row.attempts, messages(ledger)) == (None, 0, 0, [])
    (trace,) = ledger.rows("SELECT trace FROM decisions")
    assert "favourite" in json.dumps(trace.trace)
    assert answer.ahead.next_contact is not None
    assert answer.ahead.next_contact.contact_key == ledger.contact("ada", "story").contact_key


def test_an_expired_contact_is_expired_and_takes_no_place(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.now += 4 * DAY
    ledger.claim(contact)
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.counts_at) == ("expired", "expired", None)


# ------------------------------------------------------------------------------------------------ crash, second attempt


def test_a_crash_between_the_two_transactions_leaves_a_row_that_the_next_look_explains(ledger: Ledger) -> None:
    """Within the lease it is in flight; the journey knows when to look again; afterwards it is not known."""
    contact = ledger.planned("ada")
    ledger.claim(contact, KEYLESS)
    ledger.now += MINUTE / 2
    within = ledger.claim(contact, KEYLESS)
    assert isinstance(within, NotClaimed)
    assert (within.state, within.reason) == (ContactState.CLAIMED, Reason.IN_FLIGHT)
    plan = ledger.enter(ledger.journey("ada"))
    lease_until = ledger.contact("ada").lease_until
    assert within.again_at == lease_until
    assert plan.next_contact is not None
    assert (plan.next_contact.contact_key, plan.next_contact.at) == (contact.contact_key, lease_until)
    ledger.now = lease_until
    after = ledger.claim(contact, KEYLESS)
    assert isinstance(after, NotClaimed)
    assert (after.state, after.reason) == (ContactState.PARKED, Reason.UNKNOWN)
    assert decisions(ledger, contact.contact_key) == [("send", None), ("park", "unknown")]
    assert ledger.contact("ada").counts_at == NOON, "what may have reached the customer keeps its place"


def test_a_second_attempt_sends_the_same_bytes_under_the_same_key(ledger: Ledger) -> None:
    """Though the customer's facts and the clock have moved on."""
    contact = ledger.planned("ada")
    first = ledger.claim(contact)
    frozen = messages(ledger)
    ledger.now += AFTER_LEASE
    ledger.identify("ada", properties={"favourite": "rose"}, language="en", preferred=(SMS,))
    second = ledger.claim(contact)
    assert isinstance(first, Claimed)
    assert isinstance(second, Claimed)
    assert (second.fence, second.attempt, second.repeats) == (2, 2, True)
    assert [part.message.model_dump_json() for part in second.parts] == [
        part.message.model_dump_json() for part in first.parts
    ]
    assert messages(ledger) == frozen
    assert ledger.contact("ada").counts_at == ledger.now, "stamped anew with each attempt"


def test_outside_the_window_in_which_the_key_is_remembered_nothing_is_sent_again(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact)
    ledger.now += DAY
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")


@pytest.mark.parametrize("sending", [KEYED, KEYLESS])
def test_an_opt_out_between_two_attempts_ends_in_unknown_and_nothing_is_sent_again(
    ledger: Ledger, sending: Sending
) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact, sending)
    ledger.opt_out("ada")
    ledger.now += AFTER_LEASE
    answer = ledger.claim(contact, sending)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason) == (ContactState.PARKED, Reason.UNKNOWN)


def test_an_opt_out_of_the_channel_that_was_tried_holds_though_another_channel_is_open(empty_ledger: Ledger) -> None:
    """The push that may have gone out must not go out again, and an SMS would be a second message."""
    ledger = empty_ledger
    ledger.publish(steps=(BY_PUSH_OR_SMS,))
    contact = ledger.planned("ada", PUSH, SMS)
    first = ledger.claim(contact)
    assert isinstance(first, Claimed)
    assert first.parts[0].message.channel is PUSH
    ledger.opt_out("ada", PUSH)
    ledger.now += AFTER_LEASE
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")
    assert len(messages(ledger)) == 1


def test_a_customer_who_moved_between_two_attempts_is_written_to_at_neither_address_again(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact)
    ledger.now += AFTER_LEASE
    ledger.identify("ada", addresses={EMAIL: "new@example.com"})
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")


def test_a_second_attempt_waits_for_the_connector_that_made_the_first(empty_ledger: Ledger) -> None:
    """Another provider does not know the key of the one that may have sent it."""
    ledger = empty_ledger
    ledger.publish()
    two = Sending(dict.fromkeys(EVERYWHERE, ("post", "dove")), {"post": DAY, "dove": DAY}, LINKS)
    contact = ledger.planned("ada")
    ledger.claim(contact, two)
    ledger.now += AFTER_LEASE
    until = ledger.now + timedelta(hours=1)
    ledger.run(
        lambda c: c.execute(
            sa.text("INSERT INTO connector_holds VALUES ('post', 'config', 'wrong password', :now, :until)"),
            {"now": ledger.now, "until": until},
        )
    )
    answer = ledger.claim(contact, two)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason) == (ContactState.CLAIMED, Reason.CONNECTOR_HELD)
    assert answer.again_at is not None
    ledger.now = until
    again = ledger.claim(contact, two)
    assert isinstance(again, Claimed)
    assert again.parts[0].connector == "post"


def test_a_goal_between_claim_and_second_attempt_ends_in_unknown(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact)
    ledger.now += AFTER_LEASE
    ledger.track("ada", "order.placed")
    answer = ledger.claim(contact)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason, answer.ahead.over, answer.ahead.next_contact) == (
        ContactState.PARKED,
        Reason.UNKNOWN,
        True,
        None,
    )


def test_a_second_attempt_in_quiet_hours_waits_and_keeps_its_place(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules="quiet: { email: 12:30 to 14:00 }")
    contact = ledger.planned("ada")
    first = ledger.claim(contact)
    ledger.now += timedelta(minutes=45)
    waiting = ledger.claim(contact)
    assert isinstance(waiting, NotClaimed)
    assert (waiting.state, waiting.reason) == (ContactState.CLAIMED, Reason.QUIET_HOURS)
    ledger.now = NOON + timedelta(hours=2)
    assert waiting.again_at == ledger.now
    again = ledger.claim(contact)
    assert isinstance(first, Claimed)
    assert isinstance(again, Claimed)
    assert again.parts == first.parts


# ---------------------------------------------------------------------------------------------------------- offer codes


def with_codes(ledger: Ledger, count: int) -> None:
    codes = "code\n" + "".join(f"TEN-{i}\n" for i in range(count))
    ledger.publish(
        steps=(WITH_CODES,),
        offers=OFFERS,
        says={"hello": "Take {{ offer.code }}."},
        more={"codes/tenner.csv": codes},
    )


def test_ten_threads_give_ten_customers_ten_different_codes(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    with_codes(ledger, 12)
    planned = [ledger.planned(f"user-{i}") for i in range(10)]
    answers = ledger.race(*[ledger.claiming(contact) for contact in planned])
    texts = {answer.parts[0].message.text for answer in answers if isinstance(answer, Claimed)}
    given = ledger.rows("SELECT code FROM offer_codes WHERE contact_key IS NOT NULL")
    assert len(texts) == len(given) == 10
    assert ledger.count("offer_codes") == 12, "the heading of the file is no code"
    assert all(any(row.code in (text or "") for text in texts) for row in given)


def test_without_a_code_left_the_contact_parks_and_says_so(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    with_codes(ledger, 1)
    first, second = ledger.planned("ada"), ledger.planned("bob")
    ledger.claim(first)
    ledger.claim(second)
    assert ledger.states("bob")[0] == ("hello", "parked", "bad_message")
    (trace,) = ledger.rows("SELECT trace FROM decisions WHERE contact_key = :key", key=second.contact_key)
    assert "no code of offer tenner is left" in json.dumps(trace.trace)
    assert ledger.contact("bob").counts_at is None


def test_a_contact_that_is_decided_again_keeps_its_code(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    with_codes(ledger, 5)
    contact = ledger.planned("ada")
    first = ledger.claim(contact)
    ledger.now += AFTER_LEASE
    second = ledger.claim(contact)
    assert isinstance(first, Claimed)
    assert isinstance(second, Claimed)
    assert first.parts == second.parts
    assert ledger.count("offer_codes", "contact_key IS NOT NULL") == 1


# -------------------------------------------------------------------------------------------------------------- budgets


def test_the_straight_case_takes_at_most_eight_statements_in_two_transactions(
    empty_ledger: Ledger, record_property: Callable[[str, object], None]
) -> None:
    """With an offer code, the dearest straight case; the budget is design part 11."""
    ledger = empty_ledger
    with_codes(ledger, 3)
    contact = ledger.planned("ada")
    with counted(ledger.database) as first:
        claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    with counted(ledger.database) as second:
        ledger.record(contact, claimed, accepted())
    record_property("statements", len(first) + len(second))
    print(f"\nstatements of a contact: {len(first)} + {len(second)}")  # noqa: T201 - a figure of the budget
    assert ledger.states("ada")[0] == ("hello", "sent", None)
    assert len(first) + len(second) <= 8
    assert "UPDATE customers" in first[0]
    assert "UPDATE customers" in second[0]


FRIDAY = "nudge: { when: 3 days after start"
RAISED = ONBOARDING.replace(FRIDAY, f"{FRIDAY}, priority: raised")


def with_a_nudge_ahead(ledger: Ledger, *, known: bool = False) -> Any:  # noqa: ANN401
    """Plan a nudge for Friday that is raised before others, and return a greeting that is due now."""
    ledger.publish(steps=(WELCOME, RAISED), rules="{ at_most: [1 in 7 days], look_ahead: 7 days }")
    ledger.reachable("ada")
    ledger.track("ada", "order.placed")
    ledger.enter(ledger.journey("ada", "onboarding"))
    if known:
        ledger.track("ada", "guide.opened")
    ledger.now += MINUTE
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada", "welcome"))
    return ledger.contact("ada", "hello")


def test_room_is_kept_for_what_is_planned_within_the_horizon_and_matters_more(empty_ledger: Ledger) -> None:
    outcome = empty_ledger.claim(with_a_nudge_ahead(empty_ledger))
    assert isinstance(outcome, NotClaimed)
    assert (outcome.state, outcome.reason) == (ContactState.SKIPPED, Reason.OUTRANKED)


def test_no_room_is_kept_for_a_nudge_whose_milestone_is_reached(empty_ledger: Ledger) -> None:
    assert isinstance(empty_ledger.claim(with_a_nudge_ahead(empty_ledger, known=True)), Claimed)


@pytest.mark.parametrize("state", ["paused", "timed_out"])
def test_no_room_is_kept_for_a_journey_that_is_not_open(empty_ledger: Ledger, state: str) -> None:
    hello = with_a_nudge_ahead(empty_ledger)
    stop = sa.text("UPDATE journeys SET state = :state WHERE step = 'onboarding'")
    empty_ledger.run(lambda conn: conn.execute(stop, {"state": state}))
    assert isinstance(empty_ledger.claim(hello), Claimed)


SPOKEN = """\
{% for journey in journeys %}{{ journey.name }}: {{ journey.state }}, {{ journey.said }} said, \
{{ journey.to_come }} to come, {{ journey.reached }} reached, since {{ journey.since | date: "%-d %B" }}. {% endfor %}\
{% if journeys contains "welcome" %}You are new.{% endif %}"""


def test_a_mandatory_message_speaks_of_the_journeys_as_they_were_at_the_claim(ledger: Ledger) -> None:
    ledger.publish(says={"bill": SPOKEN})
    ledger.planned("ada")
    hello = ledger.claim(ledger.contact("ada"))
    assert isinstance(hello, Claimed)
    ledger.record(ledger.contact("ada"), hello, accepted())
    ledger.run(lambda c: c.execute(sa.text("UPDATE journeys SET state = 'paused' WHERE step = 'welcome'")))
    ledger.track("ada", "invoice.issued", number="1")
    ledger.enter(ledger.journey("ada", "invoice"))
    claimed = ledger.claim(ledger.contact("ada", "bill"))
    assert isinstance(claimed, Claimed)
    text = " ".join((claimed.parts[0].message.text or "").split())
    assert "welcome: paused, 1 said, 1 to come, 0 reached, since 24 March." in text
    assert "invoice: open, 0 said, 1 to come, 0 reached, since 24 March." in text
    assert "You are new." in text
    ledger.run(lambda c: c.execute(sa.text("UPDATE journeys SET state = 'open' WHERE step = 'welcome'")))
    (row,) = ledger.rows(
        "SELECT content ->> 'text' AS said FROM messages JOIN contacts USING (contact_key) WHERE communication = 'bill'"
    )
    assert "welcome: paused" in " ".join(row.said.split())
