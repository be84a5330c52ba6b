"""The databases of the tests themselves: each as new, also where it was somebody else's before."""

from __future__ import annotations

from collections.abc import Generator

import psycopg
import pytest

from tests.servers import Databases, DatabaseServer, libpq_url

pytestmark = pytest.mark.integration


@pytest.fixture
def databases(postgres: DatabaseServer) -> Generator[Databases]:
    made = Databases(postgres, "emptied")
    with made.template() as url:
        do(url, "CREATE TABLE kinds (kind text)", "INSERT INTO kinds VALUES ('letter')")
        do(url, "CREATE TABLE notes (note_no bigint GENERATED ALWAYS AS IDENTITY, kind text)")
        yield made


def do(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        found = [connection.execute(statement.encode()) for statement in statements]
        return found[-1].fetchall() if found[-1].description else []


def oid(url: str) -> object:
    return do(url, "SELECT oid FROM pg_database WHERE datname = current_database()")[0][0]


def test_what_was_written_is_gone_numbers_begin_again_and_nobody_finds_it_by_its_old_name(databases: Databases) -> None:
    with databases.copy() as url:
        first, name = oid(url), url
        do(url, "INSERT INTO notes (kind) VALUES ('a'), ('b')")
        still_there = psycopg.connect(libpq_url(url))
    with databases.copy() as url:
        assert oid(url) == first
        assert do(url, "SELECT * FROM kinds") == [("letter",)]
        assert do(url, "INSERT INTO notes (kind) VALUES ('c') RETURNING note_no") == [(1,)]
        with pytest.raises(psycopg.OperationalError):
            still_there.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            do(name, "SELECT 1")
    still_there.close()


@pytest.mark.parametrize(
    "deed",
    [
        "ALTER TABLE notes ADD CHECK (kind <> 'x')",
        "ALTER TABLE notes DROP COLUMN kind",
        "CREATE INDEX ON notes (kind)",
        "UPDATE kinds SET kind = 'push'",
        "INSERT INTO notes (kind) SELECT repeat('long', 100) FROM generate_series(1, 10000)",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$",
    ],
)
def test_what_was_changed_in_itself_or_left_large_is_not_used_again(databases: Databases, deed: str) -> None:
    with databases.copy() as url:
        first = oid(url)
        do(url, deed)
    with databases.copy() as url:
        assert oid(url) != first
