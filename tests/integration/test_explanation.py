# ruff: noqa: ANN401 - rows and what is said of a customer can be anything
"""Why somebody got something or did not, from the rows: docs/explained.md shows exactly what is said here."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from database import sends
from database.attempts import Claimed
from database.errors import UnknownCommunicationError
from database.views import explain_communication, explain_contact
from tactful.cli.explain import shown
from tactful.connector import Fault
from tactful.intake import Person, Which
from tactful.rules.holdout import held_out
from tactful.wire.explanation import ExplanationAnswer
from tactful.words import Channel
from tests.integration.ledger import DAY, KEYLESS, NOON, Ledger, accepted, fault
from tests.integration.test_measuring import in_arm, one_whom
from tests.integration.test_protection import COMPLAINT
from tests.small_strategy import REPURCHASE, WELCOME

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
GUIDE = Path(__file__).parents[2] / "docs" / "explained.md"
NEWSLETTER = """\
newsletter:
  why: You asked for it.
  trigger: guide.opened
  lasts: 30 days
  say: { letter: { when: at once, expires: 1 day } }
"""
BASKET = """\
basket:
  why: You left something behind.
  trigger: order.placed
  again: always
  lasts: 30 days
  say: { reminder: { when: at once, priority: raised } }
"""
SOON = WELCOME.replace("3 days after start", "1 day after start, expires: 1 day")


def told(ledger: Ledger, communication: str, user: str = "ada", **asked: Any) -> ExplanationAnswer:
    """Return why a customer got a communication or did not."""
    (row,) = ledger.rows("SELECT customer_key FROM customer_ids WHERE id = :user", user=user)
    asked = {"step": None, "strategy": None} | asked
    return ledger.run(lambda c: explain_communication(c, row.customer_key, communication, now=ledger.now, **asked))


def made(ledger: Ledger, communication: str, user: str = "ada") -> None:
    """Have a contact decided, and sent if it may go."""
    contact = ledger.contact(user, communication)
    claimed = ledger.claim(contact)
    if isinstance(claimed, Claimed):
        ledger.record(contact, claimed, accepted("p1"))


def begun(ledger: Ledger, event: str = "customer.registered", *channels: Channel) -> None:
    """Bring Ada into a step that begins with an event."""
    ledger.reachable("ada", *channels, time_zone="Europe/London")
    ledger.track("ada", event)
    for journey in ledger.rows("SELECT * FROM journeys WHERE planned_cycle = 0"):
        ledger.enter(journey)


def sent(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,), rules="at_most: [2 in 7 days]")
    begun(ledger)
    made(ledger, "hello")
    return "hello"


def put_off_by_quiet_hours(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,), rules="quiet: { email: 20:00 to 08:00 }")
    begun(ledger)
    ledger.now = NOON + 10 * HOUR
    made(ledger, "hello")
    return "hello"


def outranked(ledger: Ledger) -> str:
    said = {"letter": "This is letter.", "reminder": "This is reminder."}
    ledger.publish(steps=(NEWSLETTER, BASKET), rules="at_most: [1 in 7 days]", says=said)
    begun(ledger, "guide.opened")
    begun(ledger, "order.placed")
    made(ledger, "letter")
    return "letter"


def capped(ledger: Ledger) -> str:
    ledger.publish(steps=(SOON,), rules="at_most: [1 in 7 days]")
    begun(ledger)
    made(ledger, "hello")
    ledger.now = NOON + DAY
    made(ledger, "story")
    return "story"


def opted_out(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,))
    begun(ledger)
    ledger.opt_out("ada")
    made(ledger, "hello")
    return "hello"


def expired(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,))
    begun(ledger)
    ledger.now = NOON + 4 * DAY
    made(ledger, "hello")
    return "hello"


def parked(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,))
    begun(ledger)
    contact = ledger.contact("ada", "hello")
    claimed = ledger.claim(contact, KEYLESS)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.AMBIGUOUS))
    return "hello"


def overtaken(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,))
    begun(ledger)
    contact = ledger.contact("ada", "hello")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.BAD_CONTENT))
    ledger.now = NOON + 3 * DAY - 2 * HOUR
    made(ledger, "story")
    retry = sends.Asking("retry", Which(parked_by=ledger.now), Person("Mo", "the template is mended"))
    ledger.run(lambda c: sends.do_page(c, retry, now=ledger.now))
    ledger.now += HOUR
    made(ledger, "hello")
    return "hello"


def complaint(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,), rules=COMPLAINT)
    begun(ledger)
    ledger.now = NOON + HOUR
    ledger.track("ada", "complaint.opened")
    made(ledger, "hello")
    return "hello"


def held_out_to_measure(ledger: Ledger) -> str:
    ledger.publish(steps=(WELCOME,), rules="{ holdout: 50% }")
    user = one_whom(ledger, lambda key: held_out(key, Decimal(50)))
    ledger.identify(user, time_zone="Europe/London")
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    made(ledger, "hello", user)
    return "hello"


def arm_that_hears_nothing(ledger: Ledger) -> str:
    user = in_arm(ledger, "nothing")
    ledger.identify(user, time_zone="Europe/London")
    made(ledger, "hello", user)
    return "hello"


CASES: dict[str, Callable[[Ledger], str]] = {
    "Sent": sent,
    "Quiet hours": put_off_by_quiet_hours,
    "Outranked": outranked,
    "Capped": capped,
    "Kept back, holdout": held_out_to_measure,
    "Kept back, test": arm_that_hears_nothing,
    "Opted out": opted_out,
    "Complaint": complaint,
    "Expired": expired,
    "Parked": parked,
    "Overtaken": overtaken,
}


def as_in_guide(ledger: Ledger, communication: str) -> str:
    """Return an explanation as the guide shows it: of the rules that passed, only that there were some.

    Whom chance keeps back is not ours to choose: it is the one customer who has a contact, and is called Ada there.
    """
    (row,) = ledger.rows("SELECT DISTINCT i.id FROM contacts JOIN customer_ids i USING (customer_key)")
    said = shown(told(ledger, communication, row.id)).replace(f" to {row.id}\n", " to ada\n", 1)
    return re.sub(r"(  ✓ [^\n]*\n)+", "  ✓ …\n", said)


def in_guide(case: str) -> str:
    """Return what the guide shows of a case."""
    part = GUIDE.read_text(encoding="utf-8").split(f"\n## {case}\n")[1]
    return part.split("```text\n")[1].split("```")[0]


@pytest.mark.parametrize("case", CASES)
def test_a_case_of_the_guide_is_told_as_it_is_told_there(empty_ledger: Ledger, case: str) -> None:
    communication = CASES[case](empty_ledger)
    assert as_in_guide(empty_ledger, communication) == in_guide(case)


def test_codes_and_keys_are_for_those_who_ask_for_them(empty_ledger: Ledger) -> None:
    found = told(empty_ledger, parked(empty_ledger))
    plain, with_codes = shown(found), shown(found, codes=True)
    assert not re.search(r"[a-z]_[a-z]|\[|" + str(found.contact_key), plain)
    for code in (
        "[parked, unknown]",
        str(found.contact_key),
        "[send, version 1]",
        "[ambiguous code detail]",
        "[expiry]",
    ):
        assert code in with_codes


def test_a_contact_is_explained_by_its_key_too(empty_ledger: Ledger) -> None:
    found = told(empty_ledger, capped(empty_ledger))
    assert found.contact_key is not None
    key = found.contact_key
    assert empty_ledger.run(lambda c: explain_contact(c, key, now=empty_ledger.now)) == found
    nobody = found.customer_key
    assert empty_ledger.run(lambda c: explain_contact(c, nobody, now=empty_ledger.now)) is None


def test_asking_changes_nothing(empty_ledger: Ledger) -> None:
    communication = put_off_by_quiet_hours(empty_ledger)
    tables = ("contacts", "decisions", "customers", "journeys", "messages")

    def rows() -> list[Any]:
        return [row for table in tables for row in empty_ledger.rows(f"SELECT to_jsonb(t)::text FROM {table} t")]

    before = rows()
    assert told(empty_ledger, communication).if_due_now is not None
    assert rows() == before


def test_what_is_still_planned_says_what_would_be_if_it_were_due_now(empty_ledger: Ledger) -> None:
    sent(empty_ledger)
    found = told(empty_ledger, "story")
    assert found.sentence == "Not sent yet: planned for Friday 27 March 2026, 10:00."
    assert found.decisions == []
    assert found.if_due_now is not None
    assert found.if_due_now.sentence == "If it were due now: it may go."
    assert "; nothing has been decided about it yet." in found.background[-1]
    empty_ledger.opt_out("ada")
    found = told(empty_ledger, "story")
    assert found.if_due_now is not None
    assert found.if_due_now.sentence == "If it were due now: not at all. The customer said no to this topic by email."


def test_decisions_that_are_alike_are_told_once(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    begun(empty_ledger)
    for days in range(3):
        empty_ledger.now = NOON + days * DAY
        contact = empty_ledger.contact("ada", "hello")
        empty_ledger.run(lambda c: c.execute(sa.text("UPDATE journeys SET state = 'paused'")))
        assert not isinstance(empty_ledger.claim(contact), Claimed)
    found = told(empty_ledger, "hello")
    (decision,) = found.decisions
    assert decision.sentence.startswith("3 times, from Tuesday 24 March 2026, 12:00 to Thursday 26 March 2026, 12:00:")
    assert found.sentence.startswith("Not sent yet: the journey is paused;")


def test_every_attempt_is_told_with_what_was_answered(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    begun(empty_ledger)
    for answer in (fault(Fault.TRANSIENT), None, accepted("p1")):
        contact = empty_ledger.contact("ada", "hello")
        claimed = empty_ledger.claim(contact)
        assert isinstance(claimed, Claimed)
        if answer is not None:
            empty_ledger.record(contact, claimed, answer)
        empty_ledger.now += HOUR
    found = told(empty_ledger, "hello")
    assert [one.sentence for one in found.attempts] == [
        "Attempt 1, Tuesday 24 March 2026, 12:00, by email through post: it was not taken (a passing failure).",
        "Attempt 2, Tuesday 24 March 2026, 13:00: it was cut off before an answer was written down.",
        "Attempt 3, Tuesday 24 March 2026, 14:00, by email through post: the provider took it.",
    ]
    assert [one.code for one in found.attempts] == ["transient code detail", None, "p1"]


def test_what_the_provider_told_later_is_part_of_the_story(empty_ledger: Ledger) -> None:
    sent(empty_ledger)
    for kind, hours in (("delivered", 1), ("complained", 2)):
        receipt = (
            "INSERT INTO receipts (connector, dedupe_id, contact_key, kind, occurred_at, received_at, raw) "
            "SELECT 'post', :kind, contact_key, :kind, :at, :at, '{}' FROM contacts WHERE state = 'sent'"
        )
        values = {"kind": kind, "at": NOON + hours * HOUR}
        empty_ledger.run(lambda c, receipt=receipt, values=values: c.execute(sa.text(receipt), values))
    found = told(empty_ledger, "hello")
    assert found.sentence == ("Sent by email on Tuesday 24 March 2026, 12:00. But the customer complained about it.")
    assert found.receipts[0] == "Tuesday 24 March 2026, 13:00: it was delivered (post)."


def test_the_version_that_wrote_it_and_the_one_that_governed_are_both_named(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    begun(empty_ledger)
    empty_ledger.publish(steps=(WELCOME,), rules="at_most: [5 in 7 days]")
    made(empty_ledger, "hello")
    said = told(empty_ledger, "hello").background[-1]
    assert "What it says is from version 1" in said
    assert "those of version 2" in said


def test_the_last_that_was_due_is_told_and_the_others_named(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(BASKET,), says={"reminder": "This is reminder."})
    begun(empty_ledger, "order.placed")
    made(empty_ledger, "reminder")
    ended = sa.text("UPDATE journeys SET state = 'completed', ended_at = started_at")
    empty_ledger.run(lambda c: c.execute(ended))
    empty_ledger.now = NOON + 2 * DAY
    begun(empty_ledger, "order.placed")
    found = told(empty_ledger, "reminder")
    assert found.sentence == "Not sent yet: planned for Thursday 26 March 2026, 12:00."
    (other,) = found.others
    assert other.startswith("reminder of basket was sent: Tuesday 24 March 2026, 12:00 (")


# ------------------------------------------------------------------------------------------- what never came about


def never(ledger: Ledger, communication: str, **asked: Any) -> str:
    """Return why there is no such contact."""
    found = told(ledger, communication, **asked)
    assert found.contact_key is None
    assert found.sentence.startswith("There is none: ")
    return found.sentence.removeprefix("There is none: ")


def test_nothing_began_it(ledger: Ledger) -> None:
    ledger.reachable("ada")
    assert never(ledger, "hello") == (
        "welcome begins with “customer.registered”, and that never came for this customer."
    )


def test_what_would_have_begun_it_came_too_early(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(REPURCHASE,))
    empty_ledger.reachable("ada", time_zone="Europe/London")
    empty_ledger.track("ada", "customer.registered")
    empty_ledger.now = NOON + DAY
    empty_ledger.publish(steps=(WELCOME, REPURCHASE))
    assert never(empty_ledger, "hello") == (
        "“customer.registered” came on Tuesday 24 March 2026, 12:00, before it was published: it came with version 2 on"
        " Wednesday 25 March 2026, 12:00."
    )


def test_it_was_told_as_something_of_the_past(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "customer.registered", historical=True)
    assert never(ledger, "hello").endswith("was told as something of the past, which begins no journey.")


def test_the_event_did_not_say_what_it_was_about(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "invoice.issued")
    assert never(ledger, "bill").endswith("did not say which number it was about, and invoice has a journey for each.")


def test_the_step_is_a_draft(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME.replace("  why:", "  draft: true\n  why:"),))
    empty_ledger.reachable("ada")
    empty_ledger.track("ada", "customer.registered")
    assert never(empty_ledger, "hello") == "the step welcome is still a draft, which nobody enters."


def test_the_journey_ended_before_it_was_planned(ledger: Ledger) -> None:
    ledger.reachable("ada", time_zone="Europe/London")
    ledger.track("ada", "customer.registered")
    assert never(ledger, "hello").endswith("and what the step says is about to be planned.")
    ledger.now = NOON + HOUR
    ledger.track("ada", "order.placed")
    assert never(ledger, "hello").endswith(
        "that journey ended on Tuesday 24 March 2026, 13:00: it had reached its goal, before this was planned."
    )


def test_the_version_they_came_in_with_did_not_have_it(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    begun(empty_ledger)
    empty_ledger.now = NOON + DAY
    more = WELCOME.replace("story: {", "guide: { when: 5 days after start }\n    story: {")
    empty_ledger.publish(steps=(more,))
    assert never(empty_ledger, "guide") == (
        "the customer came into welcome on Tuesday 24 March 2026, 12:00, under version 1, which did not have it;"
        " it came with version 2, published on Wednesday 25 March 2026, 12:00."
    )


def test_it_was_taken_out(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    empty_ledger.reachable("ada", time_zone="Europe/London")
    empty_ledger.publish(steps=(WELCOME.replace("    story: { when: 3 days after start }\n", ""),))
    assert never(empty_ledger, "story") == (
        "“story” was taken out with version 2, published on Tuesday 24 March 2026, 12:00."
    )


def test_a_second_time_is_explained_beside_the_first(ledger: Ledger) -> None:
    begun(ledger)
    made(ledger, "hello")
    ledger.now = NOON + 2 * DAY
    ledger.track("ada", "customer.registered")
    assert told(ledger, "hello").background[-1] == (
        "“customer.registered” came again on Thursday 26 March 2026, 12:00, but welcome is entered once only."
    )


def test_a_name_that_nothing_ever_had_is_refused(ledger: Ledger) -> None:
    ledger.reachable("ada")
    with pytest.raises(UnknownCommunicationError, match="hullo is and was in no published strategy"):
        told(ledger, "hullo")


def test_a_name_that_several_strategies_have_asks_for_the_strategy(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(WELCOME,))
    empty_ledger.publish(steps=(WELCOME.replace("customer.registered", "guide.opened"),), name="other")
    empty_ledger.reachable("ada")
    with pytest.raises(UnknownCommunicationError, match=r"several \(other/welcome, small/welcome\); name the strategy"):
        told(empty_ledger, "hello")
    assert never(empty_ledger, "hello", strategy="other").startswith("welcome begins with “guide.opened”")
