"""What the conformance kit is given. Its oracle is Plivo's own library, as `fixtures/sdk.json` has recorded it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
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


def against_the_sdk(received: Received) -> Iterable[str]:
    """Yield in what a request differs from the library's with the same message; in a text alone it may."""
    theirs, ours = SDK["request"], json.loads(received.content)
    if f"https://api.plivo.com{received.path}" != theirs["url"] or received.method != theirs["method"]:
        yield f"{received.method} {received.path}"
    for name, value in theirs["headers"].items():
        if received.headers.get(name) != value:
            yield f"the header {name}"
    for name in sorted({*ours, *theirs["body"]} - {"text"}):
        if ours.get(name) != theirs["body"].get(name):
            yield f"{name} is {ours.get(name)!r} and not {theirs['body'].get(name)!r}"
    if not isinstance(ours.get("text"), str):
        yield "there is no text"


def without_recipient(received: Received) -> Received:
    """Return the request with its recipient under a name that Plivo does not know."""
    return replace(received, content=received.content.replace(b'"dst"', b'"to"'))


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
    description=Description(against_the_sdk, without_recipient),
    oracles=(
        Oracle("sdk", f"{SDK['source']}: requests compared and hooks verified by tests/test_contract.py"),
        Oracle("vector", "messageSendResponse.json of plivo/plivo-python (MIT): fixtures/accepted.json"),
    ),
)
