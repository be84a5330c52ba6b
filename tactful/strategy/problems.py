"""What is wrong with a strategy: problems that name file, line, column, what was found and what would be right.

This module only words and orders problems. It finds none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tactful.errors import TactfulError

Severity = Literal["error", "warning"]
MOST_SHOWN = 200


@dataclass(frozen=True)
class Problem:
    """One thing to put right in one file of a strategy folder.

    Attributes:
        file: Path inside the strategy folder, with forward slashes.
        line: Line of the mistake, from 1.
        column: Column of the mistake in characters, from 1.
        found: What stands there, as a clause: `unknown topic "idea"`.
        expected: What would be right, as a clause: `one of orders, reminders, ideas`.
        hint: A further sentence, most often a "did you mean"; None where there is nothing to add.
        severity: An *error* keeps the strategy from being used, a *warning* does not.
    """

    file: str
    line: int
    column: int
    found: str
    expected: str
    hint: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        """Return the problem in one line, with its place first, as editors and terminals like to link it."""
        label = "" if self.severity == "error" else "warning: "
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {label}{self.found}; expected {self.expected}.{hint}"


class StrategyErrors(TactfulError):  # noqa: N818  it is all of them, and is called so
    """A strategy cannot be used; `problems` has everything that was found, warnings included, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_reading_order(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return all problems, one line each; a very long list is cut and says so."""
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - len(lines)
        return "\n".join([*lines, *([f"… and {more} more"] if more else [])])


def in_reading_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, line and column, each once."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.file, p.line, p.column, p.found)))


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems that keep a strategy from being used."""
    return tuple(problem for problem in problems if problem.severity == "error")
