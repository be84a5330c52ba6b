# ruff: noqa: ANN401 - rows can be anything
"""What nobody knows, where the provider can be asked: found is sent, not there goes out again, cannot say waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from database import lookups, sends
from database.attempts import LEASE, Ask, Asking, Claimed, NotClaimed
from database.claims import claim
from database.freezing import Sending
from database.lookups import Asked
from tactful.connector import CannotSay, Fault, Finding, Found, NotThere
from tactful.intake import Person, Which
from tactful.words import Channel, ContactState, Reason
from tests.integration.ledger import EVERYWHERE, KEYLESS, LINKS, MINUTE, NOON, Ledger, accepted, fault
from tests.small_strategy import WELCOME

pytestmark = pytest.mark.integration
EMAIL, LETTER = Channel.EMAIL, Channel.LETTER
SETTLES = timedelta(minutes=2)
ASKABLE = Sending(EVERYWHERE, {"post": None}, LINKS, settling={"post": SETTLES})
COMBINED = WELCOME.replace("{ when: at once }", "{ when: at once, by: letter and email }")
MAYA = Person("maya", "they rang")


def look(ledger: Ledger, contact: Any, *, asks: bool = True, sending: Sending = ASKABLE) -> Any:
    asked = Ask(contact.customer_key, contact.contact_key, looks_up=asks)
    return ledger.run(lambda c: claim(c, asked, sending, now=ledger.now))


def cut_off(ledger: Ledger) -> tuple[Any, Claimed]:
    """Claim a contact and lose the worker."""
    contact = ledger.planned()
    claimed = look(ledger, contact)
    assert isinstance(claimed, Claimed)
    return contact, claimed


def asking(ledger: Ledger, contact: Any) -> Asking:
    """Look again when the lease is over, and be told to ask."""
    answer = look(ledger, contact)
    assert isinstance(answer, Asking)
    return answer


def answered(ledger: Ledger, contact: Any, asked: Asking, *findings: Finding) -> NotClaimed:
    looked_up = Asked(contact.customer_key, asked, findings)
    return ledger.run(lambda c: lookups.settle(c, looked_up, now=ledger.now))


def parts(ledger: Ledger) -> dict[str, str]:
    return {row.channel: row.state for row in ledger.rows("SELECT channel, state FROM messages ORDER BY channel")}


def test_nobody_asks_before_the_lease_is_over_and_the_provider_can_know(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now = NOON + LEASE + SETTLES - timedelta(seconds=1)
    early = look(ledger, contact)
    assert (early.state, early.reason, early.again_at) == (
        ContactState.CLAIMED,
        Reason.IN_FLIGHT,
        NOON + LEASE + SETTLES,
    )
    ledger.now = NOON + LEASE + SETTLES
    asked = asking(ledger, contact)
    assert [part.message.key for part in asked.parts] == [row.part_key for row in ledger.rows("SELECT * FROM messages")]


def test_an_answer_that_never_came_is_asked_about_once_the_provider_can_know(ledger: Ledger) -> None:
    contact, claimed = cut_off(ledger)
    answer = ledger.record(contact, claimed, fault(Fault.AMBIGUOUS))
    assert (answer.state, answer.again_at) == (ContactState.CLAIMED, NOON + SETTLES)
    ledger.now = NOON + SETTLES
    assert isinstance(look(ledger, contact), Asking)


def test_what_is_found_is_sent_and_no_second_call_is_made(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    answer = answered(ledger, contact, asking(ledger, contact), Found("mail-7"))
    assert (answer.state, answer.again_at) == (ContactState.SENT, None)
    row = ledger.contact("ada")
    assert (row.state, row.attempts, row.counts_at) == ("sent", 1, NOON)
    (part,) = ledger.rows("SELECT * FROM messages")
    assert (part.state, part.provider_id) == ("sent", "mail-7")
    assert look(ledger, contact).state is ContactState.SENT


def test_what_is_not_there_is_decided_afresh_and_the_same_bytes_go_out(ledger: Ledger) -> None:
    contact, first = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    answer = answered(ledger, contact, asking(ledger, contact), NotThere())
    assert (answer.state, answer.again_at) == (ContactState.PLANNED, ledger.now)
    assert ledger.contact("ada").counts_at is None, "its place is free: it never went out"
    again = look(ledger, contact)
    assert isinstance(again, Claimed)
    assert not again.repeats
    assert again.parts == first.parts, "to the byte, though it is minutes later"
    assert again.attempt == 2
    assert ledger.record(contact, again, accepted()).state is ContactState.SENT


def test_what_is_not_there_is_not_sent_to_somebody_who_has_said_no_since(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    answered(ledger, contact, asking(ledger, contact), NotThere())
    ledger.opt_out("ada")
    answer = look(ledger, contact)
    assert (answer.state, answer.reason) == (ContactState.SKIPPED, Reason.OPTED_OUT)


def test_who_has_moved_since_is_written_to_at_the_new_address_with_a_new_message(ledger: Ledger) -> None:
    contact, first = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    answered(ledger, contact, asking(ledger, contact), NotThere())
    ledger.identify("ada", addresses={EMAIL: "ada@elsewhere.example"})
    again = look(ledger, contact)
    assert isinstance(again, Claimed)
    assert again.parts[0].message.to == "ada@elsewhere.example"
    assert again.parts[0].message.key != first.parts[0].message.key


def test_a_provider_that_cannot_say_is_asked_again_after_growing_pauses_and_then_a_person_is(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    pauses: list[timedelta] = []
    answer = answered(ledger, contact, asking(ledger, contact), CannotSay("503"))
    while answer.again_at is not None:
        pauses.append(answer.again_at - ledger.now)
        ledger.now = answer.again_at
        answer = answered(ledger, contact, asking(ledger, contact), CannotSay("503"))
    assert pauses == [MINUTE * n for n in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    row = ledger.contact("ada")
    assert (row.state, row.reason, row.attempts, row.counts_at) == ("parked", "unknown", 1, NOON)
    assert parts(ledger) == {"email": "unknown"}


def test_of_two_who_look_at_once_one_asks_and_what_a_late_one_was_told_is_not_written(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    late = asking(ledger, contact)
    assert look(ledger, contact).reason is Reason.IN_FLIGHT
    ledger.now += LEASE
    answered(ledger, contact, asking(ledger, contact), Found("mail-7"))
    overtaken = answered(ledger, contact, late, NotThere())
    assert overtaken.reason is Reason.IN_FLIGHT
    assert ledger.contact("ada").state == "sent"


def test_a_caller_that_cannot_ask_leaves_it_to_one_that_can(ledger: Ledger) -> None:
    contact, _ = cut_off(ledger)
    ledger.now += LEASE + SETTLES
    answer = look(ledger, contact, asks=False)
    assert (answer.state, answer.again_at) == (ContactState.CLAIMED, ledger.now + LEASE)
    ledger.now += LEASE
    assert isinstance(look(ledger, contact), Asking)


def test_of_a_combined_contact_what_was_found_counts_and_what_is_not_there_goes_out_alone(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(COMBINED,))
    contact = ledger.planned("ada", LETTER, EMAIL)
    first = look(ledger, contact)
    assert isinstance(first, Claimed)
    ledger.now += LEASE + SETTLES
    asked = asking(ledger, contact)
    assert len(asked.parts) == 2
    findings = [Found("letter-1") if part.message.channel is LETTER else NotThere() for part in asked.parts]
    answer = answered(ledger, contact, asked, *findings)
    assert (answer.state, answer.again_at) == (ContactState.SENT, ledger.now)
    again = look(ledger, contact)
    assert isinstance(again, Claimed)
    assert [part.message for part in again.parts] == [p.message for p in first.parts if p.message.channel is EMAIL]
    assert ledger.record(contact, again, accepted("mail-1")).again_at is None
    assert parts(ledger) == {"letter": "sent", "email": "sent"}
    assert ledger.contact("ada").channels == ["letter", "email"]


def settle(ledger: Ledger, contact: Any) -> int:
    """Have somebody ask for a contact to be settled; return how many were taken up."""
    asking = sends.Asking("settle", Which(parked_by=ledger.now, contacts=(contact.contact_key,)), MAYA)
    return ledger.run(lambda c: sends.do_page(c, asking, now=ledger.now)).done


def test_a_person_has_a_parked_contact_settled_and_nothing_goes_out_unless_the_provider_never_got_it(
    ledger: Ledger,
) -> None:
    contact = ledger.planned()
    claimed = ledger.claim(contact, KEYLESS)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.AMBIGUOUS))
    assert ledger.contact("ada").state == "parked"
    assert settle(ledger, contact)
    assert not settle(ledger, contact), "a second click finds nothing left to do"
    assert ledger.words()[-1] == ("start", "ResolveContact")
    answered(ledger, contact, asking(ledger, contact), Found("mail-7"))
    assert ledger.contact("ada").state == "sent"
    (said,) = ledger.rows("SELECT asked_by, why FROM decisions WHERE verdict = 'settle'")
    assert (said.asked_by, said.why) == ("maya", "they rang")


def test_a_provider_that_can_neither_be_asked_nor_takes_our_key_leaves_it_with_the_person(ledger: Ledger) -> None:
    contact = ledger.planned()
    claimed = ledger.claim(contact, KEYLESS)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.AMBIGUOUS))
    settle(ledger, contact)
    answer = ledger.claim(contact, KEYLESS)
    assert isinstance(answer, NotClaimed)
    assert (answer.state, answer.reason) == (ContactState.PARKED, Reason.UNKNOWN)
    assert settle(ledger, contact), "and may be settled again"
