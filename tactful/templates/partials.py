"""Shared pieces: `{% render 'partials/footer' %}` is replaced by the text of the partial before anything else happens.

Because partials are set in place when a version is compiled, a finished template opens no file and calls no other:
there is nothing left to load at send time, and no way out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tactful.strategy.problems import Problem
from tactful.templates.pieces import Piece, UnreadableError, pieces_in
from tactful.templates.written import File, Place, Written, join

NAMED = re.compile(r"""\{%-?\s*render\s*(?P<quote>['"])(?P<name>[^'"]*)(?P=quote)(?P<arguments>.*?)-?%\}""", re.DOTALL)
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

    def wrong(self, place: Place, found: str, expected: str, hint: str | None = None) -> None:
        """Note a problem, unless a flood of partials has been reported already: it would repeat itself."""
        if self.count <= MOST_PARTIALS + 1:
            self.problems.append(Problem(place.file, place.line, place.column, found, expected, hint))


def set_partials(body: Written, find: Find, problems: list[Problem]) -> Written:
    """Return the body with every partial's text in its place; arguments become `assign`s in front of it.

    Args:
        body: A template's text below its front matter.
        find: Returns the partial of a name ("partials/footer") in the right format and language, or None.
        problems: Takes what is wrong: no such partial, one that contains itself, too many.
    """
    return _set(body, _Setting(find, problems))


class _RefusedError(Exception):
    """A partial cannot be set here."""

    def __init__(self, found: str, expected: str, hint: str | None = None) -> None:
        self.found = found
        self.expected = expected
        self.hint = hint
        super().__init__(found)


def _set(body: Written, setting: _Setting) -> Written:
    parts: list[Written] = []
    end = 0
    try:
        for piece in pieces_in(body.text):
            if piece.tag in {"render", "include"}:
                parts += [body.cut(end, piece.start), _partial(body, piece, setting)]
                end = piece.end
    except UnreadableError as error:
        setting.wrong(body.place(error.offset), error.found, error.expected)
        return Written("", ())
    return join([*parts, body.cut(end, len(body.text))]) if parts else body


def _partial(body: Written, piece: Piece, setting: _Setting) -> Written:
    try:
        match = _named(body.text[piece.start : piece.end])
        file = _find(match["name"], setting)
        assigns = _assigns(body, piece.start, match)
    except _RefusedError as refused:
        setting.wrong(body.place(piece.start), refused.found, refused.expected, refused.hint)
        return Written("", ())
    setting.inside.append(match["name"])
    text = _set(Written.whole(file).cut(0, len(file.text.rstrip("\n"))), setting)
    setting.inside.pop()
    return join([*assigns, text])


def _named(text: str) -> re.Match[str]:
    match = NAMED.fullmatch(text)
    if match is None:
        raise _RefusedError("a partial without a fixed name", "`{% render 'partials/footer' %}`")
    return match


def _find(name: str, setting: _Setting) -> File:
    if name in setting.inside:
        raise _RefusedError(f'partial "{name}" inside itself', "partials that end somewhere")
    setting.count += 1
    if setting.count > MOST_PARTIALS:
        found = f"more than {MOST_PARTIALS} partials in one template"
        raise _RefusedError(found, "fewer", "Partials inside partials count.")
    file = setting.find(name)
    if file is None:
        raise _RefusedError(f'no partial "{name}" here', f"a file templates/{name} with the ending of this template")
    return file


def _assigns(body: Written, start: int, match: re.Match[str]) -> list[Written]:
    given = match["arguments"].rstrip()
    first = body.cut(start, start + 1).stretches[0]
    assigns: list[Written] = []
    end = 0
    while end < len(given):
        argument = ARGUMENT.match(given, end)
        if argument is None:
            hint = "To repeat a partial, put it inside a `for`."
            raise _RefusedError(f"`render` with `{given.strip()}`", "arguments as `, name: value`", hint)
        assign = f"{{% assign {argument['name']} = {argument['value']} %}}"
        assigns.append(Written.part(first.file, first.offset, assign))
        end = argument.end()
    return assigns
