# ruff: noqa: ANN401 - rows can be anything
"""Connectors on hold: everybody waits, one tries, the others follow best first, and nothing floods back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from database import holds, records
from database.attempts import LOOK_AFTER, Claimed, NotClaimed
from database.holds import HELD_FOR, OUTAGE_FOR, PROBE_FOR
from database.records import Outcome
from tactful.connector import Fault
from tactful.words import Channel, ContactState, Reason
from tests.integration.ledger import DAY, KEYED, KEYLESS, MINUTE, NOON, Ledger, accepted, fault
from tests.small_strategy import INVOICE, ONBOARDING, REPURCHASE, WELCOME

pytestmark = pytest.mark.integration
QUIET = "{ quiet: { email: 22:00 to 07:00 } }"


def claimed(ledger: Ledger, contact: Any) -> Claimed:
    answer = ledger.claim(contact, KEYLESS)
    assert isinstance(answer, Claimed), answer
    return answer


def refused(ledger: Ledger, contact: Any) -> NotClaimed:
    answer = ledger.claim(contact, KEYLESS)
    assert isinstance(answer, NotClaimed), answer
    return answer


def hold(ledger: Ledger, *, until: datetime | None = None) -> None:
    ledger.run(lambda c: holds.hold(c, "post", why="by us", by="maya", until=until, now=ledger.now))


def several(ledger: Ledger, *users: str) -> list[Any]:
    return [ledger.planned(user) for user in users]


def billed(ledger: Ledger, user: str) -> Any:
    ledger.reachable(user)
    ledger.track(user, "invoice.issued", number="1")
    ledger.enter(ledger.journey(user))
    return ledger.contact(user)


def let_go(ledger: Ledger, most: int = 100) -> list[Any]:
    """Let go what may go, as the caretaker does; return their keys in order."""
    found = ledger.run(lambda c: holds.best(c, "post", most=most, now=ledger.now))
    assert ledger.run(lambda c: holds.let_go(c, found, now=ledger.now)) == len(found)
    return [contact_key for contact_key, _ in found]


def states(ledger: Ledger) -> dict[str, int]:
    rows = ledger.rows("SELECT state, count(*) AS n FROM contacts WHERE communication <> 'story' GROUP BY state")
    return {row.state: row.n for row in rows}


def test_a_wrong_password_holds_the_connector_for_everybody(ledger: Ledger) -> None:
    ada, bob = several(ledger, "ada", "bob")
    answer = ledger.record(ada, claimed(ledger, ada), fault(Fault.CONFIG))
    assert (answer.state, answer.reason) == (ContactState.HELD, Reason.CONNECTOR_HELD)
    assert refused(ledger, bob).state is ContactState.HELD
    row = ledger.contact("bob")
    assert (row.state, row.held_for, row.again_at, row.attempts) == ("held", "post", NOON + HELD_FOR + LOOK_AFTER, 0)
    (kept,) = ledger.run(holds.read)
    assert (kept.fault, kept.why, kept.waiting, kept.held_by) == ("config", "detail", 2, None)


def test_when_the_hold_is_over_one_contact_tries_and_the_others_wait_for_it(ledger: Ledger) -> None:
    ada, bob, cyd = several(ledger, "ada", "bob", "cyd")
    ledger.record(ada, claimed(ledger, ada), fault(Fault.CONFIG))
    ledger.now += HELD_FOR
    probe = claimed(ledger, bob)
    assert probe.probes == ("post",)
    assert refused(ledger, cyd).state is ContactState.HELD
    assert let_go(ledger) == [], "nobody is let go before it is known whether it works"
    ledger.record(bob, probe, accepted())
    assert claimed(ledger, cyd).probes == (), "it works: the hold is gone"


def test_a_probe_that_fails_holds_the_connector_again_and_uses_up_no_attempt(ledger: Ledger) -> None:
    ada, bob = several(ledger, "ada", "bob")
    ledger.record(ada, claimed(ledger, ada), fault(Fault.CONFIG))
    for _ in range(12):
        ledger.now += HELD_FOR
        answer = ledger.record(bob, claimed(ledger, bob), fault(Fault.TRANSIENT))
        assert (answer.state, answer.reason) == (ContactState.HELD, Reason.CONNECTOR_HELD)
        assert refused(ledger, ada).state is ContactState.HELD
    assert ledger.contact("bob").attempts == 0


def test_a_probe_that_is_never_heard_of_leaves_its_turn_to_another(ledger: Ledger) -> None:
    ada, bob, cyd = several(ledger, "ada", "bob", "cyd")
    ledger.record(ada, claimed(ledger, ada), fault(Fault.QUOTA))
    ledger.now += HELD_FOR
    claimed(ledger, bob)
    refused(ledger, cyd)
    ledger.now += PROBE_FOR
    assert claimed(ledger, cyd).probes == ("post",)


def test_a_message_that_is_refused_for_itself_shows_that_the_connector_works(ledger: Ledger) -> None:
    ada, bob = several(ledger, "ada", "bob")
    ledger.record(ada, claimed(ledger, ada), fault(Fault.QUOTA))
    ledger.now += HELD_FOR
    ledger.record(bob, claimed(ledger, bob), fault(Fault.BAD_CONTENT))
    assert ledger.run(holds.read) == ()


def test_what_a_person_holds_is_held_until_they_say_so(ledger: Ledger) -> None:
    (ada,) = several(ledger, "ada")
    hold(ledger)
    assert refused(ledger, ada).state is ContactState.HELD
    ledger.now += DAY
    assert refused(ledger, ada).state is ContactState.HELD
    assert let_go(ledger) == []
    assert ledger.run(lambda c: holds.resume(c, "post", now=ledger.now))
    assert claimed(ledger, ada).probes == ("post",)


def test_what_waited_is_let_go_best_first_a_page_at_a_time_and_each_is_woken(empty_ledger: Ledger) -> None:
    """Mandatory first, then by topic and time; one alone as long as nobody knows whether it works."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME, ONBOARDING, REPURCHASE, INVOICE))
    hold(ledger)
    news = several(ledger, "ada", "bob", "cyd")
    bill = billed(ledger, "dan")
    for contact in (*news, bill):
        assert refused(ledger, contact).state is ContactState.HELD
    ledger.run(lambda c: holds.resume(c, "post", now=ledger.now))
    assert let_go(ledger) == [bill.contact_key], "one alone, as long as nobody knows whether it works"
    probe = claimed(ledger, bill)
    assert probe.probes == ("post",)
    assert let_go(ledger) == []
    ledger.record(bill, probe, accepted())
    before = len(ledger.words())
    expected = sorted(news, key=lambda row: (row.planned_for, row.contact_key))
    assert let_go(ledger, most=2) == [row.contact_key for row in expected[:2]]
    assert let_go(ledger, most=2) == [expected[2].contact_key]
    assert ledger.words()[before:] == [("wake", "")] * 3
    assert [ledger.contact(user).reason for user in ("ada", "bob", "cyd")] == [None] * 3
    for contact in news:
        claimed(ledger, contact)


