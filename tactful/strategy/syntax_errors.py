"""What a YAML parser complains of, in words for somebody who has never read the YAML specification.

This module words errors only; the tree decides what to do with them.
"""

from __future__ import annotations

import re
from typing import Any, cast

from ruamel.yaml.error import MarkedYAMLError

Explained = tuple[int, str, str]


def explain(error: MarkedYAMLError, text: str) -> Explained:
    """Return index in the text, what was found and what would be right, for a parser's error."""
    told = cast("Any", error)  # the parser gives its errors no types
    problem, context = str(told.problem or ""), str(told.context or "")
    at = int(told.problem_mark.index) if told.problem_mark else 0
    opened = int(told.context_mark.index) if told.context_mark else at
    for pattern, found, expected, blames_opening in _WORDINGS:
        if re.search(pattern, f"{context} / {problem}"):
            return opened if blames_opening else at, found, expected
    character = re.search(r"found character '(.+?)' that cannot start", problem)
    if character:
        shown = "a tab" if character[1] == "\\t" else f'text that begins with "{character[1]}"'
        right = "spaces: YAML knows no tabs" if character[1] == "\\t" else "the text in quotes"
        return at, shown, right
    if "flow" in context and ("expected ','" in problem or "expected ','" in context):
        same_line = "\n" not in text[opened:at]
        found = "a bracket that is not closed, or a comma that is missing"
        return at if same_line else opened, found, "a comma between two entries, and a bracket for each that was opened"
    return at, f"text that is not YAML ({problem or context or 'unreadable'})", "`key: value`, indented with spaces"


# (pattern over "context / problem", what was found, what would be right, whether the place is where it was opened)
_WORDINGS: tuple[tuple[str, str, str, bool], ...] = (
    (
        "mapping values are not allowed",
        'a second ": " in one value, or a line indented too far',
        'one key to a line, or the text in quotes where it contains ": "',
        False,
    ),
    (
        "quoted scalar / found (unexpected end of stream|unexpected document)",
        "a quotation mark that is never closed",
        "a second quotation mark where the text ends",
        True,
    ),
    ("could not find expected ':'", 'a line without ": "', "`key: value`", True),
    (
        "block (mapping|collection) / expected <block end>",
        "a line that is indented differently from those it belongs to",
        "the same indentation for everything on one level",
        False,
    ),
    (
        "sequence entries are not allowed",
        'a "-" in a place where no list can begin',
        "a list on a line of its own",
        False,
    ),
    (
        "double-quoted scalar",
        'a "\\" in double quotes that means nothing',
        "single quotes, or two backslashes",
        False,
    ),
)
