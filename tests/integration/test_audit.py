# ruff: noqa: ANN401 - rows and what an audit is asked can be anything
"""The audit finds every broken promise that is planted in the rows, and nothing in a ledger where all were kept."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from database import suppressions
from database.audit import audit
from database.claims import Claimed
from tactful.audit import Audited
from tactful.connector import Fault
from tactful.intake import Lift, Suppress, Who
from tactful.wire.audit import FindingLine, ProgressLine, SummaryLine
from tactful.words import Channel, SuppressionClass
from tests.integration.ledger import DAY, KEYED, KEYLESS, NOON, Ledger, accepted, fault

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
RULES = "at_most: [2 in 7 days, 1 sms in 7 days]\napart: 4 hours"
STORIES = """\
letters:
  why: You asked for stories.
  trigger: customer.registered
  lasts: 60 days
  say:
    hello: { when: at once, by: email }
    story: { when: 1 day after start, by: sms or email }
    guide: { when: 2 days after start, by: email }
    dates: { when: 9 days after start, by: email, expires: 20 days }
"""
BILLS = """\
invoice:
  why: You need it for your books.
  trigger: invoice.issued
  per: number
  until: invoice.paid
  lasts: 60 days
  say:
    bill: { when: at once, topic: orders }
    dunning: { when: 5 days after start, topic: orders }
"""


def looked(ledger: Ledger, **about: Any) -> tuple[list[FindingLine], SummaryLine]:
    """Return what an audit finds, and its summary."""
    lines = list(audit(ledger.database, Audited(ledger.now, **about), page=3))
    assert isinstance(lines[-1], SummaryLine)
    return [line for line in lines if isinstance(line, FindingLine)], lines[-1]


def found(ledger: Ledger, **about: Any) -> dict[str, int]:
    """Return how often each promise is found broken; what is told and what is counted agree."""
    findings, summary = looked(ledger, **about)
    counted = {one.check: one.found for one in summary.checks if one.found}
    assert Counter(finding.check for finding in findings) == counted
    assert summary.ok is not bool(counted)
    return counted


def crowded(ledger: Ledger, **about: Any) -> dict[str, int]:
    """Return what is found of caps and gap; contacts that such a test leaves lying are not its subject."""
    return {check: count for check, count in found(ledger, **about).items() if check in {"caps", "gap"}}


def write(ledger: Ledger, statement: str, **values: object) -> None:
    """Do to the rows what no code of ours does."""
    done = ledger.run(lambda c: c.execute(sa.text(statement), values).rowcount)
    assert done, "nothing was planted"


def sent(ledger: Ledger, user: str, communication: str | None = None) -> Any:
    """Have a customer's first contact sent, or one of theirs by name, and return its row."""
    contact = ledger.contact(user, communication)
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed), claimed
    ledger.record(contact, claimed, accepted(f"p-{contact.contact_key}"))
    return ledger.contact(user, communication)


def welcomed(ledger: Ledger, user: str = "ada") -> Any:
    """Have a new customer's first contact sent, and return its row."""
    ledger.planned(user)
    return sent(ledger, user)


def live(ledger: Ledger, chance: Random, days: int) -> None:
    """Let customers register, order, say yes and no, move, and be contacted, by providers that fail now and then."""
    users = [f"user-{n}" for n in range(12)]
    for user in users:
        ledger.reachable(user, Channel.EMAIL, Channel.SMS)
    answers = [accepted, accepted, accepted, *(lambda f=f: fault(f) for f in (Fault.TRANSIENT, Fault.BAD_RECIPIENT))]
    answers.append(lambda: fault(Fault.AMBIGUOUS))
    for n in range(days * 8):
        ledger.now += 3 * HOUR
        user = chance.choice(users)
        match chance.randrange(7):
            case 0 | 1:
                ledger.track(user, "customer.registered")
            case 2 | 3:
                ledger.track(user, "invoice.issued", number=str(n))
            case 4:
                ledger.opt_out(user)
            case 5:
                ledger.reachable(user, Channel.EMAIL, Channel.SMS)
            case _:
                ledger.identify(user, time_zone=chance.choice(["Asia/Tokyo", "America/New_York"]))
        settle(ledger, chance, answers)


