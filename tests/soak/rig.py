"""The processes of a soak: PostgreSQL, Temporal, the provider, and workers in slots that are filled again."""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import TypeVar

import httpx
import sqlalchemy as sa

from database import migrate, strategies
from database.engine import Database
from database.errors import DatabaseError
from service.embedded.ports import free_port
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tests.servers import own_postgres, own_temporal
from tests.soak import door, worker
from tests.soak.press import Stop, read_stops
from tests.soak.provider import Call, letter_box, read_book
from tests.soak.sabotage import Sabotage
from tests.soak.strategy import files
from tests.soak.telling import SECRET

T = TypeVar("T")
CHECKOUT = Path(__file__).parents[2]
WORKERS = 3
CALLS_AT_ONCE = 8
AGAIN_SECONDS = 0.3
SHUT_SECONDS = 1.0
"""How long the doors stay shut after a crash: time enough for vendors to find nobody there."""
NOBODY_THERE = 1
CONFIG = """\
[connectors.keyed]
use = "tests.soak.connector:ByKey"
base_url = "{url}"
patience = 1
sends_key = {sends_key}
[connectors.plain]
use = "tests.soak.connector:WithoutKey"
base_url = "{url}"
patience = 1
[connectors.lookup]
use = "tests.soak.connector:WithLookup"
base_url = "{url}"
patience = 1
[channels.push]
use = ["keyed"]
[channels.sms]
use = ["plain"]
[channels.email]
use = ["lookup"]
[channels.letter]
use = ["keyed"]
"""


@dataclass
class Slot:
    """A place for one worker at a time."""

    process: ForkServerProcess | None = None
    crashes: Iterator[str] | None = None
    runs: Callable[[Mapping[str, str], str, Sabotage | None], None] = worker.run
    crashes_at: str | None = None
    shot: bool = False
    empty_since: float | None = None

    @property
    def alive(self) -> bool:
        """Say whether a worker is in it."""
        return self.process is not None and self.process.exitcode is None

    def signal(self, what: signal.Signals) -> None:
        """Send its worker a signal, if it is there to hear it."""
        if self.process is not None and self.process.pid is not None and self.alive:
            os.kill(self.process.pid, what)


