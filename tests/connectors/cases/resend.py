"""Resend: the same key is sent once in a day; events signed as Standard Webhooks say."""

from __future__ import annotations

import json
from dataclasses import replace

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault, Hook
from tactful.connector.http import Answer
from tactful.connector.signatures import standard_webhook
from tactful.words import ReceiptKind
from tests.connectors.conftest import email_message
from tests.connectors.mailing import HOOKS, NOON, described_problems, published, said

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENTS = published("resend")
MAIL_ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"


def hook(event: dict[str, object], *kinds: ReceiptKind) -> HookCase:
    content, stamp = json.dumps(event).encode(), str(int(NOON.timestamp()))
    headers = {
        "svix-id": "msg_1",
        "svix-timestamp": stamp,
        "svix-signature": standard_webhook(SECRET, "msg_1", stamp, content),
    }
    source = "tests/connectors/hooks/resend.json"
    return HookCase(hook=Hook(HOOKS, headers, content, NOON), kinds=kinds, signing=tuple(headers), source=source)


def without_a_subject(received: Received) -> Received:
    content = json.loads(received.content)
    del content["subject"]
    return replace(received, content=json.dumps(content).encode())


def refusal(status: int, name: str, text: str = "no") -> Answer:
    return said(status, {"statusCode": status, "name": name, "message": text})


CASE = Case(
    use="resend",
    config={"api_key": "re_a_long_key", "hook_secret": SECRET},
    messages=(
        email_message(reply_to="ask@fleur.example"),
        email_message(marketing=False, html=None, list_id=None, unsubscribe_url=None),
    ),
    oracles=(
        Oracle("description", "resend/resend-openapi 1.5.0, tests/connectors/descriptions/resend.json"),
        Oracle("sdk", "resend 2.52.0 and standardwebhooks 1.1.0, tests/connectors/test_resend.py"),
        Oracle("vector", "Resend's sample events, tests/connectors/hooks/resend.json"),
    ),
    accepted=said(200, {"id": MAIL_ID}),
    provider_id=MAIL_ID,
    refusals=(
        (refusal(422, "validation_error", "Invalid `to` field."), Fault.BAD_RECIPIENT),
        (refusal(422, "missing_required_field"), Fault.BAD_CONTENT),
        (refusal(403, "validation_error", "The domain is not verified."), Fault.CONFIG),
        (refusal(429, "daily_quota_exceeded"), Fault.QUOTA),
        (refusal(429, "rate_limit_exceeded"), Fault.THROTTLED),
        (refusal(409, "concurrent_idempotent_requests"), Fault.AMBIGUOUS),
        (refusal(409, "invalid_idempotent_request"), Fault.AMBIGUOUS),
    ),
    saying=lambda words: refusal(422, "validation_error", words),
    hooks=(
        hook(EVENTS["delivered"], ReceiptKind.DELIVERED),
        hook(EVENTS["bounced"], ReceiptKind.BOUNCED),
        hook(EVENTS["suppressed_complaint"], ReceiptKind.REJECTED, ReceiptKind.COMPLAINED),
        hook(EVENTS["contact_unsubscribed"], ReceiptKind.UNSUBSCRIBED),
        hook(EVENTS["opened"] | {"type": "email.teleported"}, ReceiptKind.UNKNOWN),
    ),
    description=Description(lambda received: described_problems("resend", received), without_a_subject),
)
