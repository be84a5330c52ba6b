"""The processes of a test that shoots them: workers, an SMTP server whose log is the judge, and what they leave behind.

The mailbox stands for a provider that takes our key, SMTP for one that does not: there an attempt that was cut off
after the claim may end as *unknown*, shown, never repeated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from database import intake, migrate, strategies
from database.engine import Database
from service.embedded.ports import free_port
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.virtual import yes

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


def most_within(instants: Sequence[float], seconds: float) -> int:
    """Return the most instants, of some in order, that lie within any so many seconds."""
    return max((sum(at <= one < at + seconds for one in instants[n:]) for n, at in enumerate(instants)), default=0)


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

    def publish(self, files: dict[str, str]) -> None:
        """Make the tables, and publish a strategy."""
        self.database.run(migrate.upgrade)
        self.database.run(lambda c: strategies.publish(c, files, now=datetime.now(UTC)))

    def know(self, user: str, channel: Channel) -> None:
        """Make a customer known who can be reached on one channel only."""
        now = datetime.now(UTC)
        address = f"{user}@example.com" if channel is Channel.EMAIL else f"token-of-{user}"
        said = Identify(
            Who(user), f"i-{user}", now, addresses={channel: address}, statements=yes(f"news:{channel}", at=now)
        )
        self.database.run(lambda c: intake.identify(c, said, now=now))

    def register(self, user: str, channel: Channel) -> None:
        """Make a customer known, and have them come."""
        self.know(user, channel)
        now = datetime.now(UTC)
        done = Track(Who(user), "customer.registered", f"t-{user}", now)
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

    def judge(self, *, contacts: int, unknown_at_most: int) -> None:
        """Compare the ledger with what the two providers have got: each contact once, or *unknown* and by mail."""
        rows = self.rows(
            "SELECT c.contact_key, c.communication, c.state, c.reason, m.channel, m.part_key, "
            "(SELECT count(*) FROM mailbox b WHERE b.part_key = m.part_key) AS boxed "
            "FROM contacts c LEFT JOIN messages m USING (contact_key)"
        )
        mails = self.mails()
        assert len(rows) == contacts
        for row in rows:
            mailed = sum(times for id_, times in mails.items() if str(row.part_key) in id_)
            arrived = row.boxed if row.channel == "push" else mailed
            if row.state == "sent":
                assert arrived == 1, row
            else:
                assert (row.state, row.reason, row.channel) == ("parked", "unknown", "email"), row
                assert arrived <= 1, row
        assert sum(row.state == "parked" for row in rows) <= unknown_at_most
        assert max(mails.values()) == 1

    def mailed_at(self) -> list[float]:
        """Return when each message was accepted, in order, as the SMTP server saw it."""
        return sorted(json.loads(line)["received_at"] for line in self.log.read_text().splitlines())

    @contextmanager
    def _process(self, command: list[str], name: str, more: dict[str, str]) -> Generator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=CHECKOUT, env=os.environ | more, stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.kill()
                process.wait()
