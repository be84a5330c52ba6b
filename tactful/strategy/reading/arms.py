"""Tests within a communication: the question, the arms with their shares, what each changes, the measure.

`as written` is the communication as it stands, `nothing` keeps it back; every other arm has a block of its own name.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from tactful.strategy.forms import BY, MEASURE, PERCENT, TIME, WHEN
from tactful.strategy.keys import ARMS_WITHOUT_BLOCK, BLOCKS
from tactful.strategy.model import Arm, Span, Test, When
from tactful.strategy.reading.defaults import BUILT_IN_AT
from tactful.strategy.reading.desk import Desk
from tactful.strategy.spelling import did_you_mean, listed, nearest, quoted
from tactful.strategy.tree import Entry, Mapping, Mark, Node

ALL = Decimal(100)
FEWEST_ARMS = 2


def read_test(desk: Desk, node: Node, place: Mark, when: When, at: time | None) -> Test:
    """Return a test; shares that do not add up and arms that are not there are noted.

    Args:
        desk: Where problems are noted.
        node: The test.
        place: Where it stands.
        when: When the communication is due as it is written.
        at: The local hour that stands there or in the defaults.
    """
    own = BLOCKS["test"]
    entries = {entry.key.text: entry for entry in node.entries} if isinstance(node, Mapping) else {}
    misspelled = {nearest(key, entries.keys() - own) for key in own.keys() - entries.keys()}
    arms = {key: entry for key, entry in entries.items() if key not in own and key not in misspelled}
    fields = desk.fields(node, place, "test", free=tuple(arms))
    split = _split(desk, fields.node("split"), fields.mark("split"), tuple(arms))
    for name, entry in arms.items():
        _check_arm_is_drawn(desk, name, entry, split)
    measured = desk.phrase(MEASURE, fields.node("measure"))
    read = {name: _arm(desk, entry, when, at) for name, entry in arms.items()}
    return Test(
        asks=desk.text(fields.node("asks"), most=500),
        split=split,
        changes={name: changes for name, (changes, _) in read.items()},
        arms={name: arm for name, (_, arm) in read.items()},
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


def _arm(desk: Desk, entry: Entry, when: When, at: time | None) -> tuple[dict[str, str], Arm]:
    """Return what an arm changes: as it is written, and what that says."""
    fields = desk.fields(entry.value, entry.key.mark, "arm")
    if not fields.entries:
        desk.note(entry.key.mark, f'nothing that the arm "{entry.key.text}" changes', f"one of {listed(BLOCKS['arm'])}")
    template = desk.reference(fields.node("template"), "template")
    offer = desk.reference(fields.node("offer"), "offer")
    by, then, hour = fields.node("by"), fields.node("when"), fields.node("at")
    due = desk.phrase(WHEN, then) if then is not None else when
    own = desk.phrase(TIME, hour) if hour is not None else at
    if hour is not None and not on_local_hour(due):
        expected = "no `at`: it counts only after days, weeks, months or years"
        desk.note(fields.mark("at"), f"an hour for what is due `{due.text}`", expected)
    arm = Arm(
        template=template,
        offer=offer,
        by=desk.phrase(BY, by) if by is not None else None,
        when=at_hour(due, own) if then is not None or hour is not None else None,
    )
    return {key: desk.text(fields.node(key)) for key in fields.entries}, arm


def at_hour(when: When, at: time | None) -> When:
    """Return when something is due with its local hour, where it is due on a day."""
    if not on_local_hour(when):
        return when
    return when.model_copy(update={"at": at if at is not None else BUILT_IN_AT})


def on_local_hour(when: When) -> bool:
    """Say whether something is due on a day, at the hour `at`, and not after an exact time."""
    return not when.at_once and (when.offset == Span() or bool(when.offset.days or when.offset.months))
