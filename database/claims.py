"""The first transaction of a contact: lock, read, decide, and either claim the place or write why not.

A claim freezes the message and takes the place in every cap before anything leaves the house. What it returns is all
that a call needs; the fence in it guards every later write. One contact or hundreds: it is the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from database import customers, situation
from database.attempts import Ask, Asking, Claimed, NotClaimed
from database.deciding import decide_about
from database.engine import Direct
from database.errors import UnknownContactError
from database.freezing import Sending

# One row for each decision, in whatever number: what they say travels as one text.
WRITE = Direct("""
WITH decided AS (
  SELECT * FROM jsonb_to_recordset(CAST(:decided AS jsonb)) AS d(contact_key uuid, fence bigint, state text,
         reason text, due_at timestamptz, claims boolean, asks boolean, drops boolean, counts boolean, purpose text,
         counts_at timestamptz, channels jsonb, lease_until timestamptz, held_for text, again_at timestamptz,
         verdict text, until timestamptz, trace jsonb, version integer, revision bigint, parts jsonb)
), contact AS (
  UPDATE contacts c SET state = d.state, reason = CASE WHEN d.state <> 'sent' THEN d.reason END,
         due_at = coalesce(d.due_at, c.due_at),
         purpose = coalesce(d.purpose, c.purpose),
         counts_at = CASE WHEN d.claims OR d.counts THEN coalesce(d.counts_at, :now) ELSE c.counts_at END,
         channels = coalesce(d.channels, c.channels),
         attempts = c.attempts + d.claims::integer, fence = c.fence + (d.claims OR d.asks)::integer,
         lease_until = d.lease_until, held_for = d.held_for, again_at = d.again_at,
         updated_at = :now, revision = d.revision
    FROM decided d WHERE c.contact_key = d.contact_key AND c.fence = d.fence
  RETURNING c.contact_key
), decision AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, reason, until, trace, version, revision)
  SELECT contact_key, :now, d.verdict, d.reason, d.until, d.trace, d.version, d.revision
    FROM contact JOIN decided d USING (contact_key)
), frozen AS (
  INSERT INTO messages (contact_key, channel, part_key, connector, content, frozen_at, state, cost, currency)
  SELECT contact_key, p.channel, p.part_key, p.connector, p.content, :now, 'claimed', p.cost, p.currency
    FROM contact JOIN decided d USING (contact_key),
         jsonb_to_recordset(d.parts) AS p(channel text, part_key uuid, connector text, content jsonb,
         cost numeric, currency text)
  ON CONFLICT (contact_key, channel) DO UPDATE SET part_key = excluded.part_key, connector = excluded.connector,
         content = excluded.content, frozen_at = excluded.frozen_at, state = 'claimed', fault = NULL, detail = NULL,
         asked = 0, receipt = NULL, receipt_at = NULL, cost = excluded.cost, currency = excluded.currency,
         cost_told_at = NULL
), dropped AS (
  UPDATE messages m SET state = 'skipped', detail = d.reason FROM contact JOIN decided d USING (contact_key)
   WHERE d.drops AND m.contact_key = d.contact_key AND m.state = 'waiting'
)
SELECT contact_key FROM contact
""")


def claim(conn: Connection, ask: Ask, sending: Sending, *, now: datetime) -> Claimed | Asking | NotClaimed:
    """Decide about one contact and claim its place if the verdict is to send.

    Args:
        conn: A transaction in which nothing has happened yet: the lock must be its first statement.
        ask: Which contact.
        sending: The connectors of this worker and where links point to.
        now: Aware UTC instant of this attempt.

    Raises:
        UnknownContactError: there is no such contact of that customer.
    """
    answer = claim_all(conn, (ask,), sending, now=now)[0]
    if answer is None:
        raise UnknownContactError
    return answer


def claim_all(
    conn: Connection, asks: Sequence[Ask], sending: Sending, *, now: datetime
) -> tuple[Claimed | Asking | NotClaimed | None, ...]:
    """Decide about contacts of different customers, all in one transaction, as `claim` does about one.

    Returns:
        An answer for each, in order; None where there is no such contact of that customer.

    Raises:
        ValueError: two are of one customer: the first would have to count before the second is decided.
    """
    whose = {ask.customer_key for ask in asks}
    if len(whose) < len(asks):
        msg = "contacts of one customer are decided one after the other"
        raise ValueError(msg)
    locked = customers.lock_all(conn, whose)
    known = situation.read_all(
        conn, locked, [ask.contact_key for ask in asks], sending.by_channel, now, in_home=sending.in_home
    )
    decided = [decide_about(conn, known.get(ask.contact_key), ask, sending, now) for ask in asks]
    rows = [each.row for each in decided if each is not None and each.row is not None]
    if rows and len(WRITE.rows(conn, decided=json.dumps(rows, default=str), now=now)) != len(rows):
        msg = "a contact changed under its customer's lock"
        raise RuntimeError(msg)
    return tuple(each and each.answer(conn, now) for each in decided)
