"""Firebase Cloud Messaging, as Google's description and documentation have it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tactful.conformance import Case, Description, Oracle
from tactful.conformance.provider import Received
from tactful.connector import Fault
from tactful.connector.http import Answer
from tests.connectors.mobile import description, problems, push_message

_KEY = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ACCOUNT = {
    "project_id": "fleur-app",
    "private_key_id": "a-key-id",
    "private_key": _KEY,
    "client_email": "sender@fleur-app.iam.gserviceaccount.com",
}


def refused(status: int, code: str, words: str = "no", field: str = "") -> Answer:
    details: list[object] = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
    if field:
        details.append({"fieldViolations": [{"field": field}]})
    return Answer(status, {}, json.dumps({"error": {"code": status, "message": words, "details": details}}).encode())


def against(received: Received) -> Iterable[str]:
    return problems(description("fcm"), "request", json.loads(received.content))


def with_a_number_for_a_token(received: Received) -> Received:
    sent = json.loads(received.content)
    sent["message"]["token"] = 7
    return replace(received, content=json.dumps(sent).encode())


CASE = Case(
    use="fcm",
    config={"service_account": json.dumps(ACCOUNT), "token_path": "/token"},
    messages=(push_message(),),
    oracles=(
        Oracle("description", "Google's discovery document of FCM v1: tests/connectors/test_fcm.py"),
        Oracle("sdk", "firebase-admin 7.7 and google-auth, messages and tokens: tests/connectors/test_fcm.py"),
    ),
    accepted=Answer(200, {}, b'{"name":"projects/fleur-app/messages/0:1"}'),
    provider_id="projects/fleur-app/messages/0:1",
    token={"/token": Answer(200, {}, b'{"access_token":"a-google-token","expires_in":3599,"token_type":"Bearer"}')},
    refusals=(
        (refused(404, "UNREGISTERED"), Fault.BAD_RECIPIENT),
        (refused(400, "INVALID_ARGUMENT", field="message.token"), Fault.BAD_RECIPIENT),
        (refused(400, "INVALID_ARGUMENT"), Fault.BAD_CONTENT),
        (refused(403, "SENDER_ID_MISMATCH"), Fault.BAD_CONTENT),
        (refused(429, "QUOTA_EXCEEDED"), Fault.THROTTLED),
        (refused(503, "UNAVAILABLE"), Fault.TRANSIENT),
        (refused(500, "INTERNAL"), Fault.AMBIGUOUS),
        (refused(401, "THIRD_PARTY_AUTH_ERROR"), Fault.CONFIG),
    ),
    saying=lambda words: refused(400, "INVALID_ARGUMENT", words),
    description=Description(against, with_a_number_for_a_token),
)
