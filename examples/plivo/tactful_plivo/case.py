"""What the conformance kit is given. Its oracle is Plivo's own library, as `fixtures/sdk.json` has recorded it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from tactful.conformance import Case, HookCase, Oracle, Recording
from tactful.connector import Fault, Hook, Message
from tactful.connector.http import Answer
from tactful.words import Channel, ReceiptKind

FIXTURES = Path(__file__).parent / "fixtures"
SDK = json.loads((FIXTURES / "sdk.json").read_text(encoding="utf-8"))
NAME, _, TOKEN = base64.b64decode(SDK["request"]["headers"]["authorization"].split(" ")[1]).decode().partition(":")
CALLBACK, _, KEY = SDK["callback"].partition("?key=")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS = {
    ("sent", ""): ReceiptKind.ACCEPTED,
    ("delivered", ""): ReceiptKind.DELIVERED,
    ("undelivered", "50"): ReceiptKind.BOUNCED,
    ("failed", "200"): ReceiptKind.UNSUBSCRIBED,
    ("failed", "30"): ReceiptKind.REJECTED,
    ("teleported", ""): ReceiptKind.UNKNOWN,
}


def refused(status: int, words: str) -> Answer:
    """Return a refusal: Plivo gives no codes with them, only words."""
    return Answer(status, {}, json.dumps({"api_id": "948b53a2", "error": words}).encode())


def hook(told: dict[str, str]) -> HookCase:
    """Return a status callback as the library signed it."""
    headers = {"x-plivo-signature-v3": told["signature"], "x-plivo-signature-v3-nonce": told["nonce"]}
    return HookCase(
        hook=Hook(SDK["callback"], headers, told["body"].encode(), NOON),
        kinds=(KINDS[told["status"], told["code"]],),
        signed="url and body",
        dated=False,
        signing=tuple(headers),
        source=SDK["source"],
    )


CASE = Case(
    use="plivo",
    config={"auth_id": NAME, "auth_token": TOKEN, "hooks_url": CALLBACK},
    messages=(
        Message(
            key=UUID(KEY),
            channel=Channel.SMS,
            to=SDK["request"]["body"]["dst"],
            written_at=NOON,
            language="en",
            marketing=True,
            sender_name="Fleur",
            sender_address=SDK["request"]["body"]["src"],
            text=SDK["request"]["body"]["text"],
        ),
    ),
    accepted=Answer(202, {}, (FIXTURES / "accepted.json").read_bytes()),
    provider_id="5b40a428-bfc7-4daf-9d06-726c558bf3b8",
    refusals=(
        (refused(400, "dst is missing or invalid"), Fault.BAD_CONTENT),
        (refused(401, "could not verify your access level"), Fault.CONFIG),
        (refused(403, "not allowed to send to this country"), Fault.BAD_CONTENT),
        (refused(404, "not found"), Fault.CONFIG),
        (refused(429, "too many requests"), Fault.THROTTLED),
        (refused(500, "server error"), Fault.AMBIGUOUS),
    ),
    saying=lambda words: refused(400, words),
    hooks=tuple(hook(told) for told in SDK["hooks"]),
    description=Recording(**SDK["request"]).description(texts=("text",), recipient="dst"),
    oracles=(
        Oracle("sdk", f"{SDK['source']}: requests compared and hooks verified by tests/test_contract.py"),
        Oracle("vector", "messageSendResponse.json of plivo/plivo-python (MIT): fixtures/accepted.json"),
    ),
)
