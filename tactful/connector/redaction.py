"""What a provider said, made fit for a log: one short line in which nobody is named and nothing is quoted.

It does not judge what was said. Providers echo addresses, subjects and links; none of that may leave the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from tactful.connector.message import Message

MASK = "[…]"
_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]*@[^\s<>\"'(),;:]*")
_SHORTEST_OF_ADDRESS = 6
_SHORTEST_OF_CONTENT = 16


def redacted(said: str, message: Message, *secrets: str) -> str:
    """Return `said` in one line of at most 300 characters, without what must not be logged.

    Masked are the secrets, everything with an @ in it, the part of the recipient's address before the @, and whatever
    stands word for word in the message as well: six characters of its address, sixteen of its content.

    Args:
        said: Text of the provider, trusted in nothing.
        message: The message it is about.
        secrets: Credentials the provider was shown.
    """
    line = _one_line(said)[: 2 * _LONGEST]
    for secret in secrets:
        if secret:
            line = line.replace(secret, MASK)
    line = _ADDRESS.sub(MASK, line)
    if name := message.to.partition("@")[0]:
        line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", MASK, line, flags=re.IGNORECASE)
    line = _without_shared(line, message.to, _SHORTEST_OF_ADDRESS)
    for content in (message.subject, message.title, message.text, message.html, message.link, message.unsubscribe_url):
        line = _without_shared(line, content or "", _SHORTEST_OF_CONTENT)
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _without_shared(line: str, private: str, shortest: int) -> str:
    """Return `line` with each run of at least `shortest` characters that also stands in `private` masked."""
    private = _one_line(private)
    kept: list[str] = []
    at = 0
    while at < len(line):
        end = at + shortest
        if end > len(line) or line[at:end] not in private:
            kept.append(line[at])
            at += 1
            continue
        while end < len(line) and line[at : end + 1] in private:
            end += 1
        kept.append(MASK)
        at = end
    return "".join(kept)


def secrets_in(value: Any, key: str = "") -> Iterator[tuple[str, SecretStr]]:  # noqa: ANN401 - whatever one holds
    """Yield each secret of a configuration under its key, those of tables and lists in it too: `bounces.password`."""
    if isinstance(value, SecretStr):
        yield key, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from secrets_in(each, f"{key}.{number}")
