"""What fails in the database is told in our own words: no row, no statement, no value gets out with it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from database.engine import Database
from database.errors import DatabaseError, DatabaseStuckError

pytestmark = pytest.mark.integration

SECRET = "anna@example.com"


@pytest.fixture
def database(database_url: str) -> Database:
    return Database(database_url)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:secret AS integer)",
        "INSERT INTO customer_ids (kind, id, customer_key, since) VALUES ('user', :secret, gen_random_uuid(), now())",
    ],
)
def test_a_statement_that_fails_takes_no_address_out_with_it(database: Database, statement: str) -> None:
    """Not in its text, and not in a cause or context that a failure converter would write into a history."""
    with pytest.raises(DatabaseError) as caught:
        database.run(lambda c: c.execute(sa.text(statement), {"secret": SECRET}))
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in f"{error} {error!r}"
    database.close()


def test_a_statement_that_takes_too_long_is_something_to_try_again(database: Database) -> None:
    def slow(conn: sa.Connection) -> None:
        conn.execute(sa.text("SET LOCAL statement_timeout = 10"))
        conn.execute(sa.text("SELECT pg_sleep(5)"))

    with pytest.raises(DatabaseStuckError):
        database.run(slow)
    database.close()
