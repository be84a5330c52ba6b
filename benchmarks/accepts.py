"""A connector that accepts everything at once: the floor's activities do nothing, so neither does the provider."""

from __future__ import annotations

from typing import ClassVar

from tactful.connector import Accepted, Capabilities, Connector, ConnectorConfig, Feature, Message, NativeKey
from tactful.words import Channel


class Accepts(Connector[ConnectorConfig]):
    """Takes every message."""

    Config: ClassVar[type[ConnectorConfig]] = ConnectorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel), idempotency=NativeKey(), features=frozenset(Feature), bytes_max=1_000_000
    )

    async def send(self, message: Message, *, deadline: float) -> Accepted:  # noqa: ARG002 - there is no call
        """Accept."""
        return Accepted(str(message.key))
