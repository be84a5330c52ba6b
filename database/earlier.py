"""What a customer has had, where that is more than is read with a contact: exactly what caps, gap and questions need.

Of contacts alike in everything a limit can ask about, only the newest are read, as many as the largest cap may count:
where there are more, every limit that counts them is full by the newest alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from database.engine import Direct
from tactful.strategy.limits import LARGEST_CAP

ROW = """jsonb_build_array(p.contact_key, p.counts_at, p.channels, p.topic, p.stage, p.purpose, p.communication,
                                        p.question)"""
"""One contact of the past, as `p`, in the order of `PastContact`."""
MATTERS = """contact_key <> c.contact_key
                AND (purpose = 'marketing' OR question IS NOT NULL OR communication = c.communication)"""
"""Which contacts of the past a decision about the contact `c` may look at."""
MOST_ALIKE = LARGEST_CAP + 1
"""One more than a cap can count: a rival that was made before does not count against itself."""

# What is still on its way (a letter) is read whole: it lies in windows that begin before it and in later ones.
READ = Direct(f"""
SELECT c.contact_key, jsonb_agg({ROW} ORDER BY p.counts_at DESC) AS past
  FROM contacts c CROSS JOIN LATERAL (
    SELECT *, row_number() OVER (PARTITION BY topic, stage, channels, purpose, communication, question, counts_at > :now
                                 ORDER BY counts_at DESC) AS place
      FROM contacts WHERE customer_key = c.customer_key AND counts_at > :since AND {MATTERS}) p
 WHERE c.contact_key = ANY(:contact_keys) AND (p.place <= {MOST_ALIKE} OR p.counts_at > :now)
 GROUP BY c.contact_key
""")  # noqa: S608 - nothing but our own constants is put in


def read(
    conn: Connection, contact_keys: Sequence[UUID], *, since: datetime, now: datetime
) -> dict[UUID, list[list[Any]]]:
    """Return the past of contacts whose customers have had very many, by contact.

    Args:
        conn: The transaction that holds the locks.
        contact_keys: Which contacts.
        since: How far back the longest window reaches.
        now: Aware UTC instant of this attempt.
    """
    rows = READ.rows(conn, contact_keys=list(contact_keys), since=since, now=now)
    return {row["contact_key"]: row["past"] for row in rows}
