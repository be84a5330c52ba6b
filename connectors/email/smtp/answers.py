"""What a customer wrote in a mail, without what their program put below it: our own mail, quoted, and signatures.

Pure. Our own words must not be taken for theirs: *unsubscribe* stands in every newsletter, and a quoted one would stop
what nobody wanted stopped. What a program quotes without marking it is told by the line that comes before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import Message as Mail
from html import unescape
from typing import Final

LONGEST: Final = 20_000
NOTHING: Final = "(an empty mail)"
_AGAIN = re.compile(r"^\s*(re|aw|fwd?|wg|tr|rv|sv|antw)\s*(\[\d+\])?\s*:", re.IGNORECASE)
_BELOW = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|urspr\wngliche nachricht|message d.origine|mensaje original)"
    r"|_{20,}\s*$"
    r"|(?:from|von|de)\s*:\s.+@"
    r"|-- ?$"
    r"|(?:sent from my|von meinem .* gesendet|envoy. de mon|enviado desde mi)\b)",
    re.IGNORECASE,
)
_SAID = re.compile(r"^\s*(?:on|am|le|el)\b.{4,200}(?:wrote|schrieb|a .crit|escribi.)\b.{0,120}:\s*$", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z0-9]{0,20})[^<>]*+>")
_SPACE = re.compile(r"\s+")
_SKIPPED = frozenset({"blockquote", "head", "script", "style", "title"})
_LINES = frozenset({"br", "div", "p", "li", "tr", "h1", "h2", "h3", "h4", "hr", "table"})


def own_words(subject: str, parts: Sequence[Mail]) -> str:
    """Return what the sender of a mail wrote; the subject goes before it where it is theirs.

    Args:
        subject: The subject line.
        parts: The mail's parts, itself among them.
    """
    said = _unquoted(_text(parts))[:LONGEST].strip()
    theirs = subject.strip() if not _AGAIN.match(subject) else ""
    return "\n\n".join(filter(None, (theirs, said))) or NOTHING


def _text(parts: Sequence[Mail]) -> str:
    """Return the text of a mail, else its HTML as text; not what is attached."""
    shown = [part for part in parts if part.get_content_disposition() != "attachment"]
    plain = next((part for part in shown if part.get_content_type() == "text/plain"), None)
    if plain is not None:
        return _decoded(plain)
    html = next((part for part in shown if part.get_content_type() == "text/html"), None)
    return _words_of(_decoded(html)) if html is not None else ""


def _decoded(part: Mail) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a character set that nobody knows
        return content.decode("utf-8", "replace")


def _unquoted(text: str) -> str:
    """Return a text without quoted lines, and without everything below the line that begins what is quoted whole."""
    return "\n".join(_own_lines(text.replace("\r\n", "\n").replace("\xa0", " ").split("\n")))


def _own_lines(lines: Sequence[str]) -> Iterator[str]:
    skip = False
    for number, line in enumerate(lines):
        if skip:
            skip = False
            continue
        if _BELOW.match(line):
            return
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _SAID.match(line):
            continue
        if _SAID.match(f"{line} {following.strip()}"):  # broken in two, as programs do
            skip = True
            continue
        if not line.lstrip().startswith(">"):
            yield line.rstrip()


def _words_of(html: str) -> str:
    """Return the words of a page, without what is quoted in it. Read from `<` to `>`, whatever else is wrong with it.

    Not by the standard library's parser: for a page that is none it takes minutes.
    """
    said: list[str] = []
    skipping = end = 0
    for tag in _TAG.finditer(html):
        if not skipping:
            said.append(_SPACE.sub(" ", html[end : tag.start()]))
        end = tag.end()
        closes, name = tag[1], tag[2].lower()
        if name in _SKIPPED:
            skipping = max(0, skipping + (-1 if closes else 1))
        elif name in _LINES:
            said.append("\n")
    if not skipping:
        said.append(_SPACE.sub(" ", html[end:]))
    return unescape("".join(said))
