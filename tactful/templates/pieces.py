"""Liquid found in text, and kept out of harm's way while markup is compiled.

MJML and HTML readers choke on quotes and comparisons inside Liquid. A word of letters and digits passes through text
and attributes alike: `Mask.hide` swaps each piece for one, `Mask.reveal` swaps back, however often the compiler
repeated the word. Finding is done by hand and in one pass: regular expressions for it take time by the square of what
is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tactful.templates.written import Stretch, Written, join

TAG_NAME = re.compile(r"\{%-?\s{0,20}(#|\w+)")
LONGEST_PIECE = 2_000
LONGEST_BLANK = re.compile(r"\s{101}")
HOLDING = {"raw": "endraw", "comment": "endcomment"}
"""Tags whose inside is no Liquid."""
BLOCKS = frozenset({"if", "unless", "case", "for", "capture", "ifchanged"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of Liquid from `start` to `end`; `tag` is its name, "" for one that prints."""

    start: int
    end: int
    tag: str

    @property
    def comment(self) -> bool:
        """Say whether it leaves no trace."""
        return self.tag in {"comment", "#"}


class UnreadableError(Exception):
    """Liquid that cannot be found its way through: what stands at `offset`, and what would be right."""

    def __init__(self, offset: int, found: str, expected: str) -> None:
        self.offset = offset
        self.found = found
        self.expected = expected
        super().__init__(found)


def pieces_in(text: str) -> Iterator[Piece]:
    """Yield the pieces of Liquid in a text; `raw` and comments are one piece each, with all they hold.

    Raises:
        UnreadableError: A piece is not closed, or longer than anybody writes one.
    """
    end = 0
    while (start := _next(text, end)) >= 0:
        piece = _piece(text, start)
        if piece.tag in HOLDING:
            piece = Piece(start, _end_of_held(text, piece), piece.tag)
        elif piece.tag == "doc":
            raise UnreadableError(start, "`doc`", "`{% comment %}…{% endcomment %}`")
        yield piece
        end = piece.end


def _next(text: str, end: int) -> int:
    found = text.find("{", end)
    while found >= 0 and text[found + 1 : found + 2] not in {"{", "%"}:
        found = text.find("{", found + 1)
    return found


def _piece(text: str, start: int) -> Piece:
    closing = "}}" if text[start + 1] == "{" else "%}"
    end = text.find(closing, start + 2, start + LONGEST_PIECE)
    opening = text[start : start + 2]
    if end < 0:
        raise UnreadableError(start, f"`{opening}` without `{closing}`", f"`{closing}` where the Liquid ends")
    if _opened_again(text, start + 2, end):
        raise UnreadableError(start, f"`{opening}` without `{closing}`", f"`{closing}` before the next piece")
    if LONGEST_BLANK.search(text, start, end):
        raise UnreadableError(start, f"`{opening}` with a great gap in it", "at most 100 blanks in a row")
    name = TAG_NAME.match(text, start, end) if closing == "%}" else None
    return Piece(start, end + 2, name[1] if name else "")


def _opened_again(text: str, start: int, end: int) -> bool:
    """Say whether another piece begins inside this one. Braces alone in quotes are a way to print braces."""
    again = _next(text, start)
    return 0 <= again < end and text[again - 1 : again + 3] not in {"'{{'", '"{{"', "'{%'", '"{%"'}


def never_closed(text: str) -> Piece | None:
    """Return the innermost block that has no end, such as an `if` without `endif`.

    Raises:
        UnreadableError: As `pieces_in`.
    """
    opened: list[Piece] = []
    for piece in pieces_in(text):
        if piece.tag in BLOCKS:
            opened.append(piece)
        elif opened and piece.tag == f"end{opened[-1].tag}":
            opened.pop()
    return opened[-1] if opened else None


def _end_of_held(text: str, opened: Piece) -> int:
    """Return where the inside of `raw` or a comment ends; comments may hold comments."""
    depth, end = 1, opened.end
    while depth:
        start = text.find("{%", end)
        if start < 0:
            expected = f"`{{% {HOLDING[opened.tag]} %}}` after it"
            raise UnreadableError(opened.start, f"`{opened.tag}` that is never closed", expected)
        name = TAG_NAME.match(text, start)
        end = start + 2
        if name and name[1] == HOLDING[opened.tag]:
            depth, end = depth - 1, _piece(text, start).end
        elif name and name[1] == opened.tag == "comment":
            depth += 1
    return end


class Mask:
    """The pieces hidden so far, each under a word that occurs in none of the `texts`."""

    def __init__(self, texts: Iterable[str]) -> None:
        together = "\n".join(texts)
        stem = "tfp"
        while stem in together:
            stem += "p"
        self._stem = stem
        self._pieces: list[Written] = []
        self.pattern = re.compile(rf"{stem}(\d+)z")

    def hide(self, written: Written) -> Written:
        """Return the text with each piece of Liquid as a word, and comments gone."""
        out: list[Written] = []
        end = 0
        for piece in pieces_in(written.text):
            out.append(written.cut(end, piece.start))
            end = piece.end
            if not piece.comment:
                out.append(self._word_for(written.cut(piece.start, piece.end)))
        return join([*out, written.cut(end, len(written.text))])

    def _word_for(self, piece: Written) -> Written:
        word = f"{self._stem}{len(self._pieces)}z"
        self._pieces.append(piece)
        first = piece.stretches[0]
        return Written(word, (Stretch(0, len(word), first.file, first.offset),))

    def reveal(self, text: str) -> Written:
        """Return the text with the Liquid back in its places."""
        parts: list[Written | str] = []
        end = 0
        for match in self.pattern.finditer(text):
            parts += [text[end : match.start()], self._pieces[int(match.group(1))]]
            end = match.end()
        return join([*parts, text[end:]])

    def only_tags(self, text: str) -> bool:
        """Say whether a text is nothing but Liquid that prints nothing of its own, such as `{% if … %}`."""
        words = list(self.pattern.finditer(text))
        printing = any(self._pieces[int(word.group(1))].text.startswith("{{") for word in words)
        return bool(words) and not printing and not self.pattern.sub("", text).strip()

    def lost(self, text: str) -> list[Written]:
        """Return the hidden pieces that no longer occur in `text`."""
        kept = {int(match.group(1)) for match in self.pattern.finditer(text)}
        return [piece for index, piece in enumerate(self._pieces) if index not in kept]
