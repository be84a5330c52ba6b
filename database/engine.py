"""The way into PostgreSQL: one engine, one transaction per unit of work, conflicts tried again as a whole.

Synchronous on purpose: a unit of work is one function on one thread, which costs less than a thread hop per
statement. Nothing outside `database/` writes SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.rows import dict_row
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from database.errors import (
    DatabaseAddressError,
    DatabaseDownError,
    DatabaseError,
    DatabaseFullError,
    DatabaseStuckError,
    UnstorableError,
)

T = TypeVar("T")

CONFLICTS = frozenset({"40P01", "40001"})
FULL = frozenset({"53100", "53200"})
DOWN = frozenset({"57P01", "57P02", "57P03", "53300", "25006"})
SLOW = frozenset({"57014", "55P03"})
CONNECTION = "08"
VALUE = "22"
CONNECT_SECONDS = 5


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's five-letter code of a failure, or None where there is none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return original.sqlstate if isinstance(original, psycopg.Error) else None


def _is_conflict(error: BaseException) -> bool:
    return sqlstate(error) in CONFLICTS


AGAIN = Retrying(
    retry=retry_if_exception(_is_conflict),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(multiplier=0.01, max=0.5),
    reraise=True,
)


class Direct:
    """A statement that goes to the driver as it stands, inside the transaction that SQLAlchemy holds.

    For the few statements of every contact: SQLAlchemy's handling of a statement and its result costs as much again as
    the driver's. Parameters are written `:name`, rows come as dictionaries.
    """

    def __init__(self, sql: str) -> None:
        """Prepare `sql`, once for the life of the process."""
        self._query = str(sa.text(sql).compile(dialect=PGDialect_psycopg())).encode()

    def rows(self, conn: sa.Connection, **values: object) -> list[dict[str, Any]]:
        """Return every row."""
        with _driver(conn).cursor(row_factory=dict_row) as cursor:
            return cursor.execute(self._query, values).fetchall()

    def row(self, conn: sa.Connection, **values: object) -> dict[str, Any] | None:
        """Return the first row, or None where there is none."""
        with _driver(conn).cursor(row_factory=dict_row) as cursor:
            return cursor.execute(self._query, values).fetchone()

    def run(self, conn: sa.Connection, **values: object) -> int:
        """Run a statement that returns nothing; return how many rows it touched."""
        with _driver(conn).cursor() as cursor:
            return cursor.execute(self._query, values).rowcount


def _driver(conn: sa.Connection) -> psycopg.Connection[tuple[Any, ...]]:
    return cast("psycopg.Connection[tuple[Any, ...]]", conn.connection.driver_connection)


class Database:
    """The customer database and the ledger of one installation."""

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout: timedelta = timedelta(seconds=20)) -> None:
        """Prepare to connect to `url` (`postgresql://…`); nothing is connected yet.

        Raises:
            DatabaseAddressError: `url` is no address of a PostgreSQL.
        """
        timeout_ms = int(statement_timeout.total_seconds() * 1000)
        options = f"-c search_path=tactful,public -c timezone=UTC -c statement_timeout={timeout_ms}"
        self.engine = sa.create_engine(
            _address(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_SECONDS, "options": options, "prepare_threshold": 2},
        )

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what `work` returns, done in one transaction; on a conflict the whole of it is done again.

        Raises:
            DatabaseDownError: PostgreSQL cannot be reached or is going away.
            DatabaseFullError: it has no room left.
            DatabaseStuckError: conflicts did not end, or no connection became free.
            UnstorableError: a value is none that it can keep.
        """
        try:
            return AGAIN(lambda: self._once(work))
        except PoolTimeoutError:
            failure = DatabaseStuckError("no database connection became free within 10 s")
        except (DBAPIError, psycopg.Error) as error:
            failure = _told_apart(error, self.engine.url)
        # Outside the blocks, so that it has no cause: the driver's text quotes rows, and rows hold addresses.
        raise failure

    def _once(self, work: Callable[[sa.Connection], T]) -> T:
        with self.engine.begin() as connection:
            try:
                return work(connection)
            except psycopg.Error:
                if _driver(connection).closed:
                    connection.invalidate()
                raise

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _address(url: str) -> sa.URL:
    """Return the address with our driver in it, however the driver was left out or spelled."""
    try:
        address = sa.make_url(url)
    except ArgumentError:
        address = None
    if address is None or address.get_backend_name() not in {"postgresql", "postgres"} or not address.database:
        msg = "TACTFUL_DATABASE_URL is no address of a PostgreSQL: postgresql://user:password@host:port/database"
        raise DatabaseAddressError(msg)
    return address.set(drivername="postgresql+psycopg")


def _told_apart(error: DBAPIError | psycopg.Error, url: sa.URL) -> DatabaseError:
    """Return what failed in our own words, which name neither a statement nor a value."""
    state = sqlstate(error)
    original = error.orig if isinstance(error, DBAPIError) else error
    if state in FULL:
        return DatabaseFullError("PostgreSQL has no room left; nothing was written")
    if state in CONFLICTS:
        return DatabaseStuckError("PostgreSQL kept reporting conflicts; nothing was written")
    if state in SLOW:
        return DatabaseStuckError("PostgreSQL did not finish in time; nothing was written")
    if (state or "").startswith(VALUE) or (state is None and isinstance(original, psycopg.DataError)):
        return UnstorableError(f"PostgreSQL cannot keep a value of ours ({state or 'NUL'}); nothing was written")
    gone = state is None and isinstance(error, OperationalError | psycopg.OperationalError)
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    if invalidated or gone or state in DOWN or (state or "").startswith(CONNECTION):
        where = f"{url.host}:{url.port or 5432}"
        msg = f"PostgreSQL cannot be reached at {where}; nothing was written, or it will be found when it is back"
        return DatabaseDownError(msg)
    return DatabaseError(
        f"PostgreSQL refused a statement of ours ({state}: {type(original).__name__}); nothing was written"
    )
