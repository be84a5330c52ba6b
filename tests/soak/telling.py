"""How Twilio, SendGrid and Lob tell: their signed requests, and forged ones that must not be believed.

Pure but for the signature of SendGrid, which has chance in it. Written from the vendors' descriptions, and shares
nothing with the connectors. Each request is signed at the moment it is made, as vendors do who tell again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.soak.letters import Letter

SECRET: Final = "a secret of the soak with its vendors"
_KEY: Final = ec.derive_private_key(0x50AC_50AC_50AC_50AC, ec.SECP256R1())
_STRANGERS_KEY: Final = ec.derive_private_key(0xBAD_BAD_BAD, ec.SECP256R1())
PUBLIC_KEY: Final = base64.b64encode(
    _KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
MOST_IN_A_BATCH: Final = 12
FORGED: Final = "forged"
STALE_SECONDS: Final = 900.0


class Forgery(StrEnum):
    """How a request is not what it says."""

    ANOTHER_SECRET = "signed with another secret"
    ALTERED = "altered after it was signed"
    UNSIGNED = "not signed"
    STALE = "signed a quarter of an hour ago"


@dataclass(frozen=True)
class Call:
    """A request that a vendor makes: the whole address, headers, body."""

    url: str
    headers: dict[str, str]
    content: bytes


def call(letters: Sequence[Letter], web: str, now: float, forgery: Forgery | None = None) -> Call:
    """Return the request by which a vendor tells of something; several things are one call at SendGrid alone.

    Args:
        letters: What is told; of one vendor.
        web: Where the house's doors are.
        now: When the request is made.
        forgery: How it is forged; None for a genuine one.
    """
    match letters[0].of.personality:
        case "twilio":
            return _by_twilio(letters[0], web, forgery)
        case "sendgrid":
            return _by_sendgrid(letters, web, now, forgery)
        case "lob":
            return _by_lob(letters[0], web, now, forgery)
        case other:
            raise LookupError(f"{other} tells nothing by a hook")


def forgeries(personality: str) -> list[Forgery]:
    """Return how a vendor's requests can be forged: Twilio signs no time."""
    return [each for each in Forgery if each is not Forgery.STALE or personality != "twilio"]


def forged(letter: Letter, seed: int) -> Letter | None:
    """Return the bad news that somebody else makes of a letter; of most letters none."""
    chance = random.Random(f"{seed} forged {letter.letter_id}")
    if chance.random() >= 0.2:
        return None
    words = {"twilio": "undelivered", "sendgrid": "bounce", "lob": "returned_to_sender"}
    of = replace(letter.of, provider_id=f"{FORGED}-{letter.of.provider_id}")
    return replace(letter, of=of, letter_id=f"{FORGED}-{letter.letter_id}", said=words[letter.of.personality])


def _by_twilio(letter: Letter, web: str, forgery: Forgery | None) -> Call:
    url = letter.of.callback or f"{web}/hooks/twilio"
    fields = {
        "AccountSid": "AC" + "5" * 32,
        "ApiVersion": "2010-04-01",
        "From": "FLEUR",
        "MessageSid": letter.of.provider_id,
        "MessageStatus": letter.said,
        "SmsSid": letter.of.provider_id,
        "SmsStatus": letter.said,
        "To": letter.of.to,
    }
    if letter.said == "undelivered":
        fields["ErrorCode"] = "30008"
    secret = SECRET if forgery is not Forgery.ANOTHER_SECRET else "guessed"
    signed = fields if forgery is not Forgery.ALTERED else fields | {"MessageStatus": "delivered"}
    proof = hmac.new(secret.encode(), (url + _in_a_row(signed)).encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": url[-8:],
    }
    if forgery is not Forgery.UNSIGNED:
        headers["X-Twilio-Signature"] = base64.b64encode(proof).decode()
    return Call(url, headers, urlencode(fields).encode())


def _in_a_row(fields: dict[str, str]) -> str:
    return "".join(f"{name}{fields[name]}" for name in sorted(fields))


def _by_sendgrid(letters: Sequence[Letter], web: str, now: float, forgery: Forgery | None) -> Call:
    events = [_event(letter) for letter in letters]
    content = json.dumps(events, indent=1).encode()
    stamp = str(int(now - (STALE_SECONDS if forgery is Forgery.STALE else 0)))
    key = _KEY if forgery is not Forgery.ANOTHER_SECRET else _STRANGERS_KEY
    signed = content if forgery is not Forgery.ALTERED else content.replace(b'"bounce"', b'"delivered"')
    proof = key.sign(stamp.encode() + signed, ec.ECDSA(hashes.SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook"
    headers = {"Content-Type": "application/json", f"{prefix}-Timestamp": stamp}
    if forgery is not Forgery.UNSIGNED:
        headers[f"{prefix}-Signature"] = base64.b64encode(proof).decode()
    return Call(f"{web}/hooks/sendgrid", headers, content)


def _event(letter: Letter) -> dict[str, Any]:
    event: dict[str, Any] = {
        "email": letter.of.to,
        "event": letter.said,
        "sg_event_id": letter.letter_id,
        "sg_message_id": f"{letter.of.provider_id}.recvd-5f4dcc3b5a-x7k2p-1-00000000-1.0",
        "smtp-id": f"<{letter.of.provider_id}@geopod-ismtpd-1>",
        "timestamp": int(letter.happened_at),
    }
    if letter.of.reference is not None:
        event["tactful_key"] = letter.of.reference
    if letter.said == "bounce":
        event |= {"type": "blocked", "status": "4.0.0", "reason": "451 try again"}
    return event


def _by_lob(letter: Letter, web: str, now: float, forgery: Forgery | None) -> Call:
    metadata = {"tactful_key": letter.of.reference} if letter.of.reference is not None else {}
    event = {
        "id": f"evt_{hashlib.sha256(letter.letter_id.encode()).hexdigest()[:16]}",
        "object": "event",
        "reference_id": letter.of.provider_id,
        "event_type": {"id": f"letter.{letter.said}", "resource": "letters", "object": "event_type"},
        "date_created": datetime.fromtimestamp(letter.happened_at, UTC).isoformat(timespec="milliseconds"),
        "body": {"id": letter.of.provider_id, "object": "letter", "carrier": "USPS", "metadata": metadata},
    }
    content = json.dumps(event).encode()
    stamp = str(int((now - (STALE_SECONDS if forgery is Forgery.STALE else 0)) * 1000))
    secret = SECRET if forgery is not Forgery.ANOTHER_SECRET else "guessed"
    signed = content if forgery is not Forgery.ALTERED else content.replace(b"returned_to_sender", b"delivered")
    proof = hmac.new(secret.encode(), f"{stamp}.".encode() + signed, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Lob-Signature-Timestamp": stamp}
    if forgery is not Forgery.UNSIGNED:
        headers["Lob-Signature"] = proof
    return Call(f"{web}/hooks/lob", headers, content)
