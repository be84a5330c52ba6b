"""The plain-text part of an email or a letter, worked out from its markup once, when it is compiled.

Headings, paragraphs, lists, buttons and links come over, links with their addresses; pictures give their alternative
text, dividers a line. The result is a Liquid template again; nothing is filled in here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from tactful.strategy.spelling import words
from tactful.templates.markup import End, Event, Start
from tactful.templates.pieces import Mask

ROWS = words("tbody tfoot thead tr")
BLOCKS = ROWS | words(
    "address article blockquote body div dl figure footer form h1 h2 h3 h4 h5 h6 header html main mj-accordion"
    " mj-accordion-element mj-accordion-text mj-accordion-title mj-body mj-button mj-carousel mj-column mj-divider"
    " mj-group mj-hero mj-image mj-navbar mj-navbar-link mj-section mj-social mj-social-element mj-spacer mj-table"
    " mj-text mj-wrapper mjml nav ol p section table ul"
)
SILENT = frozenset({"mj-head", "head", "style", "script", "title", "mj-style", "mj-title", "mj-preview"})
LINKS = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element"})
SAID_BY_LABEL = ("mailto:", "tel:", "#")
RULE = "-" * 20


@dataclass(slots=True)
class _Page:
    """Text so far. `gap` is how many line ends are owed before the next word."""

    out: list[str] = field(default_factory=list[str])
    gap: int = 0
    space: bool = False
    silent: int = 0
    links: list[tuple[str | None, int]] = field(default_factory=list[tuple[str | None, int]])

    def owe(self, lines: int) -> None:
        self.gap = max(self.gap, lines)
        self.space = False

    def add(self, text: str) -> None:
        if self.out:
            self.out.append("\n" * self.gap if self.gap else " " if self.space else "")
        self.gap, self.space = 0, False
        self.out.append(text)

    def mark(self, text: str) -> None:
        """Add Liquid that prints nothing: the line end owed before the next word stays owed."""
        if self.gap == 0 and text != text.strip():
            self.space = True
        self.out.append("".join(text.split()))

    def say(self, text: str) -> None:
        """Add running text: runs of white space count as one space."""
        words = text.split()
        if words:
            self.space = self.space or text[0].isspace()
            self.add(" ".join(words))
        self.space = (self.space or bool(text)) if not words else text[-1].isspace()


def plain_text_of(events: list[Event], mask: Mask) -> str:
    """Return the markup's text with its links, Liquid still masked."""
    page = _Page()
    for event in events:
        if isinstance(event, Start):
            _start(page, event)
        elif isinstance(event, End):
            _end(page, event.tag)
        elif not page.silent and mask.only_tags(event.text):
            page.mark(event.text)
        elif not page.silent:
            page.say(unescape(event.text))
    return _literal("".join(page.out))


def _start(page: _Page, start: Start) -> None:
    if start.tag in SILENT and not start.closed:
        page.silent += 1
    if page.silent:
        return
    if start.tag in BLOCKS:
        page.owe(1 if start.tag in ROWS else 2)
    _show(page, start)


def _show(page: _Page, start: Start) -> None:
    """Write what a tag itself shows: a bullet, a line, a picture's text."""
    if start.tag in LINKS:
        page.links.append((start.value("href"), len(page.out)))
        if start.closed:
            _close_link(page, start.tag)
        return
    match start.tag:
        case "br":
            page.owe(min(page.gap + 1, 2))
        case "li":
            page.owe(1)
            page.add("- ")
        case "td" | "th":
            page.space = True
        case "hr" | "mj-divider":
            page.owe(2)
            page.add(RULE)
            page.owe(2)
        case "img" | "mj-image":
            _picture(page, start)
        case _:
            pass


def _end(page: _Page, tag: str) -> None:
    if tag in SILENT:
        page.silent -= 1
    if page.silent:
        return
    if tag in LINKS and page.links:
        _close_link(page, tag)
    if tag in BLOCKS:
        page.owe(1 if tag in ROWS else 2)


def _picture(page: _Page, start: Start) -> None:
    alt = unescape(start.value("alt") or "").strip()
    href = start.value("href")
    if alt:
        page.say(f"{alt}: {_address(href)}" if href else alt)
    if start.tag in BLOCKS:
        page.owe(2)


def _close_link(page: _Page, tag: str) -> None:
    href, since = page.links.pop()
    address = _address(href)
    label = "".join(page.out[since:]).strip()
    if not address or address == label or address.startswith(SAID_BY_LABEL):
        return
    space, page.space = page.space, False
    page.add(f": {address}" if tag != "a" else f" ({address})")
    page.space = space


def _address(href: str | None) -> str:
    return unescape(href or "").strip()


def _literal(text: str) -> str:
    """Return text whose braces Liquid will not take for its own."""
    return re.sub(r"\{(?=[{%])", "{% raw %}{{% endraw %}", text)


def tidy(text: str) -> str:
    """Return filled-in text with at most one empty line in a row and no trailing blanks."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
