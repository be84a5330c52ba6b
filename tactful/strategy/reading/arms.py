"""Tests within a communication: the question, the arms with their shares, what each changes, the measure.

`as written` is the communication as it stands, `nothing` keeps it back; every other arm has a block of its own name.
"""

from __future__ import annotations

from decimal import Decimal

from tactful.strategy.forms import BY, MEASURE, PERCENT, TIME, WHEN
from tactful.strategy.keys import ARMS_WITHOUT_BLOCK, BLOCKS
from tactful.strategy.model import Test
from tactful.strategy.reading.desk import Desk
from tactful.strategy.spelling import did_you_mean, listed, nearest, quoted
from tactful.strategy.tree import Entry, Mapping, Mark, Node

ALL = Decimal(100)
FEWEST_ARMS = 2


def read_test(desk: Desk, node: Node, place: Mark) -> Test:
    """Return a test; shares that do not add up and arms that are not there are noted."""
    own = BLOCKS["test"]
    entries = {entry.key.text: entry for entry in node.entries} if isinstance(node, Mapping) else {}
    misspelled = {nearest(key, entries.keys() - own) for key in own.keys() - entries.keys()}
    arms = {key: entry for key, entry in entries.items() if key not in own and key not in misspelled}
    fields = desk.fields(node, place, "test", free=tuple(arms))
    split = _split(desk, fields.node("split"), fields.mark("split"), tuple(arms))
    for name, entry in arms.items():
        _check_arm_is_drawn(desk, name, entry, split)
    measured = desk.phrase(MEASURE, fields.node("measure"))
    return Test(
        asks=desk.text(fields.node("asks"), most=500),
        split=split,
        changes={name: _changes(desk, entry) for name, entry in arms.items()},
        measure=measured.event,
        measure_within=measured.within,
    )


def _split(desk: Desk, node: Node | None, place: Mark, arms: tuple[str, ...]) -> dict[str, Decimal]:
    split: dict[str, Decimal] = {}
    for entry in desk.keys(node, "an arm in each place, with its share: `{ as written: 50%, nothing: 50% }`"):
        name, known = entry.key.text, (*ARMS_WITHOUT_BLOCK, *arms)
        if name not in known:
            expected = f"{listed(known)}, or a block `{name}:` in the test that says what it changes"
            desk.note(entry.key.mark, f"unknown arm {quoted(name)}", expected, did_you_mean(name, known))
        split[name] = desk.phrase(PERCENT, entry.value)
        if split[name] == 0:
            desk.note(entry.key.mark, f'no share for "{name}"', "more than 0%, or the arm left out")
    if not isinstance(node, Mapping):
        return split
    if len(split) < FEWEST_ARMS:
        desk.note(place, "a test with fewer than two arms", "two or more, to compare")
    if sum(split.values()) != ALL:
        desk.note(place, f"shares that add up to {sum(split.values())}%", "100% together")
    return split


def _check_arm_is_drawn(desk: Desk, name: str, entry: Entry, split: dict[str, Decimal]) -> None:
    if name in split:
        return
    known = (*BLOCKS["test"], *split)
    found = f"{quoted(name)}, which has no share in the split"
    desk.note(entry.key.mark, found, f"one of {listed(known)}", did_you_mean(name, known))


def _changes(desk: Desk, entry: Entry) -> dict[str, str]:
    fields = desk.fields(entry.value, entry.key.mark, "arm")
    if not fields.entries:
        desk.note(entry.key.mark, f'nothing that the arm "{entry.key.text}" changes', f"one of {listed(BLOCKS['arm'])}")
    desk.reference(fields.node("template"), "template")
    desk.reference(fields.node("offer"), "offer")
    for key, form in (("by", BY), ("when", WHEN), ("at", TIME)):
        desk.phrase(form, fields.node(key))
    return {key: desk.text(fields.node(key)) for key in fields.entries}
