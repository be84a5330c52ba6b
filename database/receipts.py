"""What providers tell later of a message they took, in our words: kept once, and what follows from it for the contact.

A receipt proves that the message had gone out, so it settles what nobody knew; a bounce gives the way behind its turn.
It judges no signature and no provider's wording: whoever parses has done that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from database import customers
from database.engine import Direct
from tactful.words import ReceiptKind

PART = Direct("""
SELECT m.contact_key, m.channel, c.customer_key FROM messages m JOIN contacts c USING (contact_key)
 WHERE (CAST(:part_key AS uuid) IS NOT NULL AND m.part_key = :part_key)
    OR (CAST(:part_key AS uuid) IS NULL AND m.connector = :connector AND m.provider_id = :provider_id)
 LIMIT 1
""")
KEEP = Direct("""
INSERT INTO receipts (connector, dedupe_id, contact_key, provider_id, kind, occurred_at, received_at, raw)
VALUES (:connector, :dedupe_id, :contact_key, :provider_id, :kind, :occurred_at, :now, CAST(:raw AS jsonb))
ON CONFLICT (connector, dedupe_id) DO NOTHING RETURNING receipt_no
""")
# What follows: the part is out; so is the contact, unless another part of it is not known; and who waits looks again:
# at once after a bounce, if its journey is still open, and no more when it has arrived.
FOLLOW = Direct("""
WITH was AS (
  SELECT c.contact_key, c.state, c.reason, coalesce(j.state IN ('open', 'paused'), true) AS wanted,
         c.state IN ('claimed', 'parked') AND EXISTS (SELECT 1 FROM messages m WHERE m.contact_key = c.contact_key
           AND m.channel = :channel AND m.state IN ('claimed', 'unknown')) AS settles,
         EXISTS (SELECT 1 FROM messages o WHERE o.contact_key = c.contact_key AND o.channel <> :channel
           AND o.state IN ('claimed', 'unknown')) AS others_open,
         EXISTS (SELECT 1 FROM messages o WHERE o.contact_key = c.contact_key AND o.state = 'waiting') AS waits
    FROM contacts c LEFT JOIN journeys j USING (journey_key) WHERE c.contact_key = :contact_key
), part AS (
  UPDATE messages m SET receipt = :kind, receipt_at = :occurred_at,
         state = CASE WHEN m.state IN ('claimed', 'unknown') THEN 'sent' ELSE m.state END,
         provider_id = coalesce(m.provider_id, :provider_id)
    FROM was WHERE m.contact_key = was.contact_key AND m.channel = :channel
     AND (m.receipt_at IS NULL OR m.receipt_at <= :occurred_at)
), contact AS (
  UPDATE contacts c SET state = CASE WHEN was.settles AND NOT was.others_open THEN 'sent' ELSE c.state END,
         reason = CASE WHEN was.settles AND NOT was.others_open THEN NULL ELSE c.reason END,
         lease_until = CASE WHEN was.settles AND NOT was.others_open THEN NULL ELSE c.lease_until END,
         sent_at = CASE WHEN was.settles THEN coalesce(c.sent_at, least(c.counts_at, :now)) ELSE c.sent_at END,
         again_at = CASE WHEN c.state <> 'sent' AND NOT was.settles THEN c.again_at
                         WHEN was.waits THEN coalesce(c.again_at, :now)
                         WHEN :bounced AND was.wanted THEN :now
                         WHEN :bounced THEN c.again_at END,
         updated_at = :now, revision = :revision
    FROM was WHERE c.contact_key = was.contact_key
  RETURNING c.contact_key, c.customer_key, c.journey_key, c.restarts, c.lot_key, c.version, c.again_at, was.settles
), decision AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, trace, version, revision)
  SELECT contact_key, :now, 'receipt', '[]', version, :revision FROM contact WHERE settles
)
INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at)
SELECT c.customer_key, CASE WHEN w.of_journey THEN 'wake' ELSE 'again' END,
       CASE WHEN w.of_journey THEN j.strategy || '/' || j.first_step || '/' || j.journey_key
            ELSE 'contact/' || c.contact_key || CASE WHEN c.restarts > 0 THEN '/' || c.restarts ELSE '' END END,
       CASE WHEN w.of_journey THEN '' ELSE 'ResolveContact' END,
       CASE WHEN w.of_journey THEN c.journey_key ELSE c.contact_key END, :now
  FROM contact c LEFT JOIN journeys j USING (journey_key),
       LATERAL (SELECT c.journey_key IS NOT NULL AND c.restarts = 0 AS of_journey) w
 WHERE c.lot_key IS NULL AND (c.settles OR c.again_at <= :now)
""")


@dataclass(frozen=True)
class Receipt:
    """One thing that a provider told of one message.

    Attributes:
        connector: By which connector.
        kind: What it told.
        occurred_at: When it happened, as the provider says.
        dedupe_id: The provider's own id of it; told twice, it is kept once.
        provider_id: The provider's name for the message.
        part_key: Our own key of the message, where the provider gives it back.
        raw: What it said, for those who look closer; without addresses and texts.
    """

    connector: str
    kind: ReceiptKind
    occurred_at: datetime
    dedupe_id: str
    provider_id: str | None = None
    part_key: UUID | None = None
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])


def note(conn: Connection, receipt: Receipt, *, now: datetime) -> bool:
    """Keep a receipt and write what follows from it; False where it was told before, or is of no message of ours.

    Args:
        conn: A transaction in which nothing was written yet.
        receipt: What the provider told.
        now: Aware UTC instant at which it came in.
    """
    told = {"connector": receipt.connector, "provider_id": receipt.provider_id}
    part = PART.row(conn, part_key=receipt.part_key, **told)
    if part is None:
        return False
    revision = customers.revise(conn, part["customer_key"])
    told |= {"kind": receipt.kind.value, "occurred_at": receipt.occurred_at, "now": now}
    kept = KEEP.row(
        conn,
        dedupe_id=receipt.dedupe_id,
        contact_key=part["contact_key"],
        raw=json.dumps(dict(receipt.raw), default=str),
        **told,
    )
    if kept is None:
        return False
    del told["connector"]
    bounced = receipt.kind is ReceiptKind.BOUNCED
    FOLLOW.run(
        conn, contact_key=part["contact_key"], channel=part["channel"], bounced=bounced, revision=revision, **told
    )
    return True
