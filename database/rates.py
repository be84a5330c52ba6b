"""Rates of connectors, kept for all workers together: calls are given out as instants, each once, one step apart.

One statement gives out many instants, so that the row is not fought over. What is given out and not used is lost: a
rate is a most, never a debt. Instants are PostgreSQL's clock, the only one that all workers share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

LEASE = text("""
INSERT INTO connector_rates AS r (connector, free_at, queue_at)
VALUES (:connector, clock_timestamp() + CAST(:taken AS interval), clock_timestamp())
ON CONFLICT (connector) DO UPDATE SET free_at = greatest(r.free_at, clock_timestamp()) + CAST(:taken AS interval)
RETURNING r.free_at - CAST(:taken AS interval) AS first_at, clock_timestamp() AS told_at
""")
QUEUE = text("""
UPDATE connector_rates SET queue_at = greatest(queue_at, free_at, clock_timestamp()) + CAST(:step AS interval)
 WHERE connector = :connector
RETURNING queue_at - CAST(:step AS interval) AS place_at, clock_timestamp() AS told_at
""")


@dataclass(frozen=True)
class Leased:
    """Instants at which a call may be made, one each, counted from when they were given out.

    Attributes:
        starts_in: How long after `told_at` the first of them is; they are `step` apart.
        first_at: The first of them, on PostgreSQL's clock.
        many: How many.
        step: How far apart.
    """

    starts_in: timedelta
    first_at: datetime
    many: int
    step: timedelta

    def at(self, number: int) -> datetime:
        """Return the instant of one of them, counted from 0."""
        return self.first_at + self.step * number


def step_of(rate: float) -> timedelta:
    """Return how far apart calls are at a rate (calls a second)."""
    return timedelta(seconds=1 / rate)


def lease(conn: Connection, connector: str, rate: float, *, many: int) -> Leased:
    """Give out the next `many` instants of a connector to the caller alone."""
    step = step_of(rate)
    row = conn.execute(LEASE, {"connector": connector, "taken": step * many}).one()
    return Leased(row.first_at - row.told_at, row.first_at, many, step)


def queue(conn: Connection, connector: str, rate: float) -> timedelta:
    """Return how long from now a place behind everybody who waits for a connector is free, and take it.

    The place promises no call; it keeps those who wait from all coming at once.
    """
    row = conn.execute(QUEUE, {"connector": connector, "step": step_of(rate)}).one_or_none()
    return max(row.place_at - row.told_at, timedelta(0)) if row is not None else timedelta(0)
