"""The second transaction of a contact: what became of the call, written by whoever holds the fence, never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from database.attempts import LOOK_AFTER, Claimed, NotClaimed
from database.freezing import Sending
from database.records import MOST_ATTEMPTS
from tactful.connector import Accepted, Fault, SendFault
from tactful.words import Channel, ContactState, Reason
from tests.integration.ledger import DAY, KEYED, KEYLESS, MINUTE, NOON, Ledger, accepted, fault
from tests.small_strategy import INVOICE, WELCOME

pytestmark = pytest.mark.integration
EMAIL, LETTER, PUSH, SMS = Channel.EMAIL, Channel.LETTER, Channel.PUSH, Channel.SMS
AFTER_LEASE = timedelta(minutes=1)
HOLD = timedelta(minutes=10)
COMBINED = WELCOME.replace("{ when: at once }", "{ when: at once, by: letter and email }")
BY_PUSH_OR_SMS = WELCOME.replace("{ when: at once }", "{ when: at once, by: push or sms }")


def claimed(ledger: Ledger, user: str = "ada", sending: Sending = KEYLESS) -> tuple[Any, Claimed]:
    """Plan and claim a contact."""
    contact = ledger.planned(user)
    answer = ledger.claim(contact, sending)
    assert isinstance(answer, Claimed)
    return contact, answer


def claimed_again(ledger: Ledger, contact: Any, sending: Sending = KEYED) -> Claimed:  # noqa: ANN401 - a row
    """Make the second attempt after one that was cut off."""
    ledger.now += AFTER_LEASE
    answer = ledger.claim(contact, sending)
    assert isinstance(answer, Claimed)
    assert answer.repeats
    return answer


def message(ledger: Ledger, channel: Channel = EMAIL) -> Any:  # noqa: ANN401 - a row
    """Return what the ledger says of a part."""
    (row,) = ledger.rows("SELECT * FROM messages WHERE channel = :channel", channel=channel.value)
    return row


# ------------------------------------------------------------------------------------------------------- yes, and fence


def test_an_accepted_contact_is_sent_with_the_providers_name_for_it(ledger: Ledger) -> None:
    contact, claim = claimed(ledger)
    ledger.now += timedelta(seconds=2)
    answer = ledger.record(contact, claim, accepted("p-77"))
    row = ledger.contact("ada")
    assert (row.state, row.sent_at, row.counts_at, row.lease_until) == ("sent", ledger.now, NOON, None)
    assert (message(ledger).state, message(ledger).provider_id) == ("sent", "p-77")
    assert answer.ahead.next_contact is not None
    assert answer.ahead.next_contact.contact_key == ledger.contact("ada", "story").contact_key


def test_a_stale_fence_writes_nothing(ledger: Ledger) -> None:
    """The first attempt was stopped, overtaken, and comes back with a no: the second's word stands."""
    contact, first = claimed(ledger, sending=KEYED)
    claimed_again(ledger, contact)
    before = (ledger.contact("ada"), message(ledger))
    answer = ledger.record(contact, first, fault(Fault.BAD_RECIPIENT))
    assert (answer.state, answer.reason) == (ContactState.CLAIMED, Reason.IN_FLIGHT)
    assert answer.again_at is not None, "whoever was overtaken looks again"
    assert (ledger.contact("ada"), message(ledger)) == before
    assert ledger.count("suppressions") == 0


def test_an_answer_told_twice_is_written_once(ledger: Ledger) -> None:
    contact, claim = claimed(ledger)
    ledger.record(contact, claim, accepted())
    before = ledger.contact("ada")
    ledger.record(contact, claim, fault(Fault.TRANSIENT))
    assert ledger.contact("ada") == before


def test_a_yes_that_comes_after_the_contact_was_parked_as_unknown_settles_it(ledger: Ledger) -> None:
    """The worker was stopped for a minute in the middle of the call; nobody has touched the contact since."""
    contact, claim = claimed(ledger)
    ledger.now += AFTER_LEASE
    ledger.claim(contact, KEYLESS)
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")
    ledger.record(contact, claim, accepted("p-77"))
    assert ledger.states("ada")[0] == ("hello", "sent", None)
    assert message(ledger).provider_id == "p-77"


def test_a_no_that_comes_after_the_contact_was_parked_leaves_it_to_a_person(ledger: Ledger) -> None:
    contact, claim = claimed(ledger)
    ledger.now += AFTER_LEASE
    ledger.claim(contact, KEYLESS)
    ledger.record(contact, claim, fault(Fault.TRANSIENT))
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")


