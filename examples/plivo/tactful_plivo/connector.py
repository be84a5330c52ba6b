"""Plivo: text messages by its HTTP API, and what became of them by its signed status callbacks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field, SecretStr

from tactful.connector import Capabilities, Channel, Fault, Feature, Message, NoKey
from tactful.connector.hooks import Hook, Told, UnreadableHookError, kinds, told_key
from tactful.connector.http import BaseUrl, HttpConfig, HttpConnector, Request, on
from tactful.connector.signatures import b64, hmac_of, require_same

STATUS = kinds(accepted="queued sent", delivered="delivered", bounced="undelivered failed")
# Their STOP; spam filters, our sender, routes and carriers. Of a bounce, 50 and 70: there is no such number.
CODE = kinds(unsubscribed="200", rejected="30 40 90 100")


class PlivoConfig(HttpConfig):
    """What `[connectors.plivo]` holds."""

    base_url: BaseUrl = "https://api.plivo.com"
    auth_id: str = Field(pattern="^[A-Z0-9]{20}$")
    auth_token: SecretStr = Field(min_length=8)
    hooks_url: BaseUrl


class Plivo(HttpConnector[PlivoConfig]):
    """Sends texts through one Plivo account, whose token also signs what Plivo tells."""

    Config = PlivoConfig
    capabilities = Capabilities(
        channels=(Channel.SMS,), idempotency=NoKey(), features=frozenset({Feature.TEXT}), bytes_max=1_600, receipts=True
    )
    errors = (on(403, Fault.BAD_CONTENT),)  # a country that the account may not write to
    id_at, said_at = "message_uuid.0", "error"

    def build(self, message: Message) -> Request:
        """Return the request that sends the text; our key comes back in the address that Plivo calls."""
        called = {"url": f"{self.config.hooks_url}?key={message.key}", "method": "POST"}
        said = {"dst": message.to, "src": message.sender, "text": message.text, "type": "sms", **called}
        path = f"/v1/Account/{self.config.auth_id}/Message/"
        return Request.json(path, {**said, "log": "true", "trackable": False})

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request logged in with the account's token."""
        return request.logged_in(self.config.auth_id, self.config.auth_token.get_secret_value())

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that is signed with the account's token (V3): address, sorted fields, nonce."""
        fields = "".join(map("".join, sorted(hook.fields())))
        said = ".".join([hook.url, fields, hook.header("x-plivo-signature-v3-nonce")])
        ours = b64(hmac_of(self.config.auth_token.get_secret_value(), said))
        require_same(hook.header("x-plivo-signature-v3").split(","), ours)

    def news(self, hook: Hook) -> Iterable[Told]:
        """Return the status of one message."""
        told = dict(hook.fields())
        status, code, uuid = told.get("Status", ""), told.get("ErrorCode", ""), told.get("MessageUUID")
        if not status or not uuid:
            raise UnreadableHookError("a hook of Plivo without Status and MessageUUID")
        yield Told(
            kind=CODE.get(code) or STATUS[status],
            at=hook.at,
            dedupe_id=f"{uuid}/{status}/{code}",
            provider_id=uuid,
            key=told_key(hook.query("key")),
            recipient=f"+{told['To'].removeprefix('+')}" if told.get("To") else None,
            permanent=code in {"50", "70"},
            reason=code,
            raw=told,
        )
