"""`python -m web`: starts, says in a sentence why it does not, and stops when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from database.engine import Database
from service.embedded.ports import free_port
from web.config import WebConfig
from web.serve import listen

pytestmark = pytest.mark.integration
CHECKOUT = Path(__file__).parents[3]


def environment(database_url: str, port: int, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACTFUL_", "TEMPORAL_"))}
    ours = {
        "TACTFUL_DATABASE_URL": database_url,
        "TACTFUL_SECRET": "a secret for tests only",
        "TACTFUL_WEB_PORT": str(port),
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
    }
    return kept | ours | more


@contextmanager
def web(database_url: str, port: int, **more: str) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=CHECKOUT,
        env=environment(database_url, port, **more),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def health(port: int, process: subprocess.Popen[str]) -> httpx.Response:
    """Return what /healthz says, as soon as anything answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)
        except httpx.ConnectError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_without_temporal_and_stops_quietly_when_it_is_told_to(
    database_url: str, told: signal.Signals
) -> None:
    port = free_port()
    with web(database_url, port) as process:
        answer = health(port, process)
        parts = {part["name"]: part for part in answer.json()["parts"]}
        assert (parts["database"]["ok"], parts["temporal"]["ok"]) == (True, False)
        assert httpx.get(f"http://127.0.0.1:{port}/v1/strategies").status_code == 200
        process.send_signal(told)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in said


def test_it_serves_503_while_the_database_is_not_there(database_url: str) -> None:
    port = free_port()
    nowhere = f"postgresql+psycopg://tactful@127.0.0.1:{free_port()}/tactful"
    with web(nowhere, port) as process:
        assert health(port, process).status_code == 503
        assert httpx.get(f"http://127.0.0.1:{port}/v1/strategies", timeout=30).status_code == 503


def ended(database_url: str, port: int, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "web"],
        cwd=CHECKOUT,
        env=environment(database_url, port, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_a_port_that_is_taken_is_said(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = ended(database_url, taken.getsockname()[1])
    assert code == 1
    assert "TACTFUL_WEB_PORT" in said


def test_answers_are_not_held_back_by_nagles_algorithm() -> None:
    """asyncio turns it off for connections whose socket says that it is TCP; they inherit that from the listener."""
    with listen(WebConfig(secret=SecretStr("a secret for tests only"), port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_an_open_door_is_refused(database_url: str) -> None:
    code, said = ended(database_url, free_port(), TACTFUL_WEB_HOST="0.0.0.0")
    assert code == 1
    assert "TACTFUL_API_TOKEN" in said


def test_tables_that_are_newer_are_said(database_url: str) -> None:
    database = Database(database_url)
    newer = "UPDATE tactful.alembic_version SET version_num = '9999'; DELETE FROM tactful.served_versions"
    database.run(lambda c: c.exec_driver_sql(newer))
    database.close()
    code, said = ended(database_url, free_port())
    assert code == 1
    assert "newer" in said


def test_settings_that_are_missing_are_said_all_at_once(database_url: str) -> None:
    code, said = ended("", free_port(), TACTFUL_SECRET="short", TACTFUL_WEB_PORT="many")
    assert code == 1
    assert "TACTFUL_SECRET" in said
    assert "TACTFUL_WEB_PORT" in said
    assert "short" not in said.lower().replace("shorter", "")