# --------------------------------------------------------------------------------------------- what each fault leads to


@pytest.mark.parametrize(
    ("kind", "retry_after", "state", "reason", "due_in", "attempts", "frees"),
    [
        (Fault.TRANSIENT, None, "planned", "retrying", MINUTE, 1, True),
        (Fault.TRANSIENT, 5 * MINUTE, "planned", "retrying", 5 * MINUTE, 1, True),
        (Fault.THROTTLED, None, "planned", "retrying", MINUTE, 0, True),
        (Fault.THROTTLED, 3 * MINUTE, "planned", "retrying", 3 * MINUTE, 0, True),
        (Fault.CONFIG, None, "held", "connector_held", HOLD + LOOK_AFTER, 0, True),
        (Fault.QUOTA, 2 * HOLD, "held", "connector_held", 2 * HOLD + LOOK_AFTER, 0, True),
        (Fault.THROTTLED, MINUTE / 60, "planned", "retrying", MINUTE, 0, True),
        (Fault.TRANSIENT, MINUTE / 60, "planned", "retrying", MINUTE, 1, True),
        (Fault.BAD_RECIPIENT, None, "planned", "bad_recipient", 0 * MINUTE, 1, True),
        (Fault.SUPPRESSED, None, "planned", "bad_recipient", 0 * MINUTE, 1, True),
        (Fault.BAD_CONTENT, None, "parked", "bad_message", None, 1, True),
        (Fault.UNSUPPORTED, None, "parked", "bad_message", None, 1, True),
        (Fault.AMBIGUOUS, None, "parked", "unknown", None, 1, False),
    ],
)
def test_each_fault_of_a_first_attempt_leads_where_it_must(  # noqa: PLR0917 - the columns of the table
    ledger: Ledger,
    kind: Fault,
    retry_after: timedelta | None,
    state: str,
    reason: str,
    due_in: timedelta | None,
    attempts: int,
    frees: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """State, reason, when to try again, attempts used, and whether the place in the caps is given back."""
    contact, claim = claimed(ledger)
    answer = ledger.record(contact, claim, fault(kind, retry_after=retry_after))
    row = ledger.contact("ada")
    due_at = NOON + due_in if due_in is not None else None
    assert (row.state, row.reason, row.attempts, row.lease_until) == (state, reason, attempts, None)
    assert row.due_at == (due_at if due_at is not None and state != "held" else contact.due_at)
    assert row.counts_at == (None if frees else NOON)
    assert (answer.state.value, answer.reason, answer.again_at) == (state, reason, due_at)
    assert message(ledger).state == ("unknown" if kind is Fault.AMBIGUOUS else "refused")
    assert message(ledger).fault == f"{kind} code"


def test_a_dead_address_is_suppressed_for_everything_and_an_opt_out_for_marketing(ledger: Ledger) -> None:
    for user, kind in (("ada", Fault.BAD_RECIPIENT), ("bob", Fault.SUPPRESSED)):
        contact, claim = claimed(ledger, user)
        ledger.record(contact, claim, fault(kind))
    kept = ledger.rows("SELECT address, kind, source FROM suppressions ORDER BY address")
    assert [tuple(row) for row in kept] == [
        ("ada@email.example", "undeliverable", "post"),
        ("bob@email.example", "marketing", "post"),
    ]
    ledger.now += 5 * DAY
    ledger.claim(ledger.contact("ada", "story"))
    assert ledger.states("ada")[1] == ("story", "skipped", "suppressed")


def test_a_dead_address_sends_the_contact_by_its_other_way(empty_ledger: Ledger) -> None:
    """The token is stale, the mailbox is not: nobody goes without their message."""
    empty_ledger.publish(steps=(BY_PUSH_OR_SMS.replace("sms", "email"),))
    contact = empty_ledger.planned("ada", Channel.PUSH, Channel.EMAIL)
    first = empty_ledger.claim(contact)
    assert isinstance(first, Claimed)
    empty_ledger.record(contact, first, fault(Fault.BAD_RECIPIENT))
    second = empty_ledger.claim(empty_ledger.contact("ada"))
    assert isinstance(second, Claimed)
    assert [part.message.channel for part in (*first.parts, *second.parts)] == [Channel.PUSH, Channel.EMAIL]


def test_a_bill_that_a_provider_suppresses_goes_by_letter_or_not_at_all_but_never_round_in_circles(
    empty_ledger: Ledger,
) -> None:
    """A service contact passes a suppression of marketing, so the provider's own must stop it at that address."""
    ledger = empty_ledger
    ledger.publish(steps=(INVOICE.replace("topic: orders }", "topic: orders, by: email or letter }", 1),))
    for user, channels in (("ada", (EMAIL, LETTER)), ("bob", (EMAIL,))):
        ledger.reachable(user, *channels)
        ledger.track(user, "invoice.issued", number="A1")
        ledger.enter(ledger.journey(user))
        contact = ledger.contact(user)
        first = ledger.claim(contact)
        assert isinstance(first, Claimed)
        ledger.record(contact, first, fault(Fault.SUPPRESSED))
    second = ledger.claim(ledger.contact("ada"))
    assert isinstance(second, Claimed)
    assert second.parts[0].message.channel is LETTER
    ledger.claim(ledger.contact("bob"))
    assert ledger.states("bob")[0] == ("bill", "skipped", "suppressed")


def test_attempts_are_spent_with_growing_pauses_and_then_the_contact_parks(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish()
    contact = ledger.planned("ada")
    pauses: list[timedelta] = []
    for _ in range(MOST_ATTEMPTS):
        claim = ledger.claim(contact, KEYLESS)
        assert isinstance(claim, Claimed)
        answer = ledger.record(contact, claim, fault(Fault.TRANSIENT))
        if answer.again_at is not None:
            pauses.append(answer.again_at - ledger.now)
            ledger.now = answer.again_at
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.attempts, row.counts_at) == ("parked", "failed", MOST_ATTEMPTS, None)
    assert pauses == [min(MINUTE * 2**i, timedelta(hours=6)) for i in range(MOST_ATTEMPTS - 1)]
    assert sum(pauses, timedelta()) > timedelta(days=1), "a day without the provider is waited out"


def test_a_retry_after_a_definite_no_is_decided_afresh(ledger: Ledger) -> None:
    """The opt-out between the two attempts holds: the first is known not to have reached anybody."""
    contact, claim = claimed(ledger)
    ledger.record(contact, claim, fault(Fault.TRANSIENT))
    ledger.opt_out("ada")
    ledger.now += MINUTE
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "skipped", "opted_out")


