"""Connectors for the fake provider: by key, without one, and with a look-up. Careful ones, as a real one should be.

What may have gone out is *ambiguous*; a fault that promises that nothing did is raised only where that is certain.
"""

from __future__ import annotations

import email.utils
import time
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import httpx
from pydantic import Field

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
    Idempotency,
    Lookup,
    Message,
    NativeKey,
    NoKey,
    NotThere,
    SendFault,
    time_left,
)
from tactful.words import Channel

SETTLES_AFTER = timedelta(seconds=2)
_CONNECTING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_FAULTS = {429: Fault.THROTTLED, 503: Fault.TRANSIENT, 422: Fault.BAD_CONTENT, 410: Fault.BAD_RECIPIENT}
_ACCEPTED = 202
_FOUND, _NOT_FOUND = 200, 404


class SoakConfig(ConnectorConfig):
    """Where the provider is, how long to wait for it, and whether our key goes along."""

    base_url: str
    patience: timedelta = Field(default=timedelta(seconds=1), gt=timedelta(0))
    sends_key: bool = True


def _capable(idempotency: Idempotency) -> Capabilities:
    return Capabilities(
        channels=tuple(Channel), idempotency=idempotency, features=frozenset(Feature), bytes_max=1_000_000
    )


class ByKey(Connector[SoakConfig]):
    """Speaks to the personality that sends once per key."""

    Config: ClassVar[type[ConnectorConfig]] = SoakConfig
    capabilities: ClassVar[Capabilities] = _capable(NativeKey())
    personality: ClassVar[str] = "keyed"
    _client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """Return the client, opened when it is first needed."""
        if self._client is None:
            self._client = httpx.AsyncClient(base_url=f"{self.config.base_url}/{self.personality}", trust_env=False)
        return self._client

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Hand the message over in one call."""
        keyed = self.config.sends_key and self.personality == "keyed"
        headers = {"Idempotency-Key": str(message.key)} if keyed else {}
        said = {"reference": str(message.key), "to": message.to, "text": _first_line(message)}
        said |= {"frozen": message.model_dump_json()}
        within = min(self.config.patience.total_seconds(), time_left(deadline))
        try:
            response = await self.client.post("/messages", json=said, headers=headers, timeout=within)
        except _CONNECTING as error:
            raise SendFault(Fault.TRANSIENT, type(error).__name__) from None
        except httpx.HTTPError as error:
            raise SendFault(Fault.AMBIGUOUS, type(error).__name__) from None
        if response.status_code == _ACCEPTED:
            return Accepted(str(response.json()["id"]))
        fault = _FAULTS.get(response.status_code, Fault.AMBIGUOUS)
        raise SendFault(fault, str(response.status_code), retry_after=_retry_after(response.headers.get("Retry-After")))

    async def aclose(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.aclose()


class WithoutKey(ByKey):
    """Speaks to the personality that knows no keys."""

    capabilities: ClassVar[Capabilities] = _capable(NoKey())
    personality: ClassVar[str] = "plain"


class WithLookup(ByKey):
    """Speaks to the personality that can be asked afterwards."""

    capabilities: ClassVar[Capabilities] = _capable(Lookup(SETTLES_AFTER))
    personality: ClassVar[str] = "lookup"

    async def lookup(self, key: UUID, *, deadline: float) -> Finding:
        """Ask what became of a message."""
        within = min(self.config.patience.total_seconds(), time_left(deadline))
        try:
            response = await self.client.get(f"/messages/{key}", timeout=within)
        except httpx.HTTPError as error:
            return CannotSay(type(error).__name__)
        if response.status_code == _FOUND:
            return Found(str(response.json()["id"]))
        return NotThere() if response.status_code == _NOT_FOUND else CannotSay(str(response.status_code))


def _first_line(message: Message) -> str:
    """Return what names the communication: each template of the soak begins with it."""
    return (message.subject or message.text or "").strip().split("\n")[0]


def _retry_after(said: str | None) -> timedelta | None:
    if said is None:
        return None
    if said.isdigit():
        return timedelta(seconds=int(said))
    then = email.utils.parsedate_to_datetime(said).timestamp()
    return timedelta(seconds=max(then - time.time(), 0))
