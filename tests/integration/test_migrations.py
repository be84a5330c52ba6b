"""The tables of a database: made from nothing as the code knows them, once, and refused where they do not fit."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from database import migrate
from database.engine import Database
from database.errors import DatabaseError, SchemaError
from database.tables import SCHEMA, metadata
from tests.integration.ledger import at_once
from tests.servers import Databases, DatabaseServer

pytestmark = pytest.mark.integration


@pytest.fixture
def bare(postgres: DatabaseServer) -> Generator[Database]:
    """A database with nothing in it."""
    databases = Databases(postgres, "bare")
    with databases.template() as url:
        database = Database(url)
        yield database
        database.close()


def set_version(database: Database, version: str) -> None:
    """Have the database say that it is at some version."""
    database.run(lambda c: c.execute(sa.text("UPDATE tactful.alembic_version SET version_num = :v"), {"v": version}))


def test_the_migrations_make_the_tables_that_the_code_knows(bare: Database) -> None:
    """Columns, types, defaults, indexes, constraints: nothing is left to migrate."""

    def differences(conn: sa.Connection) -> list[object]:
        options = {
            "version_table_schema": SCHEMA,
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
            "compare_server_default": True,
        }
        return compare_metadata(MigrationContext.configure(conn, opts=options), metadata)

    bare.run(migrate.upgrade)
    assert bare.run(differences) == []


def test_checks_and_comments_come_with_the_migrations_too(bare: Database) -> None:
    """What Alembic does not compare: the conditions on rows, and what each table is for."""
    bare.run(migrate.upgrade)
    wanted = {
        f"ck_{table.name}_{str(constraint.name).removeprefix(f'ck_{table.name}_')}"
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert set(_names(bare, "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conname LIKE 'ck_%'")) == wanted
    silent = _names(
        bare,
        "SELECT relname FROM pg_class WHERE relnamespace = 'tactful'::regnamespace AND relkind = 'r' "
        "AND relname <> 'alembic_version' AND obj_description(oid, 'pg_class') IS NULL",
    )
    assert silent == []


def _names(database: Database, query: str) -> list[str]:
    return database.run(lambda c: list(c.execute(sa.text(query)).scalars()))


def test_migrating_twice_changes_nothing(bare: Database) -> None:
    assert bare.run(migrate.upgrade) == bare.run(migrate.upgrade) == migrate.head()
    bare.run(migrate.check)


def test_several_migrators_at_once_make_the_tables_once(bare: Database) -> None:
    assert at_once(*[lambda: bare.run(migrate.upgrade)] * 4) == [migrate.head()] * 4
    bare.run(migrate.check)


def test_a_migration_that_fails_leaves_nothing_behind(bare: Database) -> None:
    """A table of ours is there already, by whoever: no half of the others is made."""
    bare.run(lambda c: c.execute(sa.text("CREATE SCHEMA tactful")))
    bare.run(lambda c: c.execute(sa.text("CREATE TABLE tactful.outbox (x int)")))
    with pytest.raises(DatabaseError):
        bare.run(migrate.upgrade)
    assert _names(bare, "SELECT tablename FROM pg_tables WHERE schemaname = 'tactful'") == ["outbox"]


def test_a_database_without_tables_says_what_to_do(bare: Database) -> None:
    with pytest.raises(SchemaError, match=r"no tables of Tactful; run `tactful migrate` first"):
        bare.run(migrate.check)


def test_a_database_newer_than_the_code_is_refused_and_not_touched(bare: Database) -> None:
    bare.run(migrate.upgrade)
    bare.run(lambda c: c.execute(sa.text("DELETE FROM tactful.served_versions")))
    set_version(bare, "9999")
    for work in (migrate.check, migrate.upgrade):
        with pytest.raises(SchemaError, match="version 9999, which this code does not know: it is newer"):
            bare.run(work)
    assert bare.run(migrate.current) == "9999"


def test_newer_tables_that_still_serve_this_code_are_worked_on(bare: Database) -> None:
    """Expanded and not yet contracted: workers are replaced one after the other while others go on."""
    bare.run(migrate.upgrade)
    set_version(bare, "9999")
    bare.run(migrate.check)


def test_a_database_older_than_the_code_is_refused_until_it_is_migrated(bare: Database) -> None:
    """With one migration only, older means before the first: its tables are there, its version is not."""
    bare.run(migrate.upgrade)
    bare.run(lambda c: c.execute(sa.text("DELETE FROM tactful.alembic_version")))
    with pytest.raises(SchemaError, match="run `tactful migrate`"):
        bare.run(migrate.check)