def test_a_place_given_back_is_free_for_another_contact(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules="at_most: [1 in 30 days]")
    contact, claim = claimed(ledger)
    ledger.record(contact, claim, fault(Fault.BAD_CONTENT))
    ledger.now = ledger.contact("ada", "story").due_at
    assert isinstance(ledger.claim(ledger.contact("ada", "story")), Claimed)


def test_a_place_that_may_have_been_used_is_kept(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules="at_most: [1 in 30 days]")
    contact, claim = claimed(ledger)
    ledger.record(contact, claim, fault(Fault.AMBIGUOUS))
    ledger.now = ledger.contact("ada", "story").due_at
    answer = ledger.claim(ledger.contact("ada", "story"))
    assert isinstance(answer, NotClaimed)
    assert answer.reason is Reason.CAP


# ----------------------------------------------------------------------------------- what a first attempt may have done


def test_where_the_provider_takes_our_key_what_is_not_known_is_tried_again_with_the_same_bytes(ledger: Ledger) -> None:
    contact, first = claimed(ledger, sending=KEYED)
    answer = ledger.record(contact, first, fault(Fault.AMBIGUOUS))
    row = ledger.contact("ada")
    assert (row.state, row.counts_at, row.lease_until) == ("claimed", NOON, NOON + MINUTE)
    assert (answer.state, answer.again_at) == (ContactState.CLAIMED, NOON + MINUTE)
    assert answer.ahead.next_contact is not None
    assert (answer.ahead.next_contact.contact_key, answer.ahead.next_contact.at) == (contact.contact_key, NOON + MINUTE)
    second = claimed_again(ledger, contact)
    assert second.parts == first.parts
    ledger.record(contact, second, accepted())
    assert ledger.states("ada")[0] == ("hello", "sent", None)


def test_what_is_not_known_time_and_again_parks_as_unknown(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish()
    contact = ledger.planned("ada")
    long = replace(KEYED, windows=dict.fromkeys(KEYED.windows, DAY * 30))
    for _ in range(MOST_ATTEMPTS):
        claim = ledger.claim(contact, long)
        assert isinstance(claim, Claimed)
        answer = ledger.record(contact, claim, fault(Fault.AMBIGUOUS))
        ledger.now = answer.again_at or ledger.now
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.attempts) == ("parked", "unknown", MOST_ATTEMPTS)
    assert row.counts_at is not None


