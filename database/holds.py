"""Connectors on hold: for everybody, by a provider's answer or by a person, and how they come back.

A hold ends at its time or when a person says so, but nothing floods back then: one contact tries first (the probe),
and once the provider has taken it the others are let go in order of rank, a page at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, strategies
from tactful.words import Channel

HELD_FOR: Final = timedelta(minutes=10)
"""When a connector that is held is tried again, where its provider named no time."""
OUTAGE_FOR: Final = timedelta(minutes=5)
"""When a connector is tried again whose calls failed, one after the other, though its provider said nothing."""
PROBE_FOR: Final = timedelta(seconds=60)
"""How long a connector waits for what its probe brings before another contact may try."""
BY_HAND: Final = "by_hand"
OUTAGE: Final = "outage"

REGISTER = text(
    "INSERT INTO connectors (connector, channels, seen_at, cancels_seconds) "
    "SELECT connector, channels, :now, cancels_seconds FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(connector text, channels jsonb, cancels_seconds integer) "
    "ON CONFLICT (connector) DO UPDATE SET channels = excluded.channels, seen_at = excluded.seen_at, "
    "cancels_seconds = excluded.cancels_seconds"
)
LIST = text("""
SELECT c.connector, c.channels, h.fault, h.detail, h.held_at, h.until, h.held_by, h.probe_until,
       (SELECT count(*) FROM (SELECT 1 FROM contacts w WHERE w.state = 'held' AND w.held_for = c.connector
                               LIMIT 100000) waiting) AS waiting
  FROM (SELECT connector, channels FROM connectors
        UNION ALL
        SELECT connector, '[]'::jsonb FROM connector_holds WHERE connector NOT IN (SELECT connector FROM connectors)) c
  LEFT JOIN connector_holds h ON h.connector = c.connector ORDER BY c.connector
""")
NOW_HELD = text("SELECT connector, fault, held_by FROM connector_holds ORDER BY connector")
KNOWN = text("SELECT connector FROM connectors UNION SELECT connector FROM connector_holds ORDER BY connector")
HOLD = text(
    "INSERT INTO connector_holds (connector, fault, detail, held_at, until, held_by) "
    "VALUES (:connector, :fault, :detail, :now, :until, :held_by) "
    "ON CONFLICT (connector) DO UPDATE SET fault = excluded.fault, detail = excluded.detail, until = excluded.until, "
    "held_by = excluded.held_by, probe_until = NULL"
)
# What a person has held stays as they said, whatever a call that was under way brings.
HOLD_FOUND = text(
    "INSERT INTO connector_holds AS h (connector, fault, detail, held_at, until) "
    "VALUES (:connector, :fault, :detail, :now, :until) "
    "ON CONFLICT (connector) DO UPDATE SET fault = excluded.fault, detail = excluded.detail, "
    "until = greatest(h.until, excluded.until), held_by = NULL, probe_until = NULL "
    "WHERE h.held_by IS NULL OR h.until <= :now"
)
RESUME = text(
    "UPDATE connector_holds SET until = :now, probe_until = NULL WHERE connector = :connector RETURNING connector"
)
PROBE = text(
    "UPDATE connector_holds SET probe_until = :probe_until WHERE connector = :connector "
    "AND until <= :now AND (probe_until IS NULL OR probe_until <= :now) RETURNING connector"
)
LIFT = text("DELETE FROM connector_holds WHERE connector = ANY(:connectors) AND until <= :now RETURNING connector")
STILL_HELD = text("SELECT 1 FROM connector_holds WHERE connector = ANY(:connectors)")


@dataclass(frozen=True)
class Held:
    """A connector and how it stands.

    Attributes:
        connector: Its name in `tactful.toml`.
        channels: The channels it is used for.
        fault: Why it is held: a fault, `outage` or `by_hand`; None where it is open.
        why: What the provider, or the person, said.
        since: When the hold began.
        until: When it is tried again; None where a person has to say so.
        held_by: Who held it; None where a provider's answer did.
        waiting: How many contacts wait for it, counted up to 100,000.
    """

    connector: str
    channels: tuple[Channel, ...]
    fault: str | None
    why: str | None
    since: datetime | None
    until: datetime | None
    held_by: str | None
    waiting: int


def register(
    conn: Connection,
    configured: Mapping[str, Sequence[Channel]],
    *,
    now: datetime,
    cancels_within: Mapping[str, timedelta] | None = None,
) -> None:
    """Write down which connectors a worker is configured with, so that they can be named by people.

    Args:
        conn: A transaction.
        configured: The channels that each is used for, by its name.
        now: Aware UTC instant.
        cancels_within: Of those that can stop a message they took, for how long.
    """
    stops = cancels_within or {}
    rows = [
        {
            "connector": name,
            "channels": list(channels),
            "cancels_seconds": int(stops[name].total_seconds()) if name in stops else None,
        }
        for name, channels in sorted(configured.items())
    ]
    conn.execute(REGISTER, {"rows": json.dumps(rows), "now": now})


def read(conn: Connection) -> tuple[Held, ...]:
    """Return every connector and how it stands, by name."""
    return tuple(
        Held(
            row.connector,
            tuple(Channel(channel) for channel in row.channels),
            row.fault,
            row.detail,
            row.held_at,
            row.until,
            row.held_by,
            row.waiting,
        )
        for row in conn.execute(LIST)
    )


def now_held(conn: Connection) -> tuple[tuple[str, str, bool], ...]:
    """Return the connectors on hold or being tried: name, why, and whether a person did it."""
    return tuple((row.connector, row.fault, row.held_by is not None) for row in conn.execute(NOW_HELD))


def known(conn: Connection) -> tuple[str, ...]:
    """Return the names of all connectors."""
    return tuple(conn.execute(KNOWN).scalars())


def hold(conn: Connection, connector: str, *, why: str, by: str, until: datetime | None, now: datetime) -> None:
    """Hold a connector by hand, until a time or until somebody resumes it. Calls under way are let finish."""
    row = {"connector": connector, "fault": BY_HAND, "detail": why, "held_by": by, "until": until}
    conn.execute(HOLD, row | {"now": now})


def hold_found(conn: Connection, connector: str, fault: str, detail: str, *, until: datetime, now: datetime) -> None:
    """Hold a connector because of what its provider answered, or did not: true of every message, so for everybody."""
    row = {"connector": connector, "fault": fault, "detail": detail, "until": until}
    conn.execute(HOLD_FOUND, row | {"now": now})


def resume(conn: Connection, connector: str, *, now: datetime) -> bool:
    """Have a held connector tried again now; False where it is not held."""
    return conn.execute(RESUME, {"connector": connector, "now": now}).one_or_none() is not None


def take_probe(conn: Connection, connector: str, *, now: datetime) -> bool:
    """Say whether the caller's contact is the one that tries a connector whose hold is over. One at a time is."""
    row = {"connector": connector, "now": now, "probe_until": now + PROBE_FOR}
    return conn.execute(PROBE, row).one_or_none() is not None


