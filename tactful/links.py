"""The links that messages carry: to say no to a topic, to choose, to answer one small question.

A link is its own permission: it is signed, so that nobody can make one for somebody else, and it names our random key,
so that it gives nobody away. It never expires, because a no must be taken however old the message is. Pure.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from pydantic import SecretStr

from tactful.errors import TactfulError
from tactful.strategy.model import Communication
from tactful.words import Channel

MAC_BYTES = 16
KEY_BYTES = 16
LONGEST_TOKEN = 400
_FORM = b"tactful link 1:"
_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The link by which a customer ends a topic on a channel."""

    customer_key: UUID
    topic: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Question:
    """The link by which a customer answers a question: the property that the answer is kept as."""

    customer_key: UUID
    property: str


class BadTokenError(TactfulError):
    """A link was cut short, altered, or signed with another secret."""


def unsubscribe_token(secret: SecretStr, customer_key: UUID, topic: str, channel: Channel) -> str:
    """Return the token of a link that ends `topic` on `channel` for a customer."""
    return _signed(secret, b"u", customer_key, f"{channel.value}{_BETWEEN}{topic}")


def question_token(secret: SecretStr, customer_key: UUID, property_name: str) -> str:
    """Return the token of a link that asks a customer for a property."""
    return _signed(secret, b"q", customer_key, property_name)


def read_token(secret: SecretStr, token: str) -> Unsubscribe | Question:
    """Return what a link is for.

    Raises:
        BadTokenError: It was not made with this secret, or is not whole.
    """
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4)) if len(token) <= LONGEST_TOKEN else b""
    except ValueError:
        raw = b""
    said, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(said) <= KEY_BYTES + 1 or not hmac.compare_digest(mac, _mac(secret, said)):
        raise BadTokenError("this link is not whole, or was not made here")
    kind, key, rest = said[:1], UUID(bytes=said[1 : KEY_BYTES + 1]), said[KEY_BYTES + 1 :].decode()
    if kind == b"q":
        return Question(key, rest)
    channel, _, topic = rest.partition(_BETWEEN)
    return Unsubscribe(key, topic, Channel(channel))


@dataclass(frozen=True)
class Links:
    """Makes the addresses that messages point to.

    Attributes:
        base_url: Where the public pages are reached from outside: `https://contact.fleur.example`.
        secret: What links are signed with. Changed, it makes every link ever sent useless.
    """

    base_url: str
    secret: SecretStr

    def of(self, customer_key: UUID, communication: Communication, channel: Channel) -> Mapping[str, str]:
        """Return the links of one message: `unsubscribe`, `preferences`, and `question` where it asks one."""
        base = self.base_url.rstrip("/")
        said_no = f"{base}/u/{unsubscribe_token(self.secret, customer_key, communication.topic, channel)}"
        links = {"unsubscribe": said_no, "preferences": f"{said_no}#topics"}
        if communication.ask is not None:
            links["question"] = f"{base}/q/{question_token(self.secret, customer_key, communication.ask)}"
        return links


def _signed(secret: SecretStr, kind: bytes, customer_key: UUID, rest: str) -> str:
    said = kind + customer_key.bytes + rest.encode()
    return urlsafe_b64encode(said + _mac(secret, said)).rstrip(b"=").decode()


def _mac(secret: SecretStr, said: bytes) -> bytes:
    return hmac.digest(secret.get_secret_value().encode(), _FORM + said, sha256)[:MAC_BYTES]
