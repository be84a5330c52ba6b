"""Why a message could not be made from its template: the templates' leaves of the error tree.

    TactfulError
    └── TemplateError          one message, one template, one place in a file
        ├── MissingVariable    this customer has no value for something the template says aloud
        ├── TemplateTooCostly  a loop, text or value grew past its limit
        └── TemplateBroken     anything else: no such template, a filter that got what it cannot use

Their text names the template and the variable, never a value: it may be logged.
"""

from __future__ import annotations

from tactful.errors import TactfulError


class TemplateError(TactfulError):
    """A message could not be made from its template. `file` and `line` (from 1) say where it stopped."""

    def __init__(self, what: str, file: str, line: int | None) -> None:
        self.file = file
        self.line = line
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {what}")


class MissingVariable(TemplateError):  # noqa: N818 - the leaves say what happened, as elsewhere in the tree
    """The template says a variable aloud that has no value for this customer."""

    def __init__(self, name: str, file: str, line: int | None) -> None:
        self.name = name
        super().__init__(
            f'"{name}" has no value here, and the template gives no `| default: …` and asks no `if`', file, line
        )


class TemplateTooCostly(TemplateError):  # noqa: N818 - as above
    """The template ran into a limit: loops, output, or the size of a value."""


class TemplateBroken(TemplateError):  # noqa: N818 - as above
    """The template cannot be used, or not with these values."""
