"""MJML to HTML, once per version: strict where mrml is lenient, with Liquid kept out of its sight.

`Email` checks vocabulary and nesting, hands mrml a document it cannot mistake, and returns HTML in which the Liquid is
still masked. Fonts are never loaded from other people's servers, unless a template asks for one by `mj-font`.
"""

from __future__ import annotations

import re
import sys
from html import escape

import mrml

from tactful.strategy.problems import Problem
from tactful.strategy.spelling import did_you_mean, listed
from tactful.templates.markup import VOID, Event, Start, Text
from tactful.templates.mjml_words import ANYWHERE, ATTRIBUTES, CHILDREN, EMPTY, WRITTEN
from tactful.templates.pieces import Mask
from tactful.templates.written import Written, join

OPTIONS = mrml.RenderOptions(fonts={})
POSITION = re.compile(r"at position (\d+):\d+")
HEAD_TEXTS = ("mj-title", "mj-preview")

FIRST_PRINTABLE = 0xA0
FIRST_SURROGATE, LAST_SURROGATE = 0xD800, 0xDFFF
REFERENCE = re.compile(r"&#([0-9]{3,7});")

Edits = dict[tuple[int, int], "str | Written"]
"""New text for stretches of the document, by (start, end)."""


def in_ascii(text: str) -> str:
    """Return markup with references for what is not ASCII: mrml miscounts it, or prints it as `u{a0}`."""
    return text if text.isascii() else "".join(char if char.isascii() else f"&#{ord(char)};" for char in text)


def in_full(html: str) -> str:
    """Return HTML with the characters its references stand for, where they are no ASCII."""
    return REFERENCE.sub(_character, html)


def _character(reference: re.Match[str]) -> str:
    code = int(reference[1])
    printable = FIRST_PRINTABLE <= code <= sys.maxunicode and not FIRST_SURROGATE <= code <= LAST_SURROGATE
    return chr(code) if printable else reference[0]


