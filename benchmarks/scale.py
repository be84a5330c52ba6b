"""What a contact costs with a thousand customers in the database and with two hundred thousand, in one run.

Two databases on one PostgreSQL: in each, everybody has an address, a yes, and a campaign behind them with all its
rows. The larger is the smaller, copied by SQL under other keys. Contacts are then made in turn, one here and one
there, each of a customer taken from anywhere in the table, so that foreign load and warm caches meet both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import psutil
import sqlalchemy as sa
from sqlalchemy.sql.sqltypes import Uuid

from benchmarks import batch, journeys, ledger
from database import claims, plans, records
from database.attempts import Ask, Claimed
from database.engine import Database
from database.records import Made, Outcome
from database.tables.base import metadata
from tactful.connector import Accepted
from tests.servers import own_postgres
from tests.statements import counted

SMALL: Final = 1_000
COPIES: Final = 200
CONTACTS: Final = 300
WARM: Final = 20
COPIED: Final = (
    "customers customer_ids addresses consents events journeys contacts messages decisions".split()  # noqa: SIM905
)
"""Parents before their children."""
UNIQUE: Final = {"id", "address", "message_id", "provider_id"}
JOURNEY: Final = sa.text(
    "SELECT j.customer_key, j.journey_key FROM journeys j JOIN customer_ids i USING (customer_key) "
    "WHERE i.id = :user AND j.step = 'welcome'"
)


class Cost(NamedTuple):
    """What one contact took: milliseconds of two transactions, of our CPU, and of PostgreSQL's."""

    wall_ms: float
    ours_ms: float


@dataclass
class Side:
    """One of the two databases, and what contacts cost in it."""

    database: Database
    copies: int
    costs: list[Cost] = field(default_factory=list[Cost])
    postgres_ms: float = 0.0
    statements: int = 0

    @property
    def customers(self) -> int:
        """Return how many customers are in it."""
        return SMALL * self.copies

    def user(self, number: int) -> str:
        """Return a customer from somewhere in it."""
        at = number * 7919
        copy = at % self.copies
        return f"b{at % SMALL}" + (f"-{copy}" if copy else "")

    def backend(self) -> psutil.Process:
        """Return the process of the one connection that is used."""
        return psutil.Process(self.database.run(lambda c: c.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()))


def main(contacts: int = CONTACTS, copies: int = COPIES) -> float:
    """Print the cost of a contact on both sides; return how much larger it is in the larger: the worst of the three."""
    with own_postgres() as server:
        administer(server.database_url, "CREATE DATABASE larger")
        sides = [
            Side(Database(server.database_url), 1),
            Side(Database(server.database_url.rpartition("/")[0] + "/larger"), copies),
        ]
        for side in sides:
            began = time.monotonic()
            fill(side)
            print(f"{side.customers:,} customers written in {time.monotonic() - began:.0f} s")
        _measure(sides, contacts)
        for side in sides:
            side.database.close()
    for side in sides:
        wall, ours, postgres = figures(side)
        print(
            f"{side.customers:>8,} customers: {side.statements} statements in 2 transactions · {wall:.2f} ms "
            f"(median of {contacts}) · CPU ours {ours:.2f} + PostgreSQL {postgres:.2f} ms"
        )
    ratios = [large / small for small, large in zip(*map(figures, sides), strict=True)]
    print("ratios: time {:.2f}, our CPU {:.2f}, PostgreSQL's CPU {:.2f}".format(*ratios), f"· {batch.load()}")
    return max(ratios[0], ratios[2])


def figures(side: Side) -> tuple[float, float, float]:
    """Return milliseconds of a contact: of its two transactions, of our CPU, of PostgreSQL's."""
    return (
        statistics.median(cost.wall_ms for cost in side.costs),
        statistics.mean(cost.ours_ms for cost in side.costs),
        side.postgres_ms / len(side.costs),
    )