def settle(ledger: Ledger, chance: Random, answers: list[Any]) -> None:
    """Do what workflows would: enter and leave journeys, and decide what is due."""
    for journey in ledger.rows("SELECT * FROM journeys WHERE state = 'open' AND planned_cycle < cycle"):
        ledger.enter(journey)
    due = "state IN ('planned', 'claimed') AND due_at <= :now AND coalesce(lease_until, :now) <= :now"
    for contact in ledger.rows(f"SELECT * FROM contacts WHERE {due} ORDER BY due_at", now=ledger.now):
        claimed = ledger.claim(contact, chance.choice([KEYED, KEYLESS]))
        if isinstance(claimed, Claimed):
            answer = chance.choice(answers)
            given = accepted(str(claimed.contact_key)) if answer is accepted else answer()
            ledger.record(contact, claimed, given)
    for journey in ledger.rows("SELECT * FROM journeys WHERE state = 'open' AND ends_at <= :now", now=ledger.now):
        ledger.leave(journey)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_found_in_a_busy_life_in_which_every_promise_was_kept(empty_ledger: Ledger, seed: int) -> None:
    empty_ledger.publish(steps=(STORIES, BILLS), rules=RULES)
    live(empty_ledger, Random(seed), days=12)
    findings, summary = looked(empty_ledger)
    assert [finding.sentence for finding in findings] == []
    looked_at = {one.check: one.looked_at for one in summary.checks}
    assert summary.customers == 12
    assert min(looked_at.values()) > 5, looked_at


def test_an_empty_ledger_keeps_every_promise(empty_ledger: Ledger) -> None:
    lines = list(audit(empty_ledger.database, Audited(NOON)))
    assert isinstance(lines[0], ProgressLine)
    assert found(empty_ledger) == {}