@pytest.mark.parametrize("kind", [Fault.TRANSIENT, Fault.THROTTLED, Fault.CONFIG, Fault.QUOTA])
def test_a_passing_no_to_a_second_attempt_says_nothing_of_the_first(ledger: Ledger, kind: Fault) -> None:
    """The first may have arrived: the same bytes wait, and an opt-out meanwhile makes it unknown, not skipped."""
    contact, first = claimed(ledger, sending=KEYED)
    second = claimed_again(ledger, contact)
    answer = ledger.record(contact, second, fault(kind))
    row = ledger.contact("ada")
    assert row.state == "claimed"
    assert row.counts_at is not None
    assert row.lease_until == answer.again_at
    assert answer.again_at is not None
    ledger.now = answer.again_at
    third = ledger.claim(contact)
    assert isinstance(third, Claimed)
    assert third.parts == first.parts
    ledger.record(contact, third, fault(kind))
    ledger.opt_out("ada")
    ledger.now = ledger.contact("ada").lease_until
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "parked", "unknown")


@pytest.mark.parametrize("kind", [Fault.BAD_RECIPIENT, Fault.SUPPRESSED, Fault.BAD_CONTENT, Fault.UNSUPPORTED])
def test_a_lasting_no_to_a_second_attempt_leaves_the_first_to_a_person(ledger: Ledger, kind: Fault) -> None:
    contact, _ = claimed(ledger, sending=KEYED)
    second = claimed_again(ledger, contact)
    ledger.record(contact, second, fault(kind))
    row = ledger.contact("ada")
    assert (row.state, row.reason) == ("parked", "unknown")
    assert row.counts_at is not None
    assert message(ledger).state == "unknown"


def test_a_contact_that_may_have_gone_by_push_never_goes_by_sms(empty_ledger: Ledger) -> None:
    """The second attempt is refused for now and the customer comes to prefer SMS: it is still the same one message."""
    ledger = empty_ledger
    ledger.publish(steps=(BY_PUSH_OR_SMS,))
    contact = ledger.planned("ada", PUSH, SMS)
    ledger.claim(contact)
    second = claimed_again(ledger, contact)
    answer = ledger.record(contact, second, fault(Fault.THROTTLED))
    ledger.identify("ada", preferred=(SMS,))
    assert answer.again_at is not None
    ledger.now = answer.again_at
    ledger.claim(contact)
    assert [row.channel for row in ledger.rows("SELECT channel FROM messages")] == ["push"]


# ------------------------------------------------------------------------------------------------------------- combined


def combined(ledger: Ledger, sending: Sending = KEYLESS) -> tuple[Any, Claimed]:
    """Claim one contact that goes by letter and email."""
    ledger.publish(steps=(COMBINED,))
    contact = ledger.planned("ada", LETTER, EMAIL)
    claim = ledger.claim(contact, sending)
    assert isinstance(claim, Claimed)
    assert [part.message.channel for part in claim.parts] == [LETTER, EMAIL]
    return contact, claim


