"""When the providers that call nobody are asked for news, by whom, and where the next look begins.

A row is a lease: whoever takes one that is due has it to themselves until it is due again, so that of many workers one
looks at a time, and another takes over from one that dies. The cursor is written with the news, in their transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from database.engine import Direct

LEASE: Final = timedelta(minutes=2)
"""How long a look is left to whoever took it: longer than it and its storing can take."""
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""How long after it was due: a connector that nobody asks any more is none of `tactful.toml`'s."""

TAKE = Direct("""
INSERT INTO connector_polls AS p (connector, asked_at, due_at)
SELECT name, :now, :until FROM unnest(CAST(:names AS text[])) AS name
ON CONFLICT (connector) DO UPDATE SET asked_at = :now, due_at = :until
 WHERE p.due_at <= :now OR (CAST(:eager AS boolean) AND p.fault IS NOT NULL)
RETURNING connector, cursor
""")
REACH = Direct("UPDATE connector_polls SET cursor = :cursor WHERE connector = :connector AND asked_at = :asked_at")
WORKED = Direct("""
UPDATE connector_polls SET due_at = :due_at, worked_at = :now, failing_since = NULL, fault = NULL
 WHERE connector = :connector AND asked_at = :asked_at
""")
FAILED = Direct("""
UPDATE connector_polls SET due_at = :due_at, failing_since = coalesce(failing_since, :asked_at), fault = :fault
 WHERE connector = :connector AND asked_at = :asked_at
""")
STAND = Direct("SELECT connector, due_at, worked_at, failing_since, fault FROM connector_polls ORDER BY connector")


@dataclass(frozen=True)
class Look:
    """A look that is this worker's to make: where it begins, and since when it has been."""

    connector: str
    cursor: str | None
    asked_at: datetime


@dataclass(frozen=True)
class Stands:
    """How asking a provider stands.

    Attributes:
        connector: Its connector.
        due_at: When it is to be asked again.
        worked_at: When that last worked, from the first byte to the acknowledgement.
        failing_since: Since when it does not; None where it does.
        fault: Why not.
    """

    connector: str
    due_at: datetime
    worked_at: datetime | None
    failing_since: datetime | None
    fault: str | None


def take(conn: Connection, names: Collection[str], *, eager: bool = False, now: datetime) -> tuple[Look, ...]:
    """Take the looks that are due, and leave those that somebody else has.

    Args:
        conn: A transaction.
        names: The connectors to ask.
        eager: Whether those are due, too, that failed: the configuration has changed, or the worker is new.
        now: Aware UTC instant.
    """
    rows = TAKE.rows(conn, names=sorted(names), until=now + LEASE, eager=eager, now=now)
    return tuple(Look(row["connector"], row["cursor"], now) for row in rows)


def reach(conn: Connection, look: Look, cursor: str) -> None:
    """Have the next look begin at `cursor`, unless this one was taken over; told twice, things are the same."""
    REACH.run(conn, cursor=cursor, connector=look.connector, asked_at=look.asked_at)


def worked(conn: Connection, look: Look, *, due_at: datetime, now: datetime) -> None:
    """Write that a look worked, and when the next is due."""
    WORKED.run(conn, due_at=due_at, now=now, connector=look.connector, asked_at=look.asked_at)


def failed(conn: Connection, look: Look, fault: str, *, due_at: datetime) -> None:
    """Write that a look failed, and when the next is due."""
    FAILED.run(conn, due_at=due_at, fault=fault, connector=look.connector, asked_at=look.asked_at)


def stand(conn: Connection) -> tuple[Stands, ...]:
    """Return how asking stands, by the connector's name."""
    return tuple(Stands(**row) for row in STAND.rows(conn))
