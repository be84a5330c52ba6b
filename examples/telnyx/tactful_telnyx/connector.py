"""Telnyx: text messages by its Messaging API v2, what became of them, and what customers text back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import Field, SecretStr

from tactful.connector import Capabilities, Channel, Fault, Feature, Message, NativeKey
from tactful.connector.ed25519 import Ed25519Key, require_ed25519
from tactful.connector.hooks import Hook, Inbound, Told, kinds, told_at
from tactful.connector.http import BaseUrl, HttpConfig, HttpConnector, Request, on
from tactful.connector.prices import told_price
from tactful.connector.segments import require_segments
from tactful.connector.signatures import require_recent

STATUS = kinds(
    accepted="queued sending sent", delivered="delivered", bounced="delivery_failed expired", rejected="sending_failed"
)
# Their STOP; spam filters, our number, its registration. Of a bounce, 40001 and 40012: no number that takes texts.
CODE = kinds(unsubscribed="40300", rejected="40002 40003 40009 40010 40013 40015 40016 40017 40018")
# The account, the number that it is from, the messaging profile.
OURS = (10039, 20013, 20014, 40100, 40305, 40306, 40312, 40314, 40315, 40320, 40321, 40329)


class TelnyxConfig(HttpConfig):
    """What `[connectors.telnyx]` holds."""

    base_url: BaseUrl = "https://api.telnyx.com"
    api_key: SecretStr = Field(min_length=8)
    public_key: Ed25519Key
    messaging_profile_id: str | None = None
    segments_max: int = Field(default=10, ge=1, le=10)


class Telnyx(HttpConnector[TelnyxConfig]):
    """Sends texts through one Telnyx account, and reads what its messaging profile tells."""

    Config = TelnyxConfig
    capabilities = Capabilities(
        channels=(Channel.SMS,),
        idempotency=NativeKey(timedelta(hours=24)),
        features=frozenset({Feature.TEXT}),
        bytes_max=6_000,
        receipts=True,
        inbound=True,
    )
    errors = (
        on(None, Fault.SUPPRESSED, 40300),
        on(None, Fault.BAD_RECIPIENT, 40310),
        on(None, Fault.QUOTA, 20012, 20100),
        on(None, Fault.CONFIG, *OURS),
        on(None, Fault.THROTTLED, 10011, 40318),
        on(403, Fault.BAD_CONTENT, 40309, 40322),  # a country that the profile may not write to; the text
    )
    id_at, code_at, said_at = "data.id", "errors.0.code", "errors.0.title"

    def build(self, message: Message) -> Request:
        """Return the request that sends the text; Telnyx sends once per key."""
        require_segments(message.text, self.config.segments_max)
        said = {"to": message.to, "from": message.sender, "text": message.text}
        if self.config.messaging_profile_id:
            said["messaging_profile_id"] = self.config.messaging_profile_id
        return Request.json("/v2/messages", said, headers={"Idempotency-Key": str(message.key)})

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the account's key."""
        return request.bearing(self.config.api_key.get_secret_value())

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that is signed with the account's key: time and body."""
        stamp = hook.header("telnyx-timestamp")
        require_recent(stamp, hook.at)
        signed = f"{stamp}|".encode() + hook.content
        require_ed25519(self.config.public_key, hook.header("telnyx-signature-ed25519"), signed)

    def news(self, hook: Hook) -> Iterable[Told | Inbound]:
        """Return what became of one message, or what a customer wrote."""
        name, at = hook.need("data.id"), told_at(hook.find("data.occurred_at"), hook.at)
        message, to = hook.need("data.payload.id"), "data.payload.to.0."
        if hook.find("data.event_type") == "message.received":
            sender, recipient = hook.need("data.payload.from.phone_number"), hook.find(to + "phone_number")
            text = hook.find("data.payload.text")
            yield Inbound(at=at, dedupe_id=name, sender=sender, recipient=recipient, text=text, provider_id=message)
            return
        code = hook.find("data.payload.errors.0.code")
        yield Told(
            kind=CODE.get(code) or STATUS[hook.find(to + "status")],
            at=at,
            dedupe_id=name,
            provider_id=message,
            recipient=hook.find(to + "phone_number") or None,
            permanent=code in {"40001", "40012"},
            reason=code,
            cost=told_price(hook.find("data.payload.cost.amount"), hook.find("data.payload.cost.currency")),
            raw=hook.objects()[0],
        )
