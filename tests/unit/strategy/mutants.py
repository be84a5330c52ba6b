"""Mistakes of every kind, seeded into a strategy mechanically: the same ones each time, each with its right line.

A walk along the table of keys finds every key, name, phrase, reference, word and text of the file; each kind of place
has its kinds of mistake.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tactful.strategy import examine
from tactful.strategy.keys import BLOCKS, Block, Choice, Flag, Inside, Key, Many, Named, Phrase, Reference, Takes, Text
from tactful.strategy.tree import Entry, Listing, Mapping, Node, Scalar, read_tree
from tests.unit.strategy.samples import florist_text, florist_with

KEYS = {key for block in BLOCKS.values() for key in block}
DECLARES = {"customer", "events", "segments", "topics", "offers", "stages", "say", "milestones", "hold_while"}


@dataclass(frozen=True)
class Mutant:
    """A strategy with one mistake, the lines in which it may rightly be reported, and what was done."""

    kind: str
    what: str
    text: str
    lines: frozenset[int]


@dataclass(frozen=True)
class Place:
    """One place of the file: a key of a block, a name of the author's own, or a value that takes something."""

    role: str
    node: Scalar
    takes: Takes | None = None
    entry: Entry | None = None
    owner: int = 1
    inside: Mapping | None = None
    path: tuple[str, ...] = field(default=())
    required: bool = False


def places(text: str) -> Iterator[Place]:
    root = read_tree("strategy.yaml", text).root
    assert isinstance(root, Mapping)
    yield from _block(root, BLOCKS["strategy"], root.mark.line, ())


def _block(node: Mapping, block: Block, owner: int, path: tuple[str, ...]) -> Iterator[Place]:
    for entry in node.entries:
        key = block.get(entry.key.text) or Key("arm", Inside("arm"), "")
        here = (*path, entry.key.text)
        yield Place("key", entry.key, key.takes, entry, owner, node, here, key.required)
        yield from _value(entry.value, key.takes, entry.key.mark.line, here)


def _value(node: Node, takes: Takes, owner: int, path: tuple[str, ...]) -> Iterator[Place]:
    if isinstance(takes, Many) and isinstance(node, Listing):
        for item in node.items:
            yield from _value(item, takes.of, owner, path)
    elif isinstance(takes, Many):
        yield from _value(node, takes.of, owner, path)
    elif isinstance(takes, Inside) and isinstance(node, Mapping):
        yield from _block(node, BLOCKS[takes.block], owner, path)
    elif isinstance(takes, Named) and isinstance(node, Mapping):
        for entry in node.entries:
            here = (*path, entry.key.text)
            yield Place("name", entry.key, takes, entry, owner, node, here)
            yield from _value(entry.value, takes.of, entry.key.mark.line, here)
    elif isinstance(node, Scalar):
        yield Place("value", node, takes, owner=owner, path=path)


def mutants(text: str) -> Iterator[Mutant]:
    for place in places(text):
        if place.role == "key":
            yield from _of_key(text, place)
        elif place.role == "name":
            yield from _of_name(text, place)
        else:
            yield from _of_value(text, place)
    yield from _of_lines(text)


def few_of_each(seeded: Iterable[Mutant], most: int = 1) -> list[Mutant]:
    """The first `most` mutants of each kind behind each key."""
    count: Counter[tuple[str, ...]] = Counter()
    few: list[Mutant] = []
    for mutant in seeded:
        alike = (mutant.kind, *[part for part in mutant.what.split("/") if part in KEYS][-1:])
        count[alike] += 1
        if count[alike] <= most:
            few.append(mutant)
    return few


def missed(mutant: Mutant) -> list[str] | None:
    """None if a mutant is caught in its right line, else what was said of it instead."""
    problems = [problem for problem in examine(florist_with(mutant.text)).problems if problem.severity == "error"]
    return None if any(problem.line in mutant.lines for problem in problems) else [str(each) for each in problems]


def _of_key(text: str, place: Place) -> Iterator[Mutant]:
    key = place.node
    lines = frozenset({key.mark.line})
    if place.takes != Inside("arm"):
        yield _mutant("misspelled key", place, _replaced(text, key, misspelled(key.text)), lines)
    yield from _duplicated(text, place)
    if place.required:
        yield from _removed(text, place)


def _duplicated(text: str, place: Place) -> Iterator[Mutant]:
    key = place.node
    rows = text.split("\n")
    row = rows[key.mark.line - 1]
    start = key.mark.column - 1
    if row[:start].strip():  # between braces: a copy before it, so that it is itself the second
        again = _replaced(text, key, f"{key.text}: x, {key.text}")
        yield _mutant("duplicated key", place, again, frozenset({key.mark.line}))
    else:
        rows.insert(key.mark.line - 1, f"{row[:start]}{key.text}: x")
        yield _mutant("duplicated key", place, "\n".join(rows), frozenset({key.mark.line + 1}))


def _removed(text: str, place: Place) -> Iterator[Mutant]:
    """The file without a key that must be there; reported where the block begins."""
    assert place.entry is not None
    assert place.inside is not None
    value, key = place.entry.value, place.node
    if not isinstance(value, Scalar) or value.mark.line != key.mark.line:
        return
    rows = text.split("\n")
    row = rows[key.mark.line - 1]
    if row[: key.mark.column - 1].strip():
        pattern = rf"{re.escape(key.text)}: +{re.escape(_raw(value))}(, *)?"
        rows[key.mark.line - 1] = row[: key.mark.column - 1] + re.sub(pattern, "", row[key.mark.column - 1 :], count=1)
        yield _mutant("missing key", place, "\n".join(rows), frozenset({place.owner}))
    else:
        del rows[key.mark.line - 1]
        owner = place.owner if place.owner < key.mark.line or place.owner == 1 else place.owner - 1
        root = read_tree("", "\n".join(rows)).root
        first = root.mark.line if place.owner == place.inside.mark.line and root else owner
        yield _mutant("missing key", place, "\n".join(rows), frozenset({owner, first}))


