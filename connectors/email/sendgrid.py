"""SendGrid: mail over the Web API v3, events by its signed webhook.

Set up as docs/connectors/sendgrid.md says. It takes no idempotency key and cannot be asked by ours, unless one pays for
it; our key goes along as a custom argument, so that an event settles what a lost answer left open.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, SecretStr

from tactful.connector import (
    Accepted,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Hook,
    Message,
    NoKey,
    NotGenuineError,
    Told,
)
from tactful.connector.hooks import told_at, told_key, told_text
from tactful.connector.http import Answer, BaseUrl, HttpConfig, HttpConnector, On, Request, on
from tactful.connector.mail import mail_head
from tactful.connector.signatures import require_recent
from tactful.words import Channel, ReceiptKind

KEY = "tactful_key"
_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_MACHINE = re.compile(r"\.(?:filter|recv)")
"""`sg_message_id` is the id that we were answered, and behind it which of SendGrid's machines had the mail."""
_RECIPIENT = ("personalizations.0.to.0.email", "personalizations.0.to.0", "personalizations.0.to")
_EVENTS = {
    "processed": ReceiptKind.ACCEPTED,
    "deferred": ReceiptKind.DEFERRED,
    "delivered": ReceiptKind.DELIVERED,
    "bounce": ReceiptKind.BOUNCED,
    "dropped": ReceiptKind.REJECTED,
    "spamreport": ReceiptKind.COMPLAINED,
    "unsubscribe": ReceiptKind.UNSUBSCRIBED,
    "group_unsubscribe": ReceiptKind.UNSUBSCRIBED,
    "open": ReceiptKind.OPENED,
    "click": ReceiptKind.CLICKED,
}
_DROPPED = {
    "Bounced Address": ReceiptKind.BOUNCED,
    "Invalid": ReceiptKind.BOUNCED,
    "Spam Reporting Address": ReceiptKind.COMPLAINED,
    "Unsubscribed Address": ReceiptKind.UNSUBSCRIBED,
}
"""What SendGrid knew of an address that it did not send to; told besides that it did not."""


def _public_key(given: str) -> str:
    _loaded(given)
    return given


def _loaded(given: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(given, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("is not the verification key that SendGrid shows: one line of base64, beginning with MF")  # noqa: TRY004
    return key


class SendGridConfig(HttpConfig):
    """How to reach SendGrid. Documented, key by key, in docs/connectors/sendgrid.md."""

    base_url: BaseUrl = "https://api.sendgrid.com"
    api_key: SecretStr
    hook_public_key: Annotated[str, AfterValidator(_public_key)] | None = None


class SendGrid(HttpConnector[SendGridConfig]):
    """Sends each message as one mail to one recipient."""

    Config: ClassVar[type[ConnectorConfig]] = SendGridConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NoKey(),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML, Feature.REPLY_TO}),
        bytes_max=5_000_000,
        receipts=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on((401, 403, 429), Fault.QUOTA, "credits"),
        on(400, Fault.BAD_RECIPIENT, *_RECIPIENT),
        on(400, Fault.CONFIG, "from", "from.email", "reply_to", "reply_to.email"),
    )
    code_at: ClassVar[str] = "errors.0.field"
    said_at: ClassVar[str] = "errors.0.message"

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `hook_public_key`."""
        return self.config.hook_public_key is not None

    def build(self, message: Message) -> Request:
        """Return the call of `POST /v3/mail/send`."""
        head = mail_head(message)
        parts = (("text/plain", message.text), ("text/html", message.html))
        body = {
            "personalizations": [{"to": [{"email": head.recipient}], "custom_args": {KEY: str(message.key)}}],
            "from": {"email": head.sender, **({"name": head.sender_name} if head.sender_name else {})},
            **({"reply_to": {"email": head.reply_to}} if head.reply_to else {}),
            "subject": head.subject,
            "content": [{"type": kind, "value": text} for kind, text in parts if text],
            **({"headers": dict(head.list_headers)} if head.list_headers else {}),
            # SendGrid's own way out would stand beside ours, and write a List-Unsubscribe over it.
            "tracking_settings": {"subscription_tracking": {"enable": False}},
        }
        return Request.json("/v3/mail/send", body, headers={"Accept": "application/json"})

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the API key."""
        del at
        return request.bearing(self.config.api_key.get_secret_value())

    def code_of(self, answer: Answer) -> str:
        """Return the field that an error is about; that the credits are used up, SendGrid says in words alone."""
        said = answer.find("errors.0.message").lower()
        return "credits" if "credits exceeded" in said else super().code_of(answer)

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the id of the mail; it comes as a header, the body is empty."""
        del message
        return Accepted(answer.header("X-Message-Id"))

    def verify(self, hook: Hook) -> None:
        """Let a hook pass that SendGrid signed: ECDSA over time and body."""
        if self.config.hook_public_key is None:
            raise NotGenuineError("no hook_public_key is set")
        stamp, signature = hook.header(_TIMESTAMP), hook.header(_SIGNATURE)
        require_recent(stamp, hook.at)
        try:
            signed = stamp.encode() + hook.content
            raw = base64.b64decode(signature, validate=True)
            _loaded(self.config.hook_public_key).verify(raw, signed, ec.ECDSA(hashes.SHA256()))
        except (binascii.Error, InvalidSignature):
            raise NotGenuineError("the signature is wrong") from None

    def news(self, hook: Hook) -> Iterator[Told]:
        """Return what the events of one call tell, many at a time."""
        for said in hook.objects():
            yield from _told(said, hook.at)


def _told(said: Mapping[str, object], otherwise: datetime) -> Iterator[Told]:
    """Yield what an event tells: also, of what was dropped, what SendGrid knew of the address before."""
    event, reason = told_text(said, "event"), told_text(said, "reason")
    provider_id = _MACHINE.split(told_text(said, "sg_message_id"))[0]
    at = told_at(said.get("timestamp"), otherwise)
    name = told_text(said, "sg_event_id") or f"{event} {provider_id} {told_text(said, 'timestamp')}"
    kinds = [_EVENTS.get(event, ReceiptKind.UNKNOWN)]
    if event == "dropped" and reason in _DROPPED:
        kinds.append(_DROPPED[reason])
    for kind in kinds:
        yield Told(
            kind=kind,
            at=at,
            dedupe_id=name if kind is kinds[0] else f"{name} {kind}",
            provider_id=provider_id or None,
            key=told_key(said.get(KEY)),
            recipient=told_text(said, "email") or None,
            permanent=kind is ReceiptKind.BOUNCED and (event == "dropped" or told_text(said, "type") == "bounce"),
            machine=event == "open" and said.get("sg_machine_open") is True,
            reason=reason if reason in _DROPPED else told_text(said, "status"),
            raw=said,
        )
