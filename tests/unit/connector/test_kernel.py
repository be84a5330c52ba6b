"""How connectors are called: in time, tested first, with nothing but an answer or a fault coming out."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import ClassVar, cast
from uuid import UUID

import pytest

from tactful.connector import (
    Accepted,
    CannotSay,
    Capabilities,
    Connector,
    ConnectorConfig,
    Fault,
    Feature,
    Finding,
    Found,
    Idempotency,
    Lookup,
    Message,
    NativeKey,
    NoKey,
    NotThere,
    Ports,
    SendFault,
    look_up,
    send,
)
from tactful.words import Channel
from tests.unit.connector.test_message import message

Behaviour = Callable[[Message, float], Awaitable[Accepted]]


def connector(behaviour: Behaviour, idempotency: Idempotency | None = None) -> Connector[ConnectorConfig]:
    class Scripted(Connector[ConnectorConfig]):
        Config = ConnectorConfig
        capabilities: ClassVar[Capabilities] = Capabilities(
            channels=(Channel.PUSH,),
            idempotency=idempotency or NoKey(),
            features=frozenset({Feature.TEXT}),
            bytes_max=100,
        )

        async def send(self, message: Message, *, deadline: float) -> Accepted:
            return await behaviour(message, deadline)

    return Scripted(ConnectorConfig(), Ports(deliver=lambda _: ""))


async def accept(_message: Message, _deadline: float) -> Accepted:
    return Accepted("id-1")


async def hang(_message: Message, _deadline: float) -> Accepted:
    await asyncio.Event().wait()
    return Accepted("never")


async def fail(sent: Message, _deadline: float) -> Accepted:
    raise LookupError(f"no route to {sent.to}")


async def fault(behaviour: Behaviour, idempotency: Idempotency | None = None, seconds: float = 30) -> SendFault:
    with pytest.raises(SendFault) as caught:
        await send(connector(behaviour, idempotency), message(), deadline=time.monotonic() + seconds)
    return caught.value


async def test_an_answer_is_passed_on() -> None:
    answer = await send(connector(accept), message(text="Hi"), deadline=time.monotonic() + 30)
    assert answer == Accepted("id-1")


async def test_a_message_that_does_not_fit_never_reaches_the_connector() -> None:
    with pytest.raises(SendFault) as caught:
        await send(connector(hang), message(html="<p>"), deadline=time.monotonic() + 30)
    assert caught.value.fault is Fault.UNSUPPORTED


async def test_a_call_that_comes_too_late_never_reaches_the_connector() -> None:
    said = await fault(hang, seconds=0)
    assert (said.fault, said.code) == (Fault.TRANSIENT, "deadline")


@pytest.mark.parametrize("idempotency", [NoKey(), NativeKey()])
async def test_a_connector_that_overruns_is_stopped_and_nobody_knows(idempotency: Idempotency) -> None:
    said = await fault(hang, idempotency, seconds=0.01)
    assert (said.fault, said.code) == (Fault.AMBIGUOUS, "timeout")


@pytest.mark.parametrize("idempotency", [NoKey(), NativeKey()])
async def test_a_bug_in_a_connector_is_a_fault_and_tells_nothing(idempotency: Idempotency) -> None:
    said = await fault(fail, idempotency)
    assert (said.fault, said.code, said.detail) == (Fault.AMBIGUOUS, "unexpected", "LookupError")
    assert "device-token" not in "".join(traceback.format_exception(said))
    assert said.__context__ is None


async def test_a_cancellation_goes_through() -> None:
    sending = asyncio.create_task(send(connector(hang), message(), deadline=time.monotonic() + 30))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


def test_a_fault_reads_as_one_line() -> None:
    assert str(SendFault(Fault.QUOTA, "454", "daily limit")) == "quota (454): daily limit"
    assert str(SendFault(Fault.AMBIGUOUS, "timeout")) == "ambiguous (timeout)"


def asked(answer: Callable[[float], Awaitable[Finding]]) -> Connector[ConnectorConfig]:
    class Asked(Connector[ConnectorConfig]):
        Config = ConnectorConfig
        capabilities: ClassVar[Capabilities] = Capabilities(
            channels=(Channel.PUSH,), idempotency=Lookup(timedelta(0)), features=frozenset(), bytes_max=100
        )

        async def send(self, message: Message, *, deadline: float) -> Accepted:
            raise NotImplementedError

        async def lookup(self, key: UUID, *, deadline: float) -> Finding:
            return await answer(deadline)

    return Asked(ConnectorConfig(), Ports(deliver=lambda _: ""))


async def look(connector: Connector[ConnectorConfig], seconds: float = 30) -> Finding:
    return await look_up(connector, UUID(int=1), deadline=time.monotonic() + seconds)


@pytest.mark.parametrize("finding", [Found("id-1"), NotThere(), CannotSay("not yet")])
async def test_what_a_look_up_finds_is_passed_on(finding: Finding) -> None:
    async def answer(_deadline: float) -> Finding:
        return finding

    assert await look(asked(answer)) == finding


async def test_a_look_up_that_fails_overruns_or_is_refused_has_nothing_to_say() -> None:
    async def refused(_deadline: float) -> Finding:
        raise SendFault(Fault.THROTTLED, "429")

    async def broken(_deadline: float) -> Finding:
        raise LookupError("no route to device-token")

    async def hanging(_deadline: float) -> Finding:
        await asyncio.Event().wait()
        return NotThere()

    assert await look(asked(refused)) == CannotSay("throttled (429)")
    assert await look(asked(broken)) == CannotSay("LookupError")
    assert await look(asked(hanging), seconds=0.01) == CannotSay("no answer in time")


async def test_an_answer_that_is_none_is_not_taken_for_one() -> None:
    """A connector that answers with something else would otherwise stop its contacts for ever."""

    async def accepts(_deadline: float) -> Finding:
        return cast("Finding", Accepted("id-1"))

    async def nothing(_message: Message, _deadline: float) -> Accepted:
        return cast("Accepted", None)

    assert await look(asked(accepts)) == CannotSay("no finding: Accepted")
    said = await fault(nothing)
    assert (said.fault, said.code, said.detail) == (
        Fault.AMBIGUOUS,
        "unexpected",
        "neither a yes nor a fault: NoneType",
    )


async def test_a_connector_without_look_up_is_not_asked() -> None:
    assert await look(connector(accept)) == CannotSay("this connector cannot be asked")
