"""What the conformance kit is given. Its oracle is Telnyx's own library, as `fixtures/sdk.json` has recorded it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Channel, Fault, Hook, Message, ReceiptKind
from tactful.connector.http import Answer

FIXTURES = Path(__file__).parent / "fixtures"
SDK = json.loads((FIXTURES / "sdk.json").read_text(encoding="utf-8"))
BODY = SDK["request"]["body"]
AT = datetime.fromisoformat(SDK["at"])
KINDS = {
    ("sent", ""): ReceiptKind.ACCEPTED,
    ("delivered", ""): ReceiptKind.DELIVERED,
    ("delivery_failed", "40012"): ReceiptKind.BOUNCED,
    ("delivery_failed", "40008"): ReceiptKind.BOUNCED,
    ("sending_failed", "40300"): ReceiptKind.UNSUBSCRIBED,
    ("delivery_failed", "40002"): ReceiptKind.REJECTED,
    ("delivery_unconfirmed", ""): ReceiptKind.UNKNOWN,
    ("webhook_delivered", ""): ReceiptKind.REPLIED,
}


def refused(status: int, code: str, title: str) -> Answer:
    """Return a refusal, as developers.telnyx.com/docs/messaging/messages/error-codes shows one."""
    return Answer(status, {}, json.dumps({"errors": [{"code": code, "title": title, "detail": title}]}).encode())


def hook(told: dict[str, Any]) -> HookCase:
    """Return a hook that the library believes."""
    return HookCase(
        hook=Hook("https://fleur.example/hooks/telnyx", told["headers"], told["body"].encode(), AT),
        kinds=(KINDS[told["status"], told["code"]],),
        signing=tuple(told["headers"]),
        source=SDK["source"],
    )


def against_the_sdk(received: Received) -> Iterable[str]:
    """Yield in what a request differs from the library's with the same message; in a text alone it may."""
    theirs, ours = SDK["request"], json.loads(received.content)
    if f"https://api.telnyx.com{received.path}" != theirs["url"] or received.method != theirs["method"]:
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
    """Return the request with its recipient under a name that Telnyx does not know."""
    return replace(received, content=received.content.replace(b'"to"', b'"dst"'))


CASE = Case(
    use="telnyx",
    config={
        "api_key": SDK["request"]["headers"]["authorization"].removeprefix("Bearer "),
        "public_key": SDK["public_key"],
        "messaging_profile_id": BODY["messaging_profile_id"],
    },
    messages=(
        Message(
            key=UUID(SDK["request"]["headers"]["idempotency-key"]),
            channel=Channel.SMS,
            to=BODY["to"],
            written_at=AT,
            language="en",
            marketing=True,
            sender_name="Fleur",
            sender_address=BODY["from"],
            text=BODY["text"],
        ),
    ),
    accepted=Answer(200, {}, (FIXTURES / "accepted.json").read_bytes()),
    provider_id="40385f64-5717-4562-b3fc-2c963f66afa6",
    refusals=(
        (refused(400, "40305", "Invalid 'from' address"), Fault.CONFIG),
        (refused(400, "40310", "Invalid 'to' address"), Fault.BAD_RECIPIENT),
        (refused(401, "10009", "Authentication failed"), Fault.CONFIG),
        (refused(403, "20100", "Insufficient funds"), Fault.QUOTA),
        (refused(403, "40300", "Blocked due to STOP message"), Fault.SUPPRESSED),
        (refused(422, "10004", "Missing required parameter"), Fault.BAD_CONTENT),
        (refused(429, "10011", "Too many requests"), Fault.THROTTLED),
        (refused(500, "10007", "Unexpected error"), Fault.AMBIGUOUS),
    ),
    saying=lambda words: refused(422, "10015", words),
    hooks=tuple(hook(told) for told in SDK["hooks"]),
    description=Description(against_the_sdk, without_recipient),
    oracles=(Oracle("sdk", f"{SDK['source']}: requests compared and hooks verified by tests/test_contract.py"),),
)
