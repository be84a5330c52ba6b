"""One at a time, over all workers: whoever holds the lock of a duty does it, and nobody else does meanwhile.

The lock lives in a connection of its own and ends with it, however the process ends.
"""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from database.engine import Database

TRY = text("SELECT pg_try_advisory_lock(:number)")
FREE = text("SELECT pg_advisory_unlock(:number)")
ALIVE = text("SELECT 1")


class Alone:
    """The lock of one duty, which this process tries to hold."""

    def __init__(self, database: Database, number: int) -> None:
        """Name the duty by a number that no other duty has."""
        self._database = database
        self._number = number
        self._connection: Connection | None = None

    def holds(self) -> bool:
        """Say whether this process holds the lock now, having tried for it if it did not. Blocking."""
        try:
            if self._connection is not None:
                self._connection.execute(ALIVE)
                return True
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if connection.execute(TRY, {"number": self._number}).scalar_one():
                self._connection = connection
                return True
            connection.close()
        except SQLAlchemyError:
            self.let_go()
        return False

    def let_go(self) -> None:
        """Give up the lock; a connection that cannot be asked for that is ended, and the lock with it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.execute(FREE, {"number": self._number})
            connection.close()
        except SQLAlchemyError:
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()
