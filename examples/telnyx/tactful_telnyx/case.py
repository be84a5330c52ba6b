"""What the conformance kit is given. Its oracle is Telnyx's own library, as `fixtures/sdk.json` has recorded it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tactful.conformance import Case, HookCase, Oracle, Recording
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
    description=Recording(**SDK["request"]).description(texts=("text",), recipient="to"),
    oracles=(Oracle("sdk", f"{SDK['source']}: requests compared and hooks verified by tests/test_contract.py"),),
)
