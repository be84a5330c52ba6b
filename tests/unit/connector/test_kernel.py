"""How connectors are called: in time, tested first, with nothing but an answer or a fault coming out."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import ClassVar

import pytest

from tactful.connector import (
    Accepted,
    Capabilities,
    Connector,
    ConnectorConfig,
    Fault,
    Feature,
    Idempotency,
    Message,
    NativeKey,
    NoKey,
    Ports,
    SendFault,
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