def administer(url: str, statement: str) -> None:
    """Say something to a server that is not said in a transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def fill(side: Side) -> None:
    """Give a database its customers, each with a campaign behind them."""
    asks = ledger.planned(side.database, SMALL)
    now = datetime.now(UTC)
    for first in range(0, len(asks), ledger.TOGETHER):
        some = asks[first : first + ledger.TOGETHER]
        held = side.database.run(lambda c: claims.claim_all(c, some, ledger.SENDING, now=now))  # noqa: B023 - run now
        made = ledger.accepted(some, held)
        side.database.run(lambda c: records.record_all(c, made, now=now))  # noqa: B023 - run now
    if side.copies > 1:
        for statement in copying(side.copies):
            side.database.run(lambda c: c.execute(sa.text(statement)))  # noqa: B023 - run now
    url = side.database.engine.url.render_as_string(hide_password=False)
    administer(url, "VACUUM ANALYZE")


def copying(copies: int) -> Iterator[str]:
    """Yield the statements that copy every customer under other keys, with all that is known of them."""
    for name in COPIED:
        table = metadata.tables[f"{metadata.schema}.{name}" if metadata.schema else name]
        columns = [column for column in table.columns if column.identity is None]
        values = [_value(column) for column in columns]
        names = ", ".join(column.name for column in columns)
        numbers = f"generate_series(1, {copies - 1}) n"
        yield f"INSERT INTO {name} ({names}) SELECT {', '.join(values)} FROM {name}, {numbers}"  # noqa: S608 - our own


def _value(column: sa.Column[object]) -> str:
    if column.name in UNIQUE:
        return f"{column.name} || '-' || n"
    if isinstance(column.type, Uuid) and column.name != "lot_key":
        return f"md5({column.name}::text || n)::uuid"
    return column.name


def _measure(sides: list[Side], contacts: int) -> None:
    for number in range(-WARM, 0):
        for side in sides:
            _contact(side, -number)
    for side in sides:
        side.costs.clear()
        with counted(side.database) as said:
            _contact(side, WARM + 1, said)
        side.statements = len(said)
        side.costs.clear()
    backends = [side.backend() for side in sides]
    for number in range(WARM + 2, WARM + 2 + contacts):
        for side, backend in zip(sides, backends, strict=True):
            side.postgres_ms += _contact(side, number, backend=backend)


def _contact(side: Side, number: int, said: list[str] | None = None, backend: psutil.Process | None = None) -> float:
    """Make one contact and note what it cost; return milliseconds of PostgreSQL's CPU."""
    customer_key, contact_key = _due(side, number)
    now = datetime.now(UTC)
    if said is not None:
        said.clear()
    before, wall, ours = backend and _cpu(backend), time.perf_counter(), time.thread_time()
    ask = Ask(customer_key, contact_key)
    held = side.database.run(lambda c: claims.claim(c, ask, ledger.SENDING, now=now))
    assert isinstance(held, Claimed), held
    made = Made(customer_key, held, [Outcome(part, Accepted("measured")) for part in held.parts])
    side.database.run(lambda c: records.record(c, made, now=now))
    side.costs.append(Cost((time.perf_counter() - wall) * 1000, (time.thread_time() - ours) * 1000))
    return (_cpu(backend) - before) * 1000 if backend is not None and before is not None else 0.0


def _due(side: Side, number: int) -> tuple[UUID, UUID]:
    """Have a customer begin a journey; return them and its first contact, which is due."""
    user, start = side.user(number), datetime.now(UTC) - timedelta(minutes=2)
    journeys.register(side.database, user, start)
    row = side.database.run(lambda c: c.execute(JOURNEY, {"user": user}).one())
    plan = side.database.run(lambda c: plans.enter_step(c, row.customer_key, row.journey_key, now=datetime.now(UTC)))
    if plan.next_contact is None:
        msg = "the step says nothing"
        raise RuntimeError(msg)
    return row.customer_key, plan.next_contact.contact_key


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
