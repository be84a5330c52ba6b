"""Mailbox: every channel into the database, where the console shows it; nothing leaves the house.

For development and rehearsal. It renders nothing and addresses nobody: what it keeps is the frozen message.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from tactful.connector import Accepted, Capabilities, Connector, ConnectorConfig, Feature, Message, NativeKey, time_left
from tactful.words import Channel


class MailboxConfig(ConnectorConfig):
    """There is nothing to set."""


class Mailbox(Connector[MailboxConfig]):
    """Keeps each message once per key, for ever: where a failing database leaves it unknown, it is asked again."""

    Config: ClassVar[type[ConnectorConfig]] = MailboxConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel),
        idempotency=NativeKey(),
        features=frozenset(Feature),
        bytes_max=5_000_000,
    )

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Put the message into the mailbox."""
        async with asyncio.timeout(time_left(deadline)):
            return Accepted(await asyncio.to_thread(self.ports.deliver, message))
