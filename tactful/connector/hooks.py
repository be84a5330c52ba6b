"""What a provider tells of its own accord: the request it makes to us, and what a connector reads out of it.

Values only. Whether it is genuine and what it means is the connector's to say, by two pure functions; keeping it and
following it up is the application's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from tactful.connector.reading import text_at
from tactful.errors import TactfulError
from tactful.inbound import Order
from tactful.strategy.model import Money
from tactful.words import ReceiptKind

FIELDS_MAX = 1000
"""The most fields of a form that are read; no provider sends a tenth of it."""


class NotGenuineError(TactfulError):
    """A hook's signature is missing, wrong or too old; why in one line, with nothing of its contents."""


class UnreadableHookError(TactfulError):
    """A hook is genuine, but not what the provider's description says; told again it would be no better."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One request of a provider to us.

    Attributes:
        url: The whole address as the provider called it, query and all: some sign it.
        headers: By name in small letters.
        content: The body, byte for byte: most sign it.
        at: Aware UTC instant at which it came in.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    at: datetime

    def header(self, name: str) -> str:
        """Return a header's value.

        Raises:
            NotGenuineError: There is none.
        """
        try:
            return self.headers[name.lower()]
        except KeyError:
            raise NotGenuineError(f"has no header {name}") from None

    def json(self) -> object:
        """Return the value of its body.

        Raises:
            UnreadableHookError: It is not JSON.
        """
        try:
            return cast("object", json.loads(self.content))
        except (ValueError, RecursionError):
            raise UnreadableHookError("the body is not JSON") from None

    def find(self, path: str) -> str:
        """Return the text or number at `path` in its JSON, such as `data.to.0.status`; empty where there is none.

        Raises:
            UnreadableHookError: It is not JSON.
        """
        return text_at(self.json(), path)

    def need(self, path: str) -> str:
        """Return the text or number at `path` in its JSON.

        Raises:
            UnreadableHookError: There is none, or it is empty, or it is not JSON.
        """
        found = self.find(path)
        if not found:
            raise UnreadableHookError(f"the body has no {path}")
        return found

    def fields(self) -> list[tuple[str, str]]:
        """Return the fields of its body in their order, where it is a form; none where it is none, or has too many."""
        try:
            return parse_qsl(self.content.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except ValueError:
            return []

    def query(self, name: str) -> str:
        """Return what its address says under a name behind the question mark; empty where nothing."""
        return dict(parse_qsl(urlsplit(self.url).query)).get(name, "")

    def objects(self) -> list[Mapping[str, object]]:
        """Return the objects in its body: the one that it is, or those of the list that it is.

        Raises:
            UnreadableHookError: It is neither.
        """
        said = self.json()
        many = cast("list[object]", said) if isinstance(said, list) else [said]
        if not all(isinstance(one, dict) for one in many):
            raise UnreadableHookError("the body is neither an object nor a list of objects")
        return cast("list[Mapping[str, object]]", many)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing told of one message.

    Attributes:
        kind: What happened; `UNKNOWN` for what we have no word for: it is kept all the same.
        at: When, aware, as the provider says; the hook's own instant where it does not.
        dedupe_id: The same whenever the same thing is told again, another for everything else.
        provider_id: The provider's name for the message.
        key: Our key of the message, where the provider gives it back.
        recipient: The customer's address, as the provider writes it, where it is certain. It is heeded where no message
            that we know is named: somebody may say no by a form of the provider's.
        permanent: Of a bounce: whether the address is to be written to no more.
        machine: Of an opening or a click: whether a program did it, as far as the provider can tell.
        reason: The provider's code or a few words, with no address in them.
        cost: What the whole message costs, where this tells; of several told, the latest stands.
        raw: What it said, for those who look closer.
    """

    kind: ReceiptKind
    at: datetime
    dedupe_id: str
    provider_id: str | None = None
    key: UUID | None = None
    recipient: str | None = field(default=None, repr=False)
    permanent: bool = False
    machine: bool = False
    reason: str = ""
    cost: Money | None = None
    raw: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One message of a customer to us.

    Attributes:
        at: When, aware.
        dedupe_id: The same whenever the same message is told again.
        sender: The customer's address, as the provider writes it.
        recipient: Our address.
        text: What it says.
        provider_id: The provider's name for it.
        in_reply_to: Our key of the message that it answers, where that is known.
        order: What the provider says it asks for, by words that are set at the provider; else ours are looked for.
        proven: Whether it surely came from the sender's address. What anybody could write in their name ends messages,
            but begins none again.
    """

    at: datetime
    dedupe_id: str
    sender: str = field(repr=False)
    recipient: str
    text: str = field(repr=False)
    provider_id: str = ""
    in_reply_to: UUID | None = None
    order: Order | None = None
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Handshake:
    """The provider asks us to GET an address of its own before it tells anything; `verify` has looked whose it is."""

    url: str


News = Told | Inbound | Handshake


@dataclass(frozen=True, slots=True)
class Reply:
    """What a hook is answered with, once what it told is stored."""

    status: int = 204
    content_type: str = "text/plain; charset=utf-8"
    content: str = ""


class Kinds(dict[str, ReceiptKind]):
    """A provider's words by what they mean; `UNKNOWN` for those it may invent tomorrow."""

    def __missing__(self, word: str) -> ReceiptKind:
        """Return the kind of a word that has none."""
        return ReceiptKind.UNKNOWN


def kinds(**words: str) -> Kinds:
    """Return the table of a provider's words, by our kinds: `kinds(accepted="queued sent", delivered="delivered")`.

    Raises:
        ValueError: A kind is none of ours, or a word stands twice.
    """
    table = Kinds()
    for kind, those in words.items():
        for word in those.split():
            if word in table:
                raise ValueError(f"{word} stands twice")
            table[word] = ReceiptKind(kind)
    return table


def inner(said: object, *path: str) -> object:
    """Return what stands at `path` inside objects; None where nothing does."""
    for name in path:
        said = cast("Mapping[str, object]", said).get(name) if isinstance(said, Mapping) else None
    return said


def told_text(said: object, *path: str) -> str:
    """Return the text or number at `path`; empty where there is none."""
    found = inner(said, *path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def told_at(said: object, otherwise: datetime) -> datetime:
    """Return an instant told as ISO 8601 or in seconds since 1970; `otherwise` where it is none or has no offset."""
    try:
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said, UTC)
        at = datetime.fromisoformat(said) if isinstance(said, str) else otherwise
    except (ValueError, OverflowError, OSError):
        return otherwise
    return at if at.tzinfo else otherwise


def told_one(said: object, *path: str) -> str | None:
    """Return the one text of a list at `path`; None where it is no list, or holds none or several."""
    found = inner(said, *path)
    many = cast("list[object]", found) if isinstance(found, list) else []
    return many[0] if len(many) == 1 and isinstance(many[0], str) else None


def told_key(said: object) -> UUID | None:
    """Return the key that a provider gives back; None where it is none of ours."""
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
