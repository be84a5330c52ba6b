"""Who and about what: segments, topics with their priorities, and offers.

The order of segments and of priorities is kept: the first segment that fits is the customer's, the first topic matters
most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from tactful.strategy.codes import read_codes
from tactful.strategy.forms import MONEY, SPAN
from tactful.strategy.limits import MANY_SEGMENTS, MOST_SEGMENTS
from tactful.strategy.model import Offer, Segment, Topic
from tactful.strategy.problems import Problem
from tactful.strategy.reading.conditions import read_conditions
from tactful.strategy.reading.contact_rules import read_caps
from tactful.strategy.reading.desk import Desk, Fields
from tactful.strategy.spelling import quoted
from tactful.strategy.tree import Entry, Mark, Scalar
from tactful.words import Purpose

CODES = "codes/"


def read_segments(desk: Desk, root: Fields) -> tuple[Segment, ...]:
    """Return the segments in their order; more than eight are worth a warning."""
    entries = list(desk.named(root.node("segments"), "segment", MOST_SEGMENTS))
    if len(entries) > MANY_SEGMENTS:
        found, expected = f"{len(entries)} segments", f"at most {MANY_SEGMENTS}, so that the plan stays manageable"
        desk.note(entries[MANY_SEGMENTS].key.mark, found, expected, severity="warning")
    return tuple(_segment(desk, entry) for entry in entries)


def _segment(desk: Desk, entry: Entry) -> Segment:
    fields = desk.fields(entry.value, entry.key.mark, "segment")
    return Segment(
        name=entry.key.text,
        owner=desk.text(fields.node("owner")) or None,
        conditions=read_conditions(desk, fields.node("if")),
        at_most=read_caps(desk, fields.node("at_most")),
    )


def read_topics(desk: Desk, root: Fields) -> dict[str, Topic]:
    """Return the topics by name, each with its rank among the priorities."""
    entries = list(desk.named(root.node("topics"), "topic"))
    ranked = _priorities(desk, root, tuple(entry.key.text for entry in entries))
    return {entry.key.text: _topic(desk, entry, ranked) for entry in entries}


def _priorities(desk: Desk, root: Fields, topics: tuple[str, ...]) -> tuple[str, ...]:
    """Return the topics by priority; in the order of their declaration where nothing is said."""
    if root.node("priorities") is None:
        return topics
    said = desk.references(root.node("priorities"), "topic")
    left_out = [topic for topic in topics if topic not in said]
    for topic in left_out:
        desk.note(root.mark("priorities"), f'no "{topic}" among the priorities', "every topic once, in its place")
    return (*said, *left_out)


def _topic(desk: Desk, entry: Entry, ranked: tuple[str, ...]) -> Topic:
    fields = desk.fields(entry.value, entry.key.mark, "topic")
    name, purpose = entry.key.text, desk.word(fields.node("purpose"), tuple(Purpose), Purpose.MARKETING)
    opt_in = desk.word(fields.node("opt_in"), ("single", "double"), "single")
    said = fields.node("opt_in") is not None
    if purpose == Purpose.SERVICE and said:
        desk.note(fields.mark("opt_in"), f'an opt-in for "{name}", which is service', "none: service needs no yes")
    if purpose == Purpose.MARKETING and not said and fields.node("purpose") is not None:
        desk.note(
            entry.key.mark, f'no `opt_in` for "{name}", which is marketing', "`opt_in: single` or `opt_in: double`"
        )
    return Topic(
        name=name,
        says=desk.text(fields.node("says")),
        purpose=Purpose(purpose),
        double_opt_in=opt_in == "double",
        rank=ranked.index(name) if name in ranked else len(ranked),
    )


@dataclass(frozen=True)
class Shelf:
    """Where codes are kept: the files of the folder, and where problems in them are noted."""

    files: Mapping[str, str]
    problems: list[Problem]


def read_offers(desk: Desk, root: Fields, shelf: Shelf) -> dict[str, Offer]:
    """Return the offers by name; their files of codes are read too."""
    entries = desk.named(root.node("offers"), "offer")
    return {entry.key.text: _offer(desk, entry, shelf) for entry in entries}


def _offer(desk: Desk, entry: Entry, shelf: Shelf) -> Offer:
    fields = desk.fields(entry.value, entry.key.mark, "offer")
    code, codes = desk.text(fields.node("code")), desk.text(fields.node("codes"))
    if code and codes:
        desk.note(fields.mark("codes"), "both `code` and `codes`", "one code for all, or a file with one each")
    elif codes:
        _check_codes(desk, fields, codes, shelf)
    kind = desk.word(fields.node("kind"), ("incentive", "reward", "service"), "incentive")
    return Offer(
        name=entry.key.text,
        kind=cast("Literal['incentive', 'reward', 'service']", kind),
        says=desk.text(fields.node("says")),
        code=code or None,
        codes=codes or None,
        lasts=desk.phrase(SPAN, fields.node("lasts")) if fields.node("lasts") is not None else None,
        costs=desk.phrase(MONEY, fields.node("costs")) if fields.node("costs") is not None else None,
    )


def _check_codes(desk: Desk, fields: Fields, path: str, shelf: Shelf) -> None:
    node = fields.node("codes")
    mark = node.mark if isinstance(node, Scalar) else Mark(1, 1)
    if not path.startswith(CODES) or ".." in path:
        desk.note(mark, f"the file {quoted(path)}", "a file in the folder codes/, such as codes/tenner.csv")
    elif path not in shelf.files:
        desk.note(mark, f"{quoted(path)}, which is not there", "a file of codes in the strategy's folder, one a line")
    else:
        shelf.problems.extend(read_codes(path, shelf.files[path]).problems)
