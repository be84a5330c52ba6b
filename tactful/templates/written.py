"""Text that remembers where it was written, through every cut, insertion and compilation.

An error found in a compiled email must point at the line a person typed. `Written` carries that knowledge; it reads no
files and judges nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file of the strategy folder; `line` and `column` count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read: its path inside the strategy folder, and its text with LF line ends."""

    path: str
    text: str

    def place(self, offset: int) -> Place:
        """Return the line and column of a character offset; one beyond the end counts as the end."""
        before = self.text[: max(offset, 0)]
        return Place(self.path, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)

    def offset(self, line: int, column: int) -> int:
        """Return the character offset of a line and column."""
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
        return start + column - 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` on, `length` characters of a text were written in `file` at `offset`."""

    start: int
    length: int
    file: File
    offset: int


@dataclass(frozen=True, slots=True)
class Written:
    """Text, and the stretches of files it is made of, by rising `start`."""

    text: str
    stretches: tuple[Stretch, ...]

    @classmethod
    def whole(cls, file: File) -> Written:
        """Return the text of a file as it stands."""
        return cls(file.text, (Stretch(0, len(file.text), file, 0),))

    @classmethod
    def part(cls, file: File, start: int, text: str) -> Written:
        """Return `text` as written in `file` at `start` (about there, where it was quoted or escaped)."""
        return cls(text, (Stretch(0, len(text), file, start),))

    def place(self, offset: int) -> Place:
        """Return where the character at `offset` was written; for made-up text, the stretch before it."""
        index = bisect_right([stretch.start for stretch in self.stretches], offset) - 1
        stretch = self.stretches[max(index, 0)]
        into = min(max(offset - stretch.start, 0), max(stretch.length - 1, 0))
        return stretch.file.place(stretch.offset + into)

    def cut(self, start: int, end: int) -> Written:
        """Return the text from `start` to `end`, knowing its places."""
        kept: list[Stretch] = []
        for stretch in self.stretches:
            first, last = max(stretch.start, start), min(stretch.start + stretch.length, end)
            if first < last or (first == last == start == end):
                kept.append(Stretch(first - start, last - first, stretch.file, stretch.offset + first - stretch.start))
        return Written(self.text[start:end], tuple(kept))


def join(parts: Iterable[Written | str]) -> Written:
    """Return the parts one after the other. A plain string was written nowhere: it takes the place before it."""
    texts: list[str] = []
    stretches: list[Stretch] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            length += len(part)
            continue
        stretches += [Stretch(s.start + length, s.length, s.file, s.offset) for s in part.stretches]
        texts.append(part.text)
        length += len(part.text)
    return Written("".join(texts), tuple(stretches))
