"""A provider that does not exist, with all that the contract knows: keys, cancelling, receipts, one-click mail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from pydantic import SecretStr

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import (
    Accepted,
    CannotSay,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Hook,
    Message,
    NativeKey,
    News,
    SendFault,
    Told,
    UnreadableHookError,
)
from tactful.connector.http import Answer, Cancelled, HttpConfig, On, Request, Stopping, TooLate, WithCancel, on
from tactful.connector.signatures import standard_webhook, verify_standard_webhook
from tactful.words import Channel, ReceiptKind
from tests.unit.connector.test_message import message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KINDS = {"delivered": ReceiptKind.DELIVERED, "bounced": ReceiptKind.BOUNCED}


class AcmeConfig(HttpConfig):
    token: SecretStr
    signing_secret: SecretStr


class Acme(WithCancel[AcmeConfig]):
    Config: ClassVar[type[ConnectorConfig]] = AcmeConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NativeKey(timedelta(hours=24)),
        features=frozenset({Feature.SUBJECT, Feature.TEXT, Feature.REPLY_TO}),
        bytes_max=10_000,
        receipts=True,
        cancels=True,
    )
    errors: ClassVar[tuple[On, ...]] = (on(422, Fault.BAD_RECIPIENT, "gone"),)
    code_at: ClassVar[str] = "code"
    said_at: ClassVar[str] = "text"

    def build(self, message: Message) -> Request:
        if message.marketing and not message.unsubscribe_url:
            raise SendFault(Fault.BAD_CONTENT, "unsubscribe", "marketing mail needs a way out")
        way_out = {
            "List-Unsubscribe": f"<{message.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        said = message.model_dump(include={"to", "subject", "text", "reply_to"}, exclude_none=True)
        said |= {"headers": way_out} if message.marketing else {}
        return Request.json("/mail", said, headers={"Idempotency-Key": str(message.key)})

    def authorize(self, request: Request, at: datetime) -> Request:
        del at
        return request.bearing(self.config.token.get_secret_value())

    def parse(self, message: Message, answer: Answer) -> Accepted:
        del message
        return Accepted(answer.need("id"))

    def build_cancel(self, provider_id: str) -> Request:
        return Request("DELETE", f"/mail/{provider_id}")

    def parse_cancel(self, answer: Answer) -> Stopping:
        if answer.find("state") == "cancelled":
            return Cancelled()
        return TooLate() if answer.find("code") == "too_late" else CannotSay(str(answer.status))

    def verify(self, hook: Hook) -> None:
        verify_standard_webhook(hook, self.config.signing_secret.get_secret_value())

    def news(self, hook: Hook) -> Iterable[News]:
        try:
            said = json.loads(hook.content)
            yield Told(
                kind=KINDS.get(said["what"], ReceiptKind.UNKNOWN),
                at=datetime.fromtimestamp(said["at"], UTC),
                dedupe_id=said["event"],
                key=UUID(said["key"]),
            )
        except (ValueError, KeyError, TypeError):
            raise UnreadableHookError("not as described") from None


def hook(what: str, number: int = 1) -> HookCase:
    said = {"what": what, "at": 1614265330, "event": f"e-{number}", "key": str(message().key)}
    content = json.dumps(said).encode()
    stamp = "1614265330"
    headers = {"webhook-id": f"h-{number}", "webhook-timestamp": stamp}
    headers["webhook-signature"] = standard_webhook(SECRET, f"h-{number}", stamp, content)
    at = datetime.fromtimestamp(1614265330, UTC)
    kind = KINDS.get(what, ReceiptKind.UNKNOWN)
    return HookCase(
        hook=Hook("https://example.com/hooks/acme", headers, content, at),
        kinds=(kind,),
        signing=tuple(headers),
        source="made up",
    )


def problems(received: Received) -> Iterable[str]:
    if "subject" not in json.loads(received.content):
        yield "no subject"


def without_subject(received: Received) -> Received:
    said = json.loads(received.content)
    del said["subject"]
    return replace(received, content=json.dumps(said).encode())


CASE = Case(
    use="tests.unit.conformance.acme:Acme",
    config={"token": "very-secret-token", "signing_secret": SECRET},
    messages=(
        message(
            channel=Channel.EMAIL,
            to="ada@example.com",
            subject="Tulips",
            text="The first tulips of the year are here.",
            reply_to="a@b.example",
        ),
    ),
    oracles=(Oracle("vector", "made up"),),
    accepted=Answer(202, {}, b'{"id":"m-1"}'),
    provider_id="m-1",
    refusals=((Answer(422, {}, b'{"code":"gone"}'), Fault.BAD_RECIPIENT),),
    saying=lambda words: Answer(422, {}, json.dumps({"code": "x", "text": words}).encode()),
    cancelled=Answer(200, {}, b'{"state":"cancelled"}'),
    too_late=Answer(409, {}, b'{"code":"too_late"}'),
    hooks=(hook("delivered"), hook("bounced", 2), hook("teleported", 3)),
    description=Description(problems, without_subject),
)
