"""Amazon SES: no key and no look-up; each attempt signed with its time; events signed by SNS."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault, Hook
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.conftest import email_message
from tests.connectors.mailing import published
from tests.connectors.ses_model import model_problems
from tests.connectors.sns_signing import CERTIFICATE_URL, TOPIC, certificate_pem, notification

EVENTS = published("ses")
MAIL_ID = "0102018f5e3c7a1b-2f1e4c3a-0000-4000-8000-000000000000-000000"
SOURCE = "tests/connectors/hooks/ses.json"


def pinned() -> Path:
    """Return a folder with the certificate of our SNS, there until the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="tactful-sns-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / CERTIFICATE_URL.rpartition("/")[2]).write_bytes(certificate_pem())
    return folder


def hook(told: Hook, *kinds: ReceiptKind) -> HookCase:
    return HookCase(hook=told, kinds=kinds, source=SOURCE)


def refusal(status: int, kind: str, text: str = "no") -> Answer:
    return Answer(status, {"x-amzn-errortype": kind}, json.dumps({"message": text}).encode())


def without_content(received: Received) -> Received:
    content = json.loads(received.content)
    del content["Content"]
    return replace(received, content=json.dumps(content).encode())


CASE = Case(
    use="ses",
    config={
        "region": "eu-west-1",
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "session_token": "a-long-session-token",
        "configuration_set": "news",
        "topic_arn": TOPIC,
        "sns_certificates": pinned(),
    },
    messages=(
        email_message(reply_to="ask@fleur.example"),
        email_message(marketing=False, html=None, list_id=None, unsubscribe_url=None),
    ),
    oracles=(
        Oracle("description", "botocore 1.44.5's own model of sesv2, tests/connectors/ses_model.py"),
        Oracle("sdk", "botocore 1.44.5: requests and SigV4Auth, tests/connectors/test_ses.py"),
        Oracle("sdk", "botocore 1.44.5: credentials of containers and instances, tests/connectors/test_ses_role.py"),
        Oracle("sdk", "AWS's sns-validator 0.3 from npm, where it is there: tests/connectors/test_sns_validator.py"),
        Oracle("emulator", "moto 5.2.5's SES, tests/connectors/test_ses.py"),
        Oracle("vector", "AWS's sample events, tests/connectors/hooks/ses.json"),
    ),
    accepted=Answer(200, {}, json.dumps({"MessageId": MAIL_ID}).encode()),
    provider_id=MAIL_ID,
    refusals=(
        (refusal(400, "MessageRejected", "Email address is not verified."), Fault.CONFIG),
        (refusal(400, "MessageRejected"), Fault.BAD_CONTENT),
        (refusal(400, "SendingPausedException"), Fault.CONFIG),
        (refusal(404, "NotFoundException"), Fault.CONFIG),
        (refusal(400, "LimitExceededException"), Fault.QUOTA),
        (refusal(429, "TooManyRequestsException", "Daily message quota exceeded."), Fault.QUOTA),
        (refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded."), Fault.THROTTLED),
    ),
    saying=lambda words: refusal(400, "BadRequestException", words),
    hooks=(
        hook(notification(EVENTS["delivery"]), ReceiptKind.DELIVERED),
        hook(notification(EVENTS["bounce"], version="1"), ReceiptKind.BOUNCED),
        hook(notification(EVENTS["complaint_known"]), ReceiptKind.REJECTED, ReceiptKind.COMPLAINED),
        hook(notification(EVENTS["open"] | {"eventType": "Teleport"}), ReceiptKind.UNKNOWN),
    ),
    description=Description(model_problems, without_content),
    varying=frozenset({"authorization", "x-amz-date"}),
)
