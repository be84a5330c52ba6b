"""Stannp's case: what its reference and its page on idempotency keys say."""

from __future__ import annotations

import dataclasses
import json

from tactful.conformance import Case, Description, HookCase, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors import test_stannp as stannp
from tests.connectors.letters import LINES_US, letter

SOURCE = "Stannp's API reference, Webhooks, 2026-08"


def _refused(status: int, said: str) -> Answer:
    return Answer(status, {}, json.dumps({"success": False, "error": said}).encode())


def _hook(status: str, told: ReceiptKind) -> HookCase:
    signed = stannp.signed(stannp.event(status))
    return HookCase(hook=signed, kinds=(told,), dated=False, signing=("x-stannp-signature",), source=SOURCE)


def _problems(request: Received) -> list[str]:
    return stannp.wrong_by_the_reference("letter", request.content)


def _canary(request: Received) -> Received:
    return dataclasses.replace(request, content=request.content.replace(b"recipient%5Bcity%5D", b"recipient%5Btown%5D"))


CASE = Case(
    use="stannp",
    config={"api_key": "api-key-of-stannp", "webhook_secret": stannp.SECRET},
    messages=(
        letter(),
        letter(to=LINES_US, marketing=False, subject=None),
        letter(html=None, text="The tulips are here."),
    ),
    accepted=Answer(200, {}, stannp.TAKEN.encode()),
    replayed=Answer(409, {}, stannp.TAKEN.encode()),
    provider_id="16818210",
    refusals=(
        (_refused(200, "Insufficient funds"), Fault.QUOTA),
        (_refused(200, "pages cannot be read"), Fault.BAD_CONTENT),
        (_refused(401, "You do not have authorisation"), Fault.CONFIG),
        (Answer(429), Fault.THROTTLED),
        (Answer(500), Fault.AMBIGUOUS),
    ),
    saying=lambda words: _refused(200, words),
    cancelled=Answer(200, {}, b'{"success":true,"data":1}'),
    too_late=_refused(200, "This item is already being processed"),
    hooks=(
        _hook("dispatched", ReceiptKind.MAILED),
        _hook("delivered", ReceiptKind.DELIVERED),
        _hook("returned", ReceiptKind.RETURNED),
        _hook("cancelled", ReceiptKind.CANCELLED),
        _hook("a status of tomorrow", ReceiptKind.UNKNOWN),
    ),
    description=Description(_problems, _canary),
    oracles=(
        Oracle("vector", "Stannp's published hooks, in both forms of its pages: tests/connectors/test_stannp.py"),
        Oracle("description", "Stannp's API reference for language models, 2026-08: descriptions/stannp.json"),
        Oracle(
            "vector", "Stannp's published request and answer with an idempotency key: tests/connectors/test_stannp.py"
        ),
    ),
)
