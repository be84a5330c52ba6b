"""Communications: one line each, with the defaults of step and strategy filled in.

What a single line shows to be wrong is noted here; what only the whole step shows is checked in `checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tactful.strategy.forms import WHEN
from tactful.strategy.model import Cap, Communication, Condition, When
from tactful.strategy.reading.arms import at_hour, on_local_hour, read_test
from tactful.strategy.reading.conditions import read_condition, read_conditions
from tactful.strategy.reading.contact_rules import read_caps
from tactful.strategy.reading.defaults import BUILT_IN_EXPIRES, Defaults, read_defaults
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.tree import Node

_RAISED = {"raised": 1, "lowered": -1, "": 0}


@dataclass(frozen=True)
class Surroundings:
    """What a communication takes from the step it stands in."""

    step: str
    stage: str
    defaults: Defaults


def read_say(desk: Desk, node: Node | None, around: Surroundings) -> Iterator[Communication]:
    """Yield the communications of a sequence or a clock."""
    for entry in desk.named(node, "communication"):
        fields = desk.fields(entry.value, entry.key.mark, "communication")
        yield _communication(desk, fields, entry.key.text, around)


def read_milestones(desk: Desk, node: Node | None, around: Surroundings) -> Iterator[Communication]:
    """Yield the nudges of milestones, each with what makes it needless."""
    for entry in desk.named(node, "milestone"):
        fields = desk.fields(entry.value, entry.key.mark, "milestone")
        nudge = desk.fields(fields.node("nudge"), fields.mark("nudge"), "communication")
        done = read_condition(desk, fields.node("done"))
        yield _communication(desk, nudge, entry.key.text, around, done)


def _communication(
    desk: Desk, fields: Fields, name: str, around: Surroundings, done: Condition | None = None
) -> Communication:
    own = read_defaults(desk, fields)
    filled = own.or_else(around.defaults)
    for key in ("topic", "by"):
        if getattr(filled, key) is None:
            desk.note(fields.place, f'no `{key}` for "{name}"', f"`{key}:` here or in the defaults")
    test, when = fields.node("test"), _when(desk, fields, filled)
    return Communication(
        name=name,
        step=around.step,
        stage=around.stage,
        topic=filled.topic or "",
        when=when,
        by=filled.by or (),
        expires=filled.expires or BUILT_IN_EXPIRES,
        offer=desk.reference(fields.node("offer"), "offer"),
        instead=_instead(desk, fields),
        test=read_test(desk, test, fields.mark("test"), when, filled.at) if test is not None else None,
        for_segments=desk.references(fields.node("for"), "segment"),
        unless=read_conditions(desk, fields.node("unless")),
        at_most=_own_caps(desk, fields),
        ask=desk.reference(fields.node("ask"), "property"),
        done=done,
        raised=_RAISED[desk.word(fields.node("priority"), ("raised", "lowered"), "")],
    )


def _when(desk: Desk, fields: Fields, filled: Defaults) -> When:
    when = desk.phrase(WHEN, fields.node("when"))
    if not on_local_hour(when):
        if fields.node("at") is not None and fields.node("when") is not None:
            found = f"an hour for what is due `{when.text}`"
            desk.note(fields.mark("at"), found, "no `at`: it counts only after days, weeks, months or years")
        return when
    return at_hour(when, filled.at)


def _instead(desk: Desk, fields: Fields) -> dict[str, str]:
    templates: dict[str, str] = {}
    for entry in desk.keys(fields.node("instead"), "a segment, a colon and a template"):
        desk.check_reference(entry.key.text, "segment", entry.key.mark)
        templates[entry.key.text] = desk.reference(entry.value, "template") or ""
    return templates


def _own_caps(desk: Desk, fields: Fields) -> tuple[Cap, ...]:
    caps = read_caps(desk, fields.node("at_most"))
    node = fields.node("at_most")
    if node is not None and any(cap.channel or cap.topic or cap.stage for cap in caps):
        found = "a cap on a channel or topic for one communication"
        desk.note(node.mark, found, "how often this one may be said, as in `1 in 365 days`")
    return caps
