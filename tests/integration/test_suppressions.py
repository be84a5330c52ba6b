"""Standing refusals in the database: of a customer, of an address and all who have it; lifted, bounced, told twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from database import suppressions
from database.claims import Claimed, NotClaimed
from tactful.connector import Fault
from tactful.intake import Lift, Suppress, Who
from tactful.words import Channel, Reason, SuppressionClass
from tests.integration.ledger import DAY, Ledger, fault

pytestmark = pytest.mark.integration
EMAIL, SMS = Channel.EMAIL, Channel.SMS
MARKETING, UNDELIVERABLE = SuppressionClass.MARKETING, SuppressionClass.UNDELIVERABLE
SHARED = "family@example.com"


def suppress(ledger: Ledger, kind: SuppressionClass = MARKETING, **named: object) -> bool:
    """Tell a refusal made at noon; what is not named, it holds for all of."""
    said = Suppress(kind, "list", "test", ledger.now, **named)  # type: ignore[arg-type]
    return ledger.run(lambda c: suppressions.suppress(c, said, now=ledger.now))


def revisions(ledger: Ledger) -> list[int]:
    return [row.revision for row in ledger.rows("SELECT revision FROM customers ORDER BY customer_key")]


def why_not(ledger: Ledger, user: str) -> Reason | None:
    """Return why a customer's first contact is not sent, None if it is."""
    outcome = ledger.claim(ledger.contact(user))
    return outcome.reason if isinstance(outcome, NotClaimed) else None


def family(ledger: Ledger, *users: str) -> None:
    for user in users:
        ledger.reachable(user)
        ledger.identify(user, addresses={EMAIL: SHARED})
        ledger.track(user, "customer.registered")
        ledger.enter(ledger.journey(user))


def test_a_refusal_of_an_address_is_of_everybody_who_has_it_and_raises_their_revisions(ledger: Ledger) -> None:
    family(ledger, "ada", "bob")
    ledger.planned("cyd")
    before = revisions(ledger)
    assert suppress(ledger, UNDELIVERABLE, channel=EMAIL, address=SHARED)
    assert sum(now - then for now, then in zip(revisions(ledger), before, strict=True)) == 2
    assert (why_not(ledger, "ada"), why_not(ledger, "bob"), why_not(ledger, "cyd")) == (
        Reason.SUPPRESSED,
        Reason.SUPPRESSED,
        None,
    )


def test_an_address_that_a_provider_refuses_raises_the_revision_of_everybody_who_has_it(ledger: Ledger) -> None:
    family(ledger, "ada", "bob")
    contact = ledger.contact("ada")
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    before = revisions(ledger)
    ledger.record(contact, claimed, fault(Fault.BAD_RECIPIENT))
    assert [now - then for now, then in zip(revisions(ledger), before, strict=True)] == [1, 1]
    assert why_not(ledger, "bob") is Reason.SUPPRESSED


def test_two_addresses_of_two_customers_are_refused_from_both_sides_at_once(ledger: Ledger) -> None:
    """In the order of their keys: nobody waits for each other for ever."""
    family(ledger, "ada", "bob")
    works = [
        lambda c, n=n: suppressions.suppress(
            c, Suppress(MARKETING, f"list {n}", "test", ledger.now, channel=EMAIL, address=SHARED), now=ledger.now
        )
        for n in range(4)
    ]
    assert ledger.race(*works) == [True] * 4
    assert ledger.count("suppressions") == 4


def test_the_same_refusal_told_again_changes_nothing(ledger: Ledger) -> None:
    ledger.planned("ada")
    assert suppress(ledger, who=Who("ada"))
    assert not suppress(ledger, who=Who("ada"))
    assert ledger.count("suppressions") == 1
    ledger.now += DAY
    assert not suppress(ledger, who=Who("ada")), "a list that is told every night writes nothing while it stands"
    assert suppress(ledger, who=Who("ada"), topic="news"), "of less: another word"
    assert ledger.count("suppressions") == 2


def test_what_was_said_before_a_lift_does_not_come_back_and_what_is_said_after_it_stands(ledger: Ledger) -> None:
    ledger.planned("ada")
    suppress(ledger, who=Who("ada"))
    ledger.now += DAY
    ledger.run(lambda c: suppressions.lift(c, Lift("maya", "she called", who=Who("ada")), now=ledger.now))
    late = Suppress(MARKETING, "list", "another file", ledger.now - DAY / 2, who=Who("ada"))
    assert not ledger.run(lambda c: suppressions.suppress(c, late, now=ledger.now)), "stated before, told after"
    ledger.now += DAY
    assert suppress(ledger, who=Who("ada"))
    assert not suppress(ledger, who=Who("ada"))


def test_what_has_run_out_is_said_anew(ledger: Ledger) -> None:
    ledger.planned("ada")
    until = ledger.now + DAY
    assert suppress(ledger, who=Who("ada"), expires_at=until)
    ledger.now = until
    assert suppress(ledger, who=Who("ada"), expires_at=until + DAY)
    assert not suppress(ledger, who=Who("ada"), expires_at=until + DAY)


