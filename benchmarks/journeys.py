"""What a journey costs: history, actions, SQL statements, and CPU beside a floor with the same timers in the same run.

Both sides run at once, each with its own Temporal, neither in the SDK's sandbox, so that foreign load meets both; on
both sides the worker's process is the one that starts the workflows. What
the processes burn while idle is measured first and taken off. CPU is worker + Temporal server; PostgreSQL is named
apart. The connector accepts at once, as the floor's activities do nothing. Events are those of the median of 25
histories: a server under load now and then times a workflow task out and writes two more.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psutil
import sqlalchemy as sa
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from database import attempts, claims, intake, migrate, plans, records, strategies
from database.engine import Database
from database.freezing import Sending
from database.records import Outcome
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.connector import Accepted
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.servers import own_postgres, own_temporal
from tests.statements import counted
from tests.virtual import LINKS, yes

CHECKOUT = Path(__file__).parents[1]
QUEUE = "tactful"
LEAD = timedelta(seconds=40)
IDLE_SECONDS = 20.0
WARM_JOURNEYS = 5
MINUTES = {1: "1 minute", 2: "2 minutes", 3: "3 minutes", 4: "4 minutes"}


def files(contacts: int) -> dict[str, str]:
    """Return a strategy whose one step makes so many contacts, a minute apart."""
    says = "".join(f"        c{n}: {{ when: {MINUTES[n]} after start }}\n" for n in range(1, contacts + 1))
    return {
        "strategy.yaml": "strategy: bench\nvision: To be measured.\nsender: { name: Bench, push: bench }\n"
        "defaults: { topic: news, by: push, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en }\n"
        "customer: {}\nevents: { customer.registered: {} }\n"
        "topics: { news: { says: News, purpose: marketing, opt_in: single } }\npriorities: [news]\n"
        "rules: { at_most: [50 in 7 days] }\nstages:\n  nurture:\n    welcome:\n      why: To be measured.\n"
        f"      trigger: customer.registered\n      say:\n{says}",
        **{f"templates/c{n}/push.txt": "Hello" for n in range(1, contacts + 1)},
    }


@dataclass(frozen=True)
class Cost:
    """CPU of one side, milliseconds per journey, idle burning taken off."""

    server_ms: float
    worker_ms: float
    postgres_ms: float = 0.0

    @property
    def total_ms(self) -> float:
        """Return worker and server together."""
        return self.server_ms + self.worker_ms


class Meter:
    """CPU seconds of process families over a time, less what they burn while idle."""

    def __init__(self, families: Mapping[str, int]) -> None:
        self._families = families
        before, began = self._read(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        took = time.monotonic() - began
        self._idle = {name: (cpu - before[name]) / took for name, cpu in self._read().items()}
        self._start, self._began = self._read(), time.monotonic()

    def stop(self) -> dict[str, float]:
        """Return CPU seconds by family since the start."""
        took = time.monotonic() - self._began
        return {name: cpu - self._start[name] - self._idle[name] * took for name, cpu in self._read().items()}

    def _read(self) -> dict[str, float]:
        return {name: _cpu(psutil.Process(pid)) for name, pid in self._families.items()}


def _cpu(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, its children, and the children it has waited for."""
    times = process.cpu_times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(_alone(child) for child in process.children(recursive=True))


def _alone(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


@contextmanager
def process(*command: str, **more: str) -> Generator[subprocess.Popen[bytes]]:
    """Run a Python process beside a block."""
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *command],
        cwd=CHECKOUT,
        env=os.environ | more,
        stdin=subprocess.PIPE,
        stdout=quiet,
        stderr=quiet,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def costs(journeys: int, contacts: int) -> tuple[Cost, Cost, dict[str, float]]:
    """Return what a journey of so many contacts costs, what the floor costs, and the counts of its history."""
    with ExitStack() as stack:
        ours, floor = stack.enter_context(own_temporal(kept=False)), stack.enter_context(own_temporal(kept=False))
        postgres = stack.enter_context(own_postgres())
        database = Database(postgres.database_url)
        stack.callback(database.close)
        database.run(migrate.upgrade)
        database.run(lambda c: strategies.publish(c, files(contacts), now=datetime.now(UTC)))
        worker = stack.enter_context(own_worker(postgres, ours))
        floor_worker = stack.enter_context(process("-m", "benchmarks.floor", floor.address, QUEUE))
        both = _Sides(database, floor, floor_worker, contacts)
        asyncio.run(both.live("warm", WARM_JOURNEYS, datetime.now(UTC) - timedelta(hours=1)))
        families = {
            "ours": pid_of(ours),
            "floor": pid_of(floor),
            "worker": worker.pid,
            "floor_worker": floor_worker.pid,
        }
        meter = Meter(families | {"postgres": pid_of(postgres)})
        asyncio.run(both.live("measured", journeys, datetime.now(UTC) + LEAD - timedelta(minutes=1)))
        cpu = {name: seconds * 1000 / journeys for name, seconds in meter.stop().items()}
        counts = asyncio.run(_counts(database, ours.address, contacts))
    return Cost(cpu["ours"], cpu["worker"], cpu["postgres"]), Cost(cpu["floor"], cpu["floor_worker"]), counts