def test_one_too_many_in_any_window_is_found_wherever_the_window_begins(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [2 in 7 days]")
    empty_ledger.planned("ada")
    for communication, days in (("hello", 0), ("story", 1), ("dates", 9)):
        empty_ledger.now = NOON + days * DAY
        sent(empty_ledger, "ada", communication)
    assert crowded(empty_ledger) == {}
    ends_at = NOON + 7 * DAY - HOUR  # London's clocks go forward in these seven days
    move = "UPDATE contacts SET counts_at = :at WHERE communication = 'dates'"
    write(empty_ledger, move, at=ends_at)
    assert crowded(empty_ledger) == {}
    write(empty_ledger, move, at=ends_at - timedelta(microseconds=1))
    (finding,) = [one for one in looked(empty_ledger)[0] if one.check == "caps"]
    assert (finding.check, finding.contact_key) == ("caps", empty_ledger.contact("ada", "dates").contact_key)
    assert (
        finding.sentence == "letters / dates was one too many: 3 in a window, at most 2 in 7 days (rules of version 1)."
    )


def test_a_cap_is_that_of_the_version_that_governed(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [2 in 7 days]")
    empty_ledger.planned("ada")
    for communication, days in (("hello", 0), ("story", 1)):
        empty_ledger.now = NOON + days * DAY
        sent(empty_ledger, "ada", communication)
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [1 in 30 days]")
    assert crowded(empty_ledger) == {}
    write(empty_ledger, "UPDATE decisions SET version = 2")
    assert crowded(empty_ledger) == {"caps": 1}


def test_a_segments_own_cap_governs_its_customers(empty_ledger: Ledger) -> None:
    """Whoever has ordered may hear from us twice a week; the claim lets it pass, and so does the audit."""
    buyers = "{ buyers: { if: orders >= 1, at_most: 2 in 7 days } }"
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [1 in 7 days]", segments=buyers)
    empty_ledger.planned("ada")
    empty_ledger.track("ada", "order.placed")
    for communication, days in (("hello", 0), ("story", 1)):
        empty_ledger.now = NOON + days * DAY
        sent(empty_ledger, "ada", communication)
    assert crowded(empty_ledger) == {}
    write(empty_ledger, "UPDATE decisions SET trace = CAST(replace(trace::text, 'buyers', 'strangers') AS jsonb)")
    assert crowded(empty_ledger) == {"caps": 1}


def test_a_month_ends_by_the_customers_own_calendar(empty_ledger: Ledger) -> None:
    """A day is what it is in Tokyo: with clocks that change nowhere else, and a month that is 31 days long."""
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [1 in 1 month]")
    empty_ledger.planned("ada")
    sent(empty_ledger, "ada", "hello")
    write(empty_ledger, "UPDATE contacts SET due_at = :now, expires_at = NULL WHERE communication = 'dates'", now=NOON)
    empty_ledger.now = NOON + 31 * DAY - HOUR  # London goes forward in between: a month later, the clock shows noon
    sent(empty_ledger, "ada", "dates")
    assert crowded(empty_ledger).get("caps") is None
    write(
        empty_ledger,
        "UPDATE contacts SET counts_at = :at WHERE communication = 'dates'",
        at=NOON + 31 * DAY - HOUR - timedelta(seconds=1),
    )
    assert crowded(empty_ledger)["caps"] == 1


def test_two_that_came_too_close_are_crowded(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(STORIES,), rules="apart: 4 hours")
    empty_ledger.planned("ada")
    sent(empty_ledger, "ada", "hello")
    empty_ledger.now = NOON + DAY
    sent(empty_ledger, "ada", "story")
    write(empty_ledger, "UPDATE contacts SET counts_at = :at WHERE communication = 'story'", at=NOON + 3 * HOUR)
    assert crowded(empty_ledger) == {"gap": 1}


def test_a_control_takes_its_place_as_if_it_had_been_sent(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [2 in 7 days]")
    empty_ledger.planned("ada")
    for communication, days in (("hello", 0), ("story", 1)):
        empty_ledger.now = NOON + days * DAY
        sent(empty_ledger, "ada", communication)
    write(
        empty_ledger,
        "UPDATE contacts SET state = 'control', reason = 'unknown', counts_at = :at WHERE communication = 'guide'",
        at=NOON + HOUR,
    )
    assert crowded(empty_ledger) == {"caps": 1}


def test_a_claim_after_a_no_is_found_by_revision_whatever_clocks_say(ledger: Ledger) -> None:
    welcomed(ledger)
    ledger.opt_out("ada")
    assert found(ledger) == {}, "it came after the claim"
    write(ledger, "UPDATE consents SET revision = 1 WHERE state = 'opted_out'")
    findings, _ = looked(ledger)
    assert [finding.check for finding in findings] == ["opt_in"]
    assert "after the customer had said no to news by email" in findings[0].sentence


def test_a_no_that_was_told_earlier_but_made_before_the_yes_does_not_hold(ledger: Ledger) -> None:
    welcomed(ledger)
    ledger.opt_out("ada")
    write(ledger, "UPDATE consents SET revision = 1, stated_at = :then WHERE state = 'opted_out'", then=NOON - DAY)
    assert found(ledger) == {}


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ("UPDATE consents SET expires_at = :now", "had run out"),
        ("UPDATE consents SET basis = 'soft_opt_in', stated_at = stated_at - interval '24 months'", "had run out"),
        ("UPDATE consents SET state = 'pending'", "was not confirmed"),
        ("UPDATE consents SET revision = revision + 100", "had never said yes"),
        ("UPDATE consents SET channel = 'sms'", "had never said yes"),
        ("UPDATE consents SET topic = 'orders'", "had never said yes"),
    ],
)
def test_a_claim_without_a_yes_that_held_is_found(ledger: Ledger, planted: str, told: str) -> None:
    welcomed(ledger)
    write(ledger, planted, **({"now": NOON} if ":now" in planted else {}))
    findings, _ = looked(ledger)
    assert [finding.check for finding in findings] == ["opt_in"]
    assert told in findings[0].sentence


@pytest.mark.parametrize(
    ("kind", "columns", "values", "count"),
    [
        ("marketing", "customer_key", "customer_key", 1),
        ("undeliverable", "customer_key, channel", "customer_key, 'email'", 1),
        ("marketing", "customer_key, topic", "customer_key, 'orders'", 0),
        ("marketing", "customer_key, channel", "customer_key, 'sms'", 0),
        ("marketing", "customer_key, expires_at", "customer_key, timestamptz '2026-03-24 11:59Z'", 0),
        ("marketing", "customer_key, expires_at", "customer_key, timestamptz '2026-03-24 12:00Z'", 0),
        ("marketing", "customer_key, expires_at", "customer_key, timestamptz '2026-03-24 12:01Z'", 1),
        ("undeliverable", "channel, address", "'email', 'ada@email.example'", 1),
        ("undeliverable", "channel, address", "'email', 'bob@email.example'", 0),
    ],
)
def test_a_claim_against_a_suppression_is_found(
    ledger: Ledger, kind: str, columns: str, values: str, count: int
) -> None:
    welcomed(ledger)
    write(
        ledger,
        f"INSERT INTO suppressions (kind, reason, source, stated_at, revision, {columns}) "
        f"SELECT :kind, 'complained', 'a test', :before, 0, {values} FROM customers",
        kind=kind,
        before=NOON - HOUR,
    )
    assert found(ledger) == ({"suppressed": count} if count else {})


def test_a_claim_after_a_lift_is_fine(ledger: Ledger) -> None:
    """All at one instant: what came first is told by the customer's revisions."""
    ledger.planned("ada")
    said = Suppress(SuppressionClass.MARKETING, "unsubscribed", "a test", ledger.now, who=Who("ada"))
    ledger.run(lambda c: suppressions.suppress(c, said, now=ledger.now))
    assert ledger.run(lambda c: suppressions.lift(c, Lift("maya", "she called", who=Who("ada")), now=ledger.now)) == 1
    sent(ledger, "ada")
    assert found(ledger) == {}


def test_a_claim_before_a_lift_is_found_though_nothing_stands_any_more(ledger: Ledger) -> None:
    welcomed(ledger)
    write(
        ledger,
        "INSERT INTO suppressions (kind, reason, source, stated_at, revision, customer_key) "
        "SELECT 'marketing', 'unsubscribed', 'a test', :before, 0, customer_key FROM customers",
        before=NOON - HOUR,
    )
    assert ledger.run(lambda c: suppressions.lift(c, Lift("maya", "she called", who=Who("ada")), now=ledger.now)) == 1
    assert found(ledger) == {"suppressed": 1}


@pytest.mark.parametrize(("lifted_after", "count"), [(-HOUR, 0), (timedelta(minutes=4), 0), (HOUR, 1)])
def test_a_claim_against_an_address_is_judged_by_the_clock_with_room_for_anothers(
    ledger: Ledger, lifted_after: timedelta, count: int
) -> None:
    welcomed(ledger)
    write(
        ledger,
        "INSERT INTO suppressions (kind, reason, source, stated_at, revision, channel, address) "
        "VALUES ('undeliverable', 'bounced', 'a test', :before, 0, 'email', 'ada@email.example')",
        before=NOON - 2 * HOUR,
    )
    lifting = Lift("maya", "new mailbox", channel=Channel.EMAIL, address="ada@email.example")
    assert ledger.run(lambda c: suppressions.lift(c, lifting, now=NOON + lifted_after)) == 1
    assert found(ledger) == ({"suppressed": count} if count else {})


def test_a_marketing_rule_that_held_up_a_mandatory_contact_is_found(ledger: Ledger) -> None:
    ledger.reachable("ada")
    ledger.track("ada", "invoice.issued", number="1")
    ledger.enter(ledger.journey("ada"))
    sent(ledger, "ada", "bill")
    assert found(ledger) == {}
    write(ledger, "UPDATE decisions SET verdict = 'defer', reason = 'quiet_hours'")
    assert found(ledger) == {"mandatory": 1}


def test_what_a_journey_said_twice_is_found(ledger: Ledger) -> None:
    welcomed(ledger)
    ledger.now = NOON + 3 * DAY
    sent(ledger, "ada", "story")
    assert found(ledger) == {}
    write(ledger, "UPDATE contacts SET communication = 'hello' WHERE communication = 'story'")
    assert found(ledger) == {"doubled": 2}


def test_an_id_that_a_provider_gave_to_two_messages_is_found(ledger: Ledger) -> None:
    welcomed(ledger, "ada")
    welcomed(ledger, "bob")
    write(ledger, "UPDATE messages SET provider_id = 'the same'")
    assert found(ledger) == {"doubled": 2}


def test_a_delivery_that_no_message_accounts_for_is_found(ledger: Ledger) -> None:
    write(
        ledger,
        "INSERT INTO mailbox (part_key, channel, content, delivered_at) VALUES (gen_random_uuid(), 'sms', '{}', :then)",
        then=NOON - DAY,
    )
    assert found(ledger) == {"doubled": 1}


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE contacts SET due_at = :then WHERE communication = 'story'",
        "UPDATE contacts SET state = 'claimed', lease_until = :then WHERE communication = 'hello'",
        "UPDATE contacts SET again_at = :then WHERE communication = 'hello'",
        "UPDATE contacts SET state = 'skipped', reason = 'cap' WHERE communication = 'story'",
        "UPDATE contacts SET state = 'parked', reason = 'failed' WHERE communication = 'story'",
        "UPDATE journeys SET planned_cycle = 0 WHERE started_at > :then",
        "WITH d AS (DELETE FROM decisions WHERE decided_at > :then) UPDATE contacts SET raised = 0",
    ],
)
def test_what_was_lost_sight_of_is_found(ledger: Ledger, planted: str) -> None:
    welcomed(ledger)
    ledger.now = NOON + 2 * HOUR
    assert found(ledger) == {}
    values = {"then": NOON - 2 * HOUR} if ":then" in planted else {}
    write(ledger, planted, **values)
    assert found(ledger)["accounted"] == 1


