"""The desk at which a strategy is read: what can stand behind a key is read here, and every problem is noted here.

Reading never stops: where something is wrong, a problem is noted and a harmless value stands in, so that one look finds
everything. What was read is used only if no error was noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tactful.strategy.condition_meanings import Mention
from tactful.strategy.forms import Form, T_co
from tactful.strategy.keys import BLOCKS
from tactful.strategy.limits import LONGEST_LABEL, MOST_LINES, MOST_NAMES, MOST_PROBLEMS
from tactful.strategy.phrases import PhraseFault, Said, understand
from tactful.strategy.problems import Problem, Severity
from tactful.strategy.reading.names import Names
from tactful.strategy.reading.unknown_keys import explain_unknown_key
from tactful.strategy.spelling import (
    EVENT_NAME,
    LONGEST_NAME,
    NAME,
    PROPERTY_NAME,
    RESERVED,
    a,
    did_you_mean,
    listed,
    nearest,
    quoted,
    suggested_name,
)
from tactful.strategy.tree import Entry, Listing, Mark, Node, Scalar
from tactful.strategy.tree import Mapping as Keys

_NAMES = {
    "event": (EVENT_NAME, "what happened to what, with a dot between: `order.placed`"),
    "property": (PROPERTY_NAME, "small letters, digits and underscores, a letter first: `first_order_on`"),
}
_ANY_NAME = (NAME, "small letters, digits and hyphens, a letter first: `our-story`")


@dataclass(frozen=True)
class Fields:
    """The entries of one block, by key. `place` is where the block is, for what is missing in it."""

    block: str
    entries: Mapping[str, Entry]
    place: Mark

    def node(self, key: str) -> Node | None:
        """Return what stands behind a key of the block, or None."""
        assert key in BLOCKS[self.block], f"{key} is no key of {self.block}"
        found = self.entries.get(key)
        return found.value if found else None

    def mark(self, key: str) -> Mark:
        """Return the place of a key, or of the block where it is not there."""
        found = self.entries.get(key)
        return found.key.mark if found else self.place


class TooManyProblemsError(Exception):
    """So much is wrong that looking further helps nobody."""


class Desk:
    """Reads nodes of one file and notes what is wrong with them."""

    def __init__(self, file: str, names: Names, problems: list[Problem]) -> None:
        self.file = file
        self.names = names
        self.problems = problems

    def note(
        self, mark: Mark, found: str, expected: str, hint: str | None = None, *, severity: Severity = "error"
    ) -> None:
        """Note a problem at a place; behind the 200th, nothing is looked at any more."""
        if len(self.problems) >= MOST_PROBLEMS:
            raise TooManyProblemsError
        self.problems.append(Problem(self.file, mark.line, mark.column, found, expected, hint, severity))

    # mappings

    def fields(self, node: Node | None, place: Mark, block: str, free: tuple[str, ...] = ()) -> Fields:
        """Return the entries of a block; unknown and missing keys are noted. Keys in `free` are let through."""
        known = BLOCKS[block]
        entries: dict[str, Entry] = {}
        for entry in self.keys(node, f"the keys of {block}: {listed(known, 20)}"):
            key = entry.key.text
            if key not in known and key not in free:
                self.note(entry.key.mark, *explain_unknown_key(key, block))
                key = nearest(key, known) or key  # read on as it was probably meant: one slip, one problem
            if key in known or key in free:
                entries.setdefault(key, entry)
        missing = [key for key in known.values() if key.required and key.name not in entries]
        whole = isinstance(node, Keys) or (isinstance(node, Scalar) and node.empty)
        for key in missing if whole else ():
            self.note(place, f"no `{key.name}` here", f"`{key.name}:`. {key.says}".rstrip("."))
        return Fields(block, entries, place)

    def keys(self, node: Node | None, expected: str) -> tuple[Entry, ...]:
        """Return the entries of a mapping; nothing at all is an empty one."""
        if isinstance(node, Keys):
            return node.entries
        if node is not None and not (isinstance(node, Scalar) and node.empty):
            self.note(node.mark, _shown(node), expected)
        return ()

    def named(self, node: Node | None, kind: str, most: int = MOST_NAMES) -> Iterator[Entry]:
        """Yield the entries of a mapping whose keys are names of the author's own choice."""
        entries = self.keys(node, f"{a(kind)} in each line: its name, a colon and what belongs to it")
        if len(entries) > most:
            self.note(entries[most].key.mark, f"{len(entries)} of these", f"at most {most}")
        for entry in entries[:most]:
            self.check_name(entry.key, kind)
            yield entry

    def check_name(self, key: Scalar, kind: str) -> None:
        """Note a key that cannot be a name of this kind."""
        pattern, rule = _NAMES.get(kind, _ANY_NAME)
        if not pattern.fullmatch(key.text) or len(key.text) > LONGEST_NAME:
            near = suggested_name(key.text)
            better = near.replace("-", "_") if near and kind == "property" else near
            hint = f'Did you mean "{better}"?' if better and better != key.text and kind != "event" else None
            self.note(key.mark, f"the name {quoted(key.text)} for {a(kind)}", f"{rule}, at most {LONGEST_NAME}", hint)
        elif key.text in RESERVED.get(kind, ()):
            expected = "another name: the word has another meaning here"
            self.note(key.mark, f'the name "{key.text}" for {a(kind)}', expected)

    # texts and words

    def text(self, node: Node | None, most: int = LONGEST_LABEL) -> str:
        """Return a text; none is an empty one, without a problem: a missing key is the block's."""
        if node is None:
            return ""
        if not isinstance(node, Scalar):
            self.note(node.mark, _shown(node), "a text")
            return ""
        if node.empty or not node.text.strip():
            self.note(node.mark, "nothing behind the colon", "a text")
        elif len(node.text) > most:
            self.note(node.mark, f"a text of {len(node.text):,} characters", f"at most {most}")
        return node.text.strip()

    def word(self, node: Node | None, words: tuple[str, ...], default: str) -> str:
        """Return one of some words, or the default where nothing is said."""
        said = self.text(node)
        if said and said not in words and isinstance(node, Scalar):
            self.note(node.mark, quoted(said), listed(words), did_you_mean(said, words))
        return said if said in words else default

    def flag(self, node: Node | None) -> bool:
        """Return whether a flag is set; it is not where nothing is said."""
        return self.word(node, ("true", "false", "yes", "no"), "false") in {"true", "yes"}

    # names

    def reference(self, node: Node | None, kind: str) -> str | None:
        """Return a name that must be declared, None where nothing is said; empty where what is said is no name."""
        if node is None:
            return None
        name = self.text(node)
        if name and isinstance(node, Scalar):
            self.check_reference(name, kind, node.mark)
        return name

    def references(self, node: Node | None, kind: str) -> tuple[str, ...]:
        """Return names that must be declared, each at most once."""
        names: list[str] = []
        for item in self.each(node, a(kind), MOST_NAMES):
            name = self.reference(item, kind)
            if name in names:
                self.note(item.mark, f'"{name}" a second time', f"each {kind} once")
            elif name:
                names.append(name)
        return tuple(names)

    def check_reference(self, name: str, kind: str, mark: Mark) -> None:
        """Note a name that nothing of this kind has."""
        declared = self.names.of(kind)
        if name in declared:
            return
        where = f"templates/{name}/ is not there" if kind == "template" else f"unknown {kind} {quoted(name)}"
        right = f"one of {listed(declared)}" if declared else f"{a(kind)} that is declared; there is none yet"
        self.note(mark, where, right, did_you_mean(name, declared))

    # lists

    def each(self, node: Node | None, what: str, most: int = MOST_LINES) -> tuple[Node, ...]:
        """Return the items of a list; a single thing needs no brackets, an empty list is a problem."""
        if node is None:
            return ()
        if isinstance(node, Scalar):
            return (node,)
        items = node.items if isinstance(node, Listing) else ()
        if not items:
            found = "an empty list" if isinstance(node, Listing) else _shown(node)
            self.note(node.mark, found, f"{what}, or several in brackets: `[a, b]`")
        if len(items) > most:
            self.note(items[most].mark, f"{len(items)} of these", f"at most {most}")
        return items[:most]

    # phrases

    def phrase(self, form: Form[T_co], node: Node | None) -> T_co:
        """Return what a phrase says; its form's blank where there is none, or none that can be understood."""
        return self.said(form, node).value

    def said(self, form: Form[T_co], node: Node | None) -> Said[T_co]:
        """Return what a phrase says together with the names it mentions, each of which is looked up."""
        if node is None:
            return Said(form.blank)
        if not isinstance(node, Scalar):
            self.note(node.mark, _shown(node), f"{form.says}, as in {listed([f'`{e}`' for e in form.examples], 4)}")
            return Said(form.blank)
        try:
            said = understand(form, node.text)
        except PhraseFault as fault:
            self.note(node.at(fault.offset), fault.found, fault.expected, fault.hint)
            return Said(form.blank)
        for mention in said.mentions:
            self.check_mention(mention, node)
        return said

    def check_mention(self, mention: Mention, node: Scalar) -> None:
        """Note a name in a phrase that is not declared, at its place in the phrase."""
        mark = node.at(mention.offset)
        if mention.kind == "fact":
            self.check_reference(mention.text, "event" if "." in mention.text else "property", mark)
        elif mention.kind == "anchor":
            self.check_anchor(mention.text, mark)
        elif mention.kind == "scope":
            self.check_scope(mention.text, mark)
        elif mention.kind != "value":
            self.check_reference(mention.text, mention.kind, mark)

    def check_scope(self, name: str, mark: Mark) -> None:
        """Note what a cap counts that is neither a topic nor a stage."""
        right = (*self.names.of("topic"), *self.names.of("stage"))
        if name not in right:
            expected = f"a channel, a topic or a stage: one of {listed(right)}" if right else "a channel"
            self.note(mark, f"unknown topic or stage {quoted(name)}", expected, did_you_mean(name, right))

    def check_anchor(self, name: str, mark: Mark) -> None:
        """Note an anchor that is neither of the step nor a date of the customer's."""
        right = ("start", "due", *self.names.dates())
        declared = self.names.properties.get(name)
        if name in right or (declared is None and name in self.names.of("property")):
            return  # or its type was not understood, which is noted already
        found = f'"{name}", which is {declared.type}' if declared else f"unknown date {quoted(name)}"
        self.note(mark, found, f"one of {listed(right)}", did_you_mean(name, right))


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"the text {quoted(node.text)}"
    return "a list" if isinstance(node, Listing) else "keys with values"
