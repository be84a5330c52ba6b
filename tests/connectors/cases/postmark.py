"""Postmark: a message that it is asked about afterwards, and hooks that are told by a secret in their address."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault, Hook
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.conftest import email_message
from tests.connectors.mailing import HOOKS, NOON, described_problems, published, said

SECRET = "a-secret-of-ours"
MESSAGE_ID = "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
SAMPLES = published("postmark")
LATER_THAN_THE_DESCRIPTION = ("MessageStream is unknown", "Metadata is unknown")


def hook(sample: dict[str, object], kind: ReceiptKind) -> HookCase:
    # Any name may stand before the colon, so none does: whatever the kit changes is the secret.
    login = "Basic " + base64.b64encode(f":{SECRET}".encode()).decode()
    return HookCase(
        hook=Hook(HOOKS, {"authorization": login}, json.dumps(sample).encode(), NOON),
        kinds=(kind,),
        signed="secret only",
        dated=False,
        signing=("authorization",),
        source="tests/connectors/hooks/postmark.json",
    )


def problems(received: Received) -> Iterable[str]:
    if received.method == "GET":
        return []
    return [one for one in described_problems("postmark", received) if one not in LATER_THAN_THE_DESCRIPTION]


def with_a_list_of_recipients(received: Received) -> Received:
    content = json.loads(received.content)
    return replace(received, content=json.dumps({**content, "To": [content["To"]]}).encode())


CASE = Case(
    use="postmark",
    config={"server_token": "the-server-token", "hook_secret": SECRET},
    messages=(
        email_message(reply_to="ask@fleur.example"),
        email_message(marketing=False, html=None, list_id=None, unsubscribe_url=None),
    ),
    oracles=(
        Oracle("description", "Postmark's Server API 1.0.0, tests/connectors/descriptions/postmark.json"),
        Oracle("vector", "Postmark's sample webhooks, tests/connectors/hooks/postmark.json"),
    ),
    accepted=said(200, {"MessageID": MESSAGE_ID, "ErrorCode": 0, "Message": "OK"}),
    provider_id=MESSAGE_ID,
    refusals=(
        (said(422, {"ErrorCode": 406, "Message": "inactive recipient"}), Fault.SUPPRESSED),
        (said(422, {"ErrorCode": 300, "Message": "Error parsing 'To': Illegal email address"}), Fault.BAD_RECIPIENT),
        (said(422, {"ErrorCode": 400, "Message": "Sender signature not found"}), Fault.CONFIG),
        (said(422, {"ErrorCode": 405, "Message": "Not allowed to send"}), Fault.QUOTA),
        (said(503, {"ErrorCode": 100, "Message": "Maintenance"}), Fault.TRANSIENT),
    ),
    saying=lambda words: Answer(422, {}, json.dumps({"ErrorCode": 300, "Message": words}).encode()),
    found=said(200, {"TotalCount": 1, "Messages": [{"MessageID": MESSAGE_ID, "Status": "Sent"}]}),
    not_there=said(200, {"TotalCount": 0, "Messages": []}),
    hooks=(
        hook(SAMPLES["bounce"], ReceiptKind.BOUNCED),
        hook(SAMPLES["delivery"], ReceiptKind.DELIVERED),
        hook(SAMPLES["complaint"], ReceiptKind.COMPLAINED),
        hook(SAMPLES["unsubscribe"], ReceiptKind.UNSUBSCRIBED),
        hook(SAMPLES["by_hand"], ReceiptKind.UNSUBSCRIBED),
        hook(SAMPLES["bounce"] | {"RecordType": "Teleportation"}, ReceiptKind.UNKNOWN),
    ),
    description=Description(problems, with_a_list_of_recipients),
)