class Email:
    """One MJML document on its way to HTML.

    Args:
        written: The document, its Liquid masked.
        events: Its tags and texts.
        mask: Knows the words that stand for Liquid.
        problems: Takes what is wrong.
    """

    def __init__(self, written: Written, events: list[Event], mask: Mask, problems: list[Problem]) -> None:
        self.written = written
        self.events = events
        self.mask = mask
        self.problems = problems
        self.edits: Edits = {}
        self.prologue: list[str] = []

    def wrong(self, offset: int, found: str, expected: str, hint: str | None = None) -> None:
        """Note a problem at an offset of the document."""
        place = self.written.place(offset)
        self.problems.append(Problem(place.file, place.line, place.column, found, expected, hint))

    def check(self) -> None:
        """Find elements and attributes MJML does not know, and text where none may stand."""
        if not any(isinstance(event, Start) and event.tag == "mjml" for event in self.events):
            self.wrong(0, "no `<mjml>`", "an MJML document: <mjml><mj-body>…</mj-body></mjml>")
        parents: list[str] = []
        for event in self.events:
            if isinstance(event, Start):
                self._check_start(event, parents[-1] if parents else "")
                if not event.closed:
                    parents.append(event.tag)
            elif isinstance(event, Text):
                self._check_text(event)
            else:
                parents.pop()

    def _check_start(self, start: Start, parent: str) -> None:
        if parent == "mj-attributes":
            self._check_attributes(start, ANYWHERE | {"name"})
        elif start.tag.startswith("mj"):
            self._check_element(start, parent)
            self._check_attributes(start, ATTRIBUTES.get(start.tag, frozenset({"css-class", "mj-class"})))
        elif parent in CHILDREN or not parent:
            self.wrong(start.offset, f"`<{start.tag}>` in <{parent or 'the document'}>", "it inside an <mj-text>")
        if start.closed and start.tag not in VOID | EMPTY and not start.tag.startswith("mj-"):
            self.wrong(start.offset, f"`<{start.tag} />`", f"<{start.tag}></{start.tag}>")

    def _check_element(self, start: Start, parent: str) -> None:
        tag = start.tag
        if tag == "mj-include":
            self.wrong(start.offset, "`<mj-include>`", "{% render 'partials/…' %}")
            return
        allowed = CHILDREN.get(parent, ("mjml",) if not parent else ())
        known = CHILDREN.keys() | WRITTEN | EMPTY | {"mj-attributes"}
        if tag not in known:
            hint = did_you_mean(tag, known)
            self.wrong(start.offset, f"unknown element <{tag}>", listed(allowed) or "HTML", hint)
        elif tag not in allowed:
            where = f"<{parent}>" if parent else "the document"
            self.wrong(start.offset, f"<{tag}> in {where}", listed(allowed) or "HTML, no MJML")

    def _check_attributes(self, start: Start, allowed: frozenset[str]) -> None:
        for attribute in start.attributes:
            if attribute.name not in allowed and not attribute.name.startswith(("data-", "xmlns")):
                hint = did_you_mean(attribute.name, allowed)
                found = f'unknown attribute "{attribute.name}" of <{start.tag}>'
                self.wrong(attribute.offset, found, listed(sorted(allowed)), hint)

    def _check_text(self, text: Text) -> None:
        if text.inside not in CHILDREN and text.inside not in {"", "mj-attributes"}:
            return
        stray = self.mask.pattern.sub("", text.text).strip()
        if stray:
            where = f"<{text.inside}>" if text.inside else "the document"
            at = text.offset + text.text.index(stray[0])
            self.wrong(at, f"text in {where}", "it inside an <mj-text>")
        for match in self.mask.pattern.finditer(text.text):
            self._keep_piece(match, text)

    def _keep_piece(self, match: re.Match[str], text: Text) -> None:
        """Let a piece of Liquid between elements through: around the document as it is, inside it as `mj-raw`."""
        at = (text.offset + match.start(), text.offset + match.end())
        if not text.inside:
            self.edits[at] = ""
            self.prologue.append(match.group())
        elif text.inside in {"mjml", "mj-head", "mj-attributes", "mj-carousel"}:
            self.wrong(at[0], f"Liquid in <{text.inside}>", "it above <mjml>, or inside <mj-body>")
        else:
            self.edits[at] = f"<mj-raw>{match.group()}</mj-raw>"

    def add_head(self, language: str, subject: str | None, preheader: str | None) -> None:
        """Give the document its language, title and preview text from the front matter, where it has none itself."""
        starts = {event.tag: event for event in reversed(self.events) if isinstance(event, Start)}
        root, head = starts.get("mjml"), starts.get("mj-head")
        if root is None:
            return
        texts = dict(zip(HEAD_TEXTS, (subject, preheader), strict=True))
        added = "".join(f"<{tag}>{text}</{tag}>" for tag, text in texts.items() if text)
        tag = self.written.text[root.offset : root.end]
        opening = tag if root.value("lang") else f'{tag[:5]} lang="{escape(language)}"{tag[5:]}'
        if head is None:
            self.edits[root.offset, root.end] = f"{opening}<mj-head>{added}</mj-head>"
            return
        self.edits[root.offset, root.end] = opening
        opened = self.written.text[head.offset : head.end]
        self.edits[head.offset, head.end] = f"<mj-head>{added}</mj-head>" if head.closed else opened + added

    def to_html(self) -> str | None:
        """Return the HTML, Liquid masked, or None where mrml refused."""
        for event in self.events:
            if isinstance(event, Start) and event.tag not in {"mjml", "mj-head"}:
                self._spell_out(event)
        document = self._edited()
        try:
            html = in_full(mrml.to_html(in_ascii(document.text), None, OPTIONS).content)
        except BaseException as error:
            if not isinstance(error, OSError) and type(error).__name__ != "PanicException":
                raise
            self._refused(document, error)
            return None
        for piece in self.mask.lost(html + "".join(self.prologue)):
            place = piece.place(0)
            self.problems.append(
                Problem(
                    place.file,
                    place.line,
                    place.column,
                    f"`{piece.text}` where it has no effect",
                    "Liquid in text, links, addresses of pictures and colours",
                    "Widths and the like are worked out before a message is written.",
                )
            )
        return "".join(self.prologue) + html

    def _refused(self, document: Written, error: BaseException) -> None:
        """Say that mrml gave up, and where if it says so; what is not ASCII counted as several characters there."""
        position = POSITION.search(str(error))
        offset = int(position[1]) if position else 0
        while offset and len(in_ascii(document.text[:offset])) > int(position[1] if position else 0):
            offset -= 1
        place = document.place(offset)
        why = str(error) if isinstance(error, OSError) else "the compiler stumbles over it"
        found = f"MJML that cannot be read ({why})"
        self.problems.append(Problem(place.file, place.line, place.column, found, "well-formed MJML"))

    def _spell_out(self, start: Start) -> None:
        """Spell out what mrml would print as Rust does: a backslash, double quotes inside single ones."""
        for attribute in start.attributes:
            value = attribute.value.replace("\\", "&#92;")
            value = value.replace('"', "&quot;") if attribute.quote == "'" else value
            if value != attribute.value:
                at = self.written.text.index(attribute.value, attribute.offset + len(attribute.name))
                self.edits[at, at + len(attribute.value)] = value

    def _edited(self) -> Written:
        parts: list[Written | str] = []
        end = 0
        for (start, stop), text in sorted(self.edits.items()):
            parts += [self.written.cut(end, start), text]
            end = stop
        return join([*parts, self.written.cut(end, len(self.written.text))])
