"""Vonage's SMS API, as its description and its library for Python have it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlencode

import jwt
from vonage_http_client import Auth

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.mobile import KEY, NOON, description, form, form_values, hook, problems, text_message

SECRET = "a-signature-secret-of-40-letters-or-more"
HOOKS = "https://fleur.example/hooks/vonage"
GUIDE = "developer.vonage.com/en/messaging/sms/guides/delivery-receipts, signed by vonage 4.9"
STAMP = str(int(NOON.timestamp()))


def answered(status: str, words: str = "no") -> Answer:
    part = {"status": status, "message-id": "0A0000000123ABCD1"} if status == "0" else {"status": status}
    part |= {} if status == "0" else {"error-text": words}
    return Answer(200, {}, json.dumps({"message-count": "1", "messages": [part]}).encode())


def receipt(kind: ReceiptKind, status: str, code: str = "0") -> HookCase:
    fields = {
        "msisdn": "447700900123",
        "to": "Fleur",
        "messageId": "0A0000000123ABCD1",
        "message-timestamp": "2025-06-02 11:59:58",
        "status": status,
        "err-code": code,
        "client-ref": str(KEY),
        "timestamp": STAMP,
    }
    fields["sig"] = Auth(api_key="abcd1234", signature_secret=SECRET, signature_method="sha256").sign_params(fields)
    return HookCase(hook=hook(HOOKS, urlencode(fields).encode()), kinds=(kind,), source=GUIDE)


def inbound() -> HookCase:
    fields = {
        "msisdn": "447700900123",
        "to": "447700900000",
        "messageId": "0A01",
        "text": "Please stop",
        "type": "text",
    }
    content = json.dumps(fields).encode()
    claims = {"iat": int(STAMP), "payload_hash": hashlib.sha256(content).hexdigest(), "api_key": "abcd1234"}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    return HookCase(
        hook=hook(HOOKS, content, authorization=f"Bearer {token}"),
        kinds=(ReceiptKind.REPLIED,),
        signing=("authorization",),
        source="developer.vonage.com/en/getting-started/concepts/webhooks, signed by PyJWT",
    )


def against(received: Received) -> Iterable[str]:
    described = description("vonage")
    return problems(
        described, "request", form_values(described, "request", form(received.content) | {"api_key": "abcd1234"})
    )


def of_an_unknown_type(received: Received) -> Received:
    return replace(received, content=urlencode(form(received.content) | {"type": "telepathy"}).encode())


CASE = Case(
    use="vonage",
    config={
        "api_key": "abcd1234",
        "api_secret": "very-secret-secret",
        "signature_secret": SECRET,
        "hooks_url": HOOKS,
    },
    messages=(text_message(sender_address="Fleur"),),
    oracles=(
        Oracle("description", "Vonage's SMS API 1.2.0: tests/connectors/test_vonage.py"),
        Oracle("sdk", "vonage 4.9, requests and both kinds of signature: tests/connectors/test_vonage.py"),
    ),
    accepted=answered("0"),
    provider_id="0A0000000123ABCD1",
    refusals=(
        (answered("1"), Fault.THROTTLED),
        (answered("3"), Fault.BAD_CONTENT),
        (answered("4"), Fault.CONFIG),
        (answered("5"), Fault.AMBIGUOUS),
        (answered("7"), Fault.SUPPRESSED),
        (answered("9"), Fault.QUOTA),
        (answered("33"), Fault.BAD_RECIPIENT),
    ),
    saying=lambda words: answered("6", words),
    hooks=(
        receipt(ReceiptKind.DELIVERED, "delivered"),
        receipt(ReceiptKind.BOUNCED, "failed", "3"),
        receipt(ReceiptKind.UNSUBSCRIBED, "failed", "9"),
        receipt(ReceiptKind.UNKNOWN, "teleported"),
        inbound(),
    ),
    description=Description(against, of_an_unknown_type),
)
