# ruff: noqa: ANN401 - rows hold anything
"""What customers write back, over a real socket into a real database: what is done at once, and what is handed on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from database import inbound, suppressions
from database.attempts import Claimed, NotClaimed
from tactful.intake import Lift, Suppress
from tactful.words import Channel, Reason, SuppressionClass
from tests.integration.doors.test_hooks import Telling, tellers, telling
from tests.integration.ledger import KEYED
from tests.small_strategy import WELCOME

__all__ = ["tellers", "telling"]

pytestmark = pytest.mark.integration
PHONE = "+447700900123"
SAID = {"en": "You will get no more", "de": "keine Werbung mehr"}


def wrote(text: str, id_: str, *, at: datetime, sender: str = "+44 7700 900123", **more: Any) -> dict[str, Any]:
    return {"text": text, "id": id_, "at": at.isoformat(), "sender": sender, **more}


def household(telling: Telling, *users: str) -> None:
    telling.doors.publish(steps=(WELCOME.replace("{ when: at once }", "{ when: at once, by: sms }"),))
    for user in users:
        telling.ledger.reachable(user, Channel.SMS)
        telling.ledger.identify(user, addresses={Channel.SMS: PHONE}, at=telling.ledger.now + timedelta(seconds=1))


def claim(telling: Telling, user: str) -> Claimed | NotClaimed:
    ledger = telling.ledger
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user))
    return ledger.claim(ledger.contact(user), KEYED)


def tell(telling: Telling, text: str, id_: str = "m1", **more: Any) -> str:
    answer = telling.tell(wrote(text, id_, at=more.pop("at", telling.ledger.now), **more), connector="speaker")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_stop_acts_at_once_for_all_who_have_the_number_and_answers(telling: Telling) -> None:
    household(telling, "ada", "bob")
    telling.ledger.now += timedelta(minutes=1)
    telling.doors.clock.now = telling.ledger.now
    before = telling.ledger.rows("SELECT sum(revision) AS n FROM customers")[0].n
    assert SAID["en"] in tell(telling, "Please stop texting me!")
    (row,) = telling.ledger.rows("SELECT * FROM suppressions")
    assert (row.kind, row.channel, row.address, row.reason) == ("marketing", "sms", PHONE, "stop")
    assert telling.ledger.rows("SELECT sum(revision) AS n FROM customers")[0].n > before
    for user in ("ada", "bob"):
        answer = claim(telling, user)
        assert isinstance(answer, NotClaimed)
        assert answer.reason is Reason.SUPPRESSED
    assert SAID["en"] in tell(telling, "Please stop texting me!"), "its answer may have been lost: it is given again"
    assert telling.ledger.count("suppressions") == telling.ledger.count("inbound") == 1


def test_start_takes_back_a_stop_and_nothing_else(telling: Telling) -> None:
    household(telling, "ada")
    ledger = telling.ledger
    ledger.now += timedelta(minutes=1)
    telling.doors.clock.now = ledger.now
    tell(telling, "STOPP", "m1")
    assert isinstance(claim(telling, "ada"), NotClaimed)
    telling.doors.clock.pass_time(timedelta(minutes=1))
    assert "again" in tell(telling, "START", "m2", at=telling.doors.clock.now)
    ledger.now = telling.doors.clock.now + timedelta(seconds=1)
    household(telling, "bob")
    ledger.now += timedelta(minutes=1)
    assert isinstance(claim(telling, "bob"), Claimed)
    assert ledger.count("suppression_lifts") == 1


def test_a_stop_by_a_word_that_is_set_at_the_provider_is_one(telling: Telling) -> None:
    household(telling, "ada")
    tell(telling, "Genug davon, Fleur", order="stop")
    (row,) = telling.ledger.rows("SELECT * FROM suppressions")
    assert (row.kind, row.address, row.reason) == ("marketing", PHONE, "stop")


def test_start_takes_back_what_the_provider_said_of_the_number_and_no_list(telling: Telling) -> None:
    household(telling, "ada")
    ledger = telling.ledger
    ledger.now += timedelta(minutes=1)
    telling.doors.clock.now = ledger.now
    told = {"kind": "unsubscribed", "id": "u1", "at": ledger.now.isoformat(), "address": PHONE}
    telling.tell(told, connector="speaker")
    listed = Suppress(
        SuppressionClass.MARKETING, "unsubscribed", "a list", ledger.now, channel=Channel.SMS, address=PHONE
    )
    ledger.run(lambda c: suppressions.suppress(c, listed, now=ledger.now))
    telling.doors.clock.pass_time(timedelta(minutes=1))
    tell(telling, "START", "m2", at=telling.doors.clock.now)
    standing = "suppression_no NOT IN (SELECT suppression_no FROM suppression_lifts)"
    (row,) = ledger.rows(f"SELECT source FROM suppressions WHERE {standing}")
    assert row.source == "a list"


def test_a_stop_that_comes_late_is_not_lost_to_a_start_from_before_it(telling: Telling) -> None:
    at = telling.ledger.now
    telling.doors.clock.pass_time(timedelta(hours=1))
    tell(telling, "STOP", "m1", at=at)
    tell(telling, "START", "m2", at=at + timedelta(minutes=1))
    tell(telling, "STOP", "m3", at=at + timedelta(minutes=2))
    standing = "suppression_no NOT IN (SELECT suppression_no FROM suppression_lifts)"
    assert telling.ledger.count("suppressions", standing) == 1
    tell(telling, "START", "m4", at=at - timedelta(minutes=1))
    assert telling.ledger.count("suppressions", standing) == 1, "older than the stop"


def test_start_does_not_lift_what_a_person_or_a_bounce_said(telling: Telling) -> None:
    ledger = telling.ledger
    household(telling, "ada")
    days = [ledger.now - timedelta(days=n) for n in range(5)]
    bounced = [suppressions.SoftBounce(Channel.SMS, PHONE, at, "t", str(at)) for at in days]
    telling.doors.clock.pass_time(timedelta(minutes=1))
    ledger.run(lambda c: suppressions.bounced_many(c, bounced, now=telling.doors.clock.now))
    tell(telling, "START", at=telling.doors.clock.now)
    assert ledger.count("suppression_lifts") == 0
    lifting = Lift("maya", "new phone", channel=Channel.SMS, address=PHONE)
    assert ledger.run(lambda c: suppressions.lift(c, lifting, now=telling.doors.clock.now)) == 1


def test_a_stranger_is_heard_too(telling: Telling) -> None:
    tell(telling, "Abmelden bitte", sender="+4915112345678")
    (row,) = telling.ledger.rows("SELECT * FROM suppressions")
    assert row.address == "+4915112345678"
    household(telling, "ada")
    at = telling.ledger.now + timedelta(hours=1)
    telling.ledger.identify("ada", addresses={Channel.SMS: "+4915112345678"}, at=at)
    telling.ledger.now += timedelta(hours=2)
    answer = claim(telling, "ada")
    assert isinstance(answer, NotClaimed)
    assert answer.reason is Reason.SUPPRESSED, "whoever has the number later"


def test_help_is_answered_with_the_company_and_its_address(telling: Telling) -> None:
    said = tell(telling, "HELP")
    assert "STOP" in said
    assert "@" in said


def test_two_machines_do_not_answer_each_other_for_ever(telling: Telling) -> None:
    said = [tell(telling, "HELP", f"m{n}") for n in range(8)]
    assert [text != "nothing to say" for text in said] == [True] * 5 + [False] * 3


def test_a_yes_begins_again_what_was_stopped_and_else_is_for_a_person(telling: Telling) -> None:
    at = telling.ledger.now
    telling.doors.clock.pass_time(timedelta(hours=1))
    assert tell(telling, "yes", "m1", at=at) == "nothing to say"
    tell(telling, "stop", "m2", at=at + timedelta(minutes=1))
    assert "again" in tell(telling, "yes", "m3", at=at + timedelta(minutes=2))
    assert [row.wish for row in telling.ledger.rows("SELECT wish FROM inbound ORDER BY 1 NULLS FIRST")] == [
        None,
        "start",
        "stop",
    ]


def test_a_reply_is_in_the_timeline_and_waits_to_be_handed_on(telling: Telling) -> None:
    household(telling, "ada")
    message = telling.send("ada", Channel.SMS)
    at = telling.doors.clock.now
    telling.doors.clock.pass_time(timedelta(minutes=1))
    tell(telling, "Are they fragrant?", key=str(message.part_key), at=at)
    (told,) = telling.ledger.run(lambda c: inbound.due(c, most=10, now=telling.doors.clock.now))
    assert (told.customer, told.user_id, told.text) == (PHONE, "ada", "Are they fragrant?")
    assert telling.ledger.run(lambda c: inbound.due(c, most=10, now=telling.doors.clock.now)) == ()
    entries = telling.doors.get("/v1/customers/ada/timeline").json()["entries"]
    (reply,) = [entry for entry in entries if entry["kind"] == "reply"]
    assert "Are they fragrant?" in reply["sentence"]
    assert reply["contact_key"] == str(message.contact_key)
    (receipt,) = [entry for entry in entries if entry["kind"] == "receipt"]
    assert receipt["title"] == "replied"
    telling.ledger.run(lambda c: inbound.done(c, told.no, now=telling.doors.clock.now))
    entries = telling.doors.get("/v1/customers/ada/timeline").json()["entries"]
    assert any("forwarded" in entry["sentence"] for entry in entries if entry["kind"] == "reply")


def test_an_answer_that_the_provider_does_not_carry_is_handed_on_to_be_sent(telling: Telling) -> None:
    assert telling.tell(wrote("stop", "m1", at=telling.ledger.now)).status_code == 204
    (told,) = telling.ledger.run(lambda c: inbound.due(c, most=10, now=telling.doors.clock.now))
    assert told.answer is not None
    assert SAID["en"] in told.answer
