"""Steps: one entry, what is said, and how it begins, goes on and ends.

Which keys go together is noted here; whether the times and ways of a step can work is checked in `checks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from tactful.strategy.forms import AGAIN, BRAKE, DUE, LASTS, MOMENT, TRIGGER
from tactful.strategy.keys import ENTRIES
from tactful.strategy.limits import LONGEST_TEXT
from tactful.strategy.model import (
    Again,
    CampaignEntry,
    Communication,
    DateEntry,
    SegmentEntry,
    Step,
    Trigger,
)
from tactful.strategy.reading.communications import Surroundings, read_milestones, read_say
from tactful.strategy.reading.defaults import Defaults, read_defaults
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.spelling import did_you_mean, listed, quoted
from tactful.strategy.tree import Entry, Mark, Scalar
from tactful.words import Shape

AnyEntry = Trigger | DateEntry | CampaignEntry | SegmentEntry
_KEYED_BY = frozenset({"text", "number", "date"})


def read_steps(desk: Desk, root: Fields, defaults: Defaults) -> dict[str, Step]:
    """Return the steps of all stages by name; a name serves one step only."""
    steps: dict[str, Step] = {}
    first: dict[str, Mark] = {}
    for stage in desk.named(root.node("stages"), "stage"):
        for entry in desk.named(stage.value, "step"):
            name = entry.key.text
            if name in first:
                found = f'the step "{name}" a second time'
                desk.note(entry.key.mark, found, f"another name: the first is in line {first[name].line}")
                continue
            first[name] = entry.key.mark
            steps[name] = _step(desk, entry, stage.key.text, defaults)
    return steps


def _step(desk: Desk, entry: Entry, stage: str, defaults: Defaults) -> Step:
    fields = desk.fields(entry.value, entry.key.mark, "step")
    own = desk.fields(fields.node("defaults"), fields.mark("defaults"), "step defaults")
    around = Surroundings(entry.key.text, stage, read_defaults(desk, own).or_else(defaults))
    begins = _entry(desk, fields)
    lasts, due, brake = (fields.node(key) for key in ("lasts", "due", "brake"))
    step = Step(
        name=entry.key.text,
        stage=stage,
        shape=_shape(fields),
        why=desk.text(fields.node("why"), LONGEST_TEXT),
        entry=begins,
        then=desk.reference(fields.node("then"), "step"),
        until=desk.reference(fields.node("until"), "event"),
        lasts=desk.phrase(LASTS, lasts) if lasts is not None else None,
        again=_again(desk, fields, begins),
        per=_per(desk, fields, begins),
        due=desk.phrase(DUE, due) if due is not None else None,
        undisturbed_by=desk.references(fields.node("undisturbed_by"), "topic"),
        for_segments=desk.references(fields.node("for"), "segment"),
        when_moved=_when_moved(desk, fields),
        brake=desk.phrase(BRAKE, brake) if brake is not None else None,
        draft=desk.flag(fields.node("draft")),
        communications=tuple(_communications(desk, fields, around)),
    )
    _check_keys_fit(desk, fields, begins)
    return step


def _shape(fields: Fields) -> Shape:
    if fields.node("due") is not None:
        return Shape.CLOCK
    return Shape.MILESTONES if fields.node("milestones") is not None else Shape.SEQUENCE


def _entry(desk: Desk, fields: Fields) -> AnyEntry | None:
    """Return the entry of a step, or None; a second one is noted."""
    said = [key for key in ENTRIES if fields.node(key) is not None]
    for extra in sorted(said, key=fields.mark)[1:]:
        desk.note(fields.mark(extra), f"a second entry, `{extra}`", f"one entry only: {listed(ENTRIES)}")
    trigger, date = fields.node("trigger"), desk.reference(fields.node("date"), "property")
    campaign, segment = fields.node("campaign"), desk.reference(fields.node("segment"), "segment")
    if date is not None:
        _check_is_date(desk, fields, date)
    if trigger is not None:
        return desk.phrase(TRIGGER, trigger)
    if date is not None:
        return DateEntry(property=date)
    if campaign is not None:
        return CampaignEntry(at=desk.phrase(MOMENT, campaign))
    return SegmentEntry(segment=segment) if segment is not None else None


def _check_is_date(desk: Desk, fields: Fields, name: str) -> None:
    declared, node = desk.names.properties.get(name), fields.node("date")
    if declared and declared.type != "date" and node is not None:
        found = f'"{name}", which is {declared.type}'
        desk.note(node.mark, found, f"a date: {listed(desk.names.dates())}" if desk.names.dates() else "a date")


def _again(desk: Desk, fields: Fields, begins: AnyEntry | None) -> Again:
    """Return the rule of re-entry: clocks, dates and steps led to by others always; all else once."""
    said = fields.node("again")
    if said is not None:
        return desk.phrase(AGAIN, said)
    repeats = _shape(fields) is Shape.CLOCK or begins is None or isinstance(begins, DateEntry)
    return Again(kind="always" if repeats else "never")


def _per(desk: Desk, fields: Fields, begins: AnyEntry | None) -> str | None:
    node = fields.node("per")
    name = desk.text(node)
    if not name or not isinstance(node, Scalar):
        return None
    if not isinstance(begins, Trigger):
        desk.note(
            fields.mark("per"), "`per` in a step without a trigger", "a trigger: `per` names a field of its event"
        )
        return name
    declared = desk.names.events.get(begins.event, {})
    if begins.event in desk.names.events and name not in declared:
        right = f"a field of {begins.event}: {listed(declared)}" if declared else f"a field: {begins.event} has none"
        desk.note(node.mark, f"unknown field {quoted(name)}", right, did_you_mean(name, declared))
    elif name in declared and declared[name] not in _KEYED_BY:
        desk.note(node.mark, f'"{name}", which is {declared[name]}', f"a field that is {listed(sorted(_KEYED_BY))}")
    return name


def _when_moved(desk: Desk, fields: Fields) -> dict[str, Literal["leave", "stay"]]:
    moved: dict[str, Literal["leave", "stay"]] = {}
    for entry in desk.keys(fields.node("when_moved"), "a segment, a colon, and leave or stay"):
        desk.check_reference(entry.key.text, "segment", entry.key.mark)
        word = desk.word(entry.value, ("leave", "stay"), "stay")
        moved[entry.key.text] = cast('Literal["leave", "stay"]', word)
    return moved


def _communications(desk: Desk, fields: Fields, around: Surroundings) -> Iterator[Communication]:
    say, milestones = fields.node("say"), fields.node("milestones")
    if say is not None and milestones is not None:
        desk.note(fields.mark("milestones"), "both `say` and `milestones`", "one of them")
    found = [
        *read_say(desk, say, around),
        *read_milestones(desk, milestones, around),
    ]
    if not found and not (isinstance(say, Scalar) and not say.empty):
        desk.note(fields.place, "a step that says nothing", "`say:` or `milestones:`, with something in it")
    yield from found


def _check_keys_fit(desk: Desk, fields: Fields, begins: AnyEntry | None) -> None:
    """Note keys that mean nothing beside the others."""
    if fields.node("due") is not None and not isinstance(begins, Trigger):
        desk.note(fields.mark("due"), "`due` without a trigger", "`trigger:`, the order that the clock counts from")
    if fields.node("due") is not None and fields.node("milestones") is not None:
        desk.note(fields.mark("milestones"), "`milestones` beside `due`", "`say:` in a clock")
    if fields.node("brake") is not None and not isinstance(begins, CampaignEntry):
        desk.note(fields.mark("brake"), "a brake in a step that is no campaign", "`campaign:`, or no brake")
    if fields.node("again") is not None and isinstance(begins, CampaignEntry):
        desk.note(fields.mark("again"), "`again` in a campaign", "no `again`: a campaign happens once")
