"""What the language can say and this version does not yet do: refused by name, never ignored."""

from __future__ import annotations

from tactful.strategy.model import Communication
from tactful.verdict import Line
from tactful.words import Reason

NOT_YET = "not yet"


def carried_out(communication: Communication) -> Line:
    """Say whether this version can do all that the communication asks for; tests with arms it cannot.

    Source: docs/rules.md#not-yet
    """
    if communication.test is None:
        return Line(NOT_YET)
    return Line(NOT_YET, Reason.NOT_YET, {"asks_for": "test"})
