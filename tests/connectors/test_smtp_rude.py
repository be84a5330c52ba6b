"""SMTP against servers that hang up, fall silent or talk nonsense: what is then known, and what is not.

The line is the dot that ends the text. Before it is written nothing was sent; from then on, without an answer, nobody
knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from connectors.email.smtp import _Attempt
from connectors.email.smtp.mail import build_mail
from tactful.connector import Fault, SendFault, send
from tests.connectors.conftest import email_message
from tests.connectors.mail_server import PATIENCE_SECONDS, Wire, rude_server
from tests.connectors.test_smtp import MakeSmtp, accepted, another, fault, soon

LINES_OF_LONG = 200_000
LONG = ("ü" * 60 + "\n") * 40_000
"""Allowed, and three times as long as a mail: 15 MB, more than the sockets along the way can hold."""
SHORT_SECONDS = 0.5


async def honest(wire: Wire) -> None:
    """Take one mail after the other."""
    await wire.converse(until="DATA")
    while True:
        await wire.text()
        await wire.say("250 2.0.0 Ok")
        await wire.converse(until="DATA")


async def hang_up_at_once(wire: Wire) -> None:
    wire.hang_up()


def hang_up_at(command: str) -> Callable[[Wire], Awaitable[None]]:
    async def script(wire: Wire) -> None:
        await wire.converse(until=command)
        wire.hang_up()

    return script


def say_at(command: str, line: str) -> Callable[[Wire], Awaitable[None]]:
    async def script(wire: Wire) -> None:
        await wire.converse(until=command)
        await wire.say(line)
        await wire.client_gone()

    return script


def silent_at(command: str) -> Callable[[Wire], Awaitable[None]]:
    async def script(wire: Wire) -> None:
        await wire.converse(until=command)
        await wire.client_gone()

    return script


async def hang_up_in_the_text(wire: Wire) -> None:
    await wire.converse(until="DATA")
    await wire.say("354 Go on")
    await wire.hear()
    wire.hang_up()


def after_the_dot(line: str | None = None) -> Callable[[Wire], Awaitable[None]]:
    """Take the whole mail; then say `line` and nothing more, or hang up without a word."""

    async def script(wire: Wire) -> None:
        await wire.converse(until="DATA")
        await wire.text()
        if line is None:
            wire.hang_up()
        else:
            await wire.say(line)
            await wire.client_gone()

    return script


async def silent_after_the_dot(wire: Wire) -> None:
    await wire.converse(until="DATA")
    await wire.text()
    await wire.client_gone()


async def half_an_answer(wire: Wire) -> None:
    await wire.converse(until="DATA")
    await wire.text()
    await wire.say("250-2.0.0 Ok, and")
    wire.hang_up()


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_server_that_hangs_up_before_the_text_has_nothing(smtp: MakeSmtp, command: str) -> None:
    async with rude_server(hang_up_at(command)) as server:
        said = await fault(smtp(server.port))
    assert said.fault is Fault.TRANSIENT
    assert said.code in {"lost", "no connection"}


@pytest.mark.parametrize("script", [hang_up_in_the_text, hang_up_at_once])
async def test_a_server_that_hangs_up_in_the_middle_has_nothing(
    smtp: MakeSmtp, script: Callable[[Wire], Awaitable[None]]
) -> None:
    async with rude_server(script) as server:
        said = await fault(smtp(server.port), email_message(text=LONG, html=None))
    assert said.fault is Fault.TRANSIENT


@pytest.mark.parametrize("script", [after_the_dot(), half_an_answer], ids=["no answer", "half an answer"])
async def test_a_server_that_hangs_up_after_the_dot_may_have_it(
    smtp: MakeSmtp, script: Callable[[Wire], Awaitable[None]]
) -> None:
    async with rude_server(script) as server:
        said = await fault(smtp(server.port))
        assert (said.fault, said.code) == (Fault.AMBIGUOUS, "lost")
        assert len(server.wires) == 1, "sent once, and never again by itself"


async def test_a_server_that_is_silent_after_the_dot_may_have_it(smtp: MakeSmtp) -> None:
    async with rude_server(silent_after_the_dot) as server:
        said = await fault(smtp(server.port), seconds=SHORT_SECONDS)
        assert (said.fault, said.code) == (Fault.AMBIGUOUS, "timeout")
        assert len(server.wires) == 1


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_server_that_falls_silent_before_the_text_has_nothing(smtp: MakeSmtp, command: str) -> None:
    async with rude_server(silent_at(command)) as server:
        said = await fault(smtp(server.port), seconds=SHORT_SECONDS)
    assert (said.fault, said.code) == (Fault.TRANSIENT, "timeout")


async def test_a_server_that_never_greets_is_given_up_at_the_deadline(smtp: MakeSmtp) -> None:
    async def no_greeting(wire: Wire) -> None:
        await wire.client_gone()

    async with rude_server(no_greeting) as server:
        said = await fault(smtp(server.port), seconds=SHORT_SECONDS)
    assert (said.fault, said.code) == (Fault.TRANSIENT, "timeout")


async def test_a_server_that_drips_its_greeting_is_given_up_at_the_deadline(smtp: MakeSmtp) -> None:
    """A letter now and then must not keep the attempt alive."""

    async def drip(wire: Wire) -> None:
        while True:
            await wire.say("220-one moment please")
            await asyncio.sleep(0.02)

    async with rude_server(drip) as server:
        said = await fault(smtp(server.port), seconds=SHORT_SECONDS)
    assert said.fault in {Fault.TRANSIENT, Fault.CONFIG}


async def test_a_text_that_is_not_read_is_never_ended(smtp: MakeSmtp) -> None:
    """The deadline passes while the text is still on its way: it must not go out later, from a buffer."""
    taken: list[str] = []

    async def read_late(wire: Wire) -> None:
        await wire.converse(until="DATA")
        await wire.say("354 Go on")
        await gave_up.wait()
        while True:
            taken.append(await wire.hear())

    gave_up = asyncio.Event()
    ended = asyncio.Event()

    async def reading(wire: Wire) -> None:
        try:
            await read_late(wire)
        finally:
            ended.set()

    async with rude_server(reading) as server:
        said = await fault(smtp(server.port), email_message(text=LONG, html=None), seconds=SHORT_SECONDS)
        assert (said.fault, said.code) == (Fault.TRANSIENT, "timeout")
        gave_up.set()
        await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)
    assert "." not in taken
    assert len(taken) < LINES_OF_LONG, "what was still in the buffer is not sent after all"


async def test_a_deadline_that_passes_before_the_dot_keeps_the_dot_back(smtp: MakeSmtp) -> None:
    """A process that is stopped when the server asks for the text, and goes on too late, must not end it."""

    async def ask_and_stop_the_world(wire: Wire) -> None:
        await wire.converse(until="DATA")
        await wire.say("354 Go on")
        stop_the_world(SHORT_SECONDS)
        await wire.client_gone()

    async with rude_server(ask_and_stop_the_world) as server:
        said = await fault(smtp(server.port), seconds=SHORT_SECONDS)
    assert said.fault is Fault.TRANSIENT


async def test_the_clock_is_looked_at_once_more_before_the_dot(smtp: MakeSmtp) -> None:
    """Nothing can stop a process at the very spot, so the spot is entered too late from the start."""
    async with rude_server(silent_after_the_dot) as server:
        connector = smtp(server.port)
        with pytest.raises(SendFault) as caught:
            async with connector._pool.connection(fresh=True) as (client, _):
                await connector._hand_over(client, build_mail(email_message()), _Attempt(), deadline=soon(-1))
        assert (caught.value.fault, caught.value.code) == (Fault.TRANSIENT, "deadline")
        await asyncio.wait_for(server.wires[0].ended.wait(), PATIENCE_SECONDS)
        assert "." not in server.wires[0].heard


def stop_the_world(seconds: float) -> None:
    """Do nothing at all, as a process does that is stopped and continued."""
    until = soon(seconds)
    while soon(0) < until:
        pass


@pytest.mark.parametrize("reply", ["451 4.3.0 Try later", "421 4.3.2 Closing"])
async def test_a_temporary_refusal_after_the_dot_is_known(smtp: MakeSmtp, reply: str) -> None:
    async with rude_server(after_the_dot(reply)) as server:
        said = await fault(smtp(server.port))
    assert (said.fault, said.code) == (Fault.TRANSIENT, reply[:9])


@pytest.mark.parametrize("reply", ["fine, thanks", "354 Go on", "999 What"])
async def test_nonsense_after_the_dot_is_not_known(smtp: MakeSmtp, reply: str) -> None:
    async with rude_server(after_the_dot(reply)) as server:
        assert (await fault(smtp(server.port))).fault is Fault.AMBIGUOUS


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_nonsense_before_the_text_is_no_acceptance(smtp: MakeSmtp, command: str) -> None:
    async with rude_server(say_at(command, "fine, thanks")) as server:
        said = await fault(smtp(server.port))
    assert (said.fault, said.code) == (Fault.TRANSIENT, "no reply code")


@pytest.mark.parametrize("greeting", ["HTTP/1.1 400 Bad Request", "554 5.7.1 No mail here", "200 OK"])
async def test_a_port_where_no_mail_server_listens_is_our_fault(smtp: MakeSmtp, greeting: str) -> None:
    async def greet(wire: Wire) -> None:
        await wire.say(greeting)
        await wire.client_gone()

    async with rude_server(greet) as server:
        assert (await fault(smtp(server.port))).fault is Fault.CONFIG


async def test_tls_to_a_port_without_tls_is_our_fault(smtp: MakeSmtp) -> None:
    async with rude_server(honest) as server:
        said = await fault(smtp(server.port, tls="tls"))
    assert (said.fault, said.code) == (Fault.CONFIG, "tls")


async def test_greylisting_says_how_long_to_wait(smtp: MakeSmtp) -> None:
    async with rude_server(say_at("RCPT", "450 4.2.0 Greylisted, try again in 300 seconds")) as server:
        said = await fault(smtp(server.port))
    assert (said.fault, said.retry_after) == (Fault.TRANSIENT, timedelta(minutes=5))


async def one_mail_then(wire: Wire, end: Callable[[Wire], Awaitable[None]]) -> None:
    await wire.converse(until="DATA")
    await wire.text()
    await wire.say("250 2.0.0 Ok")
    await end(wire)


async def test_a_kept_connection_that_died_costs_no_mail(smtp: MakeSmtp) -> None:
    async def dies_when_asked(wire: Wire) -> None:
        await one_mail_then(wire, hang_up_at("RSET"))

    async with rude_server(dies_when_asked, honest) as server:
        connector = smtp(server.port)
        await accepted(connector)
        await accepted(connector, another())
        assert len(server.wires) == 2


@pytest.mark.parametrize(
    "end", [hang_up_at("MAIL"), say_at("MAIL", "421 4.7.0 Enough for one connection")], ids=["hangs up", "says so"]
)
async def test_a_kept_connection_that_dies_before_the_text_is_replaced_once(
    smtp: MakeSmtp, end: Callable[[Wire], Awaitable[None]]
) -> None:
    async def dies_at_mail(wire: Wire) -> None:
        await one_mail_then(wire, end)

    async with rude_server(dies_at_mail, honest) as server:
        connector = smtp(server.port)
        await accepted(connector)
        await accepted(connector, another())
        assert len(server.wires) == 2


async def test_a_new_connection_that_dies_is_not_replaced(smtp: MakeSmtp) -> None:
    async def dies_at_mail(wire: Wire) -> None:
        await one_mail_then(wire, hang_up_at("MAIL"))

    async with rude_server(dies_at_mail, hang_up_at("MAIL")) as server:
        connector = smtp(server.port)
        await accepted(connector)
        assert (await fault(connector)).fault is Fault.TRANSIENT
        assert len(server.wires) == 2


@pytest.mark.parametrize("after_the_text", [False, True], ids=["before the text", "after the dot"])
async def test_a_cancellation_closes_the_connection_and_is_not_swallowed(smtp: MakeSmtp, after_the_text: bool) -> None:  # noqa: FBT001 - a parameter
    waiting = asyncio.Event()
    gone = asyncio.Event()

    async def never_answers(wire: Wire) -> None:
        await wire.converse(until="DATA")
        if after_the_text:
            await wire.text()
        waiting.set()
        await wire.client_gone()
        gone.set()

    async with rude_server(never_answers) as server:
        sending = asyncio.create_task(send(smtp(server.port), email_message(), deadline=soon()))
        await asyncio.wait_for(waiting.wait(), PATIENCE_SECONDS)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(gone.wait(), PATIENCE_SECONDS)
