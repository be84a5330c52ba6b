# ruff: noqa: ANN401 - rows and answers can be anything
"""Calls that people make: put on the list by the connector, taken by one, finished with what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from connectors.other.call_task import CallTask, CallTaskConfig
from database import calls, holds
from database.attempts import Claimed, NotClaimed
from database.freezing import Sending
from service.recalling import Recalling
from service.wiring import ListOfCalls
from tactful.connector import Accepted, Ports, send
from tactful.words import Channel
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of
from tests.integration.ledger import EVERYWHERE, LINKS, Ledger
from tests.small_strategy import WELCOME

pytestmark = pytest.mark.integration

TELLS = Sending(EVERYWHERE, {"post": None}, LINKS, receipts=frozenset({"post"}))


@pytest.fixture
def ledger(database_url: str) -> Generator[Ledger]:
    """The same house, seen from within."""
    opened = Ledger(database_url)
    yield opened
    opened.database.close()


def connector(doors: Doors) -> CallTask:
    return CallTask(CallTaskConfig(), Ports(deliver=lambda _: "", calls=ListOfCalls(doors.database, doors.clock)))


async def asked(doors: Doors, ledger: Ledger, user: str = "ada") -> Any:
    """Have somebody be called, as the worker does; return the contact."""
    code = connector(doors)
    ledger.now = doors.clock()
    doors.publish(steps=(WELCOME.replace("{ when: at once }", "{ when: at once, by: call or email after 2 days }"),))
    ledger.run(
        lambda c: holds.register(
            c, {"post": [Channel.CALL]}, now=ledger.now, cancels_within={"post": code.cancels_within()}
        )
    )
    contact = ledger.planned(user, Channel.CALL, Channel.EMAIL)
    claimed = ledger.claim(contact, TELLS)
    assert isinstance(claimed, Claimed)
    (part,) = claimed.parts
    for _ in range(2):
        accepted = await send(code, part.message, deadline=time.monotonic() + 10)
        assert accepted == Accepted(str(part.message.key))
    ledger.record(contact, claimed, Accepted(str(part.message.key)))
    return contact


def listed(doors: Doors) -> list[dict[str, Any]]:
    return doors.get("/v1/calls").json()["calls"]


def somebody_waits(doors: Doors) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(doors.database.run(lambda c: c.exec_driver_sql(waiting).scalar_one()))


def finish(doors: Doors, task: str, outcome: str, by: str = "maya") -> Any:
    return doors.post(f"/v1/calls/{task}/finish", {"by": by, "outcome": outcome})


async def test_a_call_is_put_on_the_list_once_with_what_there_is_to_say(doors: Doors, ledger: Ledger) -> None:
    contact = await asked(doors, ledger)
    (call,) = listed(doors)
    assert (call["state"], call["phone"], call["customer"]) == ("open", "ada@call.example", "ada")
    assert call["says"]
    assert call["contact_key"] == str(contact.contact_key)


async def test_one_has_a_call_for_an_hour_and_then_another_may(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    assert doors.post(f"/v1/calls/{task}/take", {"by": "maya"}).json()["taken_by"] == "maya"
    assert doors.post(f"/v1/calls/{task}/take", {"by": "maya"}).status_code == 200
    refused = refusal_of(doors.post(f"/v1/calls/{task}/take", {"by": "tom"}), 409, "call_taken")
    assert refused["message"] == "Maya has taken this call."
    refusal_of(finish(doors, task, "reached", by="tom"), 409, "call_taken")
    doors.clock.pass_time(timedelta(hours=1))
    assert doors.post(f"/v1/calls/{task}/take", {"by": "tom"}).json()["taken_by"] == "tom"


@pytest.mark.parametrize(
    ("outcome", "kind", "against"),
    [
        ("reached", "delivered", None),
        ("no_answer", "bounced", None),
        ("wrong_number", "bounced", "undeliverable"),
        ("not_again", "delivered unsubscribed", "marketing"),
    ],
)
async def test_what_came_of_a_call_is_a_receipt_and_follows_the_customer(
    doors: Doors, ledger: Ledger, outcome: str, kind: str, against: str | None
) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    assert finish(doors, task, outcome).json()["outcome"] == outcome
    assert finish(doors, task, outcome).json()["outcome"] == outcome
    refusal_of(finish(doors, task, "reached" if outcome != "reached" else "no_answer"), 409, "call_taken")
    assert sorted(row["kind"] for row in doors.rows("SELECT kind FROM receipts")) == kind.split()
    told = {row["kind"] for row in doors.rows("SELECT kind FROM suppressions WHERE address = 'ada@call.example'")}
    assert told == ({against} if against else set())
    assert listed(doors) == []


async def test_a_call_that_is_wanted_no_more_is_withdrawn_unless_somebody_has_taken_it(
    doors: Doors, ledger: Ledger
) -> None:
    await asked(doors, ledger, "ada")
    await asked(doors, ledger, "bob")
    taken = next(call for call in listed(doors) if call["customer"] == "bob")
    doors.post(f"/v1/calls/{taken['task_key']}/take", {"by": "maya"})
    for user in ("ada", "bob"):
        ledger.track(user, "order.placed")
    assert await Recalling(doors.database, {"post": connector(doors)}).look(now=ledger.now) == 2
    assert [call["customer"] for call in listed(doors)] == ["bob"]
    assert {user: ledger.contact(user).state for user in ("ada", "bob")} == {"ada": "cancelled", "bob": "sent"}


def test_a_call_that_there_is_not_is_not_found(doors: Doors) -> None:
    nobody = "6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e"
    refusal_of(doors.post(f"/v1/calls/{nobody}/take", {"by": "maya"}), 404, "unknown_call")
    refusal_of(finish(doors, nobody, "reached"), 404, "unknown_call")
    assert finish(doors, nobody, "bored").status_code == 422


async def test_calls_are_made_from_the_command_line(tactful: Command, doors: Doors, ledger: Ledger) -> None:
    assert "Nobody is to be called" in tactful("calls", "list").out
    await asked(doors, ledger)
    task = str(listed(doors)[0]["task_key"])
    assert "ada@call.example" in tactful("calls", "list").out
    assert "taken by maya until 13:00 UTC" in tactful("calls", "take", task, "--as", "maya").out
    assert "ada@call" in tactful("calls", "list", "--state", "taken", "--of", "maya").out
    assert "open" in tactful("calls", "give-back", task, "--as", "maya").out
    done = ("--outcome", "reached", "--note", "sends her love", "--as", "maya")
    assert "done: reached" in tactful("calls", "finish", task, *done).out
    assert tactful("calls", "take", task).code == 1


async def test_a_call_is_given_back_by_whoever_has_it_and_is_anybodys_again(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    doors.post(f"/v1/calls/{task}/take", {"by": "maya"})
    refusal_of(doors.post(f"/v1/calls/{task}/give-back", {"by": "tom"}), 409, "call_taken")
    for _ in range(2):
        given = doors.post(f"/v1/calls/{task}/give-back", {"by": "maya"}).json()
        assert (given["state"], given["taken_by"]) == ("open", None)
    assert doors.post(f"/v1/calls/{task}/take", {"by": "tom"}).json()["taken_by"] == "tom"
    finish(doors, task, "reached", by="tom")
    refusal_of(doors.post(f"/v1/calls/{task}/give-back", {"by": "tom"}), 409, "call_taken")


async def test_a_call_that_nobody_wants_any_more_is_withdrawn_when_it_is_given_back(
    doors: Doors, ledger: Ledger
) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    doors.post(f"/v1/calls/{task}/take", {"by": "maya"})
    ledger.track("ada", "order.placed")
    recalling = Recalling(doors.database, {"post": connector(doors)})
    await recalling.look(now=ledger.now)
    assert (listed(doors)[0]["state"], listed(doors)[0]["wanted"]) == ("taken", False)
    doors.post(f"/v1/calls/{task}/give-back", {"by": "maya"})
    await recalling.look(now=ledger.now)
    assert listed(doors) == []
    assert ledger.contact("ada").state == "cancelled"


async def test_the_list_is_filtered_and_read_page_by_page(doors: Doors, ledger: Ledger) -> None:
    for user in ("ada", "bob", "cyd"):
        await asked(doors, ledger, user)
        doors.clock.pass_time(timedelta(minutes=1))
    taken = listed(doors)[1]["task_key"]
    doors.post(f"/v1/calls/{taken}/take", {"by": "maya"})

    def whom(**asking: str) -> list[str]:
        return [call["customer"] for call in doors.get("/v1/calls", params=asking).json()["calls"]]

    assert (whom(state="open"), whom(state="taken"), whom(by="maya"), whom(by="tom")) == (
        ["ada", "cyd"],
        ["bob"],
        ["bob"],
        [],
    )
    first = doors.database.run(lambda c: calls.waiting(c, now=doors.clock(), most=2))
    second = doors.database.run(lambda c: calls.waiting(c, now=doors.clock(), most=2, after=first.next))
    assert [call.customer for call in (*first.calls, *second.calls)] == ["ada", "bob", "cyd"]
    assert second.next is None
    doors.clock.pass_time(timedelta(hours=1))
    assert whom(state="open") == ["ada", "bob", "cyd"], "an hour is over: it is anybody's again"


async def test_what_the_caller_notes_stands_in_the_customers_story(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    said = {"by": "maya", "outcome": "reached", "note": "wants roses on <Friday>"}
    assert doors.post(f"/v1/calls/{task}/finish", said).json()["note"] == said["note"]
    story = doors.get("/v1/customers/ada/timeline").json()["entries"]
    told = [entry["sentence"] for entry in story if entry["kind"] == "receipt"]
    assert told == ["maya called about hello: reached. “wants roses on <Friday>”"]
    assert doors.post(f"/v1/calls/{task}/finish", said | {"note": "x" * 2_001}).status_code == 422


async def test_where_nobody_answers_the_way_behind_the_call_follows_at_once(doors: Doors, ledger: Ledger) -> None:
    contact = await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    assert ledger.contact("ada").again_at == ledger.now + timedelta(days=2)
    finish(doors, task, "no_answer")
    second = ledger.claim(contact, TELLS)
    assert isinstance(second, Claimed)
    assert [part.message.channel for part in second.parts] == [Channel.EMAIL]


async def test_a_call_that_reached_somebody_is_all_there_is(doors: Doors, ledger: Ledger) -> None:
    contact = await asked(doors, ledger)
    finish(doors, listed(doors)[0]["task_key"], "reached")
    ledger.now += timedelta(days=2)
    assert isinstance(ledger.claim(contact, TELLS), NotClaimed)


async def test_a_yes_to_texts_is_no_yes_to_calls_nor_is_a_no(doors: Doors, ledger: Ledger) -> None:
    ledger.now = doors.clock()
    doors.publish(steps=(WELCOME.replace("{ when: at once }", "{ when: at once, by: call or sms }"),))
    for user, no_to in (("ada", Channel.CALL), ("bob", Channel.SMS)):
        ledger.reachable(user, Channel.SMS, Channel.CALL)
        ledger.opt_out(user, no_to)
        ledger.track(user, "customer.registered")
        ledger.enter(ledger.journey(user))
    for user, channel in (("ada", Channel.SMS), ("bob", Channel.CALL)):
        claim = ledger.claim(ledger.contact(user))
        assert isinstance(claim, Claimed)
        assert [part.message.channel for part in claim.parts] == [channel]


async def test_said_twice_alike_at_the_same_time_it_is_written_once_and_right_both_times(
    doors: Doors, ledger: Ledger
) -> None:
    await asked(doors, ledger)
    task = UUID(listed(doors)[0]["task_key"])

    def say(conn: Connection) -> str | None:
        return calls.finish(conn, task, "not_again", by="maya", now=doors.clock()).outcome

    with doors.database.engine.begin() as conn, ThreadPoolExecutor(1) as other:
        assert say(conn) == "not_again"
        second = other.submit(ledger.database.run, say)
        while not somebody_waits(doors):
            assert not second.done()
            await asyncio.sleep(0.01)
        conn.commit()
        assert second.result(timeout=20) == "not_again"
    assert (ledger.count("receipts"), ledger.count("suppressions")) == (2, 1)
