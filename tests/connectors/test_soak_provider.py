"""The fake provider of the soak and its connectors: every misdeed is told for what it is, and never for less.

What the book says was delivered must never be called a definite no, or the soak would judge by a wrong witness.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest

from tactful.connector import Accepted, Fault, Found, Message, NotThere, SendFault, send
from tactful.connector.loader import find
from tactful.connector.protocol import AnyConnector, Ports
from tactful.words import Channel
from tests.soak.connector import ByKey, SoakConfig, WithLookup, WithoutKey
from tests.soak.faults import Misdeed, draw
from tests.soak.plan import Person
from tests.soak.provider import Call, read_book
from tests.soak.rig import provider
from tests.soak.vendors import CONFIG

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
TOLD_BY_VENDORS_AS = {kind: told for kind, told in TOLD_AS.items() if kind is not Misdeed.UNAVAILABLE}
"""No vendor promises that a 503 means that nothing went out."""
SPEAKS = {"twilio": Channel.SMS, "sendgrid": Channel.EMAIL, "lob": Channel.LETTER}
SENDERS = {Channel.SMS: "FLEUR", Channel.EMAIL: "hello@fleur.example"}
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


def address_with(misdeed: Misdeed, call_no: int = 1, channel: Channel = Channel.PUSH) -> str:
    """Return a fresh address whose first calls end so: calls before the one asked for go well."""
    for _ in range(1_000_000):
        number = next(NUMBERS)
        to = f"token-{number}" if channel is Channel.PUSH else _person(number).addresses[channel]
        wanted = [Misdeed.NONE] * (call_no - 1) + [misdeed]
        if [draw(SEED, to, "hello", n + 1) for n in range(call_no)] == wanted:
            return to
    raise AssertionError(misdeed)


def _person(number: int) -> Person:
    return Person(number, asleep=False, offered=False, changes=(), told_twice=False)


def vendor(name: str, url: str, misdeed: Misdeed) -> AnyConnector:
    """Return the house's own connector as the soak sets it, but for its patience."""
    table = cast(
        "dict[str, object]", tomllib.loads(CONFIG.format(url=url, web=url, sends_key="true"))["connectors"][name]
    )
    secrets = {key: "a secret" for key, value in table.items() if value == {"env": "SOAK_SECRET"}}
    settings = table | secrets | {"timeout": 0.4 if "timeout" in misdeed else 4}
    kind = find(str(settings.pop("use")))
    return kind(kind.Config.model_validate(settings), Ports(deliver=lambda _: ""))


def for_vendor(channel: Channel, misdeed: Misdeed) -> Message:
    """Return what the soak would say on a channel, to somebody for whom it goes so."""
    subject = None if channel is Channel.SMS else "hello"
    said = message(address_with(misdeed, channel=channel))
    return said.model_copy(
        update={"channel": channel, "subject": subject, "sender_address": SENDERS.get(channel), "marketing": False}
    )


async def told(connector: AnyConnector, said: Message) -> Accepted | SendFault:
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


@pytest.mark.parametrize("misdeed", list(Misdeed))
@pytest.mark.parametrize("name", list(SPEAKS))
async def test_vendors_misdeeds_are_told_for_what_they_are(folder: Path, url: str, name: str, misdeed: Misdeed) -> None:
    """By the house's connector, in the vendor's words; the book names our key, the address and what was said."""
    said = for_vendor(SPEAKS[name], misdeed)
    connector = vendor(name, url, misdeed)
    answer = await told(connector, said)
    await connector.aclose()
    (call,) = book(folder, said.to)
    assert (call.personality, call.reference, call.text, call.misdeed) == (name, str(said.key), "hello", misdeed)
    expected = TOLD_BY_VENDORS_AS.get(misdeed, Fault.AMBIGUOUS)
    assert (answer.fault if isinstance(answer, SendFault) else "accepted") == expected
    assert call.unclear is (expected is Fault.AMBIGUOUS)
    if isinstance(answer, Accepted):
        assert call.delivered


async def test_a_vendor_that_knows_our_key_delivers_once_and_one_that_does_not_each_time(
    folder: Path, url: str
) -> None:
    """Lob answers a repetition as it did before; to Twilio and SendGrid it is another message."""
    delivered: dict[str, int] = {}
    for name, channel in SPEAKS.items():
        said = for_vendor(channel, Misdeed.ACCEPT_THEN_500)
        connector = vendor(name, url, Misdeed.NONE)
        answers = [await told(connector, said) for _ in range(8)]
        await connector.aclose()
        calls = book(folder, said.to)
        delivered[name] = sum(call.delivered for call in calls)
        assert len(calls) == len(answers)
    assert delivered["lob"] == 1
    assert min(delivered["twilio"], delivered["sendgrid"]) > 1
