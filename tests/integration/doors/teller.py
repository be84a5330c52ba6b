"""A connector that is told things by hooks in a form of our own, for tests of the door: JSON lines, signed by HMAC."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import SecretStr

from tactful.connector import Accepted, Capabilities, Connector, ConnectorConfig, Feature, Message, NoKey, Reply
from tactful.connector.hooks import Handshake, Hook, Inbound, News, Told, UnreadableHookError
from tactful.connector.signatures import hmac_of, require_recent, require_same
from tactful.inbound import Order
from tactful.words import Channel, ReceiptKind


class TellerConfig(ConnectorConfig):
    """What it signs with."""

    secret: SecretStr


class Teller(Connector[TellerConfig]):
    """Sends nothing; reads what it is told."""

    Config: ClassVar[type[ConnectorConfig]] = TellerConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.SMS, Channel.EMAIL),
        idempotency=NoKey(),
        features=frozenset({Feature.TEXT}),
        bytes_max=1000,
        receipts=True,
        inbound=True,
    )

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Say that it was sent."""
        del deadline
        return Accepted(str(message.key))

    def verify(self, hook: Hook) -> None:
        """Let pass what is signed over address, time and body."""
        require_recent(hook.header("x-time"), hook.at)
        ours = signature(self.config.secret.get_secret_value(), hook.url, hook.header("x-time"), hook.content)
        require_same(hook.header("x-signature"), ours)

    def news(self, hook: Hook) -> Iterable[News]:
        """Return what each line says."""
        return [_news(json.loads(line)) for line in hook.content.splitlines()]


class Speaker(Teller):
    """One whose provider reads the answer."""

    def reply(self, hook: Hook, say: str | None) -> Reply:
        """Answer with what is to be said."""
        del hook
        return Reply(200, "text/plain; charset=utf-8", say or "nothing to say")


def signature(secret: str, url: str, stamp: str, content: bytes) -> str:
    """Return what proves a hook."""
    return hmac_of(secret, f"{url}\n{stamp}\n".encode() + content).hex()


def _news(said: dict[str, Any]) -> News:
    match said:
        case {"call": str(url)}:
            return Handshake(url)
        case {"bug": _}:
            raise ZeroDivisionError
        case {"text": str(text), "sender": str(sender)}:
            key = UUID(said["key"]) if "key" in said else None
            at = datetime.fromisoformat(said["at"])
            order = Order(said["order"]) if "order" in said else None
            named = {"dedupe_id": said["id"], "sender": sender, "recipient": "us"}
            return Inbound(at=at, text=text, in_reply_to=key, order=order, **named)
        case {"kind": str(kind)} if kind in set(ReceiptKind):
            return Told(
                kind=ReceiptKind(kind),
                at=datetime.fromisoformat(said["at"]),
                dedupe_id=said["id"],
                provider_id=said.get("message"),
                key=UUID(said["key"]) if "key" in said else None,
                recipient=said.get("address"),
                permanent=said.get("permanent", False),
                machine=said.get("machine", False),
                raw=said,
            )
        case _:
            raise UnreadableHookError("a line that says nothing")
