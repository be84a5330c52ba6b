"""Whatever a connector does when it is asked for news, what comes out is news or a fault, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tactful.connector import (
    Accepted,
    Asking,
    Connector,
    ConnectorConfig,
    Fault,
    Fetched,
    Message,
    Ports,
    SendFault,
    Told,
    acknowledge,
    poll,
)
from tactful.words import ReceiptKind
from tests.unit.conformance.acme import Acme
from tests.unit.connector.test_kernel import accept
from tests.unit.connector.test_kernel import connector as without_polls

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DELIVERED = Told(kind=ReceiptKind.DELIVERED, at=NOON, dedupe_id="e-1", provider_id="m-1")
Look = Callable[[], Awaitable[object]]


class Scripted(Connector[ConnectorConfig]):
    """Does as it is told when it is asked."""

    Config = ConnectorConfig
    capabilities = replace(Acme.capabilities, arrivals=False)

    def __init__(self, look: Look) -> None:
        super().__init__(ConnectorConfig(), Ports(deliver=lambda _: ""))
        self.look = look
        self.acknowledged: list[str] = []

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        raise NotImplementedError

    def polls_every(self) -> timedelta | None:
        return timedelta(minutes=1)

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        return cast("Fetched", await self.look())

    async def acknowledge(self, taken: Sequence[str], *, deadline: float) -> None:
        await self.look()
        self.acknowledged += taken


def brings(what: object) -> Look:
    async def look() -> object:
        return what

    return look


async def crash() -> object:
    raise LookupError("no mail for ada@example.com")


async def refuse() -> object:
    raise SendFault(Fault.CONFIG, "login", "refused")


async def hang() -> object:
    await asyncio.Event().wait()


async def fault(look: Look, seconds: float = 5) -> SendFault:
    with pytest.raises(SendFault) as caught:
        await poll(Scripted(look), Asking(None, NOON), deadline=time.monotonic() + seconds)
    return caught.value


async def test_news_are_handed_on() -> None:
    fetched = Fetched(news=[DELIVERED], cursor="7", taken=("1",))
    assert await poll(Scripted(brings(fetched)), Asking(None, NOON), deadline=time.monotonic() + 5) == fetched


@pytest.mark.parametrize(
    "what",
    [
        None,
        [DELIVERED],
        Fetched(news=[replace(DELIVERED, dedupe_id="")]),
        Fetched(news=[replace(DELIVERED, at=NOON.replace(tzinfo=None))]),
        Fetched(news=cast("Any", ["bounced"])),
        Fetched(cursor="x" * 3000),
        Fetched(cursor="no\0thing"),
        Fetched(cursor="half a \ud83d"),
    ],
)
async def test_what_cannot_be_kept_is_a_fault(what: object) -> None:
    assert (await fault(brings(what))).fault is Fault.TRANSIENT


async def test_a_fault_is_passed_on_and_a_bug_is_one_that_names_nobody() -> None:
    assert (await fault(refuse)).fault is Fault.CONFIG
    said = await fault(crash)
    assert (said.fault, said.code, said.detail) == (Fault.TRANSIENT, "unexpected", "LookupError")
    assert said.__cause__ is None
    assert said.__context__ is None


async def test_a_look_ends_in_time() -> None:
    assert (await fault(hang, seconds=-0.4)).code == "timeout"


async def test_who_is_not_asked_for_anything_says_so() -> None:
    with pytest.raises(SendFault, match="not asked"):
        await poll(without_polls(accept), Asking(None, NOON), deadline=time.monotonic() + 5)


async def test_nothing_is_acknowledged_where_nothing_was_taken() -> None:
    connector = Scripted(brings(None))
    await acknowledge(connector, (), deadline=time.monotonic() + 5)
    await acknowledge(connector, ("1", "2"), deadline=time.monotonic() + 5)
    assert connector.acknowledged == ["1", "2"]
    with pytest.raises(SendFault):
        await acknowledge(Scripted(crash), ("1",), deadline=time.monotonic() + 5)


def test_silence_is_no_failure_where_arrivals_are_not_told() -> None:
    """Who is told of bounces only would else double every message after four hours."""
    assert not Scripted(hang).receipts_come
