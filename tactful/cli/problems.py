"""Problems of a strategy on a terminal: place, what is wrong, and the line itself with a mark below it.

Prints only. Colours come from rich, and only where somebody is looking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tactful.strategy.problems import MOST_SHOWN, Problem, errors_in

_WIDEST = 110
_BEFORE = 70
_STYLES = {"error": "bold red", "warning": "bold yellow"}


def print_problems(console: Console, problems: Sequence[Problem], files: Mapping[str, str]) -> None:
    """Print each problem with the line it is in, and how many there are."""
    for problem in problems[:MOST_SHOWN]:
        console.print(_headline(problem))
        for line in _excerpt(problem, files.get(problem.file, "")):
            console.print(line)
    if len(problems) > MOST_SHOWN:
        console.print(f"… and {len(problems) - MOST_SHOWN} more")
    errors = len(errors_in(problems))
    if problems:
        counts = [_counted(errors, "error"), _counted(len(problems) - errors, "warning")]
        console.print(Text(", ".join(filter(None, counts)), style="bold"))


def _headline(problem: Problem) -> Text:
    place = f"{problem.file}:{problem.line}:{problem.column}:"
    said = str(problem).removeprefix(place)
    return Text.assemble((place, "bold"), (said, _STYLES[problem.severity]))


def _excerpt(problem: Problem, text: str) -> list[Text]:
    """Return the line a problem is in, and one with a mark below the place; nothing where there is no such line."""
    lines = text.removeprefix("\ufeff").split("\n")
    if problem.line > len(lines) or not lines[problem.line - 1].strip():
        return []
    line = lines[problem.line - 1].replace("\t", " ").rstrip("\r")
    column = min(problem.column, len(line) + 1) - 1
    cut = max(0, column - _BEFORE) if len(line) > _WIDEST else 0
    shown = ("…" if cut else "") + line[cut : cut + _WIDEST] + ("…" if len(line) > cut + _WIDEST else "")
    pointed = cell_len(("…" if cut else "") + line[cut:column])
    number = f"{problem.line:>6} │ "
    return [
        Text.assemble((number, "dim"), shown),
        Text.assemble((" " * 6 + " │ ", "dim"), (" " * pointed + "^", _STYLES[problem.severity])),
    ]


def _counted(count: int, what: str) -> str:
    return "" if count == 0 else f"1 {what}" if count == 1 else f"{count} {what}s"
