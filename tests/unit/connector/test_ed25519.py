"""Ed25519, by the vectors of RFC 8032: what is signed passes, what is changed in any point does not."""

from __future__ import annotations

import base64

import pytest
from pydantic import TypeAdapter, ValidationError

from tactful.connector import NotGenuineError
from tactful.connector.ed25519 import Ed25519Key, require_ed25519

# RFC 8032, 7.1, TEST 3.
KEY = base64.b64encode(bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")).decode()
SIGNED = bytes.fromhex("af82")
SIGNATURE = base64.b64encode(
    bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
).decode()


def test_what_is_signed_passes() -> None:
    require_ed25519(KEY, SIGNATURE, SIGNED)


@pytest.mark.parametrize(
    ("said", "signed"),
    [
        (SIGNATURE, b"\xaf\x83"),
        (SIGNATURE, b""),
        ("A" + SIGNATURE[1:], SIGNED),
        (SIGNATURE[:-4], SIGNED),
        ("not base64", SIGNED),
        ("\N{TULIP}", SIGNED),
        ("", SIGNED),
    ],
)
def test_what_is_not_signed_does_not_pass(said: str, signed: bytes) -> None:
    with pytest.raises(NotGenuineError, match="the signature is wrong"):
        require_ed25519(KEY, said, signed)


@pytest.mark.parametrize("key", ["", "short", "\N{TULIP}", KEY + KEY, KEY[:-4]])
def test_a_key_that_is_none_is_refused_where_it_is_configured(key: str) -> None:
    with pytest.raises(ValidationError, match="is no public key for Ed25519: 32 bytes in base64, 44 characters"):
        TypeAdapter(Ed25519Key).validate_python(key)


def test_a_key_is_kept_as_it_was_given() -> None:
    assert TypeAdapter(Ed25519Key).validate_python(KEY) == KEY
