"""What waits for a person, causes first: what happened, to how many, since when; and the contacts themselves.

Reads only. What a retry would do is `database.forecasts`' to say, what is done about it `database.sends`'.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from database.sends import BROKEN_PART, MEANT, asked_of
from database.views.contacts import contact_rows
from database.views.cursors import cursor, read_key_cursor
from tactful.intake import Which
from tactful.wire.answers import ContactAnswer
from tactful.wire.sends import CauseAnswer, SendsListAnswer

OVERDUE_AFTER = timedelta(hours=1)
MOST_CAUSES = 200

# A cause is why and where: the reason, the connector and what it said, and which communication.
PARKED = text(f"""
SELECT c.reason, b.connector, b.fault, c.strategy, c.step, c.communication, count(*) AS contacts,
       min(c.updated_at) AS since, (array_agg(c.contact_key ORDER BY c.updated_at DESC, c.contact_key))[1] AS example
  FROM contacts c LEFT JOIN LATERAL ({BROKEN_PART}) b ON true
 WHERE {MEANT}
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY contacts DESC, since LIMIT {MOST_CAUSES}
""")  # noqa: S608 - our own constants
# Which connector they wait for is said by the last decision, or by the part that the connector refused.
WAITING = text(f"""
SELECT CASE WHEN c.state = 'held' OR c.reason = 'connector_held' THEN 'connector_held' ELSE 'overdue' END AS reason,
       coalesce(c.held_for, b.connector, d.connector) AS connector, coalesce(h.fault, b.fault) AS fault,
       c.strategy, c.step, c.communication, count(*) AS contacts, min(coalesce(h.held_at, c.due_at)) AS since,
       (array_agg(c.contact_key ORDER BY c.updated_at DESC, c.contact_key))[1] AS example
  FROM contacts c
  LEFT JOIN LATERAL ({BROKEN_PART} ) b ON c.reason = 'connector_held'
  LEFT JOIN LATERAL (
    SELECT k.key AS connector FROM (SELECT trace FROM decisions WHERE contact_key = c.contact_key
                                     ORDER BY decision_no DESC LIMIT 1) t,
           jsonb_array_elements(t.trace) line, jsonb_each_text(line -> 2) k
     WHERE line ->> 1 = 'connector_held' AND k.value <> 'open' LIMIT 1) d ON c.reason = 'connector_held'
  LEFT JOIN connector_holds h ON h.connector = coalesce(c.held_for, b.connector, d.connector)
 WHERE (c.state = 'held' OR (c.state = 'planned' AND c.reason = 'connector_held')
        OR (c.state = 'planned' AND c.due_at < :overdue) OR (c.state = 'claimed' AND c.lease_until < :overdue))
   AND (CAST(:strategy AS text) IS NULL OR c.strategy = :strategy)
   AND (CAST(:step AS text) IS NULL OR c.step = :step)
   AND (CAST(:communication AS text) IS NULL OR c.communication = :communication)
   AND (CAST(:customer_key AS uuid) IS NULL OR c.customer_key = :customer_key)
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY contacts DESC, since LIMIT {MOST_CAUSES}
""")  # noqa: S608 - our own constants
PAGE = text(f"""
SELECT c.contact_key, c.updated_at FROM contacts c WHERE {MEANT}
   AND (CAST(:at AS timestamptz) IS NULL OR (c.updated_at, c.contact_key) < (:at, :key))
 ORDER BY c.updated_at DESC, c.contact_key DESC LIMIT :most
""")  # noqa: S608 - our own constants


def causes(conn: Connection, which: Which, *, now: datetime) -> list[CauseAnswer]:
    """Return the causes of the contacts that a filter means, the most contacts first.

    What waits by itself (for a connector, or overdue) is told only where the filter asks for nothing that only a
    parked contact has.
    """
    found = list(conn.execute(PARKED, asked_of(which)).mappings())
    if which.reason is None and which.fault is None and which.contacts is None and which.since is None:
        waiting = conn.execute(WAITING, asked_of(which) | {"overdue": now - OVERDUE_AFTER}).mappings()
        found += [row for row in waiting if which.connector in {None, row["connector"]}]
    told = contact_rows(conn, [row["example"] for row in found])
    return [
        CauseAnswer(**row, sentence=_happened(told[row["example"]], row["fault"]))
        for row in sorted(found, key=lambda row: (-row["contacts"], row["since"]))
    ]


def sends_list(conn: Connection, which: Which, after: str | None, *, most: int) -> SendsListAnswer:
    """Return a page of the parked contacts that a filter means, the newest first.

    Raises:
        BadCursorError: `after` is none of ours.
    """
    at, key = read_key_cursor(after) if after is not None else (None, UUID(int=0))
    rows = conn.execute(PAGE, asked_of(which) | {"at": at, "key": key, "most": most}).all()
    found = contact_rows(conn, [row.contact_key for row in rows])
    following = cursor(rows[-1].updated_at, str(rows[-1].contact_key)) if len(rows) == most else None
    return SendsListAnswer(contacts=[found[row.contact_key] for row in rows], next=following)


def _happened(told: ContactAnswer, fault: str | None) -> str:
    """Return what happened to a contact, with what the provider said."""
    said = next((part.detail for part in told.parts if part.detail and part.fault == fault), None)
    return f"{told.sentence} {said}" if said else told.sentence
