"""Controls in the ledger: arms drawn at entry, kept back at their time, and in their place as if they had been sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from database.claims import Claimed, NotClaimed
from tactful.rules.arms import arm_of
from tactful.rules.holdout import held_out
from tactful.strategy import read_strategy
from tactful.words import Channel, ContactState, Reason
from tests.integration.ledger import DAY, Ledger, accepted
from tests.small_strategy import WELCOME, files

pytestmark = pytest.mark.integration
HALF = "{ holdout: 50% }"
HALF_AND_ONE_A_WEEK = "{ holdout: 50%, at_most: [1 in 7 days] }"
TEST = """\
{ when: at once, offer: ten, test: {
      asks: Which?,
      split: { as written: 30%, other: 40%, nothing: 30% },
      other: { template: other, offer: vase, by: sms, when: 1 day after start, at: "16:00" },
      measure: order.placed } }"""
TESTED = WELCOME.replace("{ when: at once }", TEST)
OFFERS = """\
{ ten: { kind: incentive, says: ten pounds off, code: TEN }, vase: { kind: reward, says: a vase, code: VASE } }"""
SAYS = {
    "hello": "This is hello with {{ offer.says }}: {{ offer.code }}.",
    "other": "This is other with {{ offer.says }}: {{ offer.code }}.",
}


def one_whom(ledger: Ledger, fits: Callable[[UUID], bool]) -> str:
    """Make customers known who can be reached by email and sms until one fits; return that one."""
    for number in range(200):
        if fits(ledger.reachable(f"c{number}", Channel.EMAIL, Channel.SMS)):
            return f"c{number}"
    pytest.fail("chance does not allow this")


def in_arm(ledger: Ledger, arm: str) -> str:
    """Publish the test and bring a customer of one arm into the step."""
    folder = {"steps": (TESTED,), "offers": OFFERS, "says": SAYS}
    ledger.publish(**folder)
    hello = read_strategy(files(steps=(TESTED,), offers=OFFERS, says=SAYS)).communication("welcome", "hello")
    assert hello is not None
    user = one_whom(ledger, lambda key: arm_of(key, "small", hello) == arm)
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    return user


def in_holdout(ledger: Ledger, *, out: bool) -> str:
    user = one_whom(ledger, lambda key: held_out(key, Decimal(50)) is out)
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    return user


def test_who_is_held_out_gets_a_control_at_the_time_and_takes_the_place(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=HALF_AND_ONE_A_WEEK)
    user = in_holdout(ledger, out=True)
    kept = ledger.claim(ledger.contact(user))
    assert isinstance(kept, NotClaimed)
    assert (kept.state, kept.reason) == (ContactState.CONTROL, Reason.HELD_OUT)
    row = ledger.contact(user)
    assert (row.counts_at, row.channels, row.purpose, row.attempts) == (ledger.now, ["email"], "marketing", 0)
    assert ledger.count("messages") == 0
    (decision,) = ledger.rows("SELECT verdict, reason FROM decisions WHERE contact_key = :key", key=row.contact_key)
    assert tuple(decision) == ("control", "held_out")
    ledger.now += 3 * DAY
    story = ledger.claim(ledger.contact(user, "story"))
    assert isinstance(story, NotClaimed)
    assert story.reason is Reason.CAP, "as if the first had been sent"


def test_who_is_not_held_out_is_contacted_and_mandatory_contacts_go_to_everybody(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules=HALF)
    assert isinstance(ledger.claim(ledger.contact(in_holdout(ledger, out=False))), Claimed)
    user = in_holdout(ledger, out=True)
    ledger.track(user, "invoice.issued", number="7")
    ledger.enter(ledger.journey(user, "invoice"))
    assert isinstance(ledger.claim(ledger.contact(user, "bill")), Claimed)


def test_an_arm_is_drawn_at_entry_and_says_something_else_another_way_at_another_time(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    user = in_arm(ledger, "other")
    row = ledger.contact(user, "hello")
    assert (row.arm, row.channels) == ("other", ["sms"])
    assert row.due_at == ledger.now.replace(hour=16) + DAY
    ledger.now = row.due_at
    claimed = ledger.claim(row)
    assert isinstance(claimed, Claimed)
    (part,) = claimed.parts
    assert (part.message.channel, part.message.text) == (Channel.SMS, "This is other with a vase: VASE.")
    ledger.record(row, claimed, accepted())
    assert ledger.contact(user, "hello").state == "sent"


def test_as_written_is_as_written_and_nothing_is_nothing(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    claimed = ledger.claim(ledger.contact(in_arm(ledger, "as written")))
    assert isinstance(claimed, Claimed)
    assert "This is hello with ten pounds off: TEN." in (claimed.parts[0].message.text or "")


def test_the_arm_nothing_is_a_control_when_it_is_due(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    user = in_arm(ledger, "nothing")
    kept = ledger.claim(ledger.contact(user))
    assert isinstance(kept, NotClaimed)
    assert (kept.state, kept.reason) == (ContactState.CONTROL, Reason.TEST_CONTROL)
    assert kept.ahead.next_contact is not None, "the story is still to be told"
    assert ledger.contact(user).counts_at == ledger.now


def test_an_arm_stays_though_the_published_shares_change(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    user = in_arm(ledger, "nothing")
    all_other = TESTED.replace("as written: 30%, other: 40%, nothing: 30%", "as written: 1%, other: 99%")
    ledger.publish(steps=(all_other,), offers=OFFERS, says=SAYS)
    ledger.enter(ledger.journey(user))
    assert ledger.contact(user).arm == "nothing"
    assert isinstance(kept := ledger.claim(ledger.contact(user)), NotClaimed)
    assert kept.state is ContactState.CONTROL


def test_a_control_that_waits_for_the_morning_is_planned_until_then(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(rules="{ holdout: 50%, quiet: { email: 22:00 to 07:00 } }")
    user = in_holdout(ledger, out=True)
    contact = ledger.contact(user)
    ledger.now = ledger.now.replace(hour=23)
    night = ledger.claim(contact)
    assert isinstance(night, NotClaimed)
    assert (night.state, night.reason) == (ContactState.PLANNED, Reason.QUIET_HOURS)
    assert ledger.contact(user).counts_at is None
    ledger.now += timedelta(hours=9)
    assert isinstance(kept := ledger.claim(ledger.contact(user)), NotClaimed)
    assert kept.state is ContactState.CONTROL
