"""A stranger's connector: `pip install examples/plivo`, and a worker sends by it; no file of Tactful knows of it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import intake, strategies
from database.engine import Database
from service.embedded.temporal import TemporalServer
from tactful.conformance.provider import provider, say
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.connectors.installing import installed
from tests.house.documents import committed
from tests.integration.doors.commands import Command
from tests.integration.test_worker import CHECKOUT, settings, start
from tests.virtual import yes

pytestmark = [pytest.mark.integration, pytest.mark.slow]
EXAMPLE = CHECKOUT / "examples" / "plivo"
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
    """The example, installed by pip into a folder of its own."""
    return installed(tmp_path_factory.mktemp("stranger") / "site", EXAMPLE)


def test_the_example_is_certified_and_its_certificate_is_up_to_date(site: Path, tmp_path: Path) -> None:
    written = tmp_path / "certificate.json"
    done = Command("http://127.0.0.1:9", tmp_path).afresh(
        "connector", "certify", "plivo", "--out", str(written), PYTHONPATH=str(site)
    )
    assert done.code == 0, done.out + done.err
    assert "Certified: plivo passed" in done.out
    assert json.loads((EXAMPLE / "certificate.json").read_text()) == json.loads(written.read_text())


def test_its_own_test_passes(site: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        program, cwd=EXAMPLE, env={"PYTHONPATH": str(site)}, capture_output=True, text=True, check=False
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_no_file_of_tactful_knows_of_it() -> None:
    assert list(_naming("plivo")) == []


async def test_a_running_worker_sends_by_it_once_it_is_installed(
    site: Path, tmp_path: Path, database_url: str, temporal_dev_server: TemporalServer
) -> None:
    database = Database(database_url)
    database.run(lambda c: strategies.publish(c, STRATEGY, now=datetime.now(UTC)))
    _register(database)
    taken = say(202, (EXAMPLE / "tactful_plivo" / "fixtures" / "accepted.json").read_bytes())
    async with provider(lambda _: taken) as there:
        config = (
            f'[connectors.plivo]\nbase_url = "{there.base_url}"\nauth_id = "MA00000000000000FLEU"\n'
            'auth_token = { env = "PLIVO" }\nhooks_url = "https://fleur.example/hooks/plivo"\n'
            '[channels.sms]\nuse = ["plivo"]\n'
        )
        told = settings(tmp_path, database_url, temporal_dev_server.address, config)
        worker = start(told | {"PYTHONPATH": str(site), "PLIVO": "the-token-of-the-account"})
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
    assert (said["dst"], said["src"]) == ("+447700900123", "+14155550100")
    assert said["text"].startswith("Hello from Fleur.")
    assert sent == [("plivo", "5b40a428-bfc7-4daf-9d06-726c558bf3b8", said["url"].partition("?key=")[2])]


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
