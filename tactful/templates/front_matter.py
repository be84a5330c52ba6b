"""The lines between two `---` at the head of a template: its subject, preheader, sender, title and link.

Values are text with Liquid in it, taken as written: YAML never sees the Liquid, so its braces, quotes and colons need
no quotes around them. This module reads values with their places and says what does not belong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tactful.strategy.problems import Problem
from tactful.strategy.spelling import did_you_mean, listed, quoted
from tactful.strategy.tree import Mapping, Mark, Node, Scalar, read_tree
from tactful.templates.pieces import UnreadableError, pieces_in
from tactful.templates.written import File, Written
from tactful.words import Channel

FENCE = re.compile(r"\A---[ \t]*\n(?P<head>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
OPENED = re.compile(r"\A---[ \t]*\n")
KEYS: dict[Channel, tuple[str, ...]] = {
    Channel.EMAIL: ("subject", "preheader", "sender"),
    Channel.SMS: ("sender",),
    Channel.PUSH: ("title", "link", "sender"),
    Channel.LETTER: ("subject", "sender"),
    Channel.CALL: ("subject", "sender"),
}
SENDER_KEYS = ("name", "email")
QUOTES = "A text with `: ` or ` #` in it needs quotes around it."
STAND_INS = 0xE000
"""First of the private characters that stand in for Liquid, each repeated to the length of its piece."""
MOST_PIECES = 0xF8FF - STAND_INS + 1
STAND_IN = re.compile(r"([\ue000-\uf8ff])\1*")


@dataclass(slots=True)
class FrontMatter:
    """What stands at the head of a template, by key (`sender` as `sender_name` and `sender_email`), and the body."""

    file: File
    body: Written
    pieces: list[str] = field(default_factory=list[str])
    values: dict[str, Written] = field(default_factory=dict[str, Written])
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, mark: Mark, found: str, expected: str, hint: str | None = None) -> None:
        """Note a problem at a place."""
        self.problems.append(Problem(self.file.path, mark.line, mark.column, found, expected, hint))

    def take(self, mapping: Mapping, keys: tuple[str, ...], prefix: str = "") -> None:
        """Take the values of a mapping; report keys that mean nothing here and values that are no text."""
        for entry in mapping.entries:
            name = entry.key.text
            if name not in keys:
                hint = did_you_mean(name, keys)
                self.wrong(entry.key.mark, f"unknown key {quoted(name)}", listed(keys), hint)
            elif name == "sender" and isinstance(entry.value, Mapping):
                self.take(entry.value, SENDER_KEYS, "sender_")
            elif not isinstance(entry.value, Scalar):
                self.wrong(entry.value.mark, f'"{name}" that is no plain text', "text", QUOTES)
            elif not entry.value.empty:
                self.values["sender_name" if name == "sender" else prefix + name] = self._text(entry.value)

    def _text(self, value: Scalar) -> Written:
        mark = value.at(0)
        return Written.part(self.file, self.file.offset(mark.line, mark.column), self.reveal(value.text))

    def hide(self, head: str) -> str:
        """Return the lines with stand-ins for Liquid, every character in its place.

        Raises:
            UnreadableError: A piece of Liquid is not closed.
        """
        out: list[str] = []
        end = 0
        for piece in [] if STAND_IN.search(head) else list(pieces_in(head))[:MOST_PIECES]:
            text = head[piece.start : piece.end]
            if "\n" not in text:
                out += [head[end : piece.start], chr(STAND_INS + len(self.pieces)) * len(text)]
                self.pieces.append(text)
                end = piece.end
        return "".join([*out, head[end:]])

    def reveal(self, text: str) -> str:
        """Return text with its Liquid back."""
        return STAND_IN.sub(self._piece, text) if self.pieces else text

    def _piece(self, stand_in: re.Match[str]) -> str:
        return self.pieces[ord(stand_in.group(1)) - STAND_INS]


def read_front_matter(file: File, keys: tuple[str, ...]) -> FrontMatter:
    """Return the values a template gives at its head, each knowing its place, and the body below.

    Args:
        file: The template.
        keys: The keys that mean something in this kind of template; empty where there is no front matter.
    """
    fenced = FENCE.match(file.text)
    whole = Written.whole(file)
    if fenced is None:
        matter = FrontMatter(file, whole)
        if OPENED.match(file.text):
            matter.wrong(Mark(1, 1), "front matter that never ends", "a second line `---` below it")
        return matter
    matter = FrontMatter(file, whole.cut(fenced.end(), len(file.text)))
    root = _read(matter, fenced["head"])
    if isinstance(root, Mapping) and keys:
        matter.take(root, keys)
    elif root is not None:
        expected = "lines of `key: text`" if keys else "no front matter in this kind of file"
        matter.wrong(root.mark, "front matter" if isinstance(root, Mapping) else "front matter without keys", expected)
    return matter


def _read(matter: FrontMatter, head: str) -> Node | None:
    try:
        hidden = matter.hide(head)
    except UnreadableError as error:
        place = matter.file.place(matter.file.text.index("\n") + 1 + error.offset)
        matter.wrong(Mark(place.line, place.column), error.found, error.expected)
        return None
    # An empty line in the place of the first fence keeps the lines those of the file.
    tree = read_tree(matter.file.path, "\n" + hidden)
    matter.problems += tree.problems
    return tree.root
