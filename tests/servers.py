"""Real servers for tests: where they keep their state, how they are made and unmade. `tests/conftest.py` uses it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    """Databases for tests, each a copy of one template, and used again if it can be made as the template was.

    Making a copy and dropping it is some four hundred files made and deleted, for tests that write twenty rows. Emptied
    is as good as new: the rows and the sequences are the template's, nobody is connected, the name is another, so that
    whoever still knows the old one finds nothing. What a test has done to the tables themselves, or left large, is
    dropped.
    """

    def __init__(self, server: DatabaseServer, name: str = "test") -> None:
        """Take the server; the names are this process's own, so that parallel runs share a server."""
        self._server = server
        self._numbers = count(1)
        self._mine = f"tactful_{name}_{os.getpid()}"
        self._idle: list[Emptied] = []

    @contextmanager
    def template(self) -> Generator[str]:
        """Make the empty template and return its address, for its tables to be made."""
        name = f"{self._mine}_template"
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield self._server.url(name)
        finally:
            for emptied in self._idle:
                self._drop(emptied.name)
            self._idle.clear()
            self._drop(name)

    @contextmanager
    def copy(self) -> Generator[str]:
        """Give a database like the template; nobody has it afterwards, whoever is still connected."""
        emptied = self._idle.pop() if self._idle else self._made()
        try:
            yield self._server.url(emptied.name)
        finally:
            again = self._emptied(emptied)
            if again is not None:
                self._idle.append(again)
            else:
                self._drop(emptied.name)

    def _made(self) -> Emptied:
        name = f"{self._mine}_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._administer(statement.format(sql.Identifier(name), sql.Identifier(f"{self._mine}_template")))
        with psycopg.connect(libpq_url(self._server.url(name)), autocommit=True) as connection:
            return Emptied.read(name, connection)

    def _emptied(self, used: Emptied) -> Emptied | None:
        """Return the database of a test emptied and under another name; None where that cannot be done."""
        again = replace(used, name=f"{self._mine}_{next(self._numbers)}")
        try:
            with psycopg.connect(libpq_url(self._server.url(used.name)), autocommit=True) as connection:
                if not used.empty(connection):
                    return None
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            self._administer(rename.format(sql.Identifier(used.name), sql.Identifier(again.name)))
        except psycopg.Error:
            return None
        return again

    def _drop(self, name: str) -> None:
        self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(libpq_url(self._server.url("postgres")), autocommit=True) as connection:
            connection.execute(statement)


_OURS = "relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)"
_TABLES = f"SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND {_OURS} ORDER BY 1"
_SEQUENCES = f"SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' AND {_OURS} ORDER BY 1"
# Whatever is done to a table or a database itself is a new row of a catalogue by a newer transaction, or one row less.
_CATALOGUES = ("class", "attribute", "attrdef", "constraint", "trigger", "proc", "type", "namespace", "db_role_setting")
_SHAPE = "SELECT " + " || ' ' || ".join(
    f"(SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_{catalogue})" for catalogue in _CATALOGUES
)
_SEND_AWAY = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_SIZE = "SELECT pg_database_size(current_database())"
_MOST_MORE = 3_000_000
"""How much larger than a fresh copy a database may be to be used again, in bytes."""


@dataclass(frozen=True)
class Emptied:
    """A database as the template made it, and how to make it so again.

    Attributes:
        name: Its name.
        tables: Those that are empty in the template.
        kept: A hash of the rows of every other table.
        sequences: Where each sequence stands, by `setval`.
        shape: What changes with the tables themselves.
        size: How large it is.
    """

    name: str
    tables: tuple[str, ...]
    kept: Mapping[str, str | None]
    sequences: tuple[str, ...]
    shape: str
    size: int

    @classmethod
    def read(cls, name: str, connection: psycopg.Connection) -> Emptied:
        """Read how a fresh copy is."""
        hashes = {table: _hash(connection, table) for table in _column(connection, _TABLES)}
        sequences = _column(connection, _SEQUENCES)
        setval = "SELECT format('SELECT setval(%L, %s, %L)', '{0}', last_value, is_called) FROM {0}"
        return cls(
            name,
            tuple(table for table, rows in hashes.items() if rows is None),
            {table: rows for table, rows in hashes.items() if rows is not None},
            tuple(str(_said(connection, setval.format(each))) for each in sequences),
            _said(connection, _SHAPE) or "",
            int(_said(connection, _SIZE) or 0),
        )

    def empty(self, connection: psycopg.Connection) -> bool:
        """Make it so again; False where it is not enough to take rows away."""
        connection.execute(_SEND_AWAY)
        if _said(connection, _SHAPE) != self.shape or int(_said(connection, _SIZE) or 0) > self.size + _MOST_MORE:
            return False
        if any(_hash(connection, table) != rows for table, rows in self.kept.items()):
            return False
        deletes = [f"DELETE FROM {table}" for table in self.tables]
        for statement in ("BEGIN", "SET LOCAL session_replication_role = replica", *deletes, *self.sequences, "COMMIT"):
            connection.execute(statement.encode())
        return True


def _hash(connection: psycopg.Connection, table: str) -> str | None:
    return _said(connection, f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")


def _column(connection: psycopg.Connection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query.encode())]


def _said(connection: psycopg.Connection, query: str) -> str | None:
    row = connection.execute(query.encode()).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def libpq_url(url: str) -> str:
    """Return a SQLAlchemy address as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
