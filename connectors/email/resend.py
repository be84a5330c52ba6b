"""Resend: mail over its API, once per key for a day, and events by its signed webhook.

Set up as docs/connectors/resend.md says. Our key is its idempotency key, so that a lost answer is asked for again with
the same bytes; it goes along as a tag besides, so that an event brings it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, SecretStr

from tactful.connector import (
    Accepted,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Hook,
    Message,
    NativeKey,
    NotGenuineError,
    Told,
)
from tactful.connector.hooks import inner, told_at, told_key, told_one, told_text
from tactful.connector.http import Answer, BaseUrl, HttpConfig, HttpConnector, On, Request, on
from tactful.connector.mail import mail_head
from tactful.connector.signatures import standard_webhook, verify_standard_webhook
from tactful.words import Channel, ReceiptKind

KEY = "tactful_key"
_EVENTS = {
    "email.sent": ReceiptKind.ACCEPTED,
    "email.delivered": ReceiptKind.DELIVERED,
    "email.delivery_delayed": ReceiptKind.DEFERRED,
    "email.bounced": ReceiptKind.BOUNCED,
    "email.complained": ReceiptKind.COMPLAINED,
    "email.failed": ReceiptKind.REJECTED,
    "email.suppressed": ReceiptKind.REJECTED,
    "email.opened": ReceiptKind.OPENED,
    "email.clicked": ReceiptKind.CLICKED,
}
_CONTACTS = frozenset({"contact.created", "contact.updated"})
_SUPPRESSED = {"previous_bounce": ReceiptKind.BOUNCED, "previous_complaint": ReceiptKind.COMPLAINED}
"""What Resend knew of an address that it did not send to; told besides that it did not."""


def _signing_secret(given: SecretStr) -> SecretStr:
    standard_webhook(given.get_secret_value(), "", "", b"")
    return given


class ResendConfig(HttpConfig):
    """How to reach Resend. Documented, key by key, in docs/connectors/resend.md."""

    base_url: BaseUrl = "https://api.resend.com"
    api_key: SecretStr
    hook_secret: Annotated[SecretStr, AfterValidator(_signing_secret)] | None = None


class Resend(HttpConnector[ResendConfig]):
    """Sends each message as one mail to one recipient."""

    Config: ClassVar[type[ConnectorConfig]] = ResendConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NativeKey(timedelta(hours=24)),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML, Feature.REPLY_TO}),
        bytes_max=5_000_000,
        rate=2,
        receipts=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        # The same key is under way, or went with other bytes: an earlier attempt of ours may have gone out.
        on(409, Fault.AMBIGUOUS, "concurrent_idempotent_requests", "invalid_idempotent_request"),
        on((400, 422), Fault.BAD_RECIPIENT, "validation_error to"),
        on((400, 422), Fault.CONFIG, "invalid_from_address", "invalid_access", "invalid_region"),
        on(429, Fault.QUOTA, "daily_quota_exceeded", "monthly_quota_exceeded"),
        on(451, Fault.BAD_CONTENT),
    )
    code_at: ClassVar[str] = "name"
    said_at: ClassVar[str] = "message"

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `hook_secret`."""
        return self.config.hook_secret is not None

    def build(self, message: Message) -> Request:
        """Return the call of `POST /emails`."""
        head = mail_head(message)
        body = {
            "from": head.mailbox,
            "to": [head.recipient],
            **({"reply_to": [head.reply_to]} if head.reply_to else {}),
            "subject": head.subject,
            **({"text": message.text} if message.text else {}),
            **({"html": message.html} if message.html else {}),
            **({"headers": dict(head.list_headers)} if head.list_headers else {}),
            "tags": [{"name": KEY, "value": str(message.key)}],
        }
        headers = {"Accept": "application/json", "Idempotency-Key": str(message.key)}
        return Request.json("/emails", body, headers=headers)

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the API key."""
        del at
        return request.bearing(self.config.api_key.get_secret_value())

    def code_of(self, answer: Answer) -> str:
        """Return the name of an error; that a field is wrong it says with the field in words alone."""
        code = super().code_of(answer)
        about = answer.find("message")
        return f"{code} to" if code == "validation_error" and "`to`" in about else code

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the id of the mail, the same for each attempt with a key."""
        del message
        return Accepted(answer.need("id"))

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that Resend signed, as Standard Webhooks say, under the names of Svix."""
        if self.config.hook_secret is None:
            raise NotGenuineError("no hook_secret is set")
        verify_standard_webhook(hook, self.config.hook_secret.get_secret_value(), prefix="svix")

    def news(self, hook: Hook) -> Iterator[Told]:
        """Return what an event tells: also, of what was not sent, what Resend knew of the address before."""
        for said in hook.objects():
            event, data = told_text(said, "type"), inner(said, "data")
            why = told_text(data, "suppressed", "reason")
            name = hook.headers.get("svix-id", "") or f"{event} {told_text(said, 'created_at')}"
            first = Told(
                kind=_kind(event, data),
                at=told_at(said.get("created_at"), hook.at),
                dedupe_id=name,
                provider_id=told_text(data, "email_id") or None,
                key=told_key(inner(data, "tags", KEY)),
                recipient=told_one(data, "to") or told_text(data, "email") or None,
                permanent=told_text(data, "bounce", "type") == "Permanent",
                reason=why or _bounce(data) or told_text(data, "failed", "reason"),
                raw=said,
            )
            yield first
            if why in _SUPPRESSED:
                kind = _SUPPRESSED[why]
                yield replace(first, kind=kind, dedupe_id=f"{name} {kind}", permanent=kind is ReceiptKind.BOUNCED)


def _kind(event: str, data: object) -> ReceiptKind:
    """Return what happened: of a contact, only that it wants no more of our broadcasts."""
    if event in _CONTACTS and inner(data, "unsubscribed") is True:
        return ReceiptKind.UNSUBSCRIBED
    return _EVENTS.get(event, ReceiptKind.UNKNOWN)


def _bounce(data: object) -> str:
    return f"{told_text(data, 'bounce', 'type')} {told_text(data, 'bounce', 'subType')}".strip()
