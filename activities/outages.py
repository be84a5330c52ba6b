"""Outages that no provider names: what the calls of one worker have come to lately, by connector.

Kept in memory, customer by customer, so that a call that goes well costs nothing and one customer's bad data is one
customer. Here it is only noticed; the hold is written with the contact that shows it, and tried like any other.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Final
from uuid import UUID

import structlog

from database.records import OUR_RATE, Outcome
from tactful.connector import Accepted, Fault

WINDOW: Final = timedelta(minutes=5)
"""How far back calls are looked at."""
LEAST_CUSTOMERS: Final = 20
"""To how many customers calls must have failed before it can be the connector."""
SHARE: Final = 0.8
"""Of all customers who were called, to how many calls must have failed, each judged by the last of them."""
MOST_KEPT: Final = 1000
"""Customers kept per connector: the newest."""

OUR_TIME: Final = "deadline"
"""The code of a fault that is ours: no time was left for the call."""

log = structlog.get_logger()


class _Came(Enum):
    """What a call came to: an answer about the message, none, or *too much at once*."""

    THROUGH = 1
    FAILED = 2
    THROTTLED = 3


class Outages:
    """Watches the calls of one worker."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def watch(self, customer_key: UUID, outcomes: Sequence[Outcome], *, at: float) -> Sequence[Outcome]:
        """Take in what one contact's calls came to; return it, marked where it shows that a connector is out.

        Args:
            customer_key: Whose contact.
            outcomes: One for each part.
            at: Monotonic seconds.
        """
        return [self._watched(customer_key, outcome, at) for outcome in outcomes]

    def _watched(self, customer_key: UUID, outcome: Outcome, at: float) -> Outcome:
        came = _came(outcome)
        if came is None:
            return outcome
        line = self._lines.setdefault(outcome.part.connector, _Line())
        line.note(customer_key, came, at)
        if came is _Came.THROUGH or not line.out:
            return outcome
        if not line.told:
            line.told = True
            log.error("connector.outage", connector=outcome.part.connector, failed=line.failed, called=line.called)
        return replace(outcome, outage=f"calls to {line.failed} of {line.called} customers failed within 5 minutes")


@dataclass
class _Line:
    """The last call to each customer by one connector, oldest first."""

    last: OrderedDict[UUID, tuple[float, _Came]] = field(default_factory=OrderedDict[UUID, tuple[float, _Came]])
    counts: Counter[_Came] = field(default_factory=Counter[_Came])
    told: bool = False

    @property
    def called(self) -> int:
        return len(self.last)

    @property
    def failed(self) -> int:
        return self.called - self.counts[_Came.THROUGH]

    @property
    def out(self) -> bool:
        """Say whether this is an outage. A provider that only slows us down lets some through."""
        if self.failed < LEAST_CUSTOMERS:
            return False
        return self.failed == self.called or self.counts[_Came.FAILED] >= SHARE * self.called

    def note(self, customer_key: UUID, came: _Came, at: float) -> None:
        if came is _Came.THROUGH and self.told:  # it works again: what was before says nothing any more
            self.last.clear()
            self.counts.clear()
            self.told = False
        self._forget(customer_key)
        self.last[customer_key] = at, came
        self.counts[came] += 1
        oldest = at - WINDOW.total_seconds()
        while (first := next(iter(self.last))) and (len(self.last) > MOST_KEPT or self.last[first][0] <= oldest):
            self._forget(first)

    def _forget(self, customer_key: UUID) -> None:
        _, came = self.last.pop(customer_key, (0.0, None))
        if came is not None:
            self.counts[came] -= 1


def _came(outcome: Outcome) -> _Came | None:
    """Return what a call came to; None where it says nothing of whether the provider works, or holds it anyway."""
    if isinstance(outcome.answer, Accepted):
        return _Came.THROUGH
    match outcome.answer.fault:
        case Fault.TRANSIENT | Fault.AMBIGUOUS:
            return None if outcome.answer.code == OUR_TIME else _Came.FAILED
        case Fault.THROTTLED:
            return None if outcome.answer.code == OUR_RATE else _Came.THROTTLED
        case Fault.CONFIG | Fault.QUOTA:
            return None
        case _:
            return _Came.THROUGH
