"""The fake provider of the soak and its connectors: every misdeed is told for what it is, and never for less.

What the book says was delivered must never be called a definite no, or the soak would judge by a wrong witness.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tactful.connector import Accepted, Fault, Found, Message, NotThere, SendFault, send
from tactful.words import Channel
from tests.soak.connector import ByKey, SoakConfig, WithLookup, WithoutKey
from tests.soak.faults import Misdeed, draw
from tests.soak.provider import Call, read_book
from tests.soak.rig import provider

TOLD_AS = {
    Misdeed.NONE: "accepted",
    Misdeed.SLOW_DRIP: "accepted",
    Misdeed.THROTTLED: Fault.THROTTLED,
    Misdeed.THROTTLED_SECONDS: Fault.THROTTLED,
    Misdeed.THROTTLED_DATE: Fault.THROTTLED,
    Misdeed.UNAVAILABLE: Fault.TRANSIENT,
    Misdeed.REFUSED: Fault.BAD_CONTENT,
    Misdeed.GONE: Fault.BAD_RECIPIENT,
}
SEED = 11
NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the provider keeps its book."""
    return tmp_path_factory.mktemp("provider")


@pytest.fixture(scope="module")
def url(folder: Path) -> Generator[str]:
    """Where one provider is, for all of these tests."""
    with provider(folder, SEED) as where:
        yield where


def message(to: str, *, key: UUID | None = None) -> Message:
    return Message(
        key=key or uuid4(),
        channel=Channel.PUSH,
        to=to,
        written_at=datetime(2026, 3, 1, tzinfo=UTC),
        language="en",
        marketing=True,
        text="hello\n",
    )


def address_with(misdeed: Misdeed, call_no: int = 1) -> str:
    """Return a fresh address whose first calls end so: calls before the one asked for go well."""
    for _ in range(1_000_000):
        to = f"token-{next(NUMBERS)}"
        wanted = [Misdeed.NONE] * (call_no - 1) + [misdeed]
        if [draw(SEED, to, "hello", n + 1) for n in range(call_no)] == wanted:
            return to
    raise AssertionError(misdeed)


async def told(connector: ByKey, said: Message) -> Accepted | SendFault:
    try:
        return await send(connector, said, deadline=time.monotonic() + 5)
    except SendFault as fault:
        return fault


def config(url: str, misdeed: Misdeed = Misdeed.NONE, *, sends_key: bool = True) -> SoakConfig:
    patience = timedelta(seconds=0.4 if "timeout" in misdeed else 4)
    return SoakConfig(base_url=url, patience=patience, sends_key=sends_key)


def book(folder: Path, to: str) -> list[Call]:
    return [call for call in read_book(folder / "provider.jsonl") if call.to == to]


@pytest.mark.parametrize("misdeed", list(Misdeed))
async def test_each_misdeed_is_told_for_what_it_is(folder: Path, url: str, misdeed: Misdeed) -> None:
    """What nobody can know is ambiguous, and only that."""
    said = message(address_with(misdeed))
    connector = WithoutKey(config(url, misdeed), None)  # pyright: ignore[reportArgumentType] - nothing stays in the house
    answer = await told(connector, said)
    await connector.aclose()
    (call,) = book(folder, said.to)
    assert call.misdeed is misdeed
    assert (answer.fault if isinstance(answer, SendFault) else "accepted") == TOLD_AS.get(misdeed, Fault.AMBIGUOUS)
    if isinstance(answer, Accepted):
        assert call.delivered
    elif call.delivered:
        assert answer.fault is Fault.AMBIGUOUS


@pytest.mark.parametrize(("misdeed", "least", "most"), [("429_seconds", 1, 1), ("429_date", 0, 2)])
async def test_how_long_to_wait_is_understood(folder: Path, url: str, misdeed: str, least: int, most: int) -> None:
    """As seconds and as a date."""
    connector = ByKey(config(url), None)  # pyright: ignore[reportArgumentType]
    answer = await told(connector, message(address_with(Misdeed(misdeed))))
    await connector.aclose()
    assert isinstance(answer, SendFault)
    assert answer.retry_after is not None
    assert timedelta(seconds=least) <= answer.retry_after <= timedelta(seconds=most)


async def test_a_key_is_delivered_once_however_often_it_is_sent(folder: Path, url: str) -> None:
    """Also after an answer that was lost."""
    said = message(address_with(Misdeed.RESET_AFTER_BODY))
    connector = ByKey(config(url), None)  # pyright: ignore[reportArgumentType]
    for _ in range(5):
        await told(connector, said)
    await connector.aclose()
    assert [call.delivered for call in book(folder, said.to)] == [True, False, False, False, False]


async def test_without_the_key_it_is_delivered_each_time(folder: Path, url: str) -> None:
    """So that leaving the key out is noticed."""
    said = message(address_with(Misdeed.NONE, 2))
    connector = ByKey(config(url, sends_key=False), None)  # pyright: ignore[reportArgumentType]
    for _ in range(2):
        await told(connector, said)
    await connector.aclose()
    assert [call.delivered for call in book(folder, said.to)] == [True, True]


async def test_what_arrived_can_be_looked_up_and_what_did_not_cannot(folder: Path, url: str) -> None:
    """By our own reference."""
    arrived = message(address_with(Misdeed.ACCEPT_THEN_500))
    lost = message(address_with(Misdeed.RESET_BEFORE_BODY))
    connector = WithLookup(config(url), None)  # pyright: ignore[reportArgumentType]
    for said in (arrived, lost):
        await told(connector, said)
    deadline = time.monotonic() + 5
    found = [await connector.lookup(said.key, deadline=deadline) for said in (arrived, lost)]
    await connector.aclose()
    assert [type(one) for one in found] == [Found, NotThere]
