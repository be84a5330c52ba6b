"""What messages cost, from outside: the API, the command line, the pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of
from tests.integration.doors.test_console import outline, said_to

pytestmark = pytest.mark.integration
PRICE = sa.text(
    "UPDATE messages SET cost = :cost, currency = :currency, cost_told_at = CASE WHEN :told THEN frozen_at END, "
    "connector = :connector WHERE contact_key = :key"
)


@pytest.fixture
def doors(doors: Doors) -> Doors:
    """The doors with four letters: two priced in pounds, one of them told; one in dollars; one without a price."""
    for user, cost, currency, told in (
        ("ada", "0.85", "GBP", False),
        ("bob", "0.9025", "GBP", True),
        ("cyd", "1.10", "USD", False),
        ("dan", None, None, False),
    ):
        doors.identify(user)
        key = said_to(doors, user, "letter")
        row = {"key": key, "cost": Decimal(cost) if cost else None, "currency": currency, "told": told}
        doors.database.run(lambda c: c.execute(PRICE, row | {"connector": "post" if cost else "mailbox"}))  # noqa: B023
    doors.clock.pass_time(timedelta(minutes=1))
    return doors


def test_sums_are_told_by_currency_and_never_added(doors: Doors, tactful: Command) -> None:
    answer = doors.get("/v1/costs").json()
    assert answer["since"] == "2026-03-01T00:00:00Z"
    assert [(one["currency"], one["messages"], one["amount"], one["told"]) for one in answer["totals"]] == [
        ("GBP", 2, "1.7525", 1),
        ("USD", 1, "1.10", 0),
        (None, 1, None, 0),
    ]
    assert {(line["connector"], line["communication"], line["currency"]) for line in answer["lines"]} == {
        ("post", "bill", "GBP"),
        ("post", "bill", "USD"),
        ("mailbox", "bill", None),
    }
    assert doors.get("/v1/costs?connector=mailbox").json()["totals"] == answer["totals"][2:]
    shown = tactful("costs", "--from", "2026-03-01", "--to", "2026-03-31")
    assert shown.code == 0
    assert "1.7525 GBP for 2 messages, 1 as the provider told" in shown.out
    assert "1 message without a price" in shown.out
    assert "unit_cost" in shown.out
    assert "nothing" in tactful("costs", "--from", "2026-01-01", "--to", "2026-01-31").out
    assert tactful("costs", "--json").answer["totals"] == answer["totals"]


def test_the_page_has_a_sum_for_each_currency_and_each_communication(doors: Doors) -> None:
    shown = outline(doors.get("/console/costs"))
    assert [tag for tag, _ in shown.seen].count("tr") == 2 + 3 + 3
    page = doors.get("/console/costs?from=2026-03-01&to=2026-03-31").text
    for told in ("1.7525 GBP", "1.10 USD", "no price known", "unit_cost", 'value="2026-03-31"'):
        assert told in page
    assert "1.7525 GBP" in doors.get("/console/costs?from=March").text, "the month so far"
    assert "is neither" in doors.get("/console/costs?from=March").text
    assert "Nothing was handed over" in doors.get("/console/costs?from=2026-01-01&to=2026-01-31").text


def test_a_period_that_is_none_is_refused(doors: Doors, tactful: Command) -> None:
    refusal_of(doors.get("/v1/costs?from=March"), 422, "bad_timestamp")
    wrong = tactful("costs", "--from", "March")
    assert (wrong.code, "a day such as" in wrong.err) == (1, True)


def test_contact_timeline_and_pages_show_what_a_message_cost(doors: Doors, tactful: Command) -> None:
    (row,) = doors.rows("SELECT contact_key FROM messages WHERE cost_told_at IS NOT NULL")
    key = row["contact_key"]
    told = {"amount": "0.9025", "currency": "GBP", "told": True}
    assert doors.get(f"/v1/contacts/{key}").json()["parts"][0]["cost"] == told
    entries = doors.get("/v1/customers/bob/timeline").json()["entries"]
    assert [entry["costs"] for entry in entries if entry["kind"] == "contact"] == [[told]]
    assert "costs 0.9025 GBP, as the provider told" in doors.get(f"/console/contacts/{key}").text
    assert ">costs 0.85 GBP<" in doors.get("/console/customers/ada").text
    assert ">costs " not in doors.get("/console/customers/dan").text
    assert "0.85 GBP" in tactful("timeline", "ada").out
