"""Real servers for tests: where they keep their state, how they are made and unmade. `tests/conftest.py` uses it."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from service.embedded.ports import free_port
from service.embedded.postgres import PostgresServer
from service.embedded.settings import from_environment
from service.embedded.temporal import TemporalServer


class DatabaseServer(Protocol):
    """A PostgreSQL in which tests may make databases."""

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of one database."""
        ...


@dataclass(frozen=True)
class GivenServer:
    """The PostgreSQL that TACTFUL_TEST_DATABASE_URL names; its role must be allowed to make databases."""

    given: str

    def url(self, database: str) -> str:
        """Return the address of another database on the same server."""
        address, _, rest = self.given.partition("://")
        host, _, parameters = rest.partition("?")
        return f"{address}://{host.rpartition('/')[0]}/{database}{'?' if parameters else ''}{parameters}"


@contextmanager
def server_home() -> Generator[Path]:
    """Make a folder for servers' state that PostgreSQL's account can pass through, and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tactful-test-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def own_postgres() -> Generator[PostgresServer]:
    """Start a PostgreSQL that nobody else uses: it may be killed and started again."""
    with server_home() as home:
        server = PostgresServer(
            home=home,
            port=free_port(),
            log=home / "postgres.log",
            programs=from_environment().postgres_bin,
            for_tests=True,
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()
            shutil.rmtree(server.placement.folder, ignore_errors=True)


@contextmanager
def own_temporal(*, kept: bool) -> Generator[TemporalServer]:
    """Start a Temporal that nobody else uses; kept: in a file, so that it may be killed and started again."""
    with server_home() as home:
        server = TemporalServer(
            port=free_port(),
            ui_port=None,
            file=home / "temporal.db" if kept else None,
            log=home / "temporal.log",
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


class Databases:
    """Databases for tests, each a copy of one template."""

    def __init__(self, server: DatabaseServer, name: str = "test") -> None:
        """Take the server; the names are this process's own, so that parallel runs share a server."""
        self._server = server
        self._numbers = count(1)
        self._mine = f"tactful_{name}_{os.getpid()}"

    @contextmanager
    def template(self) -> Generator[str]:
        """Make the empty template and return its address, for its tables to be made."""
        name = f"{self._mine}_template"
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield self._server.url(name)
        finally:
            self._drop(name)

    @contextmanager
    def copy(self) -> Generator[str]:
        """Copy the template and return the copy's address; dropped afterwards, whoever is still connected."""
        name = f"{self._mine}_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._administer(statement.format(sql.Identifier(name), sql.Identifier(f"{self._mine}_template")))
        try:
            yield self._server.url(name)
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(libpq_url(self._server.url("postgres")), autocommit=True) as connection:
            connection.execute(statement)


def libpq_url(url: str) -> str:
    """Return a SQLAlchemy address as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
