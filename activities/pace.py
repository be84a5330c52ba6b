"""The pace of a connector with a rate: a call is made when its turn has come, and never more of them than the rate.

Turns are leased from PostgreSQL for all workers together and handed out here in order. A contact waits a few seconds
for its turn; if that takes longer, it is told when to come again, so that it holds no place in the caps meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from database import rates
from database.engine import Database

PATIENCE_SECONDS: Final = 6.0
"""How long a contact waits for its turn with its place taken."""
EARLY: Final = timedelta(seconds=3)
"""How long before its place in the queue a contact comes again: its turn is waited for, never missed."""
LATE_SECONDS: Final = 1.0
"""How long after its instant a turn can still be used; for slow connectors up to half a step, but no longer than this
many times ten."""
MOST_LEASED: Final = 100
LEASED_SECONDS: Final = 0.5
"""How many turns are leased at once: what the rate allows in this time."""


@dataclass(frozen=True)
class Turn:
    """The call may be made; `at` is its instant in monotonic seconds, which has come."""

    at: float


@dataclass(frozen=True)
class Busy:
    """There are too many before it: come again after this long."""

    again_in: timedelta


class Pace:
    """The turns of one worker, by connector. Connectors without a rate always have one."""

    def __init__(self, database: Database, per_second: Mapping[str, float]) -> None:
        self._database = database
        self._lines = {name: _Line(database, name, rate) for name, rate in per_second.items()}

    def limit(self, per_second: Mapping[str, float]) -> None:
        """Keep other rates from now on; a line whose rate stays goes on."""
        kept = {name: line for name, line in self._lines.items() if per_second.get(name) == line.rate}
        self._lines = {name: _Line(self._database, name, rate) for name, rate in per_second.items()} | kept

    def limits(self, connector: str) -> bool:
        """Say whether a connector has a rate."""
        return connector in self._lines

    async def take(self, connector: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Turn | Busy:
        """Wait for a turn to call a connector; where that takes too long, say when to come again."""
        line = self._lines.get(connector)
        return Turn(time.monotonic()) if line is None else await line.take(patience_seconds)


@dataclass
class _Line:
    """Who waits for one connector."""

    database: Database
    connector: str
    rate: float
    turns: deque[float] = field(default_factory=deque[float])
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, patience_seconds: float) -> Turn | Busy:
        async with self.lock:  # one leases, those behind it find what it brought
            at = await self._next()
            if at - time.monotonic() > patience_seconds:
                self.turns.appendleft(at)
                waits = await asyncio.to_thread(self.database.run, lambda c: rates.queue(c, self.connector, self.rate))
                return Busy(max(waits - EARLY, timedelta(seconds=patience_seconds) - EARLY, timedelta(seconds=1)))
        await asyncio.sleep(at - time.monotonic())
        return Turn(at)

    async def _next(self) -> float:
        """Return the first turn that is not past, leased anew where there is none."""
        late = max(LATE_SECONDS, min(0.5 / self.rate, 10 * LATE_SECONDS))
        while self.turns:
            at = self.turns.popleft()
            if at + late >= time.monotonic():
                return at
        many = max(1, min(MOST_LEASED, int(self.rate * LEASED_SECONDS)))
        leased = await asyncio.to_thread(
            self.database.run, lambda c: rates.lease(c, self.connector, self.rate, many=many)
        )
        # Counted from after the answer: a turn comes late by the way here, never early.
        first = time.monotonic() + leased.starts_in.total_seconds()
        self.turns.extend(first + number * leased.step.total_seconds() for number in range(leased.many))
        return self.turns.popleft()
