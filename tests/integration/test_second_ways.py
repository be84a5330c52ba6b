# ruff: noqa: ANN401 - rows can be anything
"""One contact, several ways: the other part of a combined one, and the way behind one that did not arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from database import receipts, sends
from database.attempts import Claimed, NotClaimed
from database.freezing import Sending
from database.records import MOST_ATTEMPTS
from database.sends import Asking
from tactful.connector import Fault, Told
from tactful.intake import Person, Which
from tactful.words import Channel, ContactState, ReceiptKind
from tests.integration.ledger import DAY, EVERYWHERE, LINKS, MINUTE, NOON, Ledger, accepted, fault
from tests.small_strategy import INVOICE, WELCOME

pytestmark = pytest.mark.integration
EMAIL, LETTER, PUSH, SMS = Channel.EMAIL, Channel.LETTER, Channel.PUSH, Channel.SMS
HOUR = timedelta(hours=1)
TELLS = Sending(EVERYWHERE, {"post": None}, LINKS, receipts=frozenset({"post"}))
"""A provider that tells what was delivered."""
SILENT = Sending(EVERYWHERE, {"post": None}, LINKS)
FALLBACK = WELCOME.replace("{ when: at once }", "{ when: at once, by: push or sms after 4 hours }")
COMBINED = WELCOME.replace("{ when: at once }", "{ when: at once, by: letter and email }")


def claimed(ledger: Ledger, contact: Any, sending: Sending = TELLS) -> Claimed:
    answer = ledger.claim(contact, sending)
    assert isinstance(answer, Claimed), answer
    return answer


def refused(ledger: Ledger, contact: Any, sending: Sending = TELLS) -> NotClaimed:
    answer = ledger.claim(contact, sending)
    assert isinstance(answer, NotClaimed), answer
    return answer


def told(ledger: Ledger, provider_id: str, kind: ReceiptKind, number: int = 1) -> bool:
    said = Told(kind=kind, at=ledger.now, dedupe_id=f"{provider_id}-{kind}-{number}", provider_id=provider_id)
    return ledger.run(lambda c: receipts.note(c, "post", said, now=ledger.now))


def by_push(ledger: Ledger, sending: Sending = TELLS, *, step: str = FALLBACK, rules: str = "{}") -> Any:
    """Have one contact sent by push, with a text message behind it."""
    ledger.publish(steps=(step,), rules=rules)
    contact = ledger.planned("ada", PUSH, SMS)
    claim = claimed(ledger, contact, sending)
    assert [part.message.channel for part in claim.parts] == [PUSH]
    ledger.record(contact, claim, accepted("push-1"))
    return contact


def channels(claim: Claimed) -> list[Channel]:
    return [part.message.channel for part in claim.parts]


def sent(ledger: Ledger) -> dict[str, str]:
    return {row.channel: row.state for row in ledger.rows("SELECT channel, state FROM messages ORDER BY channel")}


# ------------------------------------------------------------------------------------------------------------- fallback


def test_a_push_that_did_not_arrive_in_time_goes_by_text_message_as_the_same_contact(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger, rules="{ at_most: [1 in 7 days] }")
    assert ledger.contact("ada").again_at == NOON + 4 * HOUR
    ledger.now = NOON + 4 * HOUR - MINUTE
    assert refused(ledger, contact).again_at == NOON + 4 * HOUR
    ledger.now = NOON + 4 * HOUR
    second = claimed(ledger, contact)
    assert channels(second) == [SMS]
    assert ledger.record(contact, second, accepted("sms-1")).again_at is None
    row = ledger.contact("ada")
    assert (row.state, row.channels, row.sent_at, row.again_at) == ("sent", ["push", "sms"], NOON, None)
    assert row.counts_at == ledger.now, "one contact in the caps, counted from its latest attempt"
    assert sent(ledger) == {"push": "sent", "sms": "sent"}
    keys = {row.part_key for row in ledger.rows("SELECT part_key FROM messages")}
    assert len(keys) == 2, "each part has a key of its own"


def test_a_push_that_arrived_is_all_there_is(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger)
    ledger.now += HOUR
    assert told(ledger, "push-1", ReceiptKind.DELIVERED)
    assert ledger.contact("ada").again_at is None
    ledger.now += 4 * HOUR
    assert refused(ledger, contact).state is ContactState.SENT
    assert sent(ledger) == {"push": "sent"}


def test_a_bounce_gives_the_next_way_its_turn_at_once(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger)
    ledger.now += MINUTE
    assert told(ledger, "push-1", ReceiptKind.BOUNCED)
    assert ledger.words()[-1] == ("wake", "")
    assert channels(claimed(ledger, contact)) == [SMS]


def test_a_bounce_needs_no_time_between_the_ways(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger, step=FALLBACK.replace(" after 4 hours", ""))
    assert ledger.contact("ada").again_at is None
    told(ledger, "push-1", ReceiptKind.BOUNCED)
    assert channels(claimed(ledger, contact)) == [SMS]


def test_where_nobody_tells_what_arrives_what_was_taken_counts_as_arrived(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    by_push(ledger, SILENT)
    assert ledger.contact("ada").again_at is None


def test_the_second_way_is_decided_afresh_the_goal_the_opt_out_and_the_caps_included(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger)
    ledger.now += 4 * HOUR
    ledger.opt_out("ada", SMS)
    answer = refused(ledger, contact)
    assert (answer.state, answer.again_at) == (ContactState.SENT, None)
    assert ledger.contact("ada").state == "sent", "it was sent; only its second way was not taken"
    (last,) = ledger.rows("SELECT verdict, reason FROM decisions ORDER BY decision_no DESC LIMIT 1")
    assert (last.verdict, last.reason) == ("skip", "opted_out")


def test_a_goal_reached_meanwhile_ends_it(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger)
    ledger.track("ada", "order.placed")
    following = ledger.enter(ledger.journey("ada", "welcome")).next_contact
    assert following is not None
    assert following.contact_key == contact.contact_key, "the journey looks at it before it leaves"
    ledger.now += 4 * HOUR
    assert refused(ledger, contact).again_at is None
    assert ledger.enter(ledger.journey("ada", "welcome")).next_contact is None


def test_a_second_way_that_is_refused_for_now_is_tried_again_within_its_life(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    contact = by_push(ledger)
    ledger.now += 4 * HOUR
    answer = ledger.record(contact, claimed(ledger, contact), fault(Fault.TRANSIENT))
    assert (answer.state, answer.again_at) == (ContactState.SENT, ledger.now + 2 * MINUTE)
    assert sent(ledger) == {"push": "sent", "sms": "waiting"}
    assert answer.again_at is not None
    ledger.now = answer.again_at
    again = claimed(ledger, contact)
    assert channels(again) == [SMS]
    ledger.now += 4 * DAY
    ledger.record(contact, again, fault(Fault.TRANSIENT))
    ledger.now += HOUR
    assert refused(ledger, contact).state is ContactState.SENT
    assert sent(ledger) == {"push": "sent", "sms": "skipped"}, "each part is accounted for"


def test_a_bill_that_bounced_after_it_was_settled_is_looked_at_again(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(INVOICE.replace("topic: orders }", "topic: orders, by: email or letter }", 1),))
    ledger.reachable("ada", EMAIL, LETTER)
    ledger.track("ada", "invoice.issued", number="1")
    ledger.enter(ledger.journey("ada"))
    bill = ledger.contact("ada")
    ledger.record(bill, claimed(ledger, bill), accepted("mail-1"))
    ledger.rows("UPDATE contacts SET journey_key = NULL WHERE state = 'sent' RETURNING 1")
    told(ledger, "mail-1", ReceiptKind.BOUNCED)
    assert ledger.words()[-1] == ("again", "ResolveContact")
    assert channels(claimed(ledger, bill)) == [LETTER]


# ------------------------------------------------------------------------------------------------------------- combined


def test_of_a_combined_contact_the_part_refused_for_now_is_tried_again_with_the_same_bytes(
    empty_ledger: Ledger,
) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(COMBINED,))
    contact = ledger.planned("ada", LETTER, EMAIL)
    first = claimed(ledger, contact, SILENT)
    answer = ledger.record(contact, first, accepted("letter-1"), fault(Fault.TRANSIENT))
    assert (answer.state, answer.reason, answer.again_at) == (ContactState.SENT, None, NOON + MINUTE)
    assert sent(ledger) == {"letter": "sent", "email": "waiting"}
    ledger.now += MINUTE
    second = claimed(ledger, contact, SILENT)
    assert second.parts == (first.parts[1],)
    ledger.record(contact, second, accepted("mail-1"))
    row = ledger.contact("ada")
    assert (row.state, row.sent_at, row.again_at, row.channels) == ("sent", NOON, None, ["letter", "email"])
    assert sent(ledger) == {"letter": "sent", "email": "sent"}


def test_a_part_whose_attempts_are_spent_is_refused_and_the_contact_stays_sent(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(COMBINED.replace("letter and email", "letter and email, expires: 30 days"),))
    contact = ledger.planned("ada", LETTER, EMAIL)
    answer = ledger.record(contact, claimed(ledger, contact, SILENT), accepted("letter-1"), fault(Fault.TRANSIENT))
    for _ in range(20):
        if answer.again_at is None:
            break
        ledger.now = answer.again_at
        answer = ledger.record(contact, claimed(ledger, contact, SILENT), fault(Fault.TRANSIENT))
    row = ledger.contact("ada")
    assert (row.state, row.attempts, row.again_at) == ("sent", MOST_ATTEMPTS, None)
    assert sent(ledger) == {"letter": "sent", "email": "refused"}


# ------------------------------------------------------------------------------------------------------------- receipts


def retry_even_unknown(ledger: Ledger) -> int:
    act = Asking("retry", Which(ledger.now), Person("maya"), even_unknown=True)
    return ledger.run(lambda c: sends.do_page(c, act, now=ledger.now)).done


@pytest.mark.parametrize("how", ["answered", "told later"])
def test_of_a_combined_contact_that_a_person_sends_again_only_the_part_goes_that_nobody_accepted(
    empty_ledger: Ledger, how: str
) -> None:
    """The email is out, by its answer or by a receipt; what became of the letter nobody knows."""
    ledger = empty_ledger
    ledger.publish(steps=(COMBINED,))
    contact = ledger.planned("ada", LETTER, EMAIL)
    claim = claimed(ledger, contact)
    assert channels(claim) == [LETTER, EMAIL]
    email = claim.parts[1].message.key
    doubt = fault(Fault.AMBIGUOUS)
    ledger.record(contact, claim, doubt, accepted("email-1") if how == "answered" else doubt)
    if how == "told later":
        delivered = Told(kind=ReceiptKind.DELIVERED, at=ledger.now, dedupe_id="r1", key=email)
        assert ledger.run(lambda c: receipts.note(c, "post", delivered, now=ledger.now))
    assert (ledger.contact("ada").state, sent(ledger)) == ("parked", {"email": "sent", "letter": "unknown"})
    assert retry_even_unknown(ledger) == 1
    ledger.now += MINUTE
    again = claimed(ledger, contact)
    assert channels(again) == [LETTER]
    assert ledger.record(contact, again, accepted("letter-1")).state is ContactState.SENT
    assert sent(ledger) == {"email": "sent", "letter": "sent"}
    row = ledger.contact("ada")
    assert (row.state, sorted(row.channels), row.again_at) == ("sent", ["email", "letter"], None)


def test_the_part_that_nobody_accepted_may_fail_again_and_the_other_stays_out(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(COMBINED,))
    contact = ledger.planned("ada", LETTER, EMAIL)
    ledger.record(contact, claimed(ledger, contact), fault(Fault.AMBIGUOUS), accepted("email-1"))
    assert retry_even_unknown(ledger) == 1
    ledger.now += MINUTE
    ledger.record(contact, claimed(ledger, contact), fault(Fault.TRANSIENT))
    row = ledger.contact("ada")
    assert (row.state, sent(ledger)) == ("sent", {"email": "sent", "letter": "waiting"})
    ledger.now = row.again_at
    assert channels(claimed(ledger, contact)) == [LETTER]


def test_a_receipt_settles_what_nobody_knew(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish()
    contact = ledger.planned()
    claim = claimed(ledger, contact, SILENT)
    ledger.record(contact, claim, fault(Fault.AMBIGUOUS))
    assert ledger.contact("ada").state == "parked"
    opened = Told(kind=ReceiptKind.OPENED, at=ledger.now, dedupe_id="e1", key=claim.parts[0].message.key)
    assert ledger.run(lambda c: receipts.note(c, "post", opened, now=ledger.now))
    assert ledger.states("ada")[0] == ("hello", "sent", None)
    assert sent(ledger) == {"email": "sent"}
    (last,) = ledger.rows("SELECT verdict FROM decisions ORDER BY decision_no DESC LIMIT 1")
    assert last.verdict == "receipt"


def test_a_receipt_told_twice_or_of_nothing_of_ours_moves_nothing(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    by_push(ledger)
    assert told(ledger, "push-1", ReceiptKind.DELIVERED)
    before = ledger.words()
    assert not told(ledger, "push-1", ReceiptKind.DELIVERED)
    assert told(ledger, "push-2", ReceiptKind.DELIVERED), "it is kept, and waits"
    assert ledger.words() == before
    assert ledger.count("receipts") == 2


def test_receipts_in_any_order_leave_the_latest(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    by_push(ledger)
    ledger.now += HOUR
    told(ledger, "push-1", ReceiptKind.DELIVERED)
    late = Told(kind=ReceiptKind.BOUNCED, at=NOON, dedupe_id="late", provider_id="push-1")
    ledger.run(lambda c: receipts.note(c, "post", late, now=ledger.now))
    (part,) = ledger.rows("SELECT receipt FROM messages")
    assert part.receipt == "delivered"