def test_many_are_written_at_once_each_with_its_answer(ledger: Ledger) -> None:
    family(ledger, "ada", "bob")
    suppress(ledger, who=Who("ada"))
    told = [
        Suppress(MARKETING, "list", "test", ledger.now, who=Who("ada")),
        Suppress(MARKETING, "list", "test", ledger.now, who=Who("nobody")),
        Suppress(MARKETING, "list", "test", ledger.now, channel=EMAIL, address=SHARED),
        Suppress(MARKETING, "list", "another", ledger.now + DAY, channel=EMAIL, address=SHARED),
        Suppress(MARKETING, "list", "test", ledger.now, who=Who("bob"), topic="news"),
    ]
    answers = ledger.run(lambda c: suppressions.suppress_many(c, told, now=ledger.now))
    assert [one if isinstance(one, bool) else str(one.who.user_id) for one in answers] == [  # type: ignore[union-attr]
        False,
        "nobody",
        True,
        False,
        True,
    ]
    assert ledger.run(lambda c: suppressions.suppress_many(c, told, now=ledger.now))[2:] == [False] * 3
    assert ledger.count("suppressions") == 3


def test_what_a_refusal_does_not_name_it_holds_for_all_of(ledger: Ledger) -> None:
    ledger.planned("ada")
    suppress(ledger, who=Who("ada"), channel=SMS)
    ledger.planned("bob")
    suppress(ledger, who=Who("bob"), topic="orders")
    ledger.planned("cyd")
    suppress(ledger, who=Who("cyd"))
    ledger.planned("dan")
    suppress(ledger, who=Who("dan"), expires_at=ledger.now)
    assert [why_not(ledger, user) for user in ("ada", "bob", "cyd", "dan")] == [None, None, Reason.SUPPRESSED, None]


def test_a_refusal_is_lifted_by_somebody_for_a_reason_and_both_are_kept(ledger: Ledger) -> None:
    ledger.planned("ada")
    suppress(ledger, who=Who("ada"))
    suppress(ledger, who=Who("ada"), topic="orders")
    said = Lift("maya", "she called", who=Who("ada"))
    assert ledger.run(lambda c: suppressions.lift(c, said, now=ledger.now)) == 2
    assert ledger.run(lambda c: suppressions.lift(c, said, now=ledger.now)) == 0, "once"
    assert why_not(ledger, "ada") is None
    assert [tuple(row) for row in ledger.rows("SELECT lifted_by, why FROM suppression_lifts")] == [
        ("maya", "she called")
    ] * 2
    assert ledger.count("suppressions") == 2
    assert not suppress(ledger, who=Who("ada")), "the same word does not come back"


def test_only_what_is_named_is_lifted(ledger: Ledger) -> None:
    family(ledger, "ada")
    suppress(ledger, UNDELIVERABLE, channel=EMAIL, address=SHARED)
    suppress(ledger, who=Who("ada"))
    lifting = Lift("maya", "new mailbox", channel=EMAIL, address=SHARED)
    assert ledger.run(lambda c: suppressions.lift(c, lifting, now=ledger.now)) == 1
    assert why_not(ledger, "ada") is Reason.SUPPRESSED


def bounce(ledger: Ledger, number: int, *, at_days: float = 0) -> bool:
    at = ledger.now + timedelta(days=at_days)
    came = suppressions.SoftBounce(EMAIL, SHARED, at, "smtp", f"receipt {number}")
    return ledger.run(lambda c: suppressions.bounced_many(c, [came], now=ledger.now)) == [(EMAIL, SHARED)]


def test_a_mailbox_that_is_full_on_five_days_is_not_written_to_any_more(ledger: Ledger) -> None:
    family(ledger, "ada")
    for day in range(4):
        ledger.now += DAY
        assert not bounce(ledger, day)
        assert not bounce(ledger, 100 + day), "a bad hour is one day"
    ledger.now += DAY
    assert not bounce(ledger, 3), "told twice"
    assert bounce(ledger, 4)
    assert why_not(ledger, "ada") in {Reason.SUPPRESSED, Reason.EXPIRED}
    (row,) = ledger.rows("SELECT kind, reason, address FROM suppressions")
    assert tuple(row) == ("undeliverable", "soft_bounces", SHARED)


def test_an_address_that_is_given_back_begins_to_count_anew(ledger: Ledger) -> None:
    family(ledger, "ada")
    for day in range(5):
        ledger.now += DAY
        bounce(ledger, day)
    lifting = Lift("maya", "mailbox emptied", channel=EMAIL, address=SHARED)
    ledger.run(lambda c: suppressions.lift(c, lifting, now=ledger.now))
    for day in range(4):
        ledger.now += DAY
        assert not bounce(ledger, 10 + day)
    ledger.now += DAY
    assert bounce(ledger, 20)


def test_bounces_of_long_ago_do_not_count(ledger: Ledger) -> None:
    family(ledger, "ada")
    for number in range(12):
        ledger.now += 8 * DAY
        assert not bounce(ledger, number)
