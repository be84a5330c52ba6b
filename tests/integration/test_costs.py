# ruff: noqa: ANN401 - rows and what is told can be anything
"""What messages cost: written at the claim, corrected by what providers tell, and never summed across currencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from database import claims, receipts, records, views
from database.attempts import Ask, Claimed
from database.records import Outcome
from database.views import CostsAsked
from tactful.cli.explain import shown
from tactful.connector import Accepted, Fault, Money, Told
from tactful.wire.costs import CostsAnswer
from tactful.words import Channel, ReceiptKind
from tests.integration.ledger import DAY, KEYED, KEYLESS, MINUTE, Ledger, accepted, fault
from tests.small_strategy import WELCOME

pytestmark = pytest.mark.integration


def money(amount: str, currency: str = "USD") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


PRICED = replace(KEYED, unit_costs={"post": money("0.0079")})


def made(ledger: Ledger, user: str, answer: Any, sending: Any = PRICED, channel: Channel = Channel.EMAIL) -> Claimed:
    contact = ledger.planned(user, channel)
    claimed = ledger.claim(contact, sending)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, answer)
    return claimed


def cost(ledger: Ledger) -> tuple[str | None, str | None, bool]:
    (row,) = ledger.rows("SELECT cost, currency, cost_told_at FROM messages")
    return (str(row.cost) if row.cost is not None else None), row.currency, row.cost_told_at is not None


def costs(ledger: Ledger, **asked: Any) -> CostsAnswer:
    meant = CostsAsked(ledger.now - DAY, ledger.now + DAY, **asked)
    return ledger.run(lambda c: views.costs(c, meant))


def told(number: int, amount: str | None, at: Any, kind: ReceiptKind = ReceiptKind.ACCEPTED) -> Told:
    known = money(amount) if amount else None
    return Told(kind=kind, at=at, dedupe_id=str(number), provider_id="p1", cost=known)


def test_a_message_has_its_configured_price_from_the_claim_on(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    claimed = ledger.claim(contact, PRICED)
    assert cost(ledger) == ("0.0079", "USD", False)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, accepted())
    assert cost(ledger) == ("0.0079", "USD", False)


def test_a_text_of_two_segments_costs_twice(ledger: Ledger) -> None:
    by_text = WELCOME.replace("hello: { when: at once }", "hello: { when: at once, by: sms }")
    ledger.publish(steps=(by_text,), says={"hello": "a" * 200})
    made(ledger, "ada", accepted(), channel=Channel.SMS)
    (row,) = ledger.rows("SELECT cost, content ->> 'text' AS text FROM messages")
    assert (row.cost, len(row.text) > 160) == (Decimal("0.0158"), True)


def test_what_the_provider_answers_stands_over_what_is_configured(ledger: Ledger) -> None:
    made(ledger, "ada", Accepted("p1", cost=money("0.03330000", "EUR")))
    assert cost(ledger) == ("0.03330000", "EUR", True)


def test_the_explanation_has_the_price_beside_its_attempt_and_in_no_sentence(ledger: Ledger) -> None:
    made(ledger, "ada", Accepted("p1", cost=money("0.0333", "EUR")))
    key = ledger.contact("ada").contact_key
    told = ledger.run(lambda c: views.explain_contact(c, key, now=ledger.now))
    assert told is not None
    (attempt,) = told.attempts
    assert attempt.cost is not None
    assert (attempt.cost.amount, attempt.cost.currency, attempt.cost.told) == ("0.0333", "EUR", True)
    assert "0.0333" not in attempt.sentence + told.sentence
    assert "through post: the provider took it.  (0.0333 EUR, told)" in shown(told)


def test_without_any_price_there_is_none(ledger: Ledger) -> None:
    made(ledger, "ada", accepted(), KEYED)
    assert cost(ledger) == (None, None, False)


def test_the_price_told_latest_stands_in_whatever_order_it_is_told(ledger: Ledger) -> None:
    """One of the receipts says no price, and says most: it takes nothing away."""
    orders = list(permutations(range(3)))
    for number in range(len(orders)):
        made(ledger, f"u{number}", Accepted(f"p{number}", cost=money("0.01")))
    first = [
        told(1, "0.02", ledger.now + MINUTE),
        told(2, "0.03", ledger.now + 2 * MINUTE),
        told(3, None, ledger.now + 3 * MINUTE, ReceiptKind.DELIVERED),
    ]
    ledger.now += 10 * MINUTE
    for number, order in enumerate(orders):
        for one in (replace(first[at], dedupe_id=f"{number}-{at}", provider_id=f"p{number}") for at in order):
            ledger.run(lambda c: receipts.note(c, "post", one, now=ledger.now))  # noqa: B023 - run now
    assert {str(row.cost) for row in ledger.rows("SELECT cost FROM messages")} == {"0.03"}


def test_told_at_once_they_come_to_the_same(ledger: Ledger) -> None:
    made(ledger, "ada", accepted())
    ledger.now += 10 * MINUTE
    all_told = [
        told(1, "0.03", ledger.now),
        told(2, None, ledger.now, ReceiptKind.DELIVERED),
        told(3, "0.02", ledger.now - MINUTE),
    ]
    ledger.run(lambda c: receipts.hear(c, "post", all_told, now=ledger.now))
    assert cost(ledger) == ("0.03", "USD", True)


def test_a_price_that_was_told_before_we_knew_the_message_is_found_with_it(ledger: Ledger) -> None:
    ledger.run(lambda c: receipts.note(c, "post", told(1, "0.02", ledger.now), now=ledger.now))
    ledger.now += MINUTE
    made(ledger, "ada", Accepted("p1", cost=money("0.01")))
    ledger.now += MINUTE
    assert ledger.run(lambda c: receipts.look(c, now=ledger.now)) == 1
    assert cost(ledger)[0] == "0.01"  # what was told before it was frozen is not the newest
    ledger.run(lambda c: receipts.note(c, "post", told(2, "0.04", ledger.now), now=ledger.now))
    assert cost(ledger)[0] == "0.04"


def test_sums_are_by_currency_and_what_has_no_price_is_counted_beside(ledger: Ledger) -> None:
    made(ledger, "ada", accepted("p1"))
    made(ledger, "bob", Accepted("p2", cost=money("0.10", "USD")))
    made(ledger, "cyd", Accepted("p3", cost=money("0.10", "EUR")))
    made(ledger, "dan", accepted("p4"), KEYED)
    made(ledger, "eve", fault(Fault.BAD_CONTENT))
    made(ledger, "fay", fault(Fault.AMBIGUOUS), replace(KEYLESS, unit_costs=PRICED.unit_costs))
    found = costs(ledger)
    sums = {each.currency: (each.messages, each.amount, each.told) for each in found.totals}
    assert sums == {"USD": (2, "0.1079", 1), "EUR": (1, "0.10", 1), None: (1, None, 0)}
    apart = {each.currency: (each.unsettled, each.unsettled_amount) for each in found.totals}
    assert apart == {"USD": (1, "0.0079"), "EUR": (0, None), None: (0, None)}
    assert {(line.connector, line.communication) for line in found.lines} == {("post", "hello")}
    assert costs(ledger, connector="other").totals == costs(ledger, strategy="other").totals == []
    ledger.now += 3 * DAY
    assert costs(ledger).totals == []


def test_what_the_provider_cancelled_costs_nothing(ledger: Ledger) -> None:
    made(ledger, "ada", accepted("p1"))
    said = told(1, None, ledger.now, ReceiptKind.CANCELLED)
    ledger.run(lambda c: receipts.note(c, "post", said, now=ledger.now))
    assert costs(ledger).totals == []


def test_a_set_of_contacts_is_priced_as_one_is(ledger: Ledger) -> None:
    contacts = [ledger.planned(user) for user in ("ada", "bob")]
    asks = [Ask(contact.customer_key, contact.contact_key) for contact in contacts]
    held = ledger.run(lambda c: claims.claim_all(c, asks, PRICED, now=ledger.now))
    answers = (accepted("p1"), Accepted("p2", cost=money("0.02")))
    both = [
        records.Made(ask.customer_key, each, [Outcome(part, answer) for part in each.parts])
        for ask, each, answer in zip(asks, held, answers, strict=True)
        if isinstance(each, Claimed)
    ]
    ledger.run(lambda c: records.record_all(c, both, now=ledger.now))
    assert [str(row.cost) for row in ledger.rows("SELECT cost FROM messages ORDER BY provider_id")] == [
        "0.0079",
        "0.02",
    ]


def test_a_message_that_is_frozen_anew_is_priced_anew(ledger: Ledger) -> None:
    """The price has changed meanwhile, and what was told of the attempt before says nothing of this one."""
    contact = ledger.planned("ada")
    first = ledger.claim(contact, PRICED)
    assert isinstance(first, Claimed)
    ledger.record(contact, first, fault(Fault.TRANSIENT))
    ledger.now += timedelta(hours=1)
    assert isinstance(ledger.claim(contact, replace(KEYED, unit_costs={"post": money("0.01")})), Claimed)
    assert cost(ledger) == ("0.01", "USD", False)
