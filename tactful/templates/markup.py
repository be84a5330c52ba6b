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
from tactful.templates.written import Written

if TYPE_CHECKING:
    from tactful.templates.pieces import Mask

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
COMMENT = re.compile(r"<!--(?!\[if\b).*?-->", re.DOTALL)
ATTRIBUTE = re.compile(r"""\s*(?P<name>[^\s=/>"']+)(?:\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s>"']*))?""")
TAG_NAME = re.compile(r"</?[A-Za-z][^\s/>]*")


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
    """Return the markup with comments blanked: what an author notes for colleagues is not mailed to customers."""
    blank = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), written.text)
    return Written(blank, written.stretches)


def read_markup(written: Written, mask: Mask, problems: list[Problem]) -> list[Event]:
    """Return the tags and texts of masked markup in order; what is ill-formed goes to `problems`."""
    reader = _Reader(written, mask, problems)
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
        if "<" in data and (not self.open or self.open[-1].tag not in {"style", "script", "mj-style"}):
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
