"""Messages that went to a provider and can still be stopped there: letters before they are printed.

A row is written with the acceptance, in its transaction. It is *wanted* back when its journey ends by its goal, is left
or goes on without it, in that transaction too, or when the customer's opt-out, suppression or erasure is noticed. What
the provider then says is written here; a message that was stopped counts as never made. Nothing here calls a provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from database import customers
from database.engine import Direct
from tactful.connector import Cancelled, CannotSay, Stopping

NOTICED_AT_ONCE: Final = 1000
ASKED_WITHIN: Final = timedelta(minutes=2)
"""How long a recall is left to whoever took it, before another may ask the provider again."""
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=30)
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""How long after its time a provider is still asked that could not say."""

# A part of a statement in which `part` gives the messages and `contact` the contacts: what a connector took that can
# stop it, once for each of the provider's names. Whose journey is over meanwhile is wanted back at once.
HANDED_OVER: Final = """
  INSERT INTO recalls AS r (contact_key, channel, customer_key, connector, provider_id, state, reason, handed_at, until,
         wanted_at, again_at)
  SELECT p.contact_key, p.channel, c.customer_key, p.connector, p.provider_id,
         CASE WHEN w.why IS NULL THEN 'open' ELSE 'wanted' END, w.why, CAST(:now AS timestamptz),
         CAST(:now AS timestamptz) + k.cancels_seconds * interval '1 second',
         CASE WHEN w.why IS NOT NULL THEN CAST(:now AS timestamptz) END,
         CASE WHEN w.why IS NOT NULL THEN CAST(:now AS timestamptz) END
    FROM part p JOIN contact c USING (contact_key)
    JOIN connectors k ON k.connector = p.connector AND k.cancels_seconds IS NOT NULL
    LEFT JOIN journeys j ON j.journey_key = c.journey_key,
         LATERAL (SELECT CASE WHEN j.state = 'goal' THEN 'goal_reached' WHEN j.state = 'exited' THEN 'journey_ended'
                              WHEN j.step = c.step AND j.cycle > c.cycle THEN 'anchor_moved'
                              WHEN j.step = c.step AND jsonb_exists(j.milestones, c.communication)
                              THEN 'milestone_reached' END AS why) w
   WHERE p.state = 'sent' AND p.provider_id IS NOT NULL
  ON CONFLICT (contact_key, channel) DO UPDATE SET connector = excluded.connector, provider_id = excluded.provider_id,
         state = excluded.state, reason = excluded.reason, handed_at = excluded.handed_at, until = excluded.until,
         wanted_at = excluded.wanted_at, again_at = excluded.again_at, seen_revision = 0, attempts = 0, said = NULL,
         settled_at = NULL
   WHERE r.provider_id <> excluded.provider_id
"""
# Only where something of the customer has changed since it was last looked at; erased and inactive people want nothing.
NOTICE = Direct("""
WITH moved AS (
  SELECT r.contact_key, r.channel, u.revision,
         CASE WHEN u.status <> 'active' THEN 'customer_inactive'
              WHEN c.purpose = 'marketing' AND (
                SELECT s.state FROM consents s WHERE s.customer_key = r.customer_key AND s.channel = r.channel
                   AND s.topic = c.topic ORDER BY s.stated_at DESC, s.consent_no DESC LIMIT 1) = 'opted_out'
              THEN 'opted_out'
              WHEN EXISTS (
                SELECT 1 FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no)
                 WHERE l.suppression_no IS NULL AND (s.expires_at IS NULL OR s.expires_at > :now)
                   AND (s.customer_key = r.customer_key OR (s.customer_key IS NULL AND s.channel = r.channel
                        AND s.address = m.content ->> 'to'))
                   AND (s.channel IS NULL OR s.channel = r.channel) AND (s.topic IS NULL OR s.topic = c.topic)
                   AND (s.address IS NULL OR s.address = m.content ->> 'to')
                   AND (s.kind = 'undeliverable' OR c.purpose = 'marketing'))
              THEN 'suppressed' END AS reason
    FROM recalls r JOIN customers u USING (customer_key) JOIN contacts c USING (contact_key)
    LEFT JOIN messages m ON m.contact_key = r.contact_key AND m.channel = r.channel
   WHERE r.state = 'open' AND u.revision > r.seen_revision LIMIT :most
)
UPDATE recalls r SET seen_revision = m.revision, state = CASE WHEN m.reason IS NULL THEN 'open' ELSE 'wanted' END,
       reason = m.reason, wanted_at = CASE WHEN m.reason IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END,
       again_at = CASE WHEN m.reason IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END
  FROM moved m WHERE r.contact_key = m.contact_key AND r.channel = m.channel AND r.state = 'open'
RETURNING r.state
""")
FORGET = Direct("""
DELETE FROM recalls r WHERE r.state = 'open' AND (r.until <= :now OR EXISTS (
  SELECT 1 FROM messages m WHERE m.contact_key = r.contact_key AND m.channel = r.channel
     AND m.receipt IN ('printed', 'mailed', 'delivered', 'returned', 'bounced', 'rejected', 'cancelled')))
""")
TAKE = Direct("""
WITH due AS (
  SELECT contact_key, channel FROM recalls WHERE state = 'wanted' AND again_at <= :now
     AND connector = ANY(CAST(:connectors AS text[])) ORDER BY again_at LIMIT :most FOR UPDATE SKIP LOCKED
)
UPDATE recalls r SET again_at = :again_at, attempts = r.attempts + 1 FROM due
 WHERE r.contact_key = due.contact_key AND r.channel = due.channel
RETURNING r.contact_key, r.channel, r.customer_key, r.connector, r.provider_id, r.attempts, r.until
""")
SETTLE = Direct("""
UPDATE recalls SET state = :state, said = :said, again_at = :again_at,
       settled_at = CASE WHEN :state = 'wanted' THEN NULL ELSE CAST(:now AS timestamptz) END
 WHERE contact_key = :contact_key AND channel = :channel AND state = 'wanted' AND provider_id = :provider_id
RETURNING reason
""")
# A receipt says that the provider stopped it: our own asking for it came through, whatever was made of the answer.
SETTLE_TOLD = Direct("""
UPDATE recalls r SET state = 'cancelled', said = 'told later', again_at = NULL, settled_at = :now
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(contact_key uuid, channel text, revision bigint)
 WHERE r.contact_key = t.contact_key AND r.channel = t.channel AND r.state IN ('wanted', 'too_late', 'unsettled')
RETURNING r.contact_key, r.channel, r.reason, t.revision
""")
# A part that was stopped did not go out; the contact neither, unless another part of it did or may have.
STOPPED = Direct("""
WITH stopped AS (
  SELECT * FROM jsonb_to_recordset(CAST(:stopped AS jsonb)) AS s(contact_key uuid, channel text, reason text,
         revision bigint)
), part AS (
  UPDATE messages m SET state = 'skipped', detail = 'stopped before it went out' FROM stopped s
   WHERE m.contact_key = s.contact_key AND m.channel = s.channel AND m.state = 'sent'
), contact AS (
  UPDATE contacts c SET state = 'cancelled', reason = s.reason, counts_at = NULL, sent_at = NULL, again_at = NULL,
         updated_at = :now, revision = s.revision
    FROM stopped s WHERE c.contact_key = s.contact_key AND c.state = 'sent' AND NOT EXISTS (
     SELECT 1 FROM messages o WHERE o.contact_key = c.contact_key
        AND o.state IN ('claimed', 'waiting', 'sent', 'unknown') AND NOT EXISTS (
         SELECT 1 FROM stopped x WHERE x.contact_key = o.contact_key AND x.channel = o.channel))
)
INSERT INTO decisions (contact_key, decided_at, verdict, reason, trace, version, revision)
SELECT c.contact_key, :now, 'recall', s.reason, '[]', c.version, s.revision
  FROM contacts c JOIN stopped s USING (contact_key)
""")
TOO_LATE = Direct(
    "INSERT INTO decisions (contact_key, decided_at, verdict, reason, trace, version, revision) "
    "SELECT contact_key, :now, 'too_late', :reason, '[]', version, :revision FROM contacts "
    "WHERE contact_key = :contact_key"
)


