"""Contacts that wait for something are looked at as soon as it happens: moved to now, their journeys told.

Done in the transaction of what happened, under the customer's lock. Whoever looks after a contact is told: its journey,
its lot, or the workflow of its own that it has where another system asked for it or a person took it up again. No state
changes here, so no decision is written: the next one follows at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from database.engine import Direct
from tactful.strategy.model import Strategy
from tactful.words import Reason

# The end of a statement: after `pulled`, the rows that were moved, word is left for each workflow that looks after one.
# What concerns a lot is of no customer, and waits for none.
PULLED: Final = "journey_key, contact_key, restarts, lot_key"
TELL: Final = """
INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at)
SELECT CAST(:customer_key AS uuid), 'wake', strategy || '/' || first_step || '/' || journey_key, '', journey_key,
       CAST(:now AS timestamptz)
  FROM journeys
 WHERE journey_key IN (SELECT journey_key FROM pulled WHERE lot_key IS NULL AND restarts = 0)
UNION ALL
SELECT :customer_key, 'wake',
       'contact/' || contact_key || CASE WHEN restarts > 0 THEN '/' || restarts ELSE '' END, '', contact_key, :now
  FROM pulled WHERE lot_key IS NULL AND (journey_key IS NULL OR restarts > 0)
UNION ALL
SELECT NULL, 'wake', kind || '/' || lot_key, '', lot_key, :now
  FROM lots WHERE lot_key IN (SELECT lot_key FROM pulled)
ORDER BY 5
"""
PULL: Final = """
UPDATE contacts SET due_at = :now, updated_at = :now, revision = :revision
 WHERE customer_key = :customer_key AND state = 'planned' AND due_at > :now
"""
LOOK_NOW = Direct(f"""
WITH pulled AS ({PULL} AND reason = :reason AND (CAST(:topics AS text[]) IS NULL OR topic = ANY(:topics))
                RETURNING {PULLED})
{TELL}
""")


def look_now(
    conn: Connection,
    customer_key: UUID,
    revision: int,
    reason: Reason,
    *,
    now: datetime,
    topics: Iterable[str] | None = None,
) -> None:
    """Have a customer's contacts that were put off for a reason looked at now: all, or those about some topics.

    Args:
        conn: The transaction that holds the customer's lock.
        customer_key: Whose contacts.
        revision: The revision at which this happens.
        reason: Why they were put off; it has just gone.
        now: Aware UTC instant.
        topics: About what; None for whatever.
    """
    about = list(topics) if topics is not None else None
    LOOK_NOW.run(conn, customer_key=customer_key, revision=revision, reason=reason.value, now=now, topics=about)


def ends_a_hold(strategy: Strategy, event: str) -> bool:
    """Say whether an event ends something that `hold_while` names."""
    return any(hold.until == event for hold in strategy.rules.hold_while)
