"""Postmark: mail over its HTTP API, service and marketing mail in separate message streams.

Set up as docs/connectors/postmark.md says. It takes no idempotency key; our key goes along as metadata, by which it can
be asked afterwards what it has. Its hooks are not signed: a secret stands in the address that it calls.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from pydantic import Field, SecretStr

from tactful.connector import (
    Accepted,
    CannotSay,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Finding,
    Found,
    Hook,
    Lookup,
    Message,
    NotGenuineError,
    NotThere,
    Told,
)
from tactful.connector.hooks import inner, told_at, told_key, told_text
from tactful.connector.http import Answer, BaseUrl, HttpConfig, On, Request, UnreadableError, WithLookup, on
from tactful.connector.mail import mail_head
from tactful.connector.signatures import verify_shared_secret
from tactful.words import Channel, ReceiptKind

KEY = "tactful_key"
_INSTANTS = ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")
_RECORDS = {"Delivery": ReceiptKind.DELIVERED, "Open": ReceiptKind.OPENED, "Click": ReceiptKind.CLICKED}
_BOUNCES: Mapping[str, tuple[ReceiptKind, bool]] = {
    "HardBounce": (ReceiptKind.BOUNCED, True),
    "BadEmailAddress": (ReceiptKind.BOUNCED, True),
    "SoftBounce": (ReceiptKind.BOUNCED, False),
    "DnsError": (ReceiptKind.BOUNCED, False),
    "Undeliverable": (ReceiptKind.BOUNCED, False),
    "Transient": (ReceiptKind.DEFERRED, False),
    "Blocked": (ReceiptKind.REJECTED, False),
    "DMARCPolicy": (ReceiptKind.REJECTED, False),
    "ManuallyDeactivated": (ReceiptKind.REJECTED, False),
    "TemplateRenderingFailed": (ReceiptKind.REJECTED, False),
    "VirusNotification": (ReceiptKind.REJECTED, False),
    "SMTPApiError": (ReceiptKind.REJECTED, False),
    "SpamNotification": (ReceiptKind.COMPLAINED, False),
    "SpamComplaint": (ReceiptKind.COMPLAINED, False),
    "Unsubscribe": (ReceiptKind.UNSUBSCRIBED, False),
    "ManualSuppression": (ReceiptKind.UNSUBSCRIBED, False),
}
"""What a bounce, or a reason to write no more, means, and whether the address is to be written to no more. Others are
none: an answer by a machine, a challenge."""


class PostmarkConfig(HttpConfig):
    """How to reach Postmark. Documented, key by key, in docs/connectors/postmark.md."""

    base_url: BaseUrl = "https://api.postmarkapp.com"
    server_token: SecretStr
    service_stream: str = Field(default="outbound", pattern=r"^[a-z0-9_-]{1,30}$")
    marketing_stream: str = Field(default="broadcast", pattern=r"^[a-z0-9_-]{1,30}$")
    hook_secret: SecretStr | None = Field(default=None, min_length=16)


class Postmark(WithLookup[PostmarkConfig]):
    """Sends each message as one mail to one recipient."""

    Config: ClassVar[type[ConnectorConfig]] = PostmarkConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=Lookup(settles_after=timedelta(minutes=10)),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.HTML, Feature.REPLY_TO}),
        bytes_max=5_000_000,
        receipts=True,
    )
    errors: ClassVar[tuple[On, ...]] = (
        on(None, Fault.SUPPRESSED, 406),  # inactive: bounced, complained or switched off by hand
        on(None, Fault.BAD_RECIPIENT, "300 to"),
        on(None, Fault.CONFIG, 10, 400, 401, 412, 413, 1220, 1221, 1222, 1226, 1228, 1235),
        on(None, Fault.QUOTA, 405),  # no credits left
        on(None, Fault.TRANSIENT, 100),  # maintenance: it takes nothing
        on(None, Fault.THROTTLED, 429),
        on(413, Fault.BAD_CONTENT),
    )
    code_at: ClassVar[str] = "ErrorCode"
    said_at: ClassVar[str] = "Message"

    @property
    def receipts_come(self) -> bool:
        """Whether receipts are believed: not without `hook_secret`."""
        return self.config.hook_secret is not None

    def build(self, message: Message) -> Request:
        """Return the call of `POST /email`."""
        head = mail_head(message)
        headers = (("Message-ID", head.message_id), ("X-PM-KeepID", "true"), *head.list_headers)
        body = {
            "From": head.mailbox,
            "To": head.recipient,
            **({"ReplyTo": head.reply_to} if head.reply_to else {}),
            "Subject": head.subject,
            **({"TextBody": message.text} if message.text else {}),
            **({"HtmlBody": message.html} if message.html else {}),
            "Headers": [{"Name": name, "Value": value} for name, value in headers],
            "Metadata": {KEY: str(message.key)},
            "MessageStream": self.config.marketing_stream if message.marketing else self.config.service_stream,
        }
        return Request.json("/email", body, headers={"Accept": "application/json"})

    def authorize(self, request: Request, at: datetime) -> Request:
        """Return the request with the server's token."""
        del at
        return request.with_headers({"X-Postmark-Server-Token": self.config.server_token.get_secret_value()})

    def code_of(self, answer: Answer) -> str:
        """Return Postmark's own number; *invalid email request* says in words alone that it is about the recipient."""
        code = super().code_of(answer)
        return "300 to" if code == "300" and "'To'" in answer.find("Message") else code

    def parse(self, message: Message, answer: Answer) -> Accepted:
        """Return the id of the mail; Postmark also says refusals with a status of success."""
        if answer.find("ErrorCode") not in {"", "0"}:
            raise self.refusal(answer, message=message)
        return Accepted(answer.need("MessageID"))

    async def lookup(self, key: UUID, *, deadline: float) -> Finding:
        """Ask in both streams: the key does not say which its message went through."""
        finding: Finding = NotThere()
        for stream in dict.fromkeys((self.config.marketing_stream, self.config.service_stream)):
            answer = await self.ask(self.build_lookup(key, stream), deadline=deadline)
            try:
                finding = self.parse_lookup(key, answer)
            except UnreadableError as error:
                finding = CannotSay(f"{answer.status}: {error}")
            if not isinstance(finding, NotThere):
                break
        return finding

    def build_lookup(self, key: UUID, stream: str | None = None) -> Request:
        """Return the search for a key in one stream, by itself that of service mail."""
        query = (
            ("count", "1"),
            ("offset", "0"),
            (f"metadata_{KEY}", str(key)),
            ("messagestream", stream or self.config.service_stream),
        )
        return Request.get("/messages/outbound", query, headers={"Accept": "application/json"})

    def parse_lookup(self, key: UUID, answer: Answer) -> Finding:
        """Return what a search found; nothing but a count of none means that it is not there."""
        if answer.status != 200:  # noqa: PLR2004
            return CannotSay(f"{answer.status} {self.code_of(answer)}".strip())
        if answer.need("TotalCount") == "0":
            return NotThere()
        if told_key(answer.find(f"Messages.0.Metadata.{KEY}") or str(key)) != key:
            raise UnreadableError("the search answered with another message")
        return Found(answer.need("Messages.0.MessageID"))

    def verify(self, hook: Hook) -> None:
        """Let a hook pass whose address holds our secret."""
        if self.config.hook_secret is None:
            raise NotGenuineError("no hook_secret is set")
        verify_shared_secret(hook, self.config.hook_secret.get_secret_value())

    def news(self, hook: Hook) -> Iterator[Told]:
        """Return the one thing that a hook of Postmark tells."""
        for said in hook.objects():
            kind, permanent, reason = _meaning(said)
            at = next((said[name] for name in _INSTANTS if name in said), None)
            provider_id = told_text(said, "MessageID")
            # By hand, many addresses may be switched off in one instant, and no message is named.
            which = told_text(said, "ID") or (f"{provider_id} {at}" if provider_id else _digest(said))
            same = f"{told_text(said, 'RecordType')} {which} {reason}".strip()
            yield Told(
                kind=kind,
                at=told_at(at, hook.at),
                dedupe_id=same,
                provider_id=provider_id or None,
                key=told_key(inner(said, "Metadata", KEY)),
                recipient=told_text(said, "Recipient") or told_text(said, "Email") or None,
                permanent=permanent,
                reason=reason,
                raw=said,
            )


def _digest(said: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _meaning(said: Mapping[str, object]) -> tuple[ReceiptKind, bool, str]:
    """Return what happened, whether an address bounced for good, and Postmark's own word for it."""
    record = told_text(said, "RecordType")
    if record in {"Bounce", "SpamComplaint"}:
        reason = told_text(said, "Type")
        return *_BOUNCES.get(reason, (ReceiptKind.UNKNOWN, False)), reason
    if record == "SubscriptionChange" and said.get("SuppressSending") is True:
        reason = told_text(said, "SuppressionReason")
        return *_BOUNCES.get(reason, (ReceiptKind.UNKNOWN, False)), reason
    return _RECORDS.get(record, ReceiptKind.UNKNOWN), False, ""
