"""Signed webhook: every message as JSON to one address of your own, signed as Standard Webhooks say.

For channels that a system of yours serves: it gets the message, does with it what it likes, and answers 2xx once it has
it. Our key is the webhook's id, the same for every attempt: whoever receives it takes each id once. Without
`allow_private`, only public addresses are called.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import SecretStr, field_validator

from tactful.connector import Accepted, Capabilities, ConnectorConfig, Fault, Feature, Message, NativeKey
from tactful.connector.http import Answer, GuardedConfig, HttpConnector, On, Request, on
from tactful.connector.mail import mail_head
from tactful.connector.signatures import standard_webhook
from tactful.words import Channel

_REFUSED = range(400, 500)
_PARTS = (
    "channel",
    "to",
    "language",
    "marketing",
    "sender_name",
    "sender_address",
    "reply_to",
    "list_id",
    "subject",
    "title",
    "text",
    "html",
    "link",
    "unsubscribe_url",
)


class WebhookConfig(GuardedConfig):
    """Where messages go: `base_url` is the whole address that they are posted to.

    Attributes:
        secret: Signs them: base64 of 24 to 64 random bytes, with or without `whsec_` before it.
    """

    secret: SecretStr

    @field_validator("secret")
    @classmethod
    def _signs(cls, secret: SecretStr) -> SecretStr:
        standard_webhook(secret.get_secret_value(), "", "", b"")
        return secret


class Webhook(HttpConnector[WebhookConfig]):
    """Hands messages to a system of one's own."""

    Config: ClassVar[type[ConnectorConfig]] = WebhookConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=tuple(Channel),
        idempotency=NativeKey(timedelta(days=1)),
        features=frozenset(Feature),
        bytes_max=1_000_000,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(_REFUSED, Fault.BAD_RECIPIENT, "bad_recipient"),
        on(_REFUSED, Fault.SUPPRESSED, "suppressed"),
        on(_REFUSED, Fault.BAD_CONTENT, "bad_content"),
        on(_REFUSED, Fault.QUOTA, "quota"),
        on(410, Fault.CONFIG),
    )
    code_at: ClassVar[str] = "error.code"
    said_at: ClassVar[str] = "error.message"

    def build(self, message: Message) -> Request:
        """Return the message as JSON, under its key as the webhook's id; a mail with the headers it has to carry."""
        said: dict[str, object] = {"key": str(message.key), **{part: getattr(message, part) for part in _PARTS}}
        if message.channel is Channel.EMAIL:
            head = mail_head(message)
            said["headers"] = {"Message-ID": head.message_id, **dict(head.list_headers)}
        body = {
            "type": "message",
            "timestamp": message.written_at.isoformat(),
            "data": {name: value for name, value in said.items() if value is not None},
        }
        return Request.json("", body, headers={"webhook-id": str(message.key)})

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request signed with the time of this attempt."""
        stamp = str(int(at.timestamp()))
        secret = self.config.secret.get_secret_value()
        signature = standard_webhook(secret, request.headers["webhook-id"], stamp, request.content)
        return request.with_headers({"webhook-timestamp": stamp, "webhook-signature": signature})

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return our key: it is the webhook's id, by which both sides know the message."""
        del answer
        return Accepted(str(message.key))
