"""What Amazon SNS signs, and with which certificate: whether a notification is of our topic and AWS's own.

Pure. It reads nothing of what a notification says but its envelope; fetching certificates is the connector's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tactful.connector import Hook, NotGenuineError, UnreadableHookError
from tactful.connector.hooks import told_at, told_text

TOLERANCE = timedelta(minutes=65)
"""SNS tries again for an hour, with the same time and signature."""
_ARN = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]{1,256}")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")
_HASHES = {"1": SHA1, "2": SHA256}
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def topic_arn(given: str) -> str:
    """Return a topic's name as it is.

    Raises:
        ValueError: It is none.
    """
    if not _ARN.fullmatch(given):
        raise ValueError("is not a topic's ARN: arn:aws:sns:REGION:ACCOUNT:NAME")
    return given


def origin_of(topic: str) -> str:
    """Return where the SNS of a topic's region is: the one address whose certificates and confirmations count."""
    partition, region = topic.split(":")[1], topic.split(":")[3]
    return f"https://sns.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")


def envelope(hook: Hook, topic: str | None) -> tuple[Mapping[str, object], str]:
    """Return what stands around a notification, and the address of the certificate that it is signed with.

    Raises:
        NotGenuineError: It is none, of another topic, or signed with what is not SNS's.
    """
    if topic is None:
        raise NotGenuineError("no topic_arn is set")
    try:
        (said,) = hook.objects()
    except (UnreadableHookError, ValueError):
        raise NotGenuineError("is no notification of SNS") from None
    if told_text(said, "Type") not in _SIGNED:
        raise NotGenuineError("is no notification of SNS")
    if told_text(said, "TopicArn") != topic:
        raise NotGenuineError("is of another topic")
    url, origin = told_text(said, "SigningCertURL"), origin_of(topic)
    if not url.startswith(origin) or not _CERTIFICATE.fullmatch(url[len(origin) :]):
        raise NotGenuineError("names a certificate that is not of the topic's region of SNS")
    return said, url


def verify(said: Mapping[str, object], certificate: x509.Certificate, at: datetime) -> None:
    """Let an envelope pass that is signed with a certificate, an hour ago at the most.

    Raises:
        NotGenuineError: It is not.
    """
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise NotGenuineError("its certificate is not valid at this time")
    never = at - 2 * TOLERANCE
    if abs(at - told_at(said.get("Timestamp"), never)) > TOLERANCE:
        raise NotGenuineError(f"it was signed more than {TOLERANCE} away from our clock")
    signed = "".join(
        f"{name}\n{said[name]}\n" for name in _SIGNED[told_text(said, "Type")] if said.get(name) is not None
    )
    key, kind = certificate.public_key(), _HASHES.get(told_text(said, "SignatureVersion"))
    try:
        if kind is None or not isinstance(key, rsa.RSAPublicKey):
            raise NotGenuineError("it is signed in a way that SNS does not")
        signature = base64.b64decode(told_text(said, "Signature"), validate=True)
        key.verify(signature, signed.encode(), padding.PKCS1v15(), kind())
    except (ValueError, InvalidSignature):
        raise NotGenuineError("the signature is wrong") from None
