"""SendGrid: no key and no look-up, so that what is not known waits for an event; events signed by ECDSA."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault, Hook
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.conftest import email_message
from tests.connectors.mailing import HOOKS, described_problems, published, said

MESSAGE_ID = "14c5d75ce93.dfd.64b469"
EVENTS = published("sendgrid")["events"]
PRIVATE_KEY = ec.derive_private_key(7, ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    PRIVATE_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
STAMP = "1600112502"


def hook(events: list[dict[str, object]], *kinds: ReceiptKind) -> HookCase:
    content = json.dumps(events).encode()
    signature = PRIVATE_KEY.sign(STAMP.encode() + content, ec.ECDSA(hashes.SHA256()))
    headers = {
        "x-twilio-email-event-webhook-timestamp": STAMP,
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
    }
    return HookCase(
        hook=Hook(HOOKS, headers, content, datetime.fromtimestamp(int(STAMP), UTC)),
        kinds=kinds,
        signing=tuple(headers),
        source="tests/connectors/hooks/sendgrid.json",
    )


def without_a_sender(received: Received) -> Received:
    content = json.loads(received.content)
    del content["from"]
    return replace(received, content=json.dumps(content).encode())


def refusal(status: int, field: str | None, text: str) -> Answer:
    return said(status, {"errors": [{"message": text, "field": field, "help": None}]})


CASE = Case(
    use="sendgrid",
    config={"api_key": "SG.a-long-key", "hook_public_key": PUBLIC_KEY},
    messages=(
        email_message(reply_to="ask@fleur.example"),
        email_message(marketing=False, html=None, list_id=None, unsubscribe_url=None),
    ),
    oracles=(
        Oracle("description", "twilio/sendgrid-oai tsg_mail_v3.json, tests/connectors/descriptions/sendgrid.json"),
        Oracle("sdk", "sendgrid 6.12.5: requests and signatures, tests/connectors/test_sendgrid.py"),
        Oracle("vector", "sendgrid-python's signed event, tests/connectors/hooks/sendgrid.json"),
    ),
    accepted=Answer(202, {"x-message-id": MESSAGE_ID}),
    provider_id=MESSAGE_ID,
    refusals=(
        (refusal(400, "personalizations.0.to.0.email", "Does not contain a valid address."), Fault.BAD_RECIPIENT),
        (refusal(400, "subject", "The subject is required."), Fault.BAD_CONTENT),
        (refusal(401, None, "Maximum credits exceeded"), Fault.QUOTA),
        (refusal(403, "from", "The from address does not match a verified Sender Identity."), Fault.CONFIG),
        (refusal(413, None, "Payload too large"), Fault.BAD_CONTENT),
    ),
    saying=lambda words: refusal(400, "subject", words),
    hooks=(
        hook([EVENTS["delivered"]], ReceiptKind.DELIVERED),
        hook([EVENTS["bounce"], EVENTS["open"]], ReceiptKind.BOUNCED, ReceiptKind.OPENED),
        hook([EVENTS["unsubscribed"]], ReceiptKind.REJECTED, ReceiptKind.UNSUBSCRIBED),
        hook([EVENTS["click"] | {"event": "teleported"}], ReceiptKind.UNKNOWN),
    ),
    description=Description(lambda received: described_problems("sendgrid", received), without_a_sender),
)