def test_after_a_day_what_has_expired_or_is_no_longer_wanted_is_not_sent_and_nobody_is_woken_at_night(
    empty_ledger: Ledger,
) -> None:
    ledger = empty_ledger
    ledger.publish(rules=QUIET)
    hold(ledger)
    ada, bob, cyd = several(ledger, "ada", "bob", "cyd")
    for contact in (ada, bob, cyd):
        refused(ledger, contact)
    ledger.now += timedelta(hours=35)  # 23:00 of the next day
    ledger.opt_out("bob")
    ledger.run(lambda c: holds.resume(c, "post", now=ledger.now))
    assert refused(ledger, ada).reason is Reason.QUIET_HOURS
    assert refused(ledger, bob).reason is Reason.OPTED_OUT
    ledger.now += 10 * DAY
    assert refused(ledger, cyd).state is ContactState.EXPIRED


def test_a_contact_asked_for_is_woken_by_its_own_name(ledger: Ledger) -> None:
    (ada,) = several(ledger, "ada")
    hold(ledger)
    refused(ledger, ada)
    ledger.rows("UPDATE contacts SET journey_key = NULL, restarts = 2 WHERE state = 'held' RETURNING 1")
    ledger.run(lambda c: holds.resume(c, "post", now=ledger.now))
    let_go(ledger)
    (word,) = ledger.rows("SELECT workflow_id FROM outbox WHERE kind = 'wake'")
    assert word.workflow_id == f"contact/{ada.contact_key}/2"


def test_a_second_connector_steps_in_for_one_that_a_person_holds(ledger: Ledger) -> None:
    (ada,) = several(ledger, "ada")
    hold(ledger)
    two = type(KEYED)({Channel.EMAIL: ("post", "other")}, {"post": DAY, "other": DAY}, KEYED.links)
    answer = ledger.claim(ada, two)
    assert isinstance(answer, Claimed)
    assert [part.connector for part in answer.parts] == ["other"]


