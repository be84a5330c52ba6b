# ruff: noqa: ANN401 - bodies, rows and settings hold anything
"""The doors of a house with a real database behind them, asked over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from database import strategies
from database.engine import Database
from tests.integration.doors.commands import Command
from tests.small_strategy import files
from web.app import create_app
from web.config import WebConfig
from web.serve import listen, server_of

SECRET = SecretStr("a secret for tests only")
NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
Serve = Callable[..., AbstractContextManager[str]]


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Doors:
    """The doors of one house, and what is behind them."""

    url: str
    client: httpx.Client
    database: Database
    clock: Clock

    def post(self, path: str, body: object, **more: Any) -> httpx.Response:
        return self.client.post(path, json=body, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def identify(self, user: str, **traits: object) -> None:
        assert self.post("/v1/identify", {"userId": user, "traits": traits}).status_code == 200

    def count(self, table: str) -> int:
        return self.database.run(lambda c: c.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        return self.database.run(lambda c: [dict(row) for row in c.execute(sa.text(query), values).mappings()])

    def publish(self, **changes: Any) -> None:
        self.database.run(lambda c: strategies.publish(c, files(**changes), now=self.clock()))


def refusal_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the error of an answer that must be one, of the one shape."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field", "expected", "hint"}
    assert error["code"] == code, error
    return error


@pytest.fixture
def database(database_url: str) -> Generator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve(database: Database, clock: Clock) -> Serve:
    """Serve the doors: `with serve(token=…) as url`."""

    @contextmanager
    def serving(
        *, behind: Database = database, checks: Any = None, tellers: Any = None, **config: Any
    ) -> Generator[str]:
        settings = WebConfig(**{"secret": SECRET, "port": 0, "contact_wait": timedelta(0)} | config)
        listening = listen(settings)
        server = server_of(create_app(settings, behind, clock, checks=checks, tellers=tellers))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)
            listening.close()

    return serving


@pytest.fixture
def doors(serve: Serve, database: Database, clock: Clock) -> Generator[Doors]:
    """The doors with the small strategy published."""
    with serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        opened = Doors(url, client, database, clock)
        opened.publish()
        yield opened


@pytest.fixture
def tactful(doors: Doors, tmp_path: Path) -> Command:
    """The command line, pointed at the doors, in a folder of its own."""
    return Command(doors.url, tmp_path)
