"""The mailbox: every channel, once per key, and a house whose shelf may be out of reach."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest

from connectors.mailbox import Mailbox, MailboxConfig
from tactful.connector import Accepted, Fault, Message, Ports, SendFault, send
from tactful.words import Channel
from tests.connectors.conftest import email_message


class Shelf:
    """Keeps messages in memory, once per key; or says that it cannot."""

    def __init__(self) -> None:
        self.kept: dict[str, Message] = {}
        self.threads = set[int]()
        self.broken: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def deliver(self, message: Message, /) -> str:
        self.threads.add(threading.get_ident())
        self.open.wait(30)
        if self.broken:
            raise self.broken
        self.kept.setdefault(str(message.key), message)
        return str(message.key)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def mailbox(shelf: Shelf) -> Mailbox:
    return Mailbox(MailboxConfig(), Ports(deliver=shelf.deliver))


async def put(mailbox: Mailbox, message: Message, seconds: float = 30) -> Accepted:
    return await send(mailbox, message, deadline=time.monotonic() + seconds)


@pytest.mark.parametrize("channel", Channel)
async def test_every_channel_is_kept_whole(mailbox: Mailbox, shelf: Shelf, channel: Channel) -> None:
    message = email_message(key=uuid4(), channel=channel, title="Hi", link="https://x.example", reply_to="a@b.example")
    assert await put(mailbox, message) == Accepted(str(message.key))
    assert shelf.kept == {str(message.key): message}
    assert shelf.threads.isdisjoint({threading.get_ident()}), "a blocking shelf must not block the loop"


async def test_the_same_key_again_is_kept_once(mailbox: Mailbox, shelf: Shelf) -> None:
    answers = [await put(mailbox, email_message()) for _ in range(3)]
    assert len(set(answers)) == len(shelf.kept) == 1


async def test_whether_a_shelf_out_of_reach_kept_it_is_not_known(mailbox: Mailbox, shelf: Shelf) -> None:
    shelf.broken = ConnectionError("jane.doe@example.com could not be stored")
    with pytest.raises(SendFault) as caught:
        await put(mailbox, email_message())
    assert (caught.value.fault, caught.value.detail) == (Fault.AMBIGUOUS, "ConnectionError")


async def test_a_shelf_that_does_not_answer_is_given_up(mailbox: Mailbox, shelf: Shelf) -> None:
    shelf.open.clear()
    with pytest.raises(SendFault) as caught:
        await put(mailbox, email_message(), seconds=0.05)
    shelf.open.set()
    assert (caught.value.fault, caught.value.code) == (Fault.AMBIGUOUS, "timeout")