TWO = type(KEYED)({Channel.EMAIL: ("post", "other")}, {"post": DAY, "other": None}, KEYED.links)


def outage(ledger: Ledger, contact: Any, claim: Claimed, kind: Fault = Fault.TRANSIENT) -> NotClaimed:
    """Record a fault that is one of so many that the connector must be out."""
    outcomes = [Outcome(part, fault(kind), outage="calls to 24 of 25 customers failed") for part in claim.parts]
    made = records.Made(contact.customer_key, claim, outcomes)
    return ledger.run(lambda c: records.record(c, made, now=ledger.now))


def test_an_outage_that_no_provider_names_holds_the_connector_and_uses_up_no_attempt(ledger: Ledger) -> None:
    ada, bob, cyd = several(ledger, "ada", "bob", "cyd")
    one, two = claimed(ledger, ada), claimed(ledger, bob)
    assert outage(ledger, ada, one).state is ContactState.HELD
    assert outage(ledger, bob, two).state is ContactState.HELD, "what was under way is held with it"
    (kept,) = ledger.run(holds.read)
    assert (kept.fault, kept.why) == ("outage", "calls to 24 of 25 customers failed: detail")
    assert kept.until == NOON + OUTAGE_FOR
    assert refused(ledger, cyd).state is ContactState.HELD
    assert [ledger.contact(user).attempts for user in ("ada", "bob", "cyd")] == [0, 0, 0]
    ledger.now += OUTAGE_FOR
    probe = claimed(ledger, cyd)
    assert probe.probes == ("post",)
    assert refused(ledger, ada).state is ContactState.HELD
    ledger.record(cyd, probe, accepted())
    assert claimed(ledger, ada).probes == ()


def test_of_an_outage_the_next_connector_takes_over_but_never_what_may_have_gone_out_by_the_first(
    ledger: Ledger,
) -> None:
    """Decided at the claim: a plain no and what was not tried go the other way; what nobody knows of waits."""
    ada, bob, cyd = several(ledger, "ada", "bob", "cyd")
    refused_, unclear = ledger.claim(ada, TWO), ledger.claim(bob, TWO)
    assert isinstance(refused_, Claimed)
    assert isinstance(unclear, Claimed)
    assert outage(ledger, ada, refused_).state is ContactState.HELD
    in_doubt = outage(ledger, bob, unclear, Fault.AMBIGUOUS)
    assert in_doubt.state is ContactState.CLAIMED
    for contact in (ada, cyd):
        ledger.now += MINUTE
        ledger.run(lambda c, key=contact: holds.let_go(c, [(key.contact_key, key.customer_key)], now=ledger.now))
        other = ledger.claim(contact, TWO)
        assert isinstance(other, Claimed)
        assert [part.connector for part in other.parts] == ["other"]
    ledger.now += MINUTE
    waits = ledger.claim(bob, TWO)
    assert isinstance(waits, NotClaimed)
    assert (waits.state, ledger.contact("bob").attempts) == (ContactState.CLAIMED, 1)
    ledger.now += DAY / 2
    ledger.run(lambda c: holds.lift(c, ["post"], now=ledger.now))
    again = ledger.claim(bob, TWO)
    assert isinstance(again, Claimed)
    assert ([part.connector for part in again.parts], again.repeats) == (["post"], True)


def test_what_waits_for_the_first_connector_goes_by_the_next_while_one_tries_the_first(ledger: Ledger) -> None:
    ada, bob = several(ledger, "ada", "bob")
    first = ledger.claim(ada, TWO)
    assert isinstance(first, Claimed)
    outage(ledger, ada, first)
    ledger.now += OUTAGE_FOR
    probe, other = ledger.claim(ada, TWO), ledger.claim(bob, TWO)
    assert isinstance(probe, Claimed)
    assert isinstance(other, Claimed)
    assert (probe.probes, [part.connector for part in other.parts]) == (("post",), ["other"])


def test_a_call_under_way_when_a_person_holds_the_connector_is_recorded_as_it_went(ledger: Ledger) -> None:
    (ada,) = several(ledger, "ada")
    claim = claimed(ledger, ada)
    hold(ledger, until=NOON + MINUTE)
    assert ledger.record(ada, claim, accepted()).state is ContactState.SENT
    assert states(ledger) == {"sent": 1}
