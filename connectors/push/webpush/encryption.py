"""Encryption for one browser: RFC 8291 on top of RFC 8188, one record.

Pure. The two things that the standard wants to be random, salt and key pair, are given: who derives them from what is
encrypted and a secret gets the same bytes for the same message, and never the same key for another.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES = 4096
SALT_BYTES = 16
PLAIN_BYTES_MAX = RECORD_BYTES - 86 - 17
"""What is left of a record, and of what every push service takes, after the header, the tag and the padding's mark."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encrypted(
    plain: bytes, browser: ec.EllipticCurvePublicKey, auth: bytes, salt: bytes, own: ec.EllipticCurvePrivateKey
) -> bytes:
    """Return the body of a push message.

    Args:
        plain: What the browser gets, at most `PLAIN_BYTES_MAX`.
        browser: The subscription's key, `p256dh`.
        auth: The subscription's secret, `auth`.
        salt: 16 bytes, for this message alone.
        own: A key pair, for this message alone.
    """
    theirs, ours = point(browser), point(own.public_key())
    shared = hkdf(auth, own.exchange(ec.ECDH(), browser), b"WebPush: info\0" + theirs + ours, 32)
    key = hkdf(salt, shared, b"Content-Encoding: aes128gcm\0", 16)
    nonce = hkdf(salt, shared, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def derived(secret: bytes, *parts: bytes) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """Return salt and key pair for what `parts` say, the same for the same; nobody without `secret` can tell them."""
    told = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    # Sixteen bytes more than a key has: what is left of their remainder is as good as chance.
    raw = hkdf(told, secret, b"tactful web push\0", SALT_BYTES + 48)
    number = int.from_bytes(raw[SALT_BYTES:], "big") % (_ORDER - 1) + 1
    return raw[:SALT_BYTES], ec.derive_private_key(number, ec.SECP256R1())


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as the 65 bytes in which the standards have it."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """Return key material by RFC 5869 with SHA-256."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
