"""What a provider's own library put on the wire, written down once, as a description of requests.

The library is no dependency of whoever is tried: a script of the author's has it send one message into nowhere, and
keeps the request. Ours has to be the same, but for the words of the message.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from tactful.conformance.case import Description
from tactful.conformance.provider import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A request as the provider's library made it.

    Attributes:
        method: `POST`, …
        url: Where it went, whole.
        headers: Those that matter, by small name.
        body: The fields of its body, JSON or a form.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    def description(self, *, texts: Collection[str], recipient: str) -> Description:
        """Return the description that every request of a connector has to fit.

        Args:
            texts: The fields that hold the message's words: those may differ, and have to be texts.
            recipient: The field of whom it goes to; a request without it is the one made bad on purpose.
        """

        def problems(received: Received) -> Iterable[str]:
            return self._differences(received, frozenset(texts))

        return Description(problems, lambda received: _without(received, recipient))

    def _differences(self, received: Received, texts: frozenset[str]) -> Iterable[str]:
        url = urlsplit(self.url)
        path = f"{url.path}?{url.query}" if url.query else url.path
        if (received.method, received.path) != (self.method, path):
            yield f"{received.method} {received.path} and not {self.method} {path}"
        for name, value in self.headers.items():
            if received.headers.get(name) != value:
                yield f"the header {name} is {received.headers.get(name)!r} and not {value!r}"
        ours = _fields(received)
        for name in sorted({*ours, *self.body} - texts):
            if ours.get(name) != self.body.get(name):
                yield f"{name} is {ours.get(name)!r} and not {self.body.get(name)!r}"
        for name in sorted(texts):
            if not isinstance(ours.get(name), str):
                yield f"{name} is no text"


def _is_form(received: Received) -> bool:
    return received.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _fields(received: Received) -> Mapping[str, Any]:
    if _is_form(received):
        return dict(parse_qsl(received.content.decode(), keep_blank_values=True))
    try:
        found = cast("object", json.loads(received.content))
    except ValueError:
        found = None
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _without(received: Received, name: str) -> Received:
    """Return a request whose recipient stands under a name that no provider knows."""
    fields = {f"not_{each}" if each == name else each: value for each, value in _fields(received).items()}
    return replace(received, content=(urlencode(fields) if _is_form(received) else json.dumps(fields)).encode())
