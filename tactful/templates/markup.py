"""HTML and MJML as a flat run of tags and text, each with its offset, and what is ill-formed about it.

Compilers forgive: mrml closes what was left open and drops what it does not know, browsers guess. A template should not
depend on guesses, so this reader is strict where they are lenient. It knows no MJML vocabulary and makes no output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from tactful.strategy.problems import Problem
from tactful.templates.written import Written, join

if TYPE_CHECKING:
    from tactful.templates.pieces import Mask

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
ATTRIBUTE = re.compile(r"""(?P<name>[^\s=/>"']+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s>"']*))?""")
TAG_NAME = re.compile(r"</?[A-Za-z][^\s/>]*")
DEEPEST = 60
MOST_BRACKETS = 4_000
"""Tags, start and end, in one document; and how deep they may nest: mrml dies of what is too deep."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as written; `value` without its quotes."""

    name: str
    value: str
    offset: int
    quote: str


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag from `offset` to `end`; `closed` when nothing can stand inside (`<br>`, `<mj-image />`)."""

    tag: str
    attributes: tuple[Attribute, ...]
    offset: int
    end: int
    closed: bool

    def value(self, name: str) -> str | None:
        """Return the value of an attribute, or None where it is not given."""
        return next((attribute.value for attribute in self.attributes if attribute.name == name), None)


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    tag: str
    offset: int


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags as written, its entities not resolved; `inside` is the innermost open element or ""."""

    text: str
    offset: int
    inside: str


Event = Start | End | Text


def without_comments(written: Written) -> Written:
    """Return the markup without comments: what an author notes for colleagues is not mailed to customers."""
    text, parts, end = written.text, list[Written](), 0
    while (start := text.find("<!--", end)) >= 0:
        closed = text.find("-->", start)
        if closed < 0:
            break
        stop = closed + 3
        parts.append(written.cut(end, stop if text.startswith("<!--[if", start) else start))
        end = stop
    return join([*parts, written.cut(end, len(text))])


def read_markup(written: Written, mask: Mask, problems: list[Problem]) -> list[Event]:
    """Return the tags and texts of masked markup in order; what is ill-formed goes to `problems`."""
    reader = _Reader(written, mask, problems)
    if reader.well_bracketed():
        reader.feed(written.text)
        reader.close()
        reader.finish()
    return reader.events


class _Reader(HTMLParser):
    def __init__(self, written: Written, mask: Mask, problems: list[Problem]) -> None:
        super().__init__(convert_charrefs=False)
        self.written = written
        self.mask = mask
        self.problems = problems
        self.events: list[Event] = []
        self.open: list[Start] = []
        self.lines = [0, *(match.end() for match in re.finditer("\n", written.text))]

    @property
    def at(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def wrong(self, offset: int, found: str, expected: str, hint: str | None = None) -> None:
        place = self.written.place(offset)
        self.problems.append(Problem(place.file, place.line, place.column, found, expected, hint))

    def well_bracketed(self) -> bool:
        """Say whether every `<` has its `>`, and there are not too many; the parser is slow where they have not."""
        offset = self.written.text.find("<")
        for count, segment in enumerate(self.written.text.split("<")[1:], start=1):
            if ">" not in segment:
                self.wrong(offset, "`<` that begins no tag", "`&lt;`, or a tag with its `>`")
                return False
            if count > MOST_BRACKETS:
                self.wrong(offset, f"more than {MOST_BRACKETS} tags", "fewer")
                return False
            offset += len(segment) + 1
        return True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - read as written
        self._start(tag, closed=tag in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as above
        self._start(tag, closed=True)

    def _start(self, tag: str, *, closed: bool) -> None:
        raw = self.get_starttag_text() or ""
        start = Start(tag, self._attributes(raw), self.at, self.at + len(raw), closed)
        if tag == "script":
            self.wrong(self.at, "a script", "none", "Mail programs and printers run none.")
        self.events.append(start)
        if not closed:
            self.open.append(start)
        if len(self.open) == DEEPEST + 1:
            self.wrong(self.at, f"elements nested more than {DEEPEST} deep", "fewer inside one another")

    def _attributes(self, raw: str) -> tuple[Attribute, ...]:
        name = TAG_NAME.match(raw)
        end = name.end() if name else 0
        inner = raw[: -2 if raw.endswith("/>") else -1]
        found: list[Attribute] = []
        for match in ATTRIBUTE.finditer(inner, end):
            value = match["value"] or ""
            quote = value[0] if value[:1] in ('"', "'") else ""
            offset = self.at + match.start("name")
            if self.mask.pattern.search(match["name"]) or (not quote and self.mask.pattern.search(value)):
                self.wrong(offset, "Liquid in a tag, outside quotes", 'an attribute in quotes: name="{{ … }}"')
            elif not quote and match["value"] is not None and (raw.startswith("<mj") or self._in_mjml()):
                self.wrong(offset, f"`{match['name']}` without quotes", f'{match["name"]}="…"')
            elif match["name"].lower().startswith("on"):
                self.wrong(offset, f"`{match['name']}`, a script", "none", "Mail programs run none.")
            found.append(Attribute(match["name"], value[1:-1] if quote else value, offset, quote))
        return tuple(found)

    def _in_mjml(self) -> bool:
        return bool(self.open) and self.open[0].tag == "mjml"

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        offset = self.at
        names = [start.tag for start in self.open]
        if tag not in names:
            self.wrong(offset, f"`</{tag}>` that closes nothing", f"`<{tag}>` before it, or neither")
            return
        while self.open[-1].tag != tag:
            left = self.open.pop()
            self.wrong(left.offset, f"`<{left.tag}>` that is still open at `</{tag}>`", f"`</{left.tag}>` before it")
            self.events.append(End(left.tag, offset))
        self.open.pop()
        self.events.append(End(tag, offset))

    def handle_data(self, data: str) -> None:
        if "<" in data:
            offset = self.at + data.index("<")
            self.wrong(offset, "`<` that begins no tag", "`&lt;`, or a tag with its `>`")
        self._text(data)

    def handle_entityref(self, name: str) -> None:
        self._text(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._text(f"&#{name};")

    def _text(self, text: str) -> None:
        self.events.append(Text(text, self.at, self.open[-1].tag if self.open else ""))

    def finish(self) -> None:
        """Report what was never closed."""
        for start in self.open:
            self.wrong(start.offset, f"`<{start.tag}>` that is never closed", f"`</{start.tag}>` after it")
