"""The pieces a YAML 1.2 parser finds in a text, one after the other, as plain typed values.

The one module that touches the parser, which gives its events no types. It converts nothing and keeps no state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

PieceKind = Literal["document", "text", "list", "mapping", "alias", "end", "other"]
_KINDS: dict[type[object], PieceKind] = {
    DocumentStartEvent: "document",
    ScalarEvent: "text",
    SequenceStartEvent: "list",
    MappingStartEvent: "mapping",
    AliasEvent: "alias",
    SequenceEndEvent: "end",
    MappingEndEvent: "end",
}


class Piece(NamedTuple):
    """One piece: from where to where it stands in the text, what it says, and with which of YAML's ornaments.

    `style` is empty for a text without quotes, else the character that begins it. `directives` says that lines
    beginning with `%` stand before a document.
    """

    kind: PieceKind
    start: int
    end: int
    text: str = ""
    style: str = ""
    anchor: str | None = None
    tagged: bool = False
    directives: bool = False


def pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text as the parser meets them.

    Raises:
        ruamel.yaml.error.YAMLError: The text is not YAML, from here on.
    """
    events = cast("Iterator[Any]", YAML(typ="safe", pure=True).parse(text))  # pyright: ignore[reportUnknownMemberType]
    for event in events:
        kind = _KINDS.get(cast("object", event).__class__, "other")
        document = kind == "document"
        yield Piece(
            kind,
            int(event.start_mark.index),
            int(event.end_mark.index),
            str(event.value) if kind == "text" else "",
            event.style or "" if kind == "text" else "",
            getattr(event, "anchor", None),
            tagged=bool(getattr(event, "tag", None)),
            directives=document and bool(event.version or event.tags),
        )
