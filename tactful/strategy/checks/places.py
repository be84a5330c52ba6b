"""Where steps, communications and their keys stand in the file, for problems found in the values.

Finds places only.
"""

from __future__ import annotations

from tactful.strategy.model import Communication, Step
from tactful.strategy.problems import Problem, Severity
from tactful.strategy.reading.names import STRATEGY_FILE
from tactful.strategy.tree import Entry, Mark, Tree


class Places:
    """Finds the place of what a value came from; where a key was left out, the place of what it belongs to."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def of_key(self, *path: str) -> Mark:
        """Return the place of a key, or of the nearest key above it that is there."""
        entry = self._nearest(path)
        return entry.key.mark if entry else Mark(1, 1)

    def of_value(self, *path: str) -> Mark:
        """Return the place of what stands behind a key, or of the nearest key above it that is there."""
        entry = self._tree.entry(*path)
        return entry.value.mark if entry else self.of_key(*path)

    def of_step(self, step: Step, *path: str) -> Mark:
        """Return the place of a step, or of the value of one of its keys."""
        where = ("stages", step.stage, step.name)
        return self.of_value(*where, *path) if path else self.of_key(*where)

    def of_said(self, said: Communication, *path: str) -> Mark:
        """Return the place of a communication, or of the value of one of its keys."""
        step = ("stages", said.stage, said.step)
        nudge = said.done is not None
        where = (*step, "milestones", said.name, "nudge") if nudge else (*step, "say", said.name)
        return self.of_value(*where, *path) if path else self.of_key(*(where[:-1] if nudge else where))

    def problem(
        self, mark: Mark, found: str, expected: str, hint: str | None = None, severity: Severity = "error"
    ) -> Problem:
        """Return a problem at a place of the strategy's file."""
        return Problem(STRATEGY_FILE, mark.line, mark.column, found, expected, hint, severity)

    def _nearest(self, path: tuple[str, ...]) -> Entry | None:
        for length in range(len(path), 0, -1):
            entry = self._tree.entry(*path[:length])
            if entry:
                return entry
        return None
