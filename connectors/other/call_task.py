"""Call task: a call that a person makes.

The message becomes a row that somebody takes, and finishes with what came of it. What the template says is what there
is to say. A task that nobody has taken is withdrawn when the call is not wanted any more.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

from tactful.connector import (
    Accepted,
    Capabilities,
    Connector,
    ConnectorConfig,
    Feature,
    Message,
    NativeKey,
    Ports,
    Stopping,
    time_left,
)
from tactful.words import Channel


class CallTaskConfig(ConnectorConfig):
    """There is nothing to set."""


class CallTask(Connector[CallTaskConfig]):
    """Puts each message on the list of calls, once per key."""

    Config: ClassVar[type[ConnectorConfig]] = CallTaskConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.CALL,),
        idempotency=NativeKey(),
        features=frozenset({Feature.SUBJECT, Feature.TEXT}),
        bytes_max=20_000,
        receipts=True,
        cancels=True,
    )

    def __init__(self, config: CallTaskConfig, ports: Ports) -> None:
        super().__init__(config, ports)
        self._calls = ports.calls

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Put the call on the list."""
        async with asyncio.timeout(time_left(deadline)):
            return Accepted(await asyncio.to_thread(self._calls.put, message))

    def cancels_within(self) -> timedelta:
        """Return how long a call may wait for somebody to take it."""
        return timedelta(days=90)

    async def cancel(self, provider_id: str, *, deadline: float) -> Stopping:
        """Take the call off the list, if nobody has taken it."""
        async with asyncio.timeout(time_left(deadline)):
            return await asyncio.to_thread(self._calls.withdraw, provider_id)
