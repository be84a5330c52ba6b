"""Shared pieces: `{% render 'partials/footer' %}` is replaced by the text of the partial before anything else happens.

Because partials are set in place when a version is compiled, a finished template opens no file and calls no other:
there is nothing left to load at send time, and no way out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tactful.strategy.problems import Problem
from tactful.templates.pieces import PIECE
from tactful.templates.written import File, Written, join

RENDER = re.compile(
    r"""\{%-?\s*(?P<tag>render|include)\b\s*(?:(?P<quote>['"])(?P<name>.*?)(?P=quote))?(?P<arguments>.*?)-?%\}""",
    re.DOTALL,
)
ARGUMENT = re.compile(r"""\s*,?\s*(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<value>"[^"]*"|'[^']*'|[^\s,'"]+)\s*""")
MOST_PARTIALS = 50
"""Partials set into one template, those inside partials included: doubling ones would grow without end."""

Find = Callable[[str], File | None]


@dataclass(slots=True)
class _Setting:
    find: Find
    problems: list[Problem]
    count: int = 0
    inside: list[str] = field(default_factory=list[str])


def set_partials(body: Written, find: Find, problems: list[Problem]) -> Written:
    """Return the body with every partial's text in its place; arguments become `assign`s in front of it.

    Args:
        body: A template's text below its front matter.
        find: Returns the partial of a name ("partials/footer") in the right format and language, or None.
        problems: Takes what is wrong: no such partial, one that contains itself, too many.
    """
    return _set(body, _Setting(find, problems))


def _set(body: Written, setting: _Setting) -> Written:
    parts: list[Written] = []
    end = 0
    for piece in PIECE.finditer(body.text):
        match = RENDER.fullmatch(piece.group())
        if match is None:
            continue
        parts += [body.cut(end, piece.start()), _partial(body, piece.start(), match, setting)]
        end = piece.end()
    return join([*parts, body.cut(end, len(body.text))]) if parts else body


def _partial(body: Written, start: int, match: re.Match[str], setting: _Setting) -> Written:
    def wrong(found: str, expected: str, hint: str | None = None) -> Written:
        place = body.place(start)
        setting.problems.append(Problem(place.file, place.line, place.column, found, expected, hint))
        return Written("", ())

    name = match["name"]
    if match["tag"] == "include" or not name:
        return wrong(f"`{match['tag']}` without a fixed name", "`{% render 'partials/footer' %}`")
    if name in setting.inside:
        return wrong(f'partial "{name}" inside itself', "partials that end somewhere")
    setting.count += 1
    if setting.count > MOST_PARTIALS:
        return wrong(f"more than {MOST_PARTIALS} partials in one template", "fewer", "Partials inside partials count.")
    file = setting.find(name)
    if file is None:
        return wrong(f'no partial "{name}" here', f"a file templates/{name} with the ending of this template")
    assigns = _assigns(body, start, match)
    if assigns is None:
        return wrong(
            f"`render` with `{match['arguments'].strip()}`",
            "arguments as `, name: value`",
            "To repeat a partial, put it inside a `for`.",
        )
    setting.inside.append(name)
    text = _set(Written.whole(file).cut(0, len(file.text.rstrip("\n"))), setting)
    setting.inside.pop()
    return join([*assigns, text])


def _assigns(body: Written, start: int, match: re.Match[str]) -> list[Written] | None:
    given = match["arguments"].rstrip()
    first = body.cut(start, start + 1).stretches[0]
    assigns: list[Written] = []
    end = 0
    while end < len(given):
        argument = ARGUMENT.match(given, end)
        if argument is None:
            return None
        assign = f"{{% assign {argument['name']} = {argument['value']} %}}"
        assigns.append(Written.part(first.file, first.offset, assign))
        end = argument.end()
    return assigns
