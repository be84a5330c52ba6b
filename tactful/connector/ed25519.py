"""Hooks signed by Ed25519, which needs a library: `cryptography`, which worker and web have.

A connector in a package of its own names it among its dependencies.
"""

from __future__ import annotations

import base64
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator

from tactful.connector.hooks import NotGenuineError


def _loaded(key: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
    except ValueError:
        raise ValueError("is no public key for Ed25519: 32 bytes in base64, 44 characters") from None


def _as_given(key: str) -> str:
    _loaded(key)
    return key


Ed25519Key = Annotated[str, AfterValidator(_as_given)]
"""A public key as a provider shows it, in base64, for a connector's configuration."""


def require_ed25519(key: str, said: str, signed: bytes) -> None:
    """Let `signed` pass where `said`, in base64, is its signature under this public key.

    Raises:
        NotGenuineError: It is not.
    """
    try:
        _loaded(key).verify(base64.b64decode(said, validate=True), signed)
    except (ValueError, InvalidSignature):
        raise NotGenuineError("the signature is wrong") from None
