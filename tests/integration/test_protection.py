"""Protection in the ledger: what is held is put off, and looked at the moment the hold ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from database import restarts
from database.claims import Claimed, NotClaimed
from database.restarts import RestartRequest
from tactful.intake import Person, Statement, Which
from tactful.words import Channel, ConsentState, ContactState, Reason
from tests.integration.ledger import DAY, NOON, Ledger
from tests.small_strategy import ONBOARDING, STEPS, WELCOME
from tests.virtual import yes

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
COMPLAINT = "{ hold_while: { complaint: complaint.opened until complaint.closed } }"
CALM = ONBOARDING.replace("lasts: 60 days", "lasts: 60 days\n  undisturbed_by: news")
ENDLESS = CALM.replace("  lasts: 60 days\n", "")


def woken(ledger: Ledger, step: str) -> int:
    """Return how many words to Temporal wake the journey of a step."""
    return ledger.count("outbox", f"kind = 'wake' AND workflow_id LIKE 'small/{step}/%'")


def test_a_complaint_holds_marketing_and_its_end_lets_it_go_at_once(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=COMPLAINT)
    contact = ledger.planned("ada")
    ledger.track("ada", "complaint.opened")
    held = ledger.claim(contact)
    assert isinstance(held, NotClaimed)
    assert (held.state, held.reason, held.again_at) == (ContactState.PLANNED, Reason.ON_HOLD, ledger.now + DAY)
    before = woken(ledger, "welcome")
    ledger.now += HOUR
    ledger.track("ada", "complaint.closed")
    row = ledger.contact("ada")
    assert (row.due_at, woken(ledger, "welcome")) == (ledger.now, before + 1)
    assert isinstance(ledger.claim(row), Claimed)


def test_another_complaint_keeps_holding_and_other_events_wake_nobody(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=COMPLAINT)
    contact = ledger.planned("ada")
    ledger.track("ada", "complaint.opened")
    held = ledger.claim(contact)
    assert isinstance(held, NotClaimed)
    ledger.track("ada", "guide.opened")
    assert ledger.contact("ada").due_at == held.again_at
    ledger.now += HOUR
    ledger.track("ada", "complaint.opened", at=ledger.now)
    ledger.track("ada", "complaint.closed", at=ledger.now - HOUR / 2)
    again = ledger.claim(ledger.contact("ada"))
    assert isinstance(again, NotClaimed)
    assert (again.state, again.reason) == (ContactState.PLANNED, Reason.ON_HOLD)


def test_a_mandatory_contact_goes_out_in_the_middle_of_a_complaint(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=COMPLAINT)
    ledger.reachable("ada")
    ledger.track("ada", "complaint.opened")
    ledger.track("ada", "invoice.issued", number="7")
    ledger.enter(ledger.journey("ada"))
    assert isinstance(ledger.claim(ledger.contact("ada")), Claimed)


def test_what_a_complaint_outlasts_is_skipped_for_the_complaint(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=COMPLAINT)
    contact = ledger.planned("ada")
    ledger.track("ada", "complaint.opened")
    for _ in range(4):
        held = ledger.claim(contact)
        assert isinstance(held, NotClaimed)
        ledger.now = held.again_at or ledger.now
    row = ledger.contact("ada")
    assert (row.state, row.reason) == ("skipped", "on_hold")


def into_onboarding(ledger: Ledger, onboarding: str) -> None:
    """Bring ada into onboarding first, then into the welcome, which onboarding is not to be disturbed by."""
    ledger.publish(steps=(WELCOME, onboarding, *STEPS[2:]))
    ledger.reachable("ada")
    ledger.track("ada", "order.placed", order_id="1")
    ledger.enter(ledger.journey("ada", "onboarding"))
    ledger.now += HOUR
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada", "welcome"))


def test_a_step_that_is_undisturbed_keeps_others_away_until_it_is_over(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    into_onboarding(ledger, CALM)
    held = ledger.claim(ledger.contact("ada", "hello"))
    assert isinstance(held, NotClaimed)
    assert (held.state, held.reason) == (ContactState.SKIPPED, Reason.UNDISTURBED), "60 days outlive a greeting"


def test_what_waits_for_the_end_of_a_step_goes_the_moment_it_ends(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    into_onboarding(ledger, ENDLESS)
    held = ledger.claim(ledger.contact("ada", "hello"))
    assert isinstance(held, NotClaimed)
    assert (held.state, held.reason, held.again_at) == (ContactState.PLANNED, Reason.UNDISTURBED, ledger.now + DAY)
    ledger.now += HOUR
    before = woken(ledger, "welcome")
    ledger.track("ada", "guide.opened")
    assert ledger.contact("ada", "hello").due_at == held.again_at, "one of two milestones is no end"
    ledger.identify("ada", properties={"birthday": "1990-04-10"})
    row = ledger.contact("ada", "hello")
    assert (row.due_at, woken(ledger, "welcome")) == (ledger.now, before + 1)
    assert isinstance(ledger.claim(row), Claimed)


def test_what_the_undisturbed_step_says_itself_goes_out(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    into_onboarding(ledger, CALM)
    guide = ledger.contact("ada", "guide")
    ledger.now = guide.due_at
    assert isinstance(ledger.claim(guide), Claimed)


def test_a_confirmed_opt_in_is_looked_at_at_once(ledger: Ledger) -> None:
    pending = Statement(Channel.EMAIL, "news", ConsentState.PENDING, "express", "form", ledger.now)
    ledger.identify("ada", addresses={Channel.EMAIL: "ada@example.com"}, statements=(pending,))
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada"))
    held = ledger.claim(ledger.contact("ada"))
    assert isinstance(held, NotClaimed)
    assert (held.state, held.reason) == (ContactState.PLANNED, Reason.OPT_IN_PENDING)
    before = woken(ledger, "welcome")
    ledger.now += timedelta(minutes=5)
    ledger.say("ada", *yes("news:sms", at=ledger.now))
    ledger.say("ada", *yes("news:email", at=ledger.now))
    row = ledger.contact("ada")
    assert row.due_at == ledger.now
    assert woken(ledger, "welcome") == before + 1
    assert isinstance(ledger.claim(row), Claimed)


@pytest.mark.parametrize(
    ("as_", "woken_id"),
    [
        ("journey_key = NULL", "contact/{contact}"),
        ("restarts = 2", "contact/{contact}/2"),
        ("lot_key = '{lot}'", "restart/{lot}"),
        ("lot_key = '{lot}', restarts = 1", "restart/{lot}"),
    ],
)
def test_whoever_looks_after_a_contact_is_woken_by_a_confirmed_opt_in(ledger: Ledger, as_: str, woken_id: str) -> None:
    """One that another system asked for, one that a person took up again, one of a lot: each by its own workflow."""
    pending = Statement(Channel.EMAIL, "news", ConsentState.PENDING, "express", "form", ledger.now)
    ledger.identify("ada", addresses={Channel.EMAIL: "ada@example.com"}, statements=(pending,))
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada"))
    lot = ledger.run(lambda c: restarts.begin(c, RestartRequest(Which(NOON), Person("maya"), "one"), now=ledger.now))
    contact = ledger.contact("ada")
    held = ledger.claim(contact)
    assert isinstance(held, NotClaimed)
    assert held.reason is Reason.OPT_IN_PENDING
    changed = as_.format(lot=lot.lot_key)
    ledger.rows(f"UPDATE contacts SET {changed} WHERE contact_key = :key RETURNING 1", key=contact.contact_key)
    ledger.now += timedelta(minutes=5)
    ledger.say("ada", *yes("news:email", at=ledger.now))
    words = ledger.rows("SELECT customer_key, workflow_id, subject_key FROM outbox WHERE kind = 'wake'")
    assert [word.workflow_id for word in words] == [woken_id.format(contact=contact.contact_key, lot=lot.lot_key)]
    of_lot = woken_id.startswith("restart")
    assert words[0].subject_key == (lot.lot_key if of_lot else contact.contact_key)
    assert (words[0].customer_key is None) == of_lot
