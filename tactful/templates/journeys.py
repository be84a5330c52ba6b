"""The customer's journeys as a mandatory message may speak of them: which, in which state, how far, since when.

A bill can say "your welcome goes on", or leave it. Pure; the values are frozen with the message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

FIELDS: Final[Mapping[str, str]] = {
    "name": "the step by which it began",
    "step": "the step it is in",
    "state": "open or paused",
    "since": "the day on which that step began",
    "said": "how many of its messages went out",
    "to_come": "how many are planned",
    "reached": "how many of its milestones are reached",
}
"""What a template may ask of one of the `journeys`, and what it is."""


@dataclass(frozen=True, slots=True)
class JourneyTold(Mapping[str, object]):
    """One journey in a template: `{{ journey.step }}`; said as a whole it is its step."""

    name: str
    step: str
    state: str
    since: date
    said: int
    to_come: int
    reached: int

    def __getitem__(self, name: str) -> object:
        """Return one of `FIELDS`.

        Raises:
            KeyError: There is none of that name.
        """
        if name not in FIELDS:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)

    def __str__(self) -> str:
        return self.step
