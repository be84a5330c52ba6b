"""A strategy's file with every default written out: comments and order stay, and it says exactly the same.

It inserts text and changes none, so what the author wrote stands as it stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tactful.strategy.model import Communication, Strategy
from tactful.strategy.reading.defaults import BUILT_IN_AT, BUILT_IN_EXPIRES
from tactful.strategy.reading.names import STRATEGY_FILE
from tactful.strategy.tree import Entry, Mapping, Mark, Scalar, Tree, read_tree
from tactful.strategy.wording import say_again, say_by, say_expiry, say_time


@dataclass(frozen=True)
class _Filling:
    """Keys to write into a mapping, behind one of its keys."""

    into: Mapping
    behind: str
    keys: dict[str, str]


def expand(text: str, strategy: Strategy) -> str:
    """Return the file with every default filled in.

    Args:
        text: The strategy's file, of which `strategy` was read.
        strategy: What it says. Reading the expanded file gives an equal one.
    """
    text = text.removeprefix("\ufeff")
    tree = read_tree(STRATEGY_FILE, text)
    lines = text.split("\n")
    fillings = [filling for filling in _fillings(strategy, tree) if filling.keys]
    for filling in sorted(fillings, key=lambda one: _anchor(one).key.mark, reverse=True):
        _insert(lines, filling)
    return "\n".join(lines)


def _fillings(strategy: Strategy, tree: Tree) -> Iterator[_Filling]:
    assert isinstance(tree.root, Mapping)
    ranked = sorted(strategy.topics.values(), key=lambda topic: topic.rank)
    priorities = f"[{', '.join(topic.name for topic in ranked)}]"
    yield _missing(tree.root, "strategy", {"priorities": priorities})
    built_in = {"at": say_time(BUILT_IN_AT), "expires": say_expiry(BUILT_IN_EXPIRES), "language": strategy.language}
    where = {"country": strategy.country} if strategy.country else {}
    yield from _in(tree, ("defaults",), "time_zone", where | built_in)
    for step in strategy.steps.values():
        if step.entry is not None and step.entry.kind != "campaign":  # which happens once
            again = {"again": say_again(step.again)}
            yield from _in(tree, ("stages", step.stage, step.name), step.entry.kind, again)
        for said in step.communications:
            if said.done is None:
                path = ("stages", step.stage, step.name, "say", said.name)
            else:
                path = ("stages", step.stage, step.name, "milestones", said.name, "nudge")
            yield from _in(tree, path, "when", _of_communication(said))


def _in(tree: Tree, path: tuple[str, ...], behind: str, keys: dict[str, str]) -> Iterator[_Filling]:
    entry = tree.entry(*path)
    if entry and isinstance(entry.value, Mapping):
        yield _missing(entry.value, behind, keys)


def _missing(into: Mapping, behind: str, keys: dict[str, str]) -> _Filling:
    return _Filling(into, behind, {key: said for key, said in keys.items() if into.find(key) is None})


def _of_communication(said: Communication) -> dict[str, str]:
    filled = {"topic": said.topic, "by": say_by(said.by)}
    if said.when.at is not None:
        filled["at"] = say_time(said.when.at)
    return filled | {"expires": say_expiry(said.expires)}


def _anchor(filling: _Filling) -> Entry:
    entry = filling.into.find(filling.behind)
    assert entry is not None, f"{filling.behind} is required"
    return entry


def _insert(lines: list[str], filling: _Filling) -> None:
    """Write the keys behind the anchor's value, or before its key where the value goes over several lines."""
    anchor = _anchor(filling)
    value = anchor.value
    in_braces = _character(lines, filling.into.mark) == "{"
    pairs = [f"{key}: {said}" for key, said in filling.keys.items()]
    indent = " " * (anchor.key.mark.column - 1)
    if isinstance(value, Scalar) and value.verbatim and value.mark.line == anchor.key.mark.line:
        line = value.mark.line - 1
        if not in_braces:
            lines[line + 1 : line + 1] = [indent + pair for pair in pairs]
            return
        end = value.mark.column - 1 + len(value.text) + (0 if value.plain else 2)
        lines[line] = f"{lines[line][:end]}, {', '.join(pairs)}{lines[line][end:]}"
        return
    line, column = anchor.key.mark.line - 1, anchor.key.mark.column - 1
    rest = lines[line][column:]
    if in_braces:
        lines[line] = f"{lines[line][:column]}{', '.join(pairs)}, {rest}"
    else:
        lines[line : line + 1] = [
            lines[line][:column] + pairs[0],
            *(indent + pair for pair in pairs[1:]),
            indent + rest,
        ]


def _character(lines: list[str], mark: Mark) -> str:
    return lines[mark.line - 1][mark.column - 1 : mark.column]
