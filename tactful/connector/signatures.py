"""How hooks are signed: the parts that several providers share, on the standard library alone.

Everything is compared in constant time. What only one provider does stands in its connector.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from urllib.parse import parse_qs, urlsplit

from tactful.connector.hooks import Hook, NotGenuineError

TOLERANCE = timedelta(minutes=5)
"""How far a signed time may lie from ours: Standard Webhooks' own figure."""
Hash = Literal["sha1", "sha256", "sha512"]


def hmac_of(secret: str | bytes, signed: str | bytes, algorithm: Hash = "sha256") -> bytes:
    """Return the HMAC of `signed`, in bytes: `.hex()` or `b64` it as the provider does."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, signed.encode() if isinstance(signed, str) else signed, getattr(hashlib, algorithm)).digest()


def b64(raw: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(raw).decode()


def require_same(said: str | Iterable[str], ours: str) -> None:
    """Let a signature pass that is ours, or several of which one is.

    Raises:
        NotGenuineError: None is.
    """
    many = [said] if isinstance(said, str) else list(said)
    # Every one is compared, so that the time taken does not say which.
    if not any([hmac.compare_digest(one.encode(), ours.encode()) for one in many]):  # noqa: C419
        raise NotGenuineError("the signature is wrong")


def require_recent(stamp: str, at: datetime, tolerance: timedelta = TOLERANCE) -> None:
    """Let a signed time pass that is within `tolerance` of `at`; `stamp` is in seconds since 1970, or milliseconds.

    Raises:
        NotGenuineError: It is no time, or too far away.
    """
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 13):  # noqa: PLR2004 - milliseconds until 2286
        raise NotGenuineError("its time is none")
    seconds = int(stamp) / (1000 if len(stamp) > 11 else 1)  # noqa: PLR2004 - seconds have ten digits until 2286
    if abs(at - datetime.fromtimestamp(seconds, UTC)) > tolerance:
        raise NotGenuineError(f"it was signed more than {tolerance} away from our clock")


def standard_webhook(secret: str, key: str, stamp: str, content: bytes) -> str:
    """Return the signature of Standard Webhooks: `v1,` and the HMAC over id, time and body.

    Args:
        secret: `whsec_` and base64, as the provider shows it.
        key: The header `webhook-id` (or `svix-id`).
        stamp: The header `webhook-timestamp`, seconds since 1970.
        content: The body.

    Raises:
        ValueError: The secret is not base64.
    """
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("the signing secret is not base64, with or without whsec_ before it") from None
    return "v1," + b64(hmac_of(raw, f"{key}.{stamp}.".encode() + content))


def verify_standard_webhook(hook: Hook, secret: str, prefix: str = "webhook") -> None:
    """Let a hook pass that is signed as Standard Webhooks say, under headers of this prefix (`webhook`, `svix`).

    Raises:
        NotGenuineError: It is not.
    """
    key, stamp = hook.header(f"{prefix}-id"), hook.header(f"{prefix}-timestamp")
    require_recent(stamp, hook.at)
    require_same(hook.header(f"{prefix}-signature").split(" "), standard_webhook(secret, key, stamp, hook.content))


def verify_shared_secret(hook: Hook, secret: str) -> None:
    """Let a hook pass whose address holds our secret, for providers that sign nothing.

    It stands in the address that the provider was given: as the password of `https://name:secret@host/...`, which comes
    as HTTP Basic, or as `?secret=`, which access logs keep and is for providers that drop the other.

    Raises:
        NotGenuineError: It does not.
    """
    said = parse_qs(urlsplit(hook.url).query).get("secret", [])
    scheme, _, login = hook.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            said.append(base64.b64decode(login, validate=True).decode().partition(":")[2])
        except ValueError:
            raise NotGenuineError("its log-in is not base64") from None
    if not said:
        raise NotGenuineError("has neither a log-in nor a secret in its address")
    require_same(said, secret)


def hs256_claims(token: str, secret: str) -> Mapping[str, object]:
    """Return what a JSON Web Token claims that is signed with `secret` by HS256. Its times are the caller's to look at.

    Raises:
        NotGenuineError: It is no token, says another algorithm, or is not signed with `secret`.
    """
    try:
        head, body, said = token.split(".")
        algorithm = cast("object", json.loads(_unb64url(head))["alg"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotGenuineError("its token is none") from None
    if algorithm != "HS256":
        raise NotGenuineError("its token is not signed by HS256")
    require_same(said, b64url(hmac_of(secret, f"{head}.{body}")))
    claims = cast("object", json.loads(_unb64url(body)))
    if not isinstance(claims, dict):
        raise NotGenuineError("its token claims nothing")
    return cast("Mapping[str, object]", claims)


def b64url(raw: bytes) -> str:
    """Return bytes in base64 for addresses, without what fills it up."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