def _of_name(text: str, place: Place) -> Iterator[Mutant]:
    key = place.node
    lines = frozenset({key.mark.line})
    if {place.path[0], *place.path[-3:-1]} & DECLARES and not {"quiet", "instead", "split"} & set(place.path):
        yield _mutant("impossible name", place, _replaced(text, key, f"{key.text.title()} !"), lines)
        yield from _duplicated(text, place)
    else:
        yield _mutant("misspelled name", place, _replaced(text, key, misspelled(key.text)), lines)


def _of_value(text: str, place: Place) -> Iterator[Mutant]:
    node, takes = place.node, place.takes
    lines = frozenset({node.mark.line})
    if not node.verbatim:
        return
    wrong = {"wrong type": "{ a: b }", "list for a value": "[[a]]", "nothing": '""'}
    for kind, value in wrong.items():
        yield _mutant(kind, place, _replaced(text, node, value), lines)
    if isinstance(takes, Reference | Choice) or place.path[-1] in {"per", "time_zone", "country", "codes"}:
        yield _mutant("misspelled reference", place, _replaced(text, node, misspelled(node.text)), lines)
    elif isinstance(takes, Flag):
        yield _mutant("no flag", place, _replaced(text, node, "perhaps"), lines)
    elif isinstance(takes, Text):
        yield _mutant("endless text", place, _replaced(text, node, "word " * 150), lines)
    elif isinstance(takes, Phrase):
        yield from _of_phrase(text, place)


def _of_phrase(text: str, place: Place) -> Iterator[Mutant]:
    node = place.node
    lines = frozenset({node.mark.line})
    words = node.text.split(" ")
    free = words.index("from") + 1 if "from" in words else len(words)  # behind it, any name is right
    for index, word in enumerate(words[:free]):
        changed = [*words[:index], misspelled(word), *words[index + 1 :]]
        yield _mutant("misspelled word", place, _replaced(text, node, _safe(" ".join(changed))), lines)
    if free == len(words) > 1:
        yield _mutant("phrase cut short", place, _replaced(text, node, _safe(" ".join(words[:-1]))), lines)
    units = re.compile(r"(?<=[0-9]) (minute|hour|day|week|month|year)s?\b")
    if units.search(node.text):
        yield _mutant("no unit", place, _replaced(text, node, _safe(units.sub("", node.text, count=1))), lines)
    numbers = re.compile(r"\b[0-9]+ (?=minute|hour|day|week|month|year)")
    if numbers.search(node.text):
        yield _mutant("no number", place, _replaced(text, node, _safe(numbers.sub("", node.text, count=1))), lines)
        huge = numbers.sub("99999999999 ", node.text, count=1)
        yield _mutant("endless time", place, _replaced(text, node, _safe(huge)), lines)
    yield _mutant("number for a phrase", place, _replaced(text, node, "42"), lines)


def _of_lines(text: str) -> Iterator[Mutant]:
    """Slips of the hand that make the file no YAML, one for every line that can have them."""
    rows = text.split("\n")
    for index, row in enumerate(rows):
        slips: dict[str, str] = {}
        if row.rstrip().endswith("}") and row.count("{") == row.count("}"):
            slips["bracket not closed"] = row.rstrip()[:-1]
        if row.startswith("  ") and ": " in row and "{" not in row.split(": ")[0]:
            slips["tab"] = "\t" + row.lstrip()
        for kind, slip in slips.items():
            changed = "\n".join([*rows[:index], slip, *rows[index + 1 :]])
            yield Mutant(kind, f"line {index + 1}", changed, frozenset({index + 1}))


def misspelled(word: str) -> str:
    """The word as a hurried hand might write it; never the word itself."""
    if any(letter.isdigit() for letter in word) or len(word) < 3:
        return f"{word}x" if word.isalpha() else f"x{word}"
    for left in range(len(word) // 2, len(word) - 1):
        if word[left] != word[left + 1]:
            return word[:left] + word[left + 1] + word[left] + word[left + 2 :]
    return f"{word}x"


def _mutant(kind: str, place: Place, text: str, lines: frozenset[int]) -> Mutant:
    return Mutant(kind, "/".join(place.path), text, lines)


def _raw(node: Scalar) -> str:
    return node.text if node.plain else f'"{node.text}"'


def _safe(value: str) -> str:
    return value or '""'


def _replaced(text: str, node: Scalar, new: str) -> str:
    rows = text.split("\n")
    row, start = rows[node.mark.line - 1], node.mark.column - 1
    assert row[start:].startswith(_raw(node)), (row, node)
    rows[node.mark.line - 1] = row[:start] + new + row[start + len(_raw(node)) :]
    return "\n".join(rows)


if __name__ == "__main__":
    seeded: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for each in mutants(florist_text()):
        seeded[each.kind] += 1
        caught[each.kind] += missed(each) is None
    for kind, count in sorted(seeded.items()):
        print(f"{kind:24} {caught[kind]:5} of {count:5}")  # noqa: T201
    print(f"{'all':24} {caught.total():5} of {seeded.total():5} caught in the right line")  # noqa: T201