def lift(conn: Connection, connectors: Sequence[str], *, now: datetime) -> None:
    """Open connectors again: their provider has answered a probe as it should."""
    conn.execute(LIFT, {"connectors": sorted(connectors), "now": now})


# What waits, best first: mandatory, then by topic, raised, planned earliest. One contact alone where nobody has tried
# yet whether the connector works again.
NEXT = text("""
WITH open AS MATERIALIZED (
  SELECT w.connector, CASE WHEN h.connector IS NULL THEN :most WHEN h.until <= :now
                            AND (h.probe_until IS NULL OR h.probe_until <= :now) THEN 1 ELSE 0 END AS most
    FROM (SELECT :connector AS connector) w LEFT JOIN connector_holds h ON h.connector = w.connector
)
SELECT c.contact_key, c.customer_key FROM open o, LATERAL (
  SELECT w.contact_key, w.customer_key FROM contacts w
    LEFT JOIN jsonb_to_recordset(CAST(:ranks AS jsonb)) AS r(strategy text, topic text, rank int)
      ON r.strategy = w.strategy AND r.topic = w.topic
   WHERE w.state = 'held' AND w.held_for = o.connector
   ORDER BY w.purpose = 'service' DESC, r.rank NULLS LAST, w.raised DESC, w.planned_for, w.contact_key
   LIMIT o.most) c
""")
WAITED_FOR = text(
    "SELECT c.connector FROM connectors c WHERE EXISTS "
    "(SELECT 1 FROM contacts w WHERE w.state = 'held' AND w.held_for = c.connector) ORDER BY c.connector"
)
LET_GO = text("""
WITH gone AS (
  UPDATE contacts c SET state = 'planned', reason = NULL, held_for = NULL, again_at = NULL, updated_at = :now,
         revision = u.revision
    FROM customers u
   WHERE c.contact_key = ANY(:keys) AND c.state = 'held' AND u.customer_key = c.customer_key
  RETURNING c.contact_key, c.customer_key, CASE WHEN c.restarts = 0 THEN c.journey_key END AS journey_key, c.version,
         c.revision, c.restarts, c.lot_key
), decided AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, trace, version, revision)
  SELECT contact_key, :now, 'resume', '[]', version, revision FROM gone
), told AS (
INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at)
SELECT g.customer_key, 'wake', coalesce(j.strategy || '/' || j.first_step || '/' || j.journey_key,
       'contact/' || g.contact_key || CASE WHEN g.restarts > 0 THEN '/' || g.restarts ELSE '' END), '',
       coalesce(g.journey_key, g.contact_key), CAST(:now AS timestamptz)
  FROM gone g LEFT JOIN journeys j ON j.journey_key = g.journey_key WHERE g.lot_key IS NULL
UNION ALL
SELECT NULL, 'wake', l.kind || '/' || l.lot_key, '', l.lot_key, :now
  FROM lots l WHERE l.lot_key IN (SELECT lot_key FROM gone)
)
SELECT contact_key FROM gone
""")


def waited_for(conn: Connection) -> tuple[str, ...]:
    """Return the connectors that contacts are held for."""
    return tuple(conn.execute(WAITED_FOR).scalars())


def best(conn: Connection, connector: str, *, most: int, now: datetime) -> tuple[tuple[UUID, UUID], ...]:
    """Return the contacts (contact, customer) to be let go next, best first.

    None while the connector is held or tried; one where its hold is over and nobody has tried yet.
    """
    ranks = [
        {"strategy": loaded.strategy.name, "topic": topic.name, "rank": topic.rank}
        for loaded in strategies.published(conn)
        for topic in loaded.strategy.topics.values()
    ]
    row = {"connector": connector, "most": most, "now": now, "ranks": json.dumps(ranks)}
    return tuple((found.contact_key, found.customer_key) for found in conn.execute(NEXT, row))


def let_go(conn: Connection, found: Sequence[tuple[UUID, UUID]], *, now: datetime) -> int:
    """Plan held contacts for now and wake whoever makes them; each is then decided afresh. Return how many.

    Args:
        conn: A transaction in which nothing has happened yet.
        found: Contacts and their customers, whose locks are taken in order first.
        now: Aware UTC instant.
    """
    customers.revise_all(conn, {customer_key for _, customer_key in found})
    keys = [contact_key for contact_key, _ in found]
    return len(conn.execute(LET_GO, {"keys": keys, "now": now}).all())
