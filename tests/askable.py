"""A connector whose provider can be asked by our key, with the personalities of providers: for tests."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

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
    Lookup,
    Message,
    NotThere,
    Ports,
    SendFault,
)
from tactful.words import Channel

SETTLES = timedelta(seconds=30)


class Mood(StrEnum):
    """How the provider's next answer goes."""

    WELL = "well"
    SILENT = "takes it and never answers"
    DEAF = "never gets it and never answers"


class Askable(Connector[ConnectorConfig]):
    """Remembers by key what it was sent; how it answers is its mood's to say."""

    Config = ConnectorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel),
        idempotency=Lookup(SETTLES),
        features=frozenset(Feature),
        bytes_max=1_000_000,
    )

    def __init__(self) -> None:
        super().__init__(ConnectorConfig(), Ports(deliver=lambda _: ""))
        self.mood = Mood.WELL
        self.knows = True
        self.calls: list[Message] = []
        self.book: dict[UUID, Message] = {}

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Take the message, or not, and answer, or not."""
        del deadline
        self.calls.append(message)
        if self.mood is not Mood.DEAF:
            assert message.key not in self.book, "doubled"
            self.book[message.key] = message
        if self.mood is not Mood.WELL:
            raise SendFault(Fault.AMBIGUOUS, "no answer")
        return Accepted(f"p-{message.key}")

    async def lookup(self, key: UUID, *, deadline: float) -> Finding:
        """Say whether it has the message."""
        del deadline
        if not self.knows:
            return CannotSay("try again later")
        return Found(f"p-{key}") if key in self.book else NotThere()
