"""Web push, as RFC 8030, 8291 and 8292 have it. There is no machine-readable description of it."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric import ec

from connectors.push.webpush.encryption import point
from tactful.conformance import Case, Oracle
from tactful.connector import Fault
from tactful.connector.http import Answer
from tactful.connector.signatures import b64url
from tests.connectors.mobile import KEY, push_message

_BROWSER = b64url(point(ec.derive_private_key(12345, ec.SECP256R1()).public_key()))
SUBSCRIPTION = {
    "endpoint": "https://push.example/send/abc",
    "keys": {"p256dh": _BROWSER, "auth": b64url(b"sixteen bytes of")},
}

CASE = Case(
    use="webpush",
    config={
        "private_key": b64url((67890).to_bytes(32, "big")),
        "contact": "mailto:post@fleur.example",
        "allow_private": True,
    },
    messages=(push_message(to=json.dumps(SUBSCRIPTION, separators=(",", ":"))),),
    oracles=(
        Oracle("vector", "RFC 8291, section 5: tests/connectors/test_webpush.py"),
        Oracle("sdk", "webpush 1.0 for Python: tests/connectors/test_webpush.py"),
        Oracle("emulator", "web-push-testing 1.2 from npm, where it is there: tests/connectors/test_webpush.py"),
    ),
    accepted=Answer(201, {"location": "https://push.example/m/1"}),
    provider_id=str(KEY),
    refusals=(
        (Answer(404), Fault.BAD_RECIPIENT),
        (Answer(410), Fault.BAD_RECIPIENT),
        (Answer(401), Fault.BAD_CONTENT),
        (Answer(413), Fault.BAD_CONTENT),
        (Answer(429), Fault.THROTTLED),
        (Answer(503), Fault.TRANSIENT),
    ),
    opaque=True,
    names_key=False,
)