@dataclass(frozen=True)
class Wanted:
    """A message that is to be stopped: whose and which, where it is, how often it was tried, until when it can be."""

    contact_key: UUID
    channel: str
    customer_key: UUID
    connector: str
    provider_id: str
    attempts: int
    until: datetime


def notice(conn: Connection, *, now: datetime) -> int:
    """Mark what is not wanted any more, and forget what can be stopped no longer; return how many are marked."""
    noticed = NOTICE.rows(conn, now=now, most=NOTICED_AT_ONCE)
    FORGET.run(conn, now=now)
    return sum(row["state"] == "wanted" for row in noticed)


def take(conn: Connection, connectors: Sequence[str], *, most: int, now: datetime) -> tuple[Wanted, ...]:
    """Return messages to be stopped now, the longest waiting first, and leave them to the caller for two minutes."""
    rows = TAKE.rows(conn, connectors=list(connectors), most=most, now=now, again_at=now + ASKED_WITHIN)
    return tuple(Wanted(**row) for row in rows)


def settle(conn: Connection, wanted: Wanted, said: Stopping, *, now: datetime) -> str:
    """Write what the provider said to a recall; return what the recall is now.

    Args:
        conn: A transaction in which nothing has happened yet.
        wanted: The recall.
        said: The provider's answer. What it cannot say is asked again, until a day after the message's time.
        now: Aware UTC instant.
    """
    revision = customers.revise(conn, wanted.customer_key)
    state, words, again_at = _outcome(wanted, said, now)
    key = {"contact_key": wanted.contact_key}
    row = SETTLE.row(
        conn,
        **key,
        channel=wanted.channel,
        provider_id=wanted.provider_id,
        state=state,
        said=words,
        again_at=again_at,
        now=now,
    )
    if row is None:
        return "settled before"
    if state == "cancelled":
        stopped = {"contact_key": str(wanted.contact_key), "channel": wanted.channel}
        stopped |= {"reason": row["reason"], "revision": revision}
        STOPPED.run(conn, stopped=json.dumps([stopped]), now=now)
    elif state == "too_late":
        TOO_LATE.run(conn, **key, reason=row["reason"], now=now, revision=revision)
    return state


def settle_told(conn: Connection, told: Sequence[Mapping[str, object]], *, now: datetime) -> None:
    """Write that providers told of messages that they stopped them; of those that nobody wanted back it says nothing.

    Args:
        conn: A transaction that holds the locks of the customers.
        told: contact_key, channel and the customer's revision of each.
        now: Aware UTC instant.
    """
    rows = SETTLE_TOLD.rows(conn, told=json.dumps(told, default=str), now=now)
    if rows:
        STOPPED.run(conn, stopped=json.dumps([dict(row) for row in rows], default=str), now=now)


def _outcome(wanted: Wanted, said: Stopping, now: datetime) -> tuple[str, str | None, datetime | None]:
    if isinstance(said, CannotSay):
        if now > wanted.until + GIVEN_UP_AFTER:
            return "unsettled", said.why, None
        return "wanted", said.why, now + min(FIRST_PAUSE * 2 ** min(wanted.attempts - 1, 10), LONGEST_PAUSE)
    return ("cancelled" if isinstance(said, Cancelled) else "too_late"), None, None
