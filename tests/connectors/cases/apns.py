"""Apple's push, as its documentation has it. Apple publishes no description of the API."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tactful.conformance import Case, Oracle
from tactful.connector import Fault
from tactful.connector.http import Answer
from tests.connectors.mobile import KEY, push_message

_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
DEVICE = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"


def refused(status: int, reason: str) -> Answer:
    return Answer(status, {"apns-id": str(KEY)}, json.dumps({"reason": reason}).encode())


CASE = Case(
    use="apns",
    config={"key": _KEY, "key_id": "ABC123DEFG", "team_id": "DEF123GHIJ"},
    messages=(push_message(to=DEVICE),),
    oracles=(
        Oracle("sdk", "aioapns 4.0, over HTTP/2 and TLS: tests/connectors/test_apns.py"),
        Oracle("server", "nghttpd, where it is installed: tests/connectors/test_apns.py"),
    ),
    accepted=Answer(200, {"apns-id": str(KEY)}),
    provider_id=str(KEY),
    refusals=(
        (refused(410, "Unregistered"), Fault.BAD_RECIPIENT),
        (refused(400, "BadDeviceToken"), Fault.BAD_RECIPIENT),
        (refused(400, "DeviceTokenNotForTopic"), Fault.BAD_CONTENT),
        (refused(400, "TopicDisallowed"), Fault.CONFIG),
        (refused(403, "ExpiredProviderToken"), Fault.TRANSIENT),
        (refused(403, "InvalidProviderToken"), Fault.CONFIG),
        (refused(413, "PayloadTooLarge"), Fault.BAD_CONTENT),
        (refused(429, "TooManyRequests"), Fault.THROTTLED),
        (refused(500, "InternalServerError"), Fault.AMBIGUOUS),
        (refused(503, "Shutdown"), Fault.TRANSIENT),
    ),
    saying=lambda words: refused(400, words),
)
