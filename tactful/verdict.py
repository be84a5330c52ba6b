"""What `decide` answers: one of five verdicts, each with the trace of every rule asked, in order.

The trace is kept in the ledger in this short form; sentences are made from it when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tactful.words import Channel, Reason

Number = int | float | str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One rule's answer: passed (`reason` None) or not, the numbers used, the earliest instant that would pass.

    A rule that waits for somebody to do something (confirm an opt-in, resume a journey, set up a connector) knows no
    such instant; it says in `ask_at` when to look again. With neither, it will not pass. A rule that keeps the contact
    back to measure what it would have done lets the others be asked: it says *control* where they all pass.
    """

    rule: str
    reason: Reason | None = None
    numbers: Mapping[str, Number] = field(default_factory=dict[str, Number])
    passes_at: datetime | None = None
    ask_at: datetime | None = None

    @property
    def final(self) -> bool:
        """Say whether the rule stops the contact for good."""
        stops = self.reason is not None and not self.reason.keeps_back
        return stops and self.passes_at is None and self.ask_at is None


Trace = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One channel that will carry the contact, by which connector, to which address."""

    channel: Channel
    connector: str
    address: str


@dataclass(frozen=True, slots=True)
class Send:
    """Make the contact now, by these routes (several for a combined contact).

    It takes its place at `counts_at`, if that is not now: a letter counts when it arrives.
    """

    routes: tuple[Route, ...]
    trace: Trace
    counts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Defer:
    """Make it later: a rule passes at `until`, within the contact's life."""

    until: datetime
    reason: Reason
    trace: Trace


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not make it at all."""

    reason: Reason
    trace: Trace


@dataclass(frozen=True, slots=True)
class Control:
    """Keep it back, to measure what it would have done: everything but this would have let it go by these routes.

    It takes its place when it would have arrived, as *Send* says.
    """

    reason: Reason
    trace: Trace
    routes: tuple[Route, ...] = ()
    counts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is wrong with the contact; a connector is not open. Ask again at `until`."""

    until: datetime
    reason: Reason
    trace: Trace


Verdict = Send | Defer | Skip | Control | Wait
