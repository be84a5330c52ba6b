"""Twilio, as its documentation and its library for Python describe it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tactful.conformance import Case, Description, HookCase, Oracle, PollCase
from tactful.conformance.provider import Received
from tactful.connector import Fault
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.mobile import KEY, description, form, form_values, hook, problems, text_message

ACCOUNT = "AC" + "0123456789abcdef" * 2
SERVICE = "MG" + "0123456789abcdef" * 2
SID = "SM" + "89abcdef01234567" * 2
TOKEN = "very-secret-token"
HOOKS = "https://fleur.example/hooks/twilio"


def refused(status: int, code: int, words: str = "no") -> Answer:
    return Answer(status, {}, json.dumps({"code": code, "message": words, "status": status}).encode())


def told(kind: ReceiptKind, fields: dict[str, str]) -> HookCase:
    url, fields = f"{HOOKS}?key={KEY}", {"MessageSid": SID, "AccountSid": ACCOUNT, "To": "+447700900123"} | fields
    signature = RequestValidator(TOKEN).compute_signature(url, fields)
    return HookCase(
        hook=hook(url, urlencode(fields).encode(), x_twilio_signature=signature),
        kinds=(kind,),
        signed="url and body",
        dated=False,
        signing=("x-twilio-signature",),
        source="twilio.com/docs/messaging/guides/track-outbound-message-status, signed by twilio-python 9.13",
    )


def against(received: Received) -> Iterable[str]:
    described = description("twilio")
    return problems(described, "request", form_values(described, "request", form(received.content)))


def without_recipient(received: Received) -> Received:
    fields = {name: value for name, value in form(received.content).items() if name != "To"}
    return replace(received, content=urlencode(fields).encode())


def listed(*statuses: str) -> Answer:
    """Return a page of texts, one of them a customer's; what is read of them is as the description's example has it."""
    texts = [
        {
            "sid": f"SM{number:032x}",
            "status": status,
            "direction": "inbound" if status == "received" else "outbound-api",
            "price": "-0.00750",
            "price_unit": "USD",
            "date_updated": "Fri, 20 Nov 2026 17:44:50 +0000",
        }
        for number, status in enumerate(statuses)
    ]
    return Answer(200, {}, json.dumps({"messages": texts, "next_page_uri": None}).encode())


CASE = Case(
    use="twilio",
    config={
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "messaging_service_sid": SERVICE,
        "hooks_url": HOOKS,
        "prices_every": 3600,
    },
    messages=(text_message(),),
    oracles=(
        Oracle("description", "twilio-oai, api_v2010 of 2026-04-14: tests/connectors/test_twilio.py"),
        Oracle("sdk", "twilio-python 9.13, requests and signatures: tests/connectors/test_twilio.py"),
        Oracle("vector", "the signatures of twilio-python's own tests: tests/connectors/test_twilio.py"),
    ),
    accepted=Answer(201, {}, json.dumps({"sid": SID, "status": "queued"}).encode()),
    provider_id=SID,
    refusals=(
        (refused(400, 21610), Fault.SUPPRESSED),
        (refused(400, 21211), Fault.BAD_RECIPIENT),
        (refused(400, 21614), Fault.BAD_RECIPIENT),
        (refused(400, 21611), Fault.THROTTLED),
        (refused(400, 21606), Fault.CONFIG),
        (refused(400, 21408), Fault.BAD_CONTENT),
        (refused(401, 20003), Fault.CONFIG),
        (refused(429, 20429), Fault.THROTTLED),
        (refused(429, 63038), Fault.QUOTA),
    ),
    saying=lambda words: refused(400, 21617, words),
    hooks=(
        told(ReceiptKind.DELIVERED, {"MessageStatus": "delivered"}),
        told(ReceiptKind.BOUNCED, {"MessageStatus": "undelivered", "ErrorCode": "30005"}),
        told(ReceiptKind.UNSUBSCRIBED, {"MessageStatus": "failed", "ErrorCode": "21610"}),
        told(ReceiptKind.UNKNOWN, {"MessageStatus": "teleported"}),
        told(ReceiptKind.REPLIED, {"From": "+447700900123", "Body": "Please stop", "SmsStatus": "received"}),
    ),
    polls=PollCase(
        kinds=(ReceiptKind.ACCEPTED, ReceiptKind.UNKNOWN),
        full=listed("delivered", "teleported", "received"),
        empty=listed(),
        source="twilio-oai, api_v2010 of 2026-04-14, the examples of ListMessage",
    ),
    description=Description(against, without_recipient),
)
