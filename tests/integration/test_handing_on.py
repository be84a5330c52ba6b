"""What customers wrote reaches a person by a real mail server, and is answered where the provider does not do that."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest

from connectors.mailbox import Mailbox, MailboxConfig
from database import inbound, mailbox
from service.handing_on import HandingOn
from tactful.connector import (
    Accepted,
    AnyConnector,
    Capabilities,
    Connector,
    ConnectorConfig,
    Fault,
    Feature,
    Inbound,
    Message,
    NoKey,
    Ports,
    SendFault,
)
from tactful.words import Channel
from tests.integration.ledger import Ledger

pytestmark = pytest.mark.integration


class Sometimes(Connector[ConnectorConfig]):
    """Fails as it is told, then takes every message."""

    Config: ClassVar[type[ConnectorConfig]] = ConnectorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel), idempotency=NoKey(), features=frozenset(Feature), bytes_max=100_000
    )

    def __init__(self) -> None:
        super().__init__(ConnectorConfig(), Ports(deliver=str))
        self.faults: list[Fault] = []
        self.taken: list[Message] = []

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Send it, or fail."""
        del deadline
        if self.faults:
            raise SendFault(self.faults.pop(0), "told to")
        self.taken.append(message)
        return Accepted("taken")


@pytest.fixture
def post(ledger: Ledger) -> Sometimes:
    ledger.identify("ada", addresses={Channel.SMS: "+447700900123"})
    return Sometimes()


def wrote(ledger: Ledger, text: str, *, answers: bool = True, sender: str = "+447700900123") -> None:
    said = Inbound(at=ledger.now, dedupe_id=text, sender=sender, recipient="us", text=text)
    ledger.run(lambda c: inbound.take(c, "post", Channel.SMS, said, answers=answers, now=ledger.now))


def hand_on(ledger: Ledger, connector: AnyConnector | None) -> int:
    by_name = {"post": connector} if connector is not None else {}
    handing_on = HandingOn(ledger.database, by_name, {Channel.EMAIL: ("post",)} if by_name else {})
    return asyncio.run(handing_on.look(now=ledger.now))


def test_a_reply_is_forwarded_to_the_strategys_address_once(ledger: Ledger, post: Sometimes) -> None:
    wrote(ledger, "Are they fragrant?")
    assert hand_on(ledger, post) == 1
    assert hand_on(ledger, post) == 0
    ledger.now += timedelta(days=1)
    assert hand_on(ledger, post) == 0
    (mail,) = post.taken
    sender = ledger.run(lambda c: inbound.sender_of(c, None))
    assert sender is not None
    assert (mail.channel, mail.to, mail.marketing) == (Channel.EMAIL, sender.email, False)
    assert mail.subject == "A customer answered: ada"
    assert "Are they fragrant?" in (mail.text or "")
    assert "+447700900123" in (mail.text or "")


def test_an_outage_is_waited_out_and_nothing_is_lost(ledger: Ledger, post: Sometimes) -> None:
    wrote(ledger, "Are they fragrant?")
    post.faults = [Fault.TRANSIENT, Fault.AMBIGUOUS, Fault.CONFIG]
    assert hand_on(ledger, None) == 1, "no connector yet"
    for _ in range(4):
        ledger.now += timedelta(hours=6)
        assert hand_on(ledger, post) == 1
    assert len(post.taken) == 1


def test_after_twelve_times_it_is_left_to_the_timeline(ledger: Ledger, post: Sometimes) -> None:
    wrote(ledger, "Are they fragrant?")
    post.faults = [Fault.TRANSIENT] * 100
    tried = 0
    for _ in range(20):
        tried += hand_on(ledger, post)
        ledger.now += timedelta(hours=6)
    assert tried == inbound.MOST_TRIES
    (row,) = ledger.rows("SELECT hand_on_at, handed_on_at FROM inbound")
    assert tuple(row) == (None, None)


def test_a_customer_is_answered_at_most_once(ledger: Ledger, post: Sometimes) -> None:
    wrote(ledger, "STOP", answers=False)
    post.faults = [Fault.TRANSIENT, Fault.AMBIGUOUS]
    for _ in range(4):
        hand_on(ledger, post)
        ledger.now += timedelta(hours=1)
    assert post.taken == [], "it may have gone out"
    wrote(ledger, "HELP", answers=False)
    hand_on(ledger, post)
    (answer,) = post.taken
    assert (answer.channel, answer.to) == (Channel.SMS, "+447700900123")
    assert "STOP" in (answer.text or "")


def test_it_is_a_message_that_the_mailbox_shows(ledger: Ledger, post: Sometimes) -> None:
    del post
    wrote(ledger, "Who are you?", sender="+4915112345678")
    ports = Ports(deliver=lambda message: ledger.run(lambda c: mailbox.deliver(c, message, now=ledger.now)))
    assert hand_on(ledger, Mailbox(MailboxConfig(), ports)) == 1
    (row,) = ledger.rows("SELECT content ->> 'subject' AS subject FROM mailbox")
    assert row.subject == "A customer answered: somebody unknown"
