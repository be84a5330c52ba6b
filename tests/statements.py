"""Counts what is said to PostgreSQL, whichever way it goes there: at the driver's cursor, BEGIN and COMMIT apart."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from database.engine import Database


@contextmanager
def counted(database: Database) -> Generator[list[str]]:
    """Collect the statements of a block."""
    seen: list[str] = []

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> psycopg.Cursor[Any]:  # noqa: ANN401 - as psycopg types it
            seen.append(query.decode() if isinstance(query, bytes) else str(query))
            return super().execute(query, *arguments, **options)

    def listen(connection: psycopg.Connection[Any], *_rest: object) -> None:
        connection.cursor_factory = Noting

    def leave(connection: psycopg.Connection[Any], *_rest: object) -> None:
        connection.cursor_factory = psycopg.Cursor

    event.listen(database.engine, "checkout", listen)
    event.listen(database.engine, "checkin", leave)
    try:
        yield seen
    finally:
        event.remove(database.engine, "checkout", listen)
        event.remove(database.engine, "checkin", leave)
