# ruff: noqa: ANN401 - rows can hold anything
"""What a retry would do is said beforehand, and is what then happens."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from database import forecasts, sends
from database.attempts import Claimed
from database.sends import Asking
from tactful.connector import Fault
from tactful.intake import Person, Which
from tactful.wire.sends import ForecastAnswer
from tactful.words import Channel
from tests.integration.ledger import DAY, EVERYWHERE, KEYLESS, MINUTE, Ledger, accepted, fault

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
MAYA = Person("maya")
RULES = "{ quiet: { email: 22:00 to 09:00 }, at_most: [3 in 7 days], apart: 20 hours }"


def park(ledger: Ledger, user: str, communication: str = "hello", kind: Fault = Fault.BAD_CONTENT) -> None:
    """Park a contact of a customer: refused as it stands, or not known."""
    contact = ledger.contact(user, communication)
    claimed = ledger.claim(contact, KEYLESS)
    assert isinstance(claimed, Claimed), claimed
    ledger.record(contact, claimed, fault(kind))


def asking(ledger: Ledger, **changes: Any) -> Asking:
    return Asking("retry", Which(ledger.now, **changes), MAYA)


def forecast(ledger: Ledger) -> ForecastAnswer:
    return ledger.run(lambda c: forecasts.forecast(c, asking(ledger), EVERYWHERE, now=ledger.now))


def retried(ledger: Ledger) -> Counter[str]:
    """Take everything up again and make the first attempt at each; return what became of them."""
    ledger.run(lambda c: sends.do_page(c, asking(ledger), now=ledger.now))
    ledger.now += timedelta(milliseconds=1)
    made: Counter[str] = Counter()
    for row in ledger.rows("SELECT * FROM contacts WHERE restarts = 1 ORDER BY due_at"):
        claimed = ledger.claim(row)
        if isinstance(claimed, Claimed):
            ledger.record(row, claimed, accepted())
            made["sent"] += 1
        else:
            assert claimed.reason is not None
            made[f"{claimed.state} {claimed.reason}"] += 1
    return made


def mixed(ledger: Ledger) -> None:
    """Park the first contact of many; meanwhile some opt out, order, are too late, or have heard what comes after."""
    for user in ("calm", "out", "goal", "over", "later", "unknown"):
        ledger.planned(user)
        park(ledger, user, kind=Fault.AMBIGUOUS if user == "unknown" else Fault.BAD_CONTENT)
    ledger.now += HOUR
    ledger.opt_out("out")
    ledger.track("goal", "order.placed", occasion="birthday")
    ledger.rows(
        "UPDATE contacts SET expires_at = :now WHERE customer_key = :key RETURNING 1",
        now=ledger.now,
        key=key_of(ledger, "over"),
    )
    story = ledger.contact("later", "story")
    make_due(ledger, "later", "story")
    claimed = ledger.claim(ledger.contact("later", "story"))
    assert isinstance(claimed, Claimed)
    ledger.record(story, claimed, accepted())


def make_due(ledger: Ledger, user: str, communication: str) -> None:
    key = ledger.contact(user, communication).contact_key
    ledger.rows("UPDATE contacts SET due_at = :now WHERE contact_key = :key RETURNING 1", now=ledger.now, key=key)


def key_of(ledger: Ledger, user: str) -> Any:
    return ledger.contact(user).customer_key


def test_a_forecast_is_what_then_happens(ledger: Ledger) -> None:
    mixed(ledger)
    told = forecast(ledger)
    assert (told.contacts, told.exact, told.at_once, told.untouched) == (6, True, 1, 1)
    assert {no.reason: no.contacts for no in told.not_sent} == {
        "opted_out": 1,
        "goal_reached": 1,
        "expired": 1,
        "overtaken": 1,
    }
    assert all(no.sentence for no in told.not_sent)
    assert retried(ledger) == {
        "sent": 1,
        "skipped opted_out": 1,
        "skipped goal_reached": 1,
        "expired expired": 1,
        "skipped overtaken": 1,
    }


def test_a_forecast_writes_nothing(ledger: Ledger) -> None:
    mixed(ledger)
    before = ledger.rows("SELECT contact_key, state, revision FROM contacts ORDER BY 1")
    decisions = ledger.count("decisions")
    forecast(ledger)
    assert ledger.rows("SELECT contact_key, state, revision FROM contacts ORDER BY 1") == before
    assert ledger.count("decisions") == decisions


def test_at_night_it_says_until_when_they_would_wait_and_which_expire_before(ledger: Ledger) -> None:
    ledger.publish(rules=RULES)
    for user in ("ada", "bob", "cyd"):
        ledger.planned(user)
        park(ledger, user)
    ledger.now += 11 * HOUR  # 23:00 in London
    early = ledger.now + HOUR
    ledger.rows(
        "UPDATE contacts SET expires_at = :at WHERE customer_key = :key RETURNING 1",
        at=early,
        key=key_of(ledger, "cyd"),
    )
    told = forecast(ledger)
    (wait,) = told.waits
    morning = ledger.now.replace(hour=9) + DAY
    assert (wait.contacts, wait.until, wait.reason) == (2, morning, "quiet_hours")
    assert [(no.reason, no.contacts) for no in told.not_sent] == [("expired", 1)]
    assert retried(ledger) == {"planned quiet_hours": 2, "skipped quiet_hours": 1}


def test_two_contacts_of_one_customer_are_forecast_one_after_the_other(ledger: Ledger) -> None:
    """Both may not go within twenty hours: the first goes, the second waits."""
    ledger.publish(rules="{ apart: 20 hours }")
    ledger.planned("ada", Channel.EMAIL)
    park(ledger, "ada")
    ledger.now += HOUR
    make_due(ledger, "ada", "story")
    park(ledger, "ada", "story")
    told = forecast(ledger)
    assert told.at_once == 1
    assert [(wait.contacts, wait.reason) for wait in told.waits] == [(1, "gap")]
    assert retried(ledger) == {"sent": 1, "planned gap": 1}


def test_of_very_many_a_sample_is_looked_at_and_it_says_so(ledger: Ledger) -> None:
    ledger.planned("ada")
    park(ledger, "ada")
    (original,) = ledger.rows("SELECT contact_key FROM contacts WHERE state = 'parked'")
    copied = (
        "INSERT INTO contacts SELECT (jsonb_populate_record(c, "
        "jsonb_build_object('contact_key', gen_random_uuid()))).* FROM contacts c, generate_series(1, :more) "
        "WHERE c.contact_key = :key"
    )
    more = forecasts.EXACT + 99
    ledger.run(lambda c: c.execute(sa.text(copied), {"more": more, "key": original.contact_key}))
    told = forecast(ledger)
    assert (told.contacts, told.looked_at, told.exact) == (forecasts.EXACT + 100, forecasts.EXACT, False)
    assert told.at_once == told.contacts


def test_waits_of_many_instants_are_told_together(ledger: Ledger) -> None:
    """A hundred people in a hundred minutes: told by the hour."""
    many = Counter({(ledger.now + n * MINUTE, "gap"): 1 for n in range(100)})
    together = forecasts._together(many)
    assert sum(together.values()) == 100
    assert len(together) <= forecasts.MOST_WAITS
    assert min(at for at, _ in together) == ledger.now