@dataclass
class Rig:
    """Everything that runs, and the way to it."""

    folder: Path
    postgres: PostgresServer
    temporal: TemporalServer
    database: Database
    provider_url: str
    sabotage: Sabotage | None
    seed: int
    web_port: int
    doors: Slot | None = None
    """Where the web process runs, if vendors tell by hooks."""
    slots: list[Slot] = field(default_factory=lambda: [Slot() for _ in range(WORKERS)])
    crashed: Counter[str] = field(default_factory=Counter[str])
    calmed_at: float = 0.0
    found_nobody: int = 0
    """Workers that ended at their start, as they should, because PostgreSQL or Temporal was away."""
    died_otherwise: list[int] = field(default_factory=list[int])
    over: bool = False

    @property
    def book(self) -> Path:
        """Return where the provider keeps its book."""
        return self.folder / "provider.jsonl"

    @property
    def letters(self) -> Path:
        """Return where the provider puts what it will tell later."""
        return letter_box(self.book)

    @property
    def web_url(self) -> str:
        """Return where the doors are."""
        return f"http://127.0.0.1:{self.web_port}"

    def stops(self) -> list[Stop]:
        """Return the letters that the provider was asked to stop."""
        return read_stops(self.book)

    def calls(self) -> list[Call]:
        """Return what the provider has noted."""
        return read_book(self.book)

    def calls_so_far(self) -> int:
        """Return how many calls the provider has noted."""
        with self.book.open("rb") as book:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: book.read(1 << 20), b""))

    def fill(self, slot: Slot) -> None:
        """Note how the worker of a slot ended, and put the next one in its place."""
        if slot.process is not None:
            code = slot.process.exitcode
            if code == -signal.SIGKILL and slot.crashes_at and not slot.shot:
                self.crashed[slot.crashes_at.partition(":")[0]] += 1
            elif code == NOBODY_THERE and not slot.shot:
                self.found_nobody += 1
            elif not slot.shot and code is not None:
                self.died_otherwise.append(code)
            slot.process.join()
        slot.crashes_at = next(slot.crashes) if slot.crashes is not None else None
        slot.shot = False
        told = {
            "TACTFUL_DATABASE_URL": self.postgres.database_url,
            "TACTFUL_SECRET": "a secret for tests only",
            "TACTFUL_PUBLIC_URL": self.web_url,
            "TACTFUL_WEB_PORT": str(self.web_port),
            "SOAK_SECRET": SECRET,
            "TACTFUL_CONFIG": str(self.folder / "tactful.toml"),
            "TACTFUL_CONTACTS_AT_ONCE": str(CALLS_AT_ONCE),
            "TEMPORAL_ADDRESS": self.temporal.address,
        }
        crash = "SOAK_CRASH_AT" if slot is self.doors else "TACTFUL_CRASH_AT"
        told |= {crash: slot.crashes_at} if slot.crashes_at else {}
        arguments = (told, str(self.folder / ("web.log" if slot is self.doors else "worker.log")), self.sabotage)
        process = _context().Process(target=slot.runs, args=arguments)
        process.start()
        slot.process = process
        slot.empty_since = None

    def fill_all(self) -> None:
        """Put a worker into every slot that has none."""
        for slot in self.slots:
            if not slot.alive:
                self.fill(slot)
        if self.doors is not None and not self.doors.alive:
            now = time.monotonic()
            self.doors.empty_since = self.doors.empty_since or now
            if self.doors.process is None or now - self.doors.empty_since > SHUT_SECONDS:
                self.fill(self.doors)

    def shoot(self, slot: Slot) -> None:
        """Kill the worker of a slot, and do not count it as a crash at its point."""
        slot.shot = True
        slot.signal(signal.SIGKILL)

    def replace_all(self, crashes: Iterator[str] | None) -> None:
        """Kill every worker and put others into their places, which will crash where it is said."""
        for slot in self.slots:
            slot.crashes = crashes
            slot.signal(signal.SIGCONT)
            self.shoot(slot)
            if slot.process is not None:
                slot.process.join()
            self.fill(slot)

    def crash_no_more(self) -> None:
        """Have whoever comes into a slot from now on crash nowhere."""
        for slot in (*self.slots, *([self.doors] if self.doors else [])):
            slot.crashes = None

    def calm(self) -> None:
        """End all faults: the provider behaves, and workers that would crash are replaced by ones that would not."""
        httpx.post(f"{self.provider_url}/calm", timeout=30).raise_for_status()
        self.calmed_at = time.time()
        self.replace_all(None)
        if self.doors is not None:
            self.doors.crashes = None
            self.shoot(self.doors)

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do something in one transaction, again until the database is there: doing it twice must be harmless."""
        while True:
            try:
                return self.database.run(work)
            except DatabaseError:
                if self.over:
                    raise
                time.sleep(AGAIN_SECONDS)

    def rows(self, query: str) -> list[sa.RowMapping]:
        """Return the rows of a query."""
        return self.run(lambda c: list(c.execute(sa.text(query)).mappings()))


def _context() -> ForkServerContext:
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.worker", "tests.soak.door"])
    return context


@contextmanager
def rigged(folder: Path, seed: int, *, sabotage: Sabotage | None, config: str = CONFIG) -> Generator[Rig]:
    """Start everything but the workers beside a block."""
    with ExitStack() as stack:
        url = stack.enter_context(provider(folder, seed))
        port = free_port()
        web = f"http://127.0.0.1:{port}"
        told = config.format(url=url, web=web, sends_key=str(sabotage is not Sabotage.KEY).lower())
        (folder / "tactful.toml").write_text(told)
        postgres = stack.enter_context(own_postgres())
        temporal = stack.enter_context(own_temporal(kept=True))
        database = Database(postgres.database_url)
        stack.callback(database.close)
        database.run(migrate.upgrade)
        database.run(lambda c: strategies.publish(c, files(), now=datetime.now(UTC)))
        doors = Slot(runs=door.run) if "/hooks/" in told else None
        rig = Rig(folder, postgres, temporal, database, url, sabotage, seed, port, doors)
        stack.callback(_end, rig)
        yield rig


def _end(rig: Rig) -> None:
    rig.over = True
    for slot in [*rig.slots, *([rig.doors] if rig.doors else [])]:
        slot.signal(signal.SIGKILL)
        if slot.process is not None:
            slot.process.join()


@contextmanager
def provider(folder: Path, seed: int) -> Generator[str]:
    """Run the provider beside a block, and return where it is."""
    command = [sys.executable, "-m", "tests.soak.provider", "--log", str(folder / "provider.jsonl")]
    with (folder / "provider.err").open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--seed", str(seed)], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        if process.stdout is None:
            raise RuntimeError("the provider has no output")
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
