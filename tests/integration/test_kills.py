"""Nobody is lost and nobody is contacted twice, whatever is killed and when.

Real processes: a worker that is shot at every named point of a send, PostgreSQL and Temporal that are shot while
customers wait, an SMTP server whose fsynced log is the judge. The mailbox stands for a provider that takes our key,
SMTP for one that does not: there an attempt that was cut off after the claim may end as *unknown*, shown, never
repeated.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import intake, migrate, strategies
from database.engine import Database
from service.embedded.ports import free_port
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.virtual import yes

POINTS = ("before_claim", "after_claim", "request_out", "after_accept", "after_record")
CHECKOUT = Path(__file__).parents[2]
FILES = {
    "strategy.yaml": """
strategy: kills
vision: Nobody is lost and nobody is contacted twice.
sender: { name: Fleur, email: hello@fleur.example, address: "1 Rose Lane, Bath" }
defaults: { topic: news, by: email or push, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en }
customer: {}
events: { customer.registered: {} }
topics: { news: { says: News, purpose: marketing, opt_in: single } }
priorities: [news]
stages:
  nurture:
    welcome:
      why: To be counted.
      trigger: customer.registered
      say:
        hello: { when: at once }
        later: { when: 1 minute after start }
""",
    **{f"templates/{name}/push.txt": f"{name}" for name in ("hello", "later")},
    **{
        f"templates/{name}/email.mjml": (
            f"---\nsubject: {name}\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>{name} "
            '<a href="{{ links.unsubscribe }}">stop</a></mj-text></mj-column></mj-section></mj-body></mjml>'
        )
        for name in ("hello", "later")
    },
}


class Rig:
    """The processes of one test, and what they left behind."""

    def __init__(self, folder: Path, postgres: PostgresServer, temporal: TemporalServer) -> None:
        self.folder, self.postgres, self.temporal = folder, postgres, temporal
        self.database = Database(postgres.database_url)
        self.smtp_port = free_port()
        self.log = folder / "sink.jsonl"
        self.log.touch()
        (folder / "tactful.toml").write_text(
            f'[connectors.mailbox]\n[connectors.smtp]\nhost = "127.0.0.1"\nport = {self.smtp_port}\ntls = "none"\n'
            '[channels.email]\nuse = ["smtp"]\n[channels.push]\nuse = ["mailbox"]\n'
        )

    @contextmanager
    def sink(self) -> Generator[None]:
        """Run the SMTP server beside a block."""
        command = [sys.executable, "-m", "tests.smtp_sink", "--port", str(self.smtp_port), "--log", str(self.log)]
        with self._process(command, "sink", {}):
            yield

    @contextmanager
    def worker(self, **more: str) -> Generator[subprocess.Popen[bytes]]:
        """Run a worker beside a block."""
        told = {
            "TACTFUL_DATABASE_URL": self.postgres.database_url,
            "TACTFUL_SECRET": "a secret for tests only",
            "TACTFUL_CONFIG": str(self.folder / "tactful.toml"),
            "TEMPORAL_ADDRESS": self.temporal.address,
        }
        with self._process([sys.executable, "worker.py"], "worker", told | more) as process:
            yield process

    def register(self, user: str, channel: Channel) -> None:
        """Register a customer who can be reached on one channel only."""
        now = datetime.now(UTC)
        address = f"{user}@example.com" if channel is Channel.EMAIL else f"token-of-{user}"
        said = Identify(
            Who(user), f"i-{user}", now, addresses={channel: address}, statements=yes(f"news:{channel}", at=now)
        )
        done = Track(Who(user), "customer.registered", f"t-{user}", now)
        self.database.run(lambda c: intake.identify(c, said, now=now))
        self.database.run(lambda c: intake.track(c, done, now=now))

    def rows(self, query: str) -> list[sa.Row[tuple[object, ...]]]:
        """Return the rows of a query."""
        return self.database.run(lambda c: list(c.execute(sa.text(query))))

    def wait_for(self, what: str, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until something is so; fail by its name otherwise."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"{what}: {self.rows('SELECT communication, state, reason FROM contacts')}"
            time.sleep(0.2)

    def wait_for_log(self, event: str, seconds: float) -> None:
        """Wait until the worker has logged an event."""
        until = time.monotonic() + seconds
        while event not in (self.folder / "worker.log").read_text():
            assert time.monotonic() < until, event
            time.sleep(0.2)

    def mails(self) -> Counter[str]:
        """Return how often each message was accepted, by its Message-ID, as the SMTP server saw it."""
        return Counter(json.loads(line)["message_id"] for line in self.log.read_text().splitlines())

    @contextmanager
    def _process(self, command: list[str], name: str, more: dict[str, str]) -> Generator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | more, stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.kill()
                process.wait()


@pytest.mark.integration
@pytest.mark.timeout(420)
def test_whatever_is_killed_and_when_everybody_gets_what_was_due_once(
    tmp_path: Path, own_postgres_server: PostgresServer, own_temporal_server: TemporalServer
) -> None:
    """Ten kills inside a send, then PostgreSQL, Temporal and the worker while customers wait.

    PostgreSQL stays away long enough for the worker to stop polling, and to begin again by itself.
    """
    rig = Rig(tmp_path, own_postgres_server, own_temporal_server)
    rig.database.run(migrate.upgrade)
    rig.database.run(lambda c: strategies.publish(c, FILES, now=datetime.now(UTC)))
    with rig.sink():
        for point in POINTS:
            for channel in (Channel.PUSH, Channel.EMAIL):
                rig.register(f"{point}-{channel}", channel)
                with rig.worker(TACTFUL_CRASH_AT=point) as worker:
                    assert worker.wait(timeout=60) == -signal.SIGKILL
        with rig.worker():
            rig.register("calm-push", Channel.PUSH)
            rig.register("calm-email", Channel.EMAIL)
            rig.wait_for("the calm are greeted", lambda: _sent(rig, "hello") >= len(POINTS), 60)
            own_postgres_server.kill()
            rig.database.close()
            rig.wait_for_log("worker.paused", 90)
            own_postgres_server.start()
            rig.wait_for_log("worker.resumed", 60)
            own_temporal_server.kill()
            own_temporal_server.start()
        with rig.worker():
            rig.wait_for("everything is settled", lambda: not _open(rig), 240)
    _judge(rig)
    rig.database.close()


def _judge(rig: Rig) -> None:
    contacts = rig.rows(
        "SELECT c.contact_key, c.communication, c.state, c.reason, m.channel, m.part_key, "
        "(SELECT count(*) FROM mailbox b WHERE b.part_key = m.part_key) AS boxed "
        "FROM contacts c LEFT JOIN messages m USING (contact_key)"
    )
    mails = rig.mails()
    assert len(contacts) == 2 * 2 * (len(POINTS) + 1)
    unknown = [row for row in contacts if row.state == "parked"]
    for row in contacts:
        arrived = row.boxed if row.channel == "push" else sum(n for id_, n in mails.items() if str(row.part_key) in id_)
        if row.state == "sent":
            assert arrived == 1, row
        else:
            assert (row.state, row.reason, row.channel) == ("parked", "unknown", "email"), row
            assert arrived <= 1, row
    assert len(unknown) <= len(POINTS), "at most one for each kill between claim and record of a mail"
    assert max(mails.values()) == 1


def _sent(rig: Rig, communication: str) -> int:
    (row,) = rig.rows(f"SELECT count(*) AS n FROM contacts WHERE state = 'sent' AND communication = '{communication}'")
    return int(str(row.n))


def _open(rig: Rig) -> int:
    (row,) = rig.rows("SELECT count(*) AS n FROM contacts WHERE state IN ('planned', 'claimed')")
    (waiting,) = rig.rows("SELECT count(*) AS n FROM outbox")
    return int(str(row.n)) + int(str(waiting.n))
