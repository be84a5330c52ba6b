"""How a mail finds its way back: an address of its own for bounces and answers, which nobody else can make.

Pure. The address, and a header that comes back with whatever returns the mail, hold our key and a code made with a
secret of the operator's. Both are known only to those who have the mail before them, so that a stranger can neither
say of anybody that their address is dead, nor answer in their name.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from pydantic import SecretStr

HEADER = "X-Tactful-Mail"
LOCAL_PART_MAX = 64
_FORM = b"tactful mail 1:"
_KEY_BYTES, _CODE_BYTES = 16, 9
TOKEN_CHARACTERS = 40
"""25 bytes in base32: letters and digits only, of one case, as the part before the @ may lose its own on the way."""
_TOKEN = re.compile(rf"(?<![a-z0-9])[a-z2-7]{{{TOKEN_CHARACTERS}}}(?![a-z0-9])", re.ASCII)
_KEY = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@", re.ASCII)


@dataclass(frozen=True)
class Returns:
    """Makes the addresses that mails come back to, and knows them again.

    Attributes:
        address: The mailbox's own address.
        separator: What its server takes for the beginning of a detail: `bounces+detail@…`.
        secret: What the codes are made with.
    """

    address: str
    separator: str
    secret: SecretStr

    def path(self, key: UUID) -> str:
        """Return the address that a mail comes back to."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}{self.separator}{self.token(key)}@{domain}"

    def token(self, key: UUID) -> str:
        """Return what proves a mail: its key and a code, in 40 letters and digits."""
        return base64.b32encode(key.bytes + self._code(key.bytes)).decode().lower()

    def key_in(self, *texts: str) -> UUID | None:
        """Return the first key in texts whose code is ours; None where there is none."""
        for text in texts:
            for token in _TOKEN.findall(text.lower()):
                raw = base64.b32decode(token.upper())
                key, code = raw[:_KEY_BYTES], raw[_KEY_BYTES:]
                if hmac.compare_digest(code, self._code(key)):
                    return UUID(bytes=key)
        return None

    def _code(self, key: bytes) -> bytes:
        return hmac.digest(self.secret.get_secret_value().encode(), _FORM + key, sha256)[:_CODE_BYTES]


def answered_key(*texts: str) -> UUID | None:
    """Return the key of ours that the Message-IDs in texts name first; whoever has the mail can name it."""
    found = next((match for text in texts for match in _KEY.findall(text.lower())), None)
    return UUID(found) if found else None
