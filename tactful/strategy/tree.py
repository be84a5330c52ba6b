"""YAML 1.2 as a tree of texts with their places: nothing is converted, so `10:00`, `on` and `NO` stay what they are.

The tree knows mappings, lists and texts only. It finds what is wrong as YAML (syntax, duplicate keys, aliases, tags,
too deep, too much) and knows nothing of strategies.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tactful.strategy.limits import DEEPEST, LONGEST_LINE, MOST_NODES
from tactful.strategy.problems import Problem
from tactful.strategy.syntax_errors import explain
from tactful.strategy.yaml_pieces import Piece, pieces

_EMPTY = frozenset({"", "~", "null"})
_EXPLICIT_KEY = re.compile(r"(^|[{,]|\s)\s*\?\s+\Z")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class Mark(NamedTuple):
    """A place in a file: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Scalar:
    """A text. `verbatim` says that it stands in the file letter for letter, so that columns inside it can be told."""

    mark: Mark
    text: str
    plain: bool = True
    verbatim: bool = True

    @property
    def empty(self) -> bool:
        """Say whether nothing was written there."""
        return self.plain and self.text in _EMPTY

    def at(self, offset: int) -> Mark:
        """Return the place of the character at `offset` of the text, as nearly as it can be told."""
        quote = 0 if self.plain else 1
        return Mark(self.mark.line, self.mark.column + quote + offset) if self.verbatim else self.mark


@dataclass(frozen=True)
class Listing:
    """A list of nodes."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Entry:
    """A key with what stands behind it."""

    key: Scalar
    value: Node


@dataclass(frozen=True)
class Mapping:
    """Keys with values, in the order of the file, each key once."""

    mark: Mark
    entries: tuple[Entry, ...]

    def find(self, key: str) -> Entry | None:
        """Return the entry of `key`, or None."""
        return next((entry for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Listing | Mapping


@dataclass(frozen=True)
class Tree:
    """A file as a tree; `root` is None where the text is no YAML, or empty."""

    root: Node | None
    problems: tuple[Problem, ...] = field(default=())

    def entry(self, *path: str) -> Entry | None:
        """Return the entry at a path of keys from the root, or None."""
        node, found = self.root, None
        for key in path:
            found = node.find(key) if isinstance(node, Mapping) else None
            if found is None:
                return None
            node = found.value
        return found


def read_tree(file: str, text: str) -> Tree:
    """Return the text of a file as a tree, with the problems it has as YAML. Raises nothing."""
    grower = _Grower(file, text.removeprefix("\ufeff"))
    try:
        root = grower.grow()
    except _StoppedError as stopped:
        grower.problems.append(stopped.problem)
    except MarkedYAMLError as error:
        grower.problems.append(grower.problem(*explain(error, grower.text)))
    except (YAMLError, ValueError, OverflowError) as error:  # the last two: an escape that names no character
        complaint = f"text that is not YAML ({str(error).splitlines()[0][:120]})"
        grower.problems.append(grower.problem(0, complaint, "YAML 1.2"))
    else:
        return Tree(root, tuple(grower.problems))
    return Tree(None, tuple(grower.problems))


class _StoppedError(Exception):
    """Reading cannot go on behind this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Grower:
    """Grows the tree from the parser's pieces, within limits."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[Problem] = []
        self.line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.nodes = 0

    def mark(self, index: int) -> Mark:
        line = bisect_right(self.line_starts, index)
        return Mark(line, index - self.line_starts[line - 1] + 1)

    def problem(self, index: int, found: str, expected: str) -> Problem:
        line, column = self.mark(index)
        return Problem(self.file, line, column, found, expected)

    def stop(self, index: int, found: str, expected: str) -> _StoppedError:
        return _StoppedError(self.problem(index, found, expected))

    def grow(self) -> Node | None:
        self.refuse_odd_text()
        rest = pieces(self.text)
        root: Node | None = None
        for piece in rest:
            if piece.directives:
                raise self.stop(0, "a line that begins with `%`", "no directive: a strategy is always YAML 1.2")
            if piece.kind in {"text", "list", "mapping", "alias"}:
                if root is not None:
                    raise self.stop(piece.start, "a second document", "one document: leave the `---` out")
                root = self.node(piece, rest, depth=1)
        return root

    def refuse_odd_text(self) -> None:
        odd = _UNPRINTABLE.search(self.text)
        if odd:
            raise self.stop(odd.start(), f"the invisible character U+{ord(odd.group()):04X}", "text without it")
        for start, end in zip(self.line_starts, [*self.line_starts[1:], len(self.text)], strict=True):
            if end - start > LONGEST_LINE:
                raise self.stop(start, f"a line of {end - start:,} characters", f"at most {LONGEST_LINE:,} in a line")

    def node(self, piece: Piece, rest: Iterator[Piece], depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.stop(piece.start, "too much for one file", f"at most {MOST_NODES:,} keys and values")
        if depth > DEEPEST:
            raise self.stop(piece.start, "brackets or indentation too deep", f"at most {DEEPEST} levels")
        self.refuse_ornaments(piece)
        if piece.kind == "text":
            return self.scalar(piece)
        if piece.kind == "list":
            return Listing(self.mark(piece.start), tuple(self.items(rest, depth)))
        return Mapping(self.mark(piece.start), tuple(self.entries(rest, depth)))

    def refuse_ornaments(self, piece: Piece) -> None:
        if piece.kind == "alias":
            raise self.stop(piece.start, "an alias (`*`)", "the thing itself: `defaults` carry what repeats")
        if piece.anchor:
            found = self.problem(piece.start, "an anchor (`&`)", "no anchors: `defaults` carry what repeats")
            self.problems.append(found)
        if piece.tagged:
            self.problems.append(self.problem(piece.start, "a tag (`!`)", "the value without it"))

    def scalar(self, piece: Piece) -> Scalar:
        quote = 1 if piece.style else 0
        raw = self.text[piece.start + quote : piece.end - quote]
        verbatim = raw == piece.text and piece.style not in {"|", ">"} and not piece.anchor and not piece.tagged
        return Scalar(self.mark(piece.start), piece.text, plain=not piece.style, verbatim=verbatim)

    def items(self, rest: Iterator[Piece], depth: int) -> Iterator[Node]:
        for piece in rest:
            if piece.kind == "end":
                return
            yield self.node(piece, rest, depth + 1)

    def entries(self, rest: Iterator[Piece], depth: int) -> Iterator[Entry]:
        seen: dict[str, Mark] = {}
        for piece in rest:
            if piece.kind == "end":
                return
            key = self.node(piece, rest, depth + 1)
            value = self.node(next(rest), rest, depth + 1)
            if _EXPLICIT_KEY.search(self.text, self.line_starts[self.mark(piece.start).line - 1], piece.start):
                self.problems.append(self.problem(piece.start, "a key with `?` before it", "the key alone"))
            if not isinstance(key, Scalar):
                self.problems.append(self.problem(piece.start, "brackets where a key should be", "a name and a colon"))
            elif key.text in seen:
                self.problems.append(self.twice(piece.start, key.text, seen[key.text]))
            else:
                seen[key.text] = key.mark
                # the parser puts a value that is not there at the next piece, perhaps lines below
                yield Entry(key, Scalar(key.mark, "") if isinstance(value, Scalar) and value.empty else value)

    def twice(self, index: int, key: str, first: Mark) -> Problem:
        found = f'the key "{key[:60]}" a second time'
        return self.problem(index, found, f"each key once: the first is in line {first.line}")
