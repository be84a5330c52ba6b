"""The batch lane beside the single lane, in one run on one machine: contacts a second, CPU and SQL of each contact.

Both lanes make one contact a customer under the same rules, with the same worker and the same servers, one lane after
the other: first as journeys of their own, begun by an event; then as the audience of a campaign. The connector accepts
at once. A rate is counted from the first contact sent to the last; CPU is that of worker, Temporal and PostgreSQL.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from benchmarks import journeys
from benchmarks.journeys import Meter
from database import campaigns, claims, intake, lots, migrate, records, strategies
from database.attempts import Claimed
from database.engine import Database
from database.freezing import Sending
from database.lots import Lot
from database.records import Outcome
from tactful.campaign import CampaignRequest
from tactful.connector import Accepted
from tactful.intake import Identify, Who
from tactful.words import Channel
from tests.servers import own_postgres, own_temporal
from tests.statements import counted
from tests.virtual import LINKS, yes

SINGLE: Final = 200
BATCH: Final = 3000
AT_ONCE: Final = 25
WARM_SECONDS: Final = 10
PATIENCE: Final = timedelta(minutes=10)
CAMPAIGN: Final = (
    "    spring:\n      why: To be measured.\n      campaign: 2027-03-25 at 10:00\n      say:\n"
    "        tulips: { when: at once }\n"
)
MOMENT: Final = datetime(2027, 3, 25, 10)  # noqa: DTZ001 - on everybody's own clock


@dataclass(frozen=True)
class Lane:
    """What one lane came to."""

    contacts: int
    per_second: float
    worker_ms: float
    server_ms: float
    postgres_ms: float

    @property
    def total_ms(self) -> float:
        """Return the CPU of all three, milliseconds a contact."""
        return self.worker_ms + self.server_ms + self.postgres_ms


def files() -> dict[str, str]:
    """Return the benchmark's strategy with a campaign besides; its welcome says one thing, at once."""
    made = journeys.files(1)
    made["strategy.yaml"] = made["strategy.yaml"].replace("1 minute after start", "at once") + CAMPAIGN
    return made | {"templates/tulips/push.txt": "Tulips"}


def lanes(single: int = SINGLE, batch: int = BATCH) -> tuple[Lane, Lane]:
    """Return what the single lane and the batch lane come to."""
    with ExitStack() as stack:
        temporal, postgres = stack.enter_context(own_temporal(kept=False)), stack.enter_context(own_postgres())
        database = Database(postgres.database_url)
        stack.callback(database.close)
        database.run(migrate.upgrade)
        database.run(lambda c: strategies.publish(c, files(), now=datetime.now(UTC)))
        worker = stack.enter_context(journeys.own_worker(postgres, temporal))
        time.sleep(WARM_SECONDS)
        families = {"worker": worker.pid, "server": journeys.pid_of(temporal), "postgres": journeys.pid_of(postgres)}
        _single(database, 20)
        _wait(database, "welcome", 20)
        meter = Meter(families)
        _single(database, single)
        first = _lane(database, "welcome", single, 20, meter)
        register(database, batch)
        meter = Meter(families)
        send(database)
        return first, _lane(database, "spring", batch, 0, meter)


def statements(database_url: str, many: int = AT_ONCE) -> tuple[int, int]:
    """Return how many SQL statements a set of contacts takes, from the look for what is due on, and its size."""
    database = Database(database_url)
    database.run(migrate.upgrade)
    database.run(lambda c: strategies.publish(c, files(), now=datetime.now(UTC)))
    register(database, 2 * many)
    lot, now = send(database), datetime.now(UTC)
    database.run(lambda c: campaigns.freeze_page(c, lot, now=now))
    sending = Sending({Channel.PUSH: ("mailbox",)}, {"mailbox": timedelta(days=1)}, LINKS)
    taken: list[int] = []
    for _ in ("warm", "counted"):
        with counted(database) as said:
            asks = database.run(lambda c: lots.due(c, lot.lot_key, now=now, most=many))
            held = database.run(lambda c: claims.claim_all(c, asks, sending, now=now))  # noqa: B023 - run now
            made = [
                records.Made(ask.customer_key, each, [Outcome(part, Accepted("counted")) for part in each.parts])
                for ask, each in zip(asks, held, strict=True)
                if isinstance(each, Claimed)
            ]
            database.run(lambda c: records.record_all(c, made, now=now))  # noqa: B023 - as above
        if len(made) != many:
            msg = f"only {len(made)} of {many} were claimed"
            raise RuntimeError(msg)
        taken.append(len(said))
    database.close()
    return taken[-1], many


def load() -> str:
    """Return the machine's load, to be told with every figure."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def send(database: Database) -> Lot:
    """Send the campaign now, and return its lot."""
    now = datetime.now(UTC)
    asked = CampaignRequest("bench", "spring", MOMENT, now, "", "benchmarks")

    def work(conn: sa.Connection) -> Lot:
        (loaded,) = strategies.published(conn)
        return campaigns.begin(conn, asked, loaded, now=now)[0]

    return database.run(work)


def _single(database: Database, many: int) -> None:
    begun = datetime.now(UTC)
    for n in range(many):
        journeys.register(database, f"s{begun.timestamp()}-{n}", begun)


def register(database: Database, many: int) -> None:
    """Have so many customers known, each of whom wants to hear and can be reached."""
    now = datetime.now(UTC)
    for n in range(many):
        user = f"b{n}"
        said = Identify(
            Who(user), f"i-{user}", now, addresses={Channel.PUSH: user}, statements=yes("news:push", at=now)
        )
        database.run(lambda c: intake.identify(c, said, now=now))  # noqa: B023 - run now


def _lane(database: Database, step: str, contacts: int, before: int, meter: Meter) -> Lane:
    _wait(database, step, contacts + before)
    cpu = {name: seconds * 1000 / contacts for name, seconds in meter.stop().items()}
    span = sa.text(
        "SELECT extract(epoch FROM max(sent_at) - min(sent_at)) FROM (SELECT sent_at FROM contacts "
        "WHERE step = :step AND state = 'sent' ORDER BY sent_at DESC LIMIT :contacts) s"
    )
    took = float(database.run(lambda c: c.execute(span, {"step": step, "contacts": contacts}).scalar_one()))
    return Lane(contacts, contacts / max(took, 0.001), cpu["worker"], cpu["server"], cpu["postgres"])


def _wait(database: Database, step: str, contacts: int) -> None:
    sent = sa.text("SELECT count(*) FROM contacts WHERE step = :step AND state = 'sent'")
    look: Callable[[], int] = lambda: database.run(lambda c: c.execute(sent, {"step": step}).scalar_one())  # noqa: E731
    until = time.monotonic() + PATIENCE.total_seconds()
    while look() < contacts:
        if time.monotonic() > until:
            msg = f"only {look()} of {contacts} contacts of {step} were sent"
            raise RuntimeError(msg)
        time.sleep(0.5)
