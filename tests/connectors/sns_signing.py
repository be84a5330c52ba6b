"""Amazon SNS as far as it signs: a key and a certificate of ours, and notifications signed by AWS's rules.

Written from docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html; shares nothing with the connector.
"""

from __future__ import annotations

import base64
import functools
import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tactful.connector import Hook
from tests.connectors.mailing import HOOKS, NOON

TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-56e67fcb41f6fec09b0196692625d385.pem"
CONFIRM_URL = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"


@functools.cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def certificate_pem(begins: datetime = datetime(2026, 1, 1, tzinfo=UTC), days: int = 3650) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    built = built.serial_number(7).not_valid_before(begins).not_valid_after(begins + timedelta(days=days))
    return built.sign(key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def notification(message: object, *, version: str = "2", at: datetime = NOON, **changes: str) -> Hook:
    """Return a notification of our topic, signed; a `message` that is no text as JSON."""
    said = {
        "Type": "Notification",
        "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message if isinstance(message, str) else json.dumps(message) + "\n",
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.675Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    return signed(said | changes, at)


def confirmation(at: datetime = NOON, **changes: str) -> Hook:
    """Return the request by which SNS wants a subscription confirmed, signed."""
    said = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "TopicArn": TOPIC,
        "Message": f"You have chosen to subscribe to the topic {TOPIC}.",
        "SubscribeURL": CONFIRM_URL,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.675Z"),
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE_URL,
    }
    return signed(said | changes, at)


def signed(said: dict[str, str], at: datetime) -> Hook:
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    kind = hashes.SHA1() if said["SignatureVersion"] == "1" else hashes.SHA256()
    signature = key().sign(text.encode(), padding.PKCS1v15(), kind)
    content = json.dumps({**said, "Signature": base64.b64encode(signature).decode()})
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": said["Type"]}
    return Hook(HOOKS, headers, content.encode(), at)
