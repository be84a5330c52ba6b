"""The signed webhook's case: Standard Webhooks, and the contract of docs/connectors/webhook.md."""

from __future__ import annotations

import json

from tactful.conformance import Case, Oracle
from tactful.connector import Fault
from tactful.connector.http import Answer
from tests.connectors import test_webhook as webhook
from tests.connectors.conftest import KEY, email_message
from tests.connectors.letters import letter
from tests.unit.connector.test_message import message


def _refused(status: int, code: str, said: str = "no") -> Answer:
    return Answer(status, {}, json.dumps({"error": {"code": code, "message": said}}).encode())


CASE = Case(
    use="webhook",
    config={"secret": webhook.SECRET, "allow_private": True},
    messages=(
        email_message(reply_to="shop@fleur.example"),
        letter(),
        message(title="Tulips", text="They are here.", link="https://fleur.example/tulips"),
    ),
    accepted=Answer(202),
    provider_id=str(KEY),
    refusals=(
        (_refused(422, "bad_recipient"), Fault.BAD_RECIPIENT),
        (_refused(422, "suppressed"), Fault.SUPPRESSED),
        (_refused(422, "bad_content"), Fault.BAD_CONTENT),
        (_refused(403, "quota"), Fault.QUOTA),
        (Answer(410), Fault.CONFIG),
    ),
    saying=lambda words: _refused(422, "bad_content", words),
    varying=frozenset({"webhook-timestamp", "webhook-signature"}),
    oracles=(Oracle("sdk", "standardwebhooks 1.1 verifies and signs the same: tests/connectors/test_webhook.py"),),
)