@pytest.mark.parametrize(
    ("letter", "email", "state", "reason", "counts"),
    [
        (accepted(), accepted("p2"), "sent", None, True),
        (accepted(), fault(Fault.BAD_RECIPIENT), "sent", None, True),
        (fault(Fault.TRANSIENT), accepted(), "sent", None, True),
        (accepted(), fault(Fault.AMBIGUOUS), "parked", "unknown", True),
        (fault(Fault.TRANSIENT), fault(Fault.AMBIGUOUS), "parked", "unknown", True),
        (fault(Fault.TRANSIENT), fault(Fault.BAD_RECIPIENT), "planned", "retrying", False),
        (fault(Fault.BAD_RECIPIENT), fault(Fault.CONFIG), "held", "connector_held", False),
        (fault(Fault.BAD_RECIPIENT), fault(Fault.BAD_RECIPIENT), "planned", "bad_recipient", False),
    ],
)
def test_a_combined_contact_ends_by_what_weighs_most(  # noqa: PLR0917 - the columns of the table
    empty_ledger: Ledger,
    letter: Accepted | SendFault,
    email: Accepted | SendFault,
    state: str,
    reason: str | None,
    counts: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Not knowing weighs most, then any success, then what can still be put right."""
    contact, claim = combined(empty_ledger)
    empty_ledger.record(contact, claim, letter, email)
    row = empty_ledger.contact("ada")
    assert (row.state, row.reason, row.counts_at is not None) == (state, reason, counts)
    for channel, answer in ((LETTER, letter), (EMAIL, email)):
        said = message(empty_ledger, channel).state
        if isinstance(answer, Accepted):
            assert said == "sent"
        elif state == "sent" and answer.fault is Fault.TRANSIENT:
            assert said == "waiting", "the other part is out, so this one goes on by itself"
        else:
            assert said == ("unknown" if answer.fault is Fault.AMBIGUOUS else "refused")


def test_of_a_combined_contact_only_the_part_that_is_not_known_is_tried_again(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact, first = combined(ledger, KEYED)
    ledger.record(contact, first, accepted("letter-1"), fault(Fault.AMBIGUOUS))
    assert ledger.contact("ada").state == "claimed"
    second = claimed_again(ledger, contact)
    assert second.parts == (first.parts[1],)
    ledger.record(contact, second, accepted("mail-1"))
    assert ledger.states("ada")[0] == ("hello", "sent", None)
    assert (message(ledger, LETTER).provider_id, message(ledger, EMAIL).provider_id) == ("letter-1", "mail-1")
    assert ledger.contact("ada").channels == ["letter", "email"], "both count under the caps"


# ---------------------------------------------------------------------------------------------------- journeys that end


def test_a_contact_refused_for_now_after_the_goal_is_looked_at_at_once_and_let_go(ledger: Ledger) -> None:
    """No planned row of an ended journey is left unattended: the journey is told of it, and leaving waits for it."""
    contact, claim = claimed(ledger)
    ledger.track("ada", "order.placed")
    answer = ledger.record(contact, claim, fault(Fault.TRANSIENT))
    assert (answer.state, answer.ahead.over) == (ContactState.PLANNED, True)
    assert answer.ahead.next_contact is not None
    assert (answer.ahead.next_contact.contact_key, answer.ahead.next_contact.at) == (contact.contact_key, ledger.now)
    journey = ledger.journey("ada", "welcome")
    assert ledger.leave(journey).again, "not before the last row is settled"
    assert ledger.enter(journey).next_contact == answer.ahead.next_contact
    last = ledger.claim(contact)
    assert isinstance(last, NotClaimed)
    assert (last.state, last.reason, last.ahead.next_contact) == (ContactState.SKIPPED, Reason.GOAL_REACHED, None)
    assert not ledger.leave(journey).again


def test_what_was_in_flight_when_the_goal_came_is_recorded_as_sent(ledger: Ledger) -> None:
    contact, claim = claimed(ledger)
    ledger.track("ada", "order.placed")
    answer = ledger.record(contact, claim, accepted())
    assert (answer.state, answer.ahead.over, answer.ahead.next_contact) == (ContactState.SENT, True, None)
    assert ledger.states("ada") == [("hello", "sent", None), ("story", "cancelled", "goal_reached")]


def test_a_contact_of_a_cycle_that_is_past_is_let_go_when_it_was_refused_for_now(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "order.placed", occasion="birthday", at=NOON - 350 * DAY, historical=True)
    ledger.enter(ledger.journey("ada"))
    reminder = ledger.contact("ada", "reminder")
    ledger.now = reminder.due_at
    claim = ledger.claim(reminder)
    assert isinstance(claim, Claimed)
    ledger.track("ada", "order.placed", occasion="birthday")
    ledger.record(reminder, claim, fault(Fault.TRANSIENT))
    ledger.enter(ledger.journey("ada", "repurchase"))
    ledger.now += MINUTE
    ledger.claim(reminder)
    first = [(row.cycle, row.state, row.reason) for row in ledger.contacts("ada") if row.communication == "reminder"]
    assert first == [(1, "skipped", "anchor_moved"), (2, "planned", None)]


def test_nothing_in_the_ledger_is_claimed_without_a_time_at_which_it_is_looked_at_again(ledger: Ledger) -> None:
    """Whatever was answered, a row in flight has a lease, and one that waits has a due time."""
    for i, kind in enumerate(Fault):
        contact, claim = claimed(ledger, f"user-{i}", KEYED)
        ledger.record(contact, claim, fault(kind))
        ledger.now += DAY  # past every hold
    assert ledger.count("contacts", "state = 'claimed' AND lease_until IS NULL") == 0
    assert ledger.count("contacts", "state = 'planned' AND due_at IS NULL") == 0
    unsettled = ledger.rows("SELECT state, lease_until, due_at FROM contacts WHERE state IN ('claimed', 'planned')")
    assert all(isinstance(row.lease_until or row.due_at, datetime) for row in unsettled)
