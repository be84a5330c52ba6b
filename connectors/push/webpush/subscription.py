"""A browser's subscription: the address of a web push, as `JSON.stringify(subscription)` gives it.

It comes from a browser, so nothing in it is trusted.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from tactful.connector import Fault, SendFault

_AUTH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is reached, and what it can read.

    Attributes:
        endpoint: The push service's address for it, https.
        key: Its public key.
        auth: Its secret.
    """

    endpoint: str
    key: ec.EllipticCurvePublicKey
    auth: bytes

    @property
    def origin(self) -> str:
        """The push service, as `https://host:port`."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """What follows the push service, query and all."""
        return self.endpoint.removeprefix(self.origin) or "/"


def subscription(said: str) -> Subscription:
    """Return the subscription that an address is.

    Raises:
        SendFault: BAD_RECIPIENT, it is none.
    """
    try:
        given = cast("dict[str, Any]", json.loads(said))
        endpoint = str(given["endpoint"])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64url(given["keys"]["p256dh"]))
        auth = from_b64url(given["keys"]["auth"])
        parts = urlsplit(endpoint)
        whole = parts.scheme == "https" and parts.hostname and not parts.username and not parts.fragment
        if not whole or len(auth) != _AUTH_BYTES or not endpoint.isascii():
            raise ValueError  # noqa: TRY301 - one answer for everything that is wrong with it
    except (ValueError, TypeError, KeyError, RecursionError):
        detail = "the push token is no subscription: JSON with an https endpoint and keys p256dh and auth"
        raise SendFault(Fault.BAD_RECIPIENT, "subscription", detail) from None
    return Subscription(endpoint, key, auth)


def from_b64url(text: str) -> bytes:
    """Return the bytes of base64 for addresses, filled up or not.

    Raises:
        ValueError: It is none.
    """
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, AttributeError):
        raise ValueError("not base64url") from None
