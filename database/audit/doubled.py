"""What can be seen across customers only: ids that a provider gave twice, and deliveries that the ledger knows not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

MOST = 1000

# These look at all messages at once, and nobody waits for them.
IN_ITS_OWN_TIME = text("SET LOCAL statement_timeout = '10min'")
# A provider's id names one delivery. The same id for two parts is one message that was counted as two, or the reverse.
USED_TWICE = text("""
SELECT m.contact_key, c.customer_key, c.journey_key, m.connector, m.channel, c.sent_at AS at
  FROM messages m JOIN contacts c ON c.contact_key = m.contact_key
 WHERE m.state = 'sent' AND m.provider_id <> ''
   AND (CAST(:since AS timestamptz) IS NULL OR m.frozen_at >= :since)
   AND (CAST(:strategy AS text) IS NULL OR c.strategy = :strategy)
   AND EXISTS (SELECT 1 FROM messages o WHERE o.connector = m.connector AND o.provider_id = m.provider_id
                  AND o.state = 'sent' AND o.part_key <> m.part_key)
 ORDER BY m.contact_key LIMIT :most
""")
UNRECORDED = text("""
SELECT b.part_key, b.channel, b.delivered_at AS at FROM mailbox b
 WHERE (CAST(:since AS timestamptz) IS NULL OR b.delivered_at >= :since) AND b.delivered_at < :before
   AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.part_key = b.part_key)
 ORDER BY b.part_key LIMIT :most
""")


@dataclass(frozen=True)
class Doubled:
    """A delivery that is there twice, or that nothing accounts for."""

    channel: str
    at: datetime | None
    contact_key: UUID | None = None
    customer_key: UUID | None = None
    journey_key: UUID | None = None
    connector: str = "mailbox"


def used_twice(conn: Connection, *, since: datetime | None, strategy: str | None) -> list[Doubled]:
    """Return messages whose provider gave them an id that another message has too, at most 1,000."""
    conn.execute(IN_ITS_OWN_TIME)
    asked = {"since": since, "strategy": strategy, "most": MOST}
    return [Doubled(**row) for row in conn.execute(USED_TWICE, asked).mappings()]


def unrecorded_mail(conn: Connection, *, since: datetime | None, before: datetime) -> list[Doubled]:
    """Return deliveries to the mailbox that belong to no message of the ledger, at most 1,000."""
    conn.execute(IN_ITS_OWN_TIME)
    rows = conn.execute(UNRECORDED, {"since": since, "before": before, "most": MOST})
    return [Doubled(row.channel, row.at) for row in rows]
