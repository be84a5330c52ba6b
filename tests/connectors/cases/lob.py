"""Lob's case: what its description and its page on webhooks say."""

from __future__ import annotations

import dataclasses
import json
from typing import cast

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors import test_lob as lob
from tests.connectors.letters import LINES_US, letter

SOURCE = "docs.lob.com, Events, version 1.22.0; the signature as help.lob.com, Using webhooks, has it"
LETTER = b'{"id":"ltr_4868c3b754655f90","object":"letter"}'


def _error(status: int, code: str, said: str = "no") -> Answer:
    return Answer(status, {}, json.dumps({"error": {"message": said, "status_code": 422, "code": code}}).encode())


def _problems(request: Received) -> list[str]:
    return lob.problems("letter", json.loads(request.content))


def _canary(request: Received) -> Received:
    body = cast("dict[str, object]", json.loads(request.content)) | {"use_type": "junk"}
    return dataclasses.replace(request, content=json.dumps(body).encode())


def _hook(kind: str, told: ReceiptKind) -> HookCase:
    return HookCase(
        hook=lob.signed(lob.event(kind)),
        kinds=(told,),
        signing=("lob-signature", "lob-signature-timestamp"),
        source=SOURCE,
    )


CASE = Case(
    use="lob",
    config={"api_key": "test_secret_key", "webhook_secret": lob.SECRET, "return_address": lob.FROM, "country": "GB"},
    messages=(
        letter(),
        letter(to=LINES_US, marketing=False, subject=None),
        letter(html=None, text="The tulips are here."),
    ),
    accepted=Answer(200, {}, LETTER),
    provider_id="ltr_4868c3b754655f90",
    refusals=(
        (_error(422, "failed_deliverability_strictness"), Fault.BAD_RECIPIENT),
        (_error(422, "invalid_template_html"), Fault.BAD_CONTENT),
        (_error(422, "foreign_return_address"), Fault.CONFIG),
        (_error(401, "invalid_api_key"), Fault.CONFIG),
        (_error(403, "feature_limit_reached"), Fault.QUOTA),
        (_error(429, "rate_limit_exceeded"), Fault.THROTTLED),
    ),
    saying=lambda words: _error(422, "invalid", words),
    cancelled=Answer(200, {}, b'{"id":"ltr_4868c3b754655f90","deleted":true}'),
    too_late=_error(422, "not_deletable"),
    hooks=(
        _hook("letter.mailed", ReceiptKind.MAILED),
        _hook("letter.delivered", ReceiptKind.DELIVERED),
        _hook("letter.returned_to_sender", ReceiptKind.RETURNED),
        _hook("letter.deleted", ReceiptKind.CANCELLED),
        _hook("letter.international_exit", ReceiptKind.UNKNOWN),
    ),
    description=Description(_problems, _canary),
    oracles=(
        Oracle("description", "Lob's OpenAPI description 1.22.0: tests/connectors/test_lob.py"),
        Oracle("sdk", "lob-python 5.2, Lob's own: letters, and stopping them: tests/connectors/test_lob_sdk.py"),
        Oracle("description", "its events and errors against the same: tests/connectors/test_lob.py"),
    ),
)
