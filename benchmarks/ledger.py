"""Claims and records a second on real PostgreSQL: one by one and set-based, on one connection and on several.

No Temporal and no provider: a claim is the whole first transaction of a contact (lock, read, decide, freeze, write), a
record the whole second one. Each row is of contacts of its own, and of as many as the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks import batch
from database import campaigns, claims, lots, migrate, records, strategies
from database.attempts import Ask, Claimed
from database.engine import Database
from database.freezing import Sending
from database.records import Made, Outcome
from tactful.connector import Accepted
from tactful.words import Channel
from tests.servers import own_postgres
from tests.virtual import LINKS

CONTACTS: Final = 1_000
TOGETHER: Final = 25
SENDING: Final = Sending({Channel.PUSH: ("mailbox",)}, {"mailbox": timedelta(days=1)}, LINKS)


@dataclass(frozen=True)
class Way:
    """How contacts are claimed and recorded: so many in one transaction, so many transactions beside one another."""

    together: int
    beside: int

    def __str__(self) -> str:
        """Name it as the report does."""
        sets = "one by one" if self.together == 1 else f"in sets of {self.together}"
        return f"{sets}, {self.beside} connection{'s' if self.beside > 1 else ''}"


WAYS: Final = (Way(1, 1), Way(1, 8), Way(TOGETHER, 1), Way(TOGETHER, 2))


def main(contacts: int = CONTACTS) -> None:
    """Print claims and records a second, by way."""
    measured: list[tuple[Way, float, float]] = []
    with own_postgres() as server:
        database = Database(server.database_url)
        asks = planned(database, contacts * len(WAYS) + TOGETHER)
        _measure(database, Way(TOGETHER, 1), asks[:TOGETHER])  # warm
        for number, way in enumerate(WAYS):
            first = TOGETHER + number * contacts
            measured.append((way, *_measure(database, way, asks[first : first + contacts])))
        database.close()
    for way, claimed, recorded in measured:
        print(f"{way!s:<32} {claimed:>7.0f} claims/s {recorded:>7.0f} records/s")
    print(f"{contacts} contacts each · {batch.load()}")


def planned(database: Database, many: int) -> Sequence[Ask]:
    """Return contacts that are due, each of another customer."""
    database.run(migrate.upgrade)
    database.run(lambda c: strategies.publish(c, batch.files(), now=datetime.now(UTC)))
    batch.register(database, many)
    lot, now = batch.send(database), datetime.now(UTC)
    while lot.frozen_at is None:
        page = lot
        database.run(lambda c: campaigns.freeze_page(c, page, now=now))  # noqa: B023 - run now
        lot = database.run(lambda c: lots.read(c, page.lot_key))  # noqa: B023 - run now
    asks = database.run(lambda c: lots.due(c, lot.lot_key, now=now, most=many))
    if len(asks) != many:
        msg = f"only {len(asks)} of {many} are due"
        raise RuntimeError(msg)
    return asks


def accepted(asks: Sequence[Ask], answers: Sequence[object]) -> list[Made]:
    """Return what is to be recorded where a provider accepted every part at once."""
    return [
        Made(ask.customer_key, each, [Outcome(part, Accepted("measured")) for part in each.parts])
        for ask, each in zip(asks, answers, strict=True)
        if isinstance(each, Claimed)
    ]


def _measure(database: Database, way: Way, asks: Sequence[Ask]) -> tuple[float, float]:
    now = datetime.now(UTC)
    sets = [asks[n : n + way.together] for n in range(0, len(asks), way.together)]
    held: dict[int, Sequence[Made]] = {}

    def claim(number: int) -> None:
        answers = database.run(lambda c: claims.claim_all(c, sets[number], SENDING, now=now))
        held[number] = accepted(sets[number], answers)

    def record(number: int) -> None:
        database.run(lambda c: records.record_all(c, held[number], now=now))

    claimed = _per_second(claim, len(sets), way.beside) * way.together
    if sum(map(len, held.values())) != len(asks):
        msg = "not every contact was claimed"
        raise RuntimeError(msg)
    return claimed, _per_second(record, len(sets), way.beside) * way.together


def _per_second(do: Callable[[int], None], times: int, beside: int) -> float:
    with ThreadPoolExecutor(beside) as threads:
        began = time.perf_counter()
        list(threads.map(do, range(times)))
        return times / (time.perf_counter() - began)