def test_a_journey_that_is_over_and_was_not_left_is_found(ledger: Ledger) -> None:
    welcomed(ledger)
    write(ledger, "UPDATE contacts SET state = 'cancelled', reason = 'journey_ended' WHERE state = 'planned'")
    ledger.now = NOON + 21 * DAY
    assert found(ledger) == {}
    ledger.now += 2 * HOUR
    assert found(ledger) == {"accounted": 1}


@pytest.mark.parametrize(
    "planted",
    [
        "DELETE FROM messages",
        "UPDATE messages SET state = 'unknown'",
        "UPDATE contacts SET state = 'control', reason = 'unknown', counts_at = NULL WHERE state = 'sent'",
    ],
)
def test_a_message_that_is_missing_or_should_not_be_there_is_found(ledger: Ledger, planted: str) -> None:
    welcomed(ledger)
    write(ledger, planted)
    assert found(ledger)["frozen"] == 1


def test_what_came_before_since_is_not_judged_but_still_counts(empty_ledger: Ledger) -> None:
    empty_ledger.publish(steps=(STORIES,), rules="at_most: [2 in 7 days]")
    empty_ledger.planned("ada")
    for communication, days in (("hello", 0), ("story", 1), ("dates", 9)):
        empty_ledger.now = NOON + days * DAY
        sent(empty_ledger, "ada", communication)
    write(empty_ledger, "UPDATE contacts SET counts_at = :at WHERE communication = 'dates'", at=NOON + 2 * DAY)
    assert crowded(empty_ledger, since=NOON + 5 * DAY) == {"caps": 1}
    assert crowded(empty_ledger, since=NOON + 10 * DAY) == {}
    assert crowded(empty_ledger, strategy="small") == {"caps": 1}
    assert crowded(empty_ledger, strategy="another") == {}
