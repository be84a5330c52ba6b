"""What will happen, from a seed alone: who comes when, who changes their mind, which process is shot where.

Pure. How far the run has come (calls at the provider) is the clock of the plan, so that a slow machine meets the same
faults.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tactful.words import Channel
from tests.soak.strategy import OFFERED, SAID, Said

PEOPLE_A_LOT = 6
LEAD_SECONDS = 3.0
"""How long after somebody came the larger part of what they get is due."""
SENDS_EACH = 19.5
"""About how often the provider is called for one customer."""
FAULTED_EACH = 9.6
"""About how many of these calls go wrong: rather too low, so that a run has no fewer than it is to have."""
LATECOMERS = 30


class Change(StrEnum):
    """What a customer does besides coming."""

    NO_NEWS = "opts out of news"
    NO_IDEAS = "opts out of ideas"
    ORDERS = "reaches the goal"
    ORDERS_LATE = "reaches the goal when letters are on their way"
    LEAVES = "is deactivated"
    ERASED = "is erased"


CHANGES = {
    Change.NO_NEWS: 0.2,
    Change.NO_IDEAS: 0.2,
    Change.ORDERS: 0.1,
    Change.ORDERS_LATE: 0.25,
    Change.LEAVES: 0.05,
    Change.ERASED: 0.05,
}
"""Each with the share of customers that do it."""


class Nuisance(StrEnum):
    """What is done to a process, besides its crash at a named point."""

    WORKER_KILLED = "worker killed at random"
    WORKER_STOPPED = "worker stopped beyond the lease"
    POSTGRES_KILLED = "PostgreSQL killed"
    TEMPORAL_KILLED = "Temporal killed"
    DOORS_KILLED = "doors killed at random"
    RESTARTED = "parked contacts restarted, and a worker killed"


@dataclass(frozen=True)
class Person:
    """One customer: who they are, and what they will do how long after they came."""

    number: int
    asleep: bool
    offered: bool
    changes: tuple[tuple[float, Change], ...]
    told_twice: bool

    @property
    def name(self) -> str:
        """Return the id that other systems know them by."""
        return f"c{self.number}"

    @property
    def addresses(self) -> dict[Channel, str]:
        """Return where they can be reached."""
        return {
            Channel.PUSH: f"token-{self.name}",
            Channel.SMS: f"+447{self.number:09d}",
            Channel.EMAIL: f"{self.name}@soak.example",
            Channel.LETTER: f"Ann Soak\n{self.number + 1} Rose Lane\nSpringfield, IL 62701",
        }

    @property
    def meant(self) -> tuple[Said, ...]:
        """Return all that is meant to be said to them."""
        return tuple(said for said in SAID if self.offered or said not in OFFERED)

    def time_zone(self, now: datetime) -> str:
        """Return a zone in which it is about noon, or about one o'clock in the night."""
        ahead = ((1 if self.asleep else 12) - now.hour + 11) % 24 - 11
        return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@dataclass(frozen=True)
class Plan:
    """The whole run."""

    seed: int
    people: tuple[Person, ...]
    latecomers: tuple[Person, ...]
    """Who comes only if a crash point was missed until then."""
    nuisances: tuple[tuple[float, Nuisance], ...]
    """Each with how much of the run lies before it, from 0 to 1."""
    lots: int
    """How often the campaign is sent to whoever has come since, the last time when all have."""

    @property
    def calls(self) -> float:
        """Return about how many calls the provider will get."""
        return sum(1 if person.asleep else SENDS_EACH for person in self.people)

    def crashes(self, points: Sequence[str], passes: tuple[int, int]) -> Iterator[str]:
        """Yield for one worker after the other where it will crash, and at which time it comes there."""
        chance = random.Random(f"{self.seed} crashes at {points[0]}")
        while True:
            for point in chance.sample(points, len(points)):
                yield f"{point}:{chance.randint(*passes)}"


def make_plan(seed: int, faulted: int, nuisances: dict[Nuisance, int]) -> Plan:
    """Return the plan of a run in which so many calls or a few more go wrong."""
    chance = random.Random(seed)
    people: list[Person] = []
    while sum(not person.asleep for person in people) * FAULTED_EACH < faulted:
        people.append(_person(len(people), chance))
    late = tuple(_person(len(people) + number, chance) for number in range(LATECOMERS))
    when = sorted(
        (0.1 + 0.8 * (n + chance.random()) / number, kind) for kind, number in nuisances.items() for n in range(number)
    )
    return Plan(seed, tuple(people), late, tuple(when), max(len(people) // PEOPLE_A_LOT, 1))


def _person(number: int, chance: random.Random) -> Person:
    changes: list[tuple[float, Change]] = []
    for change, share in CHANGES.items():
        if chance.random() < share:
            later = 10 * LEAD_SECONDS if change is Change.ORDERS_LATE else 0
            changes.append((LEAD_SECONDS * 0.8 + later + chance.random() * LEAD_SECONDS, change))
    asleep, offered, told_twice = (chance.random() < share for share in (0.04, 0.5, 0.1))
    return Person(number, asleep, offered, tuple(changes), told_twice)
