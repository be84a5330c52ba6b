"""What a strategy says that this version does not execute yet, and what happens instead: never nothing, silently.

The worker refuses by these entries, `check` shows them, the documentation lists them. When something is built, its
entry here goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tactful.strategy.model import (
    CampaignEntry,
    DateEntry,
    SegmentEntry,
    Step,
    Strategy,
    Trigger,
)

Blocks = Literal["step", "communication", "nothing"]
_NOBODY = "nobody enters"


@dataclass(frozen=True)
class NotYet:
    """One thing that waits for a later version.

    Attributes:
        step: The step it is in; None for what holds for the whole strategy.
        communication: The communication it is in, or None.
        feature: What waits, as the strategy says it.
        effect: What happens today instead, in one sentence.
        blocks: What is refused: the entry of the whole *step*, the sending of the *communication*, or *nothing*.
    """

    step: str | None
    communication: str | None
    feature: str
    effect: str
    blocks: Blocks

    def __str__(self) -> str:
        """Return where, what and what happens instead, in one line."""
        where = "/".join(part for part in (self.step, self.communication) if part) or "rules"
        return f"{where}: {self.feature}: {self.effect}"


def not_yet(strategy: Strategy) -> tuple[NotYet, ...]:
    """Return everything in a strategy that is checked but not executed yet: rules first, then step by step."""
    found: list[NotYet] = []
    for step in strategy.steps.values():
        found.extend(_in_step(step))
    return tuple(found)


def _in_step(step: Step) -> Iterator[NotYet]:
    entry = step.entry
    if isinstance(entry, CampaignEntry):
        effect = "nobody enters by the calendar: it is sent by `tactful campaign send`"
        yield NotYet(step.name, None, "entry by campaign at its hour", effect, "nothing")
        if step.then:
            yield NotYet(step.name, None, f"then {step.then}", "nobody goes on: the journey ends here", "nothing")
    elif isinstance(entry, DateEntry):
        yield NotYet(step.name, None, f"entry by date ({entry.property})", _NOBODY, "step")
    elif isinstance(entry, SegmentEntry):
        yield NotYet(step.name, None, f"entry by joining a segment ({entry.segment})", _NOBODY, "step")
    elif isinstance(entry, Trigger) and entry.silent_event:
        yield NotYet(step.name, None, f"entry when no {entry.silent_event} follows", _NOBODY, "step")
