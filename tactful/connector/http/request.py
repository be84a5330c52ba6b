"""What goes to a provider and what comes back, as plain values: a connector makes the one and reads the other.

No I/O here. Neither shows its contents in a `repr`: both hold addresses, texts and secrets.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import quote, urlencode

from tactful.connector.faults import Fault, SendFault
from tactful.connector.reading import text_at
from tactful.errors import TactfulError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t -~]*", re.ASCII)


class UnreadableError(TactfulError):
    """An answer is not what the provider's description says; after a send, nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: `GET`, `POST`, …
        path: Below the connector's `base_url`, beginning with a slash, query and all; or a whole URL, for connectors
            that declare `anywhere`.
        headers: By name. No line breaks, ASCII only: a message cannot write headers of its own.
        content: The body; empty for none.

    Raises:
        SendFault: BAD_CONTENT, a header is none.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                detail = f"the header {name[:40]!r} would hold a line break or what is not ASCII"
                raise SendFault(Fault.BAD_CONTENT, "header", detail)

    @classmethod
    def json(cls, path: str, body: object, *, headers: Mapping[str, str] | None = None) -> Request:
        """Return a request with a JSON body: the same bytes for the same value, names in the order given."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return cls("POST", path, {"Content-Type": "application/json", **(headers or {})}, content)

    @classmethod
    def form(
        cls,
        path: str,
        fields: Iterable[tuple[str, str]],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        """Return a request with a form as its body, fields in the order given."""
        content = urlencode(list(fields)).encode()
        return cls("POST", path, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, content)

    @classmethod
    def get(
        cls, path: str, query: Iterable[tuple[str, str]] = (), *, headers: Mapping[str, str] | None = None
    ) -> Request:
        """Return a request that asks."""
        asked = urlencode(list(query), quote_via=quote)
        return cls("GET", f"{path}?{asked}" if asked else path, headers or {})

    def having(self, **headers: str) -> Request:
        """Return the request with headers besides, underscores in their names as hyphens."""
        return self.with_headers({name.replace("_", "-"): value for name, value in headers.items()})

    def logged_in(self, name: str, password: str = "") -> Request:
        """Return the request with a Basic log-in; many providers take their key for the name, and no password."""
        return self.having(authorization="Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())

    def bearing(self, token: str) -> Request:
        """Return the request with a token or key as its bearer's."""
        return self.having(authorization=f"Bearer {token}")

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return the request with headers besides."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered.

    Attributes:
        status: The HTTP status.
        headers: By name in small letters.
        content: The body as it came.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced."""
        return self.content.decode(errors="replace")

    def json(self) -> object:
        """Return the body's value.

        Raises:
            UnreadableError: It is not JSON.
        """
        try:
            return cast("object", json.loads(self.content))
        except (ValueError, RecursionError):
            raise UnreadableError("the answer is not JSON") from None

    def find(self, path: str) -> str:
        """Return the text or number at `path`, such as `messages.0.status`; empty where there is none."""
        try:
            return text_at(self.json(), path)
        except UnreadableError:
            return ""

    def need(self, path: str) -> str:
        """Return the text or number at `path`.

        Raises:
            UnreadableError: There is none, or it is empty.
        """
        found = self.find(path)
        if not found:
            raise UnreadableError(f"the answer has no {path}")
        return found

    def header(self, name: str) -> str:
        """Return a header's value.

        Raises:
            UnreadableError: There is none, or it is empty.
        """
        found = self.headers.get(name.lower(), "")
        if not found:
            raise UnreadableError(f"the answer has no header {name}")
        return found
