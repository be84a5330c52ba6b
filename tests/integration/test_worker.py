"""The worker as a process: what it says when it cannot start, and how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import intake, strategies
from database.engine import Database
from service.embedded.ports import free_port
from service.embedded.temporal import TemporalServer
from tactful.intake import Identify, Track, Who
from tactful.strategy.folder import read_folder
from tactful.words import Channel
from tests.smtp_sink import SunkMail, read_sink
from tests.virtual import for_everybody, yes

CHECKOUT = Path(__file__).parents[2]
MAILBOX = '[connectors.mailbox]\n[channels.email]\nuse = ["mailbox"]\n'

pytestmark = pytest.mark.integration


def settings(folder: Path, database_url: str, temporal: str, config: str = MAILBOX) -> dict[str, str]:
    """Return the environment of a worker that has all it needs."""
    (folder / "tactful.toml").write_text(config)
    return {
        "TACTFUL_DATABASE_URL": database_url,
        "TACTFUL_SECRET": "a secret for tests only",
        "TACTFUL_CONFIG": str(folder / "tactful.toml"),
        "TACTFUL_PUBLIC_URL": "https://fleur.example",
        "TEMPORAL_ADDRESS": temporal,
    }


def start(told: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a worker that knows only what it is told."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TACTFUL_", "TEMPORAL_"))}
    command = [sys.executable, "worker.py"]
    return subprocess.Popen(command, cwd=CHECKOUT, env={**bare, **told}, stderr=subprocess.PIPE, text=True)


def refusal(told: Mapping[str, str]) -> str:
    """Return what a worker says that does not start."""
    worker = start(told)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 1, said
    assert "Traceback" not in said
    return said


def test_all_settings_that_are_missing_are_named_at_once() -> None:
    """Nobody has to start it three times to learn three names."""
    said = refusal({})
    assert "TACTFUL_DATABASE_URL" in said
    assert "TACTFUL_SECRET" in said


def test_without_temporal_it_says_where_it_looked(tmp_path: Path, database_url: str) -> None:
    """The address is in the message."""
    nowhere = f"127.0.0.1:{free_port()}"
    assert nowhere in refusal(settings(tmp_path, database_url, nowhere))


def test_without_its_database_it_says_so(tmp_path: Path, temporal_dev_server: TemporalServer) -> None:
    """And shows no password."""
    url = f"postgresql://tactful:hunter2@127.0.0.1:{free_port()}/tactful"
    said = refusal(settings(tmp_path, url, temporal_dev_server.address))
    assert "PostgreSQL cannot be reached" in said
    assert "hunter2" not in said


def test_on_tables_that_are_newer_than_itself_it_does_not_start(
    tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer
) -> None:
    """It would not know what it writes."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM tactful.served_versions"))
        connection.execute(sa.text("UPDATE tactful.alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "newer" in refusal(settings(tmp_path, database_url, temporal_dev_server.address))


def test_a_wrong_connector_is_named_by_file_and_key(
    tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer
) -> None:
    """With what would be right."""
    config = '[connectors.mailbax]\n[channels.email]\nuse = ["mailbax"]\n'
    said = refusal(settings(tmp_path, database_url, temporal_dev_server.address, config))
    assert "tactful.toml" in said
    assert "mailbox" in said


def test_mail_goes_out_through_a_real_server_and_the_worker_stops_when_told(
    tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer
) -> None:
    """The florist's greeting as the mail server received it; then SIGTERM, and an orderly end."""
    port, log = free_port(), tmp_path / "mails.jsonl"
    database = Database(database_url)
    florist = for_everybody(read_folder(CHECKOUT / "strategies/florist"))
    database.run(lambda c: strategies.publish(c, florist, now=datetime.now(UTC)))
    _register(database, _waking_zone())
    config = f'[connectors.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n[channels.email]\nuse = ["smtp"]\n'
    sink = subprocess.Popen(
        [sys.executable, "-m", "tests.smtp_sink", "--port", str(port), "--log", str(log)], cwd=CHECKOUT
    )
    worker = start(settings(tmp_path, database_url, temporal_dev_server.address, config))
    try:
        (mail,) = _received(log)
    finally:
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=60)
        sink.terminate()
        sink.wait()
    _judge(mail)
    contact = database.run(
        lambda c: c.execute(sa.text("SELECT contact_key, state FROM contacts WHERE sent_at > '2000-1-1'")).one()
    )
    database.close()
    assert contact.state == "sent"
    assert worker.returncode == 0, said
    assert "worker.stopped" in said
    assert "ada@example.com" not in said, "logs carry ids, never addresses"


def _register(database: Database, zone: str) -> None:
    now = datetime.now(UTC)
    said = Identify(
        Who("ada"),
        "i",
        now,
        time_zone=zone,
        addresses={Channel.EMAIL: "ada@example.com"},
        statements=yes("ideas:email", at=now),
        properties={"first_name": "Ada"},
    )
    database.run(lambda c: intake.identify(c, said, now=now))
    database.run(lambda c: intake.track(c, Track(Who("ada"), "customer.registered", "t", now), now=now))


def _waking_zone() -> str:
    """Return a zone where it is about noon, so that no quiet hours hold the greeting back."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


def _received(log: Path, seconds: float = 60) -> list[SunkMail]:
    until = time.monotonic() + seconds
    while not (mails := read_sink(log)):
        assert time.monotonic() < until, "no mail came"
        time.sleep(0.1)
    return mails


def _judge(mail: SunkMail) -> None:
    headers = {name.lower(): value for name, value in mail.headers}
    assert mail.envelope_to == ["ada@example.com"]
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["list-unsubscribe"].startswith("<https://fleur.example/u/")
    assert headers["list-id"].endswith("ideas.florist>") or "ideas.florist" in headers["list-id"]
    assert headers["from"].startswith("Fleur & Fils") or "hello@fleur.example" in headers["from"]
    assert headers["message-id"] == mail.message_id
    assert [kind for kind, _ in mail.parts] == ["text/plain", "text/html"]
    for _, text in mail.parts:
        assert "https://fleur.example/u/" in text
        assert "{{" not in text


def test_connectors_are_exchanged_while_it_works_and_a_wrong_file_changes_nothing(
    tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer
) -> None:
    port, mails, lines = free_port(), tmp_path / "mails.jsonl", tmp_path / "worker.log"
    database = Database(database_url)
    florist = for_everybody(read_folder(CHECKOUT / "strategies/florist"))
    database.run(lambda c: strategies.publish(c, florist, now=datetime.now(UTC)))
    smtp = f'[connectors.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n[channels.email]\nuse = ["smtp"]\n'
    sink = subprocess.Popen(
        [sys.executable, "-m", "tests.smtp_sink", "--port", str(port), "--log", str(mails)], cwd=CHECKOUT
    )
    told = settings(tmp_path, database_url, temporal_dev_server.address)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TACTFUL_", "TEMPORAL_"))}
    with lines.open("w") as log:
        worker = subprocess.Popen([sys.executable, "worker.py"], cwd=CHECKOUT, env={**bare, **told}, stderr=log)
    try:
        _logged(lines, "worker.started")
        (tmp_path / "tactful.toml").write_text(smtp)
        assert '"smtp"' in _logged(lines, "configuration.reloaded")
        (tmp_path / "tactful.toml").write_text(smtp + "[connectors.smpt]\n")
        assert "smpt" in _logged(lines, "configuration.refused")
        _register(database, _waking_zone())
        (mail,) = _received(mails)
        (tmp_path / "tactful.toml").write_text(MAILBOX)
        _logged(lines, "configuration.reloaded", times=2)
        worker.send_signal(signal.SIGHUP)
        _logged(lines, "configuration.reloaded", times=3)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
        sink.terminate()
        sink.wait()
        database.close()
    assert mail.envelope_to == ["ada@example.com"]
    assert worker.returncode == 0
    assert "Traceback" not in lines.read_text()


def _logged(lines: Path, event: str, *, times: int = 1, seconds: float = 60) -> str:
    """Return the newest of so many log lines of a kind, once they are there."""
    until = time.monotonic() + seconds
    while len(found := [line for line in lines.read_text().splitlines() if f'"{event}"' in line]) < times:
        assert time.monotonic() < until, lines.read_text()
        time.sleep(0.1)
    return found[-1]