@contextmanager
def own_worker(
    postgres: PostgresServer, temporal: TemporalServer, channel: Channel = Channel.PUSH
) -> Generator[subprocess.Popen[bytes]]:
    """Run a worker beside a block, with a connector that accepts at once."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tactful.toml"
        config.write_text(
            f'[connectors.accepts]\nuse = "benchmarks.accepts:Accepts"\n[channels.{channel}]\nuse = ["accepts"]\n'
        )
        told = {"TACTFUL_DATABASE_URL": postgres.database_url, "TACTFUL_SECRET": "a secret for benchmarks"}
        told |= {"TACTFUL_CONFIG": str(config), "TEMPORAL_ADDRESS": temporal.address, "TACTFUL_LOG_LEVEL": "warning"}
        with process("worker.py", **told) as running:
            yield running


def pid_of(server: TemporalServer | PostgresServer) -> int:
    """Return a server's process."""
    child = server.child
    if child is None:
        msg = "the server is not running"
        raise RuntimeError(msg)
    return child.pid


@dataclass(frozen=True)
class _Sides:
    """Our worker and the floor's, and how to have both live journeys of so many contacts."""

    database: Database
    floor: TemporalServer
    floor_worker: subprocess.Popen[bytes]
    contacts: int

    async def live(self, name: str, journeys: int, start: datetime) -> None:
        """Begin so many journeys on both sides and wait until all have ended."""
        moments = [(start + timedelta(minutes=n)).isoformat() for n in range(1, self.contacts + 1)]
        client = await Client.connect(self.floor.address)
        assert self.floor_worker.stdin is not None
        for n in range(journeys):
            await asyncio.to_thread(register, self.database, f"{name}{n}", start)
            self.floor_worker.stdin.write(json.dumps([f"{name}-{n}", moments]).encode() + b"\n")
            self.floor_worker.stdin.flush()
        while await asyncio.to_thread(self.database.run, _open):  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.5)
        for n in range(journeys):
            await _ended(client, f"{name}-{n}")


async def _ended(client: Client, workflow_id: str) -> None:
    """Wait until a workflow has ended, which may have yet to be started."""
    while True:
        try:
            return await client.get_workflow_handle(workflow_id).result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.5)


def register(database: Database, user: str, at: datetime) -> None:
    """Register a customer who can be reached and wants to be, as of an instant."""
    said = Identify(Who(user), f"i-{user}", at, addresses={Channel.PUSH: user}, statements=yes("news:push", at=at))
    database.run(lambda c: intake.identify(c, said, now=at))
    database.run(lambda c: intake.track(c, Track(Who(user), "customer.registered", f"t-{user}", at), now=at))


def _open(conn: sa.Connection) -> int:
    return int(conn.execute(sa.text("SELECT count(*) FROM journeys WHERE state = 'open'")).scalar_one())


async def _counts(database: Database, address: str, contacts: int) -> dict[str, float]:
    client = await Client.connect(address)
    some = sa.text("SELECT journey_key FROM journeys ORDER BY started_at DESC, journey_key LIMIT 25")
    keys = await asyncio.to_thread(database.run, lambda c: c.execute(some).scalars().all())
    handles = [client.get_workflow_handle(f"bench/welcome/{key}") for key in keys]
    for handle in handles:
        await handle.result()
    histories = [await handle.fetch_history() for handle in handles]
    usual = sorted(histories, key=lambda history: len(history.events))[len(histories) // 2]
    kinds = [each.WhichOneof("attributes") or "" for each in usual.events]
    timers = sum(kind.startswith("timer_started") for kind in kinds)
    activities = sum(kind.startswith("activity_task_scheduled") for kind in kinds)
    per_contact = 11
    return {
        "events": len(kinds),
        "events_besides": len(kinds) - per_contact * contacts,
        "actions_per_contact": (timers + activities) / contacts,
    }


def statements(database_url: str) -> Sequence[str]:
    """Return the SQL statements of one contact's two transactions, in order."""
    database = Database(database_url)
    database.run(migrate.upgrade)
    database.run(lambda c: strategies.publish(c, files(1), now=datetime.now(UTC)))
    start = datetime.now(UTC) - timedelta(minutes=2)
    register(database, "counted", start)
    register(database, "warm", start)
    sending = Sending({Channel.PUSH: ("mailbox",)}, {"mailbox": timedelta(days=1)}, LINKS)
    seen: list[str] = []
    for user in ("warm", "counted"):
        seen.clear()
        _contact(database, user, sending, seen)
    database.close()
    return seen


def _contact(database: Database, user: str, sending: Sending, seen: list[str]) -> None:
    now = datetime.now(UTC)
    (customer, journey) = database.run(
        lambda c: c.execute(
            sa.text(
                "SELECT customer_key, journey_key FROM journeys JOIN customer_ids USING (customer_key) WHERE id = :u"
            ),
            {"u": user},
        ).one()
    )
    plan = database.run(lambda c: plans.enter_step(c, customer, journey, now=now))
    if plan.next_contact is None:
        msg = "the step says nothing"
        raise RuntimeError(msg)
    _run_counted(database, customer, plan.next_contact.contact_key, sending, seen, now)


def _run_counted(  # noqa: PLR0917 - one contact, counted
    database: Database, customer: UUID, contact: UUID, sending: Sending, seen: list[str], now: datetime
) -> None:
    ask = attempts.Ask(customer, contact)
    with counted(database) as said:
        claimed = database.run(lambda c: claims.claim(c, ask, sending, now=now))
        if not isinstance(claimed, attempts.Claimed):
            msg = f"the contact was not claimed: {claimed}"
            raise RuntimeError(msg)  # noqa: TRY004 - not a type error: the decision was another one
        made = records.Made(customer, claimed, [Outcome(part, Accepted("counted")) for part in claimed.parts])
        database.run(lambda c: records.record(c, made, now=now))
    seen.extend(said)
