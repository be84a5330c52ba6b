"""Strangers' connectors: `pip install examples/plivo`, and a worker sends by it; no file of Tactful knows of them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import intake, strategies
from database.engine import Database
from service.embedded.temporal import TemporalServer
from tactful.conformance.provider import Received, provider, say
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.connectors.installing import installed
from tests.house.documents import committed
from tests.integration.doors.commands import Command
from tests.integration.test_worker import CHECKOUT, settings, start
from tests.virtual import yes

pytestmark = [pytest.mark.integration, pytest.mark.slow]
EXAMPLES = CHECKOUT / "examples"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "pyproject.toml").is_file())
# Of each: what its table holds besides, what it calls the recipient, and where our key goes.
TABLES: dict[str, tuple[str, str, Callable[[Received], str]]] = {
    "plivo": (
        """auth_id = "MA00000000000000FLEU"
auth_token = { env = "SECRET" }
hooks_url = "https://fleur.example/hooks/plivo\"""",
        "dst",
        lambda request: str(json.loads(request.content)["url"]),
    ),
    "telnyx": (
        """api_key = { env = "SECRET" }
public_key = "fWRUz3ZmsWii3wZC9XFygNZjbIBHipt8Qw+aCI9LlqQ=\"""",
        "to",
        lambda request: request.headers["idempotency-key"],
    ),
}
STRATEGY = {
    "strategy.yaml": """
strategy: loft
vision: Whoever comes is greeted by text.
sender: { name: Fleur, sms: "+14155550100", address: "1 Rose Lane, Bath" }
defaults: { topic: news, by: sms, at: 10:00, expires: 3 days, time_zone: Europe/London, language: en }
customer: {}
events: { customer.registered: {} }
topics: { news: { says: News, purpose: marketing, opt_in: single } }
priorities: [news]
stages:
  nurture:
    welcome:
      why: To be greeted.
      trigger: customer.registered
      say: { hello: { when: at once } }
""",
    "templates/hello/sms.txt": "Hello from Fleur. To hear no more: {{ links.unsubscribe }}",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, installed by pip into a folder of their own."""
    return installed(tmp_path_factory.mktemp("stranger") / "site", *(EXAMPLES / name for name in NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_certified_and_its_certificate_is_up_to_date(site: Path, tmp_path: Path, name: str) -> None:
    written = tmp_path / "certificate.json"
    done = Command("http://127.0.0.1:9", tmp_path).afresh(
        "connector", "certify", name, "--out", str(written), PYTHONPATH=str(site)
    )
    assert done.code == 0, done.out + done.err
    assert f"Certified: {name} passed" in done.out
    assert json.loads((EXAMPLES / name / "certificate.json").read_text()) == json.loads(written.read_text())


def test_its_own_test_passes(site: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        program, cwd=EXAMPLES / "plivo", env={"PYTHONPATH": str(site)}, capture_output=True, text=True, check=False
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_no_file_of_tactful_knows_of_it(name: str) -> None:
    assert list(_naming(name)) == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_running_worker_sends_by_it_once_it_is_installed(
    site: Path, tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer, name: str
) -> None:
    setting, recipient, key_in = TABLES[name]
    database = Database(database_url)
    database.run(lambda c: strategies.publish(c, STRATEGY, now=datetime.now(UTC)))
    _register(database)
    answer = (EXAMPLES / name / f"tactful_{name}" / "fixtures" / "accepted.json").read_bytes()
    async with provider(lambda _: say(200, answer)) as there:
        config = f'[connectors.{name}]\nbase_url = "{there.base_url}"\n{setting}\n[channels.sms]\nuse = ["{name}"]\n'
        told = settings(tmp_path, database_url, temporal_dev_server.address, config)
        worker = start(told | {"PYTHONPATH": str(site), "SECRET": "the-key-of-the-account"})
        try:
            async with asyncio.timeout(60):
                while not (sent := await asyncio.to_thread(_sent, database)):
                    assert worker.poll() is None, await asyncio.to_thread(worker.communicate)
                    await asyncio.sleep(0.2)
        finally:
            worker.send_signal(signal.SIGTERM)
            await asyncio.to_thread(worker.communicate, timeout=60)
            database.close()
    [request] = there.received
    said = json.loads(request.content)
    assert said[recipient] == "+447700900123"
    assert said["text"].startswith("Hello from Fleur.")
    [(connector, provider_id, key)] = sent
    assert (connector, provider_id in answer.decode(), key in key_in(request)) == (name, True, True)


def _register(database: Database) -> None:
    now = datetime.now(UTC)
    said = Identify(Who("ada"), "i", now, addresses={Channel.SMS: "+447700900123"}, statements=yes("news:sms", at=now))
    database.run(lambda c: intake.identify(c, said, now=now))
    database.run(lambda c: intake.track(c, Track(Who("ada"), "customer.registered", "t", now), now=now))


def _sent(database: Database) -> list[tuple[str, str, str]]:
    query = sa.text("SELECT connector, provider_id, part_key::text FROM messages WHERE provider_id IS NOT NULL")
    return database.run(lambda c: [(row[0], row[1], row[2]) for row in c.execute(query)])


def _naming(word: str) -> Iterator[str]:
    core = ("activities", "connectors", "database", "service", "tactful", "web", "workflows", "worker.py")
    for name in committed(".py", ".txt", ".toml"):
        if name.startswith(core) and word in (CHECKOUT / name).read_text():
            yield name
