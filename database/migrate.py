"""Bringing a database to the tables this code needs, and saying so when it is not there.

Migrations expand first and contract later: code one version older keeps running on newer tables, so that workers can be
replaced one after the other. Which versions the tables still serve stands in `served_versions`; a migration that takes
something away empties it before its own version is added.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from database.errors import SchemaError
from database.tables import SCHEMA

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 7_241_000_001
CURRENT = text(f"SELECT version_num FROM {SCHEMA}.alembic_version")  # noqa: S608 - our own constant
SERVE = text(f"INSERT INTO {SCHEMA}.served_versions VALUES (:version) ON CONFLICT DO NOTHING")  # noqa: S608 - as above
SERVES = text(f"SELECT EXISTS (SELECT 1 FROM {SCHEMA}.served_versions WHERE version = :version)")  # noqa: S608 - as above
EXISTS = text("SELECT to_regclass(:table) IS NOT NULL")


def upgrade(conn: Connection) -> str:
    """Bring the tables to this code's version, in one transaction, one migrator at a time; return the version."""
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    conn.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    found = current(conn)
    if found is not None and found not in _known():
        raise SchemaError(_newer(found))
    command.upgrade(_config(conn), "head")
    conn.execute(SERVE, {"version": head()})
    return head()


def check(conn: Connection) -> None:
    """Make sure that the tables are the ones this code works on.

    Raises:
        SchemaError: they are missing, older or newer; says what to do.
    """
    found = current(conn)
    if found is None:
        msg = "the database has no tables of Tactful; run `tactful migrate` first"
        raise SchemaError(msg)
    if found == head() or conn.execute(SERVES, {"version": head()}).scalar_one():
        return
    if found in _known():
        msg = f"the database is at version {found}, this code needs {head()}; run `tactful migrate`"
        raise SchemaError(msg)
    raise SchemaError(_newer(found))


def current(conn: Connection) -> str | None:
    """Return the version of the tables, or None where there are none."""
    if not conn.execute(EXISTS, {"table": f"{SCHEMA}.alembic_version"}).scalar_one():
        return None
    return conn.execute(CURRENT).scalar_one_or_none()


@cache
def head() -> str:
    """Return the version that this code needs."""
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if newest is None:
        msg = "this installation has no migrations"
        raise SchemaError(msg)
    return newest


@cache
def _known() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def _newer(found: str) -> str:
    return f"the database is at version {found}, which this code does not know: it is newer; update this installation"


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    return config
