"""How an attempt ends: what the contact and its parts become, written only by whoever still holds the fence.

It knows nothing of providers: what an answer means is `records`' and `lookups`' to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from database import leaving, plans, recalls
from database.attempts import LEASE, NOTHING_AHEAD, NotClaimed
from database.engine import Direct
from database.journeys import Cause, journey_from
from database.leaving import Ahead
from database.plans import NextContact
from tactful.words import ContactState, Reason

# What can still be stopped is wanted back at once where its journey has ended, or has gone on without it, meanwhile.
# A price that a receipt told before stands over that of the answer, which counts as told when the message was frozen.
RECORD = Direct(f"""
WITH ended AS (
  SELECT * FROM jsonb_to_recordset(CAST(:ended AS jsonb)) AS e(contact_key uuid, fence bigint, state text, reason text,
         lease_until timestamptz, due_at timestamptz, again_at timestamptz, held_for text, sent boolean, frees boolean,
         unspent boolean, revision bigint, parts jsonb)
), contact AS (
  UPDATE contacts c SET state = e.state, reason = e.reason, lease_until = e.lease_until, updated_at = :now,
         revision = e.revision,
         due_at = coalesce(e.due_at, c.due_at), again_at = e.again_at, held_for = e.held_for,
         sent_at = CASE WHEN e.sent THEN coalesce(c.sent_at, :now) ELSE c.sent_at END,
         counts_at = CASE WHEN e.frees THEN NULL ELSE c.counts_at END, attempts = c.attempts - e.unspent::integer
    FROM ended e
   WHERE c.contact_key = e.contact_key AND c.fence = e.fence
     AND (c.state = 'claimed' OR (e.sent AND c.state = 'parked' AND c.reason = 'unknown'))
  RETURNING c.contact_key, c.journey_key, c.customer_key, c.step, c.communication, c.cycle
), part AS (
  UPDATE messages m SET state = p.state, provider_id = p.provider_id, fault = p.fault, detail = p.detail,
         asked = m.asked + coalesce(p.asked, 0),
         cost = CASE WHEN m.cost_told_at IS NULL THEN coalesce(p.cost, m.cost) ELSE m.cost END,
         currency = CASE WHEN m.cost_told_at IS NULL THEN coalesce(p.currency, m.currency) ELSE m.currency END,
         cost_told_at = CASE WHEN p.cost IS NULL THEN m.cost_told_at ELSE coalesce(m.cost_told_at, m.frozen_at) END
    FROM contact JOIN ended e USING (contact_key), jsonb_to_recordset(e.parts)
         AS p(channel text, state text, provider_id text, fault text, detail text, asked integer, cost numeric,
              currency text)
   WHERE m.contact_key = e.contact_key AND m.channel = p.channel
  RETURNING m.contact_key, m.channel, m.connector, m.provider_id, m.state
), stoppable AS ({recalls.HANDED_OVER})
SELECT c.contact_key, to_jsonb(j) AS journey, n.next_key, n.in_flight, n.at
  FROM contact c LEFT JOIN journeys j USING (journey_key) LEFT JOIN LATERAL (
    SELECT o.contact_key AS next_key, o.state = 'claimed' AS in_flight,
           CASE WHEN o.state = 'claimed' THEN o.lease_until WHEN j.state NOT IN ('open', 'paused') THEN o.updated_at
                WHEN o.state IN ('sent', 'held') THEN coalesce(o.again_at, o.due_at) ELSE o.due_at END AS at
      FROM contacts o WHERE o.journey_key = j.journey_key AND o.contact_key <> c.contact_key
       AND (o.state IN ('planned', 'held', 'claimed') OR (o.state = 'sent' AND o.again_at IS NOT NULL))
       AND o.restarts = 0 ORDER BY at, o.contact_key LIMIT 1) n ON true
""")  # noqa: S608 - nothing but our own constants is put in
WHOSE = Direct("SELECT journey_key FROM contacts WHERE contact_key = :contact_key")


@dataclass(frozen=True)
class Ending:
    """What a contact becomes.

    Attributes:
        state: Its state.
        reason: Why, where it was not sent.
        again_at: When it is looked at again: a second attempt, a fresh decision, or what is left of one that is sent.
        unspent: Whether the attempt does not count.
        held_for: The connector it waits for.
        retries: Whether parts of a contact that is sent are tried again.
    """

    state: ContactState
    reason: Reason | None = None
    again_at: datetime | None = None
    unspent: bool = False
    held_for: str | None = None
    retries: bool = False


@dataclass(frozen=True)
class Ended:
    """An attempt that has ended: whose and which contact, under which fence, and what its parts become."""

    customer_key: UUID
    contact_key: UUID
    fence: int
    leaves: bool
    ending: Ending
    parts: Sequence[Mapping[str, object]]


def write_all(
    conn: Connection, ended: Sequence[Ended], revisions: Mapping[UUID, int], *, now: datetime
) -> tuple[NotClaimed | None, ...]:
    """Write how attempts ended, of different customers whose locks are held.

    Returns:
        What each comes to; None where a later attempt holds the fence, so that nothing was written.
    """
    rows = [_row(each, revisions[each.customer_key]) for each in ended]
    written = {row["contact_key"]: row for row in RECORD.rows(conn, ended=json.dumps(rows, default=str), now=now)}
    answers: list[NotClaimed | None] = []
    for each in ended:
        found = written.get(each.contact_key)
        if found is None:
            answers.append(None)
            continue
        cause = Cause(each.customer_key, revisions[each.customer_key], now)
        ahead = _ahead(conn, each, found, cause) if found["journey"] else NOTHING_AHEAD
        answers.append(NotClaimed(each.ending.state, each.ending.reason, each.ending.again_at, ahead))
    return tuple(answers)


def _row(each: Ended, revision: int) -> dict[str, Any]:
    ending = each.ending
    in_flight, sent = ending.state is ContactState.CLAIMED, ending.state is ContactState.SENT
    held, planned = ending.state is ContactState.HELD, ending.state is ContactState.PLANNED
    settled_otherwise = ending.state in {ContactState.SKIPPED, ContactState.PARKED}
    return {
        "contact_key": each.contact_key,
        "fence": each.fence,
        "state": ending.state.value,
        "reason": ending.reason.value if ending.reason else None,
        "due_at": ending.again_at if planned else None,
        "lease_until": ending.again_at if in_flight else None,
        "again_at": ending.again_at if sent or held else None,
        "held_for": ending.held_for if held else None,
        "sent": sent,
        "frees": planned or held or (settled_otherwise and ending.reason is not Reason.UNKNOWN),
        "unspent": ending.unspent,
        "revision": revision,
        "parts": list(each.parts),
    }


def _ahead(conn: Connection, each: Ended, found: Mapping[str, Any], cause: Cause) -> Ahead:
    """Return what the journey looks at next: the contact itself where it is not settled, or another before it."""
    journey = journey_from(found["journey"])
    open_: list[NextContact] = []
    if found["next_key"] is not None:
        open_.append(NextContact(found["next_key"], found["at"], found["in_flight"]))
    if each.ending.again_at is not None:
        in_flight = each.ending.state is ContactState.CLAIMED
        at = cause.now if journey.state.ended and not in_flight else each.ending.again_at
        open_.append(NextContact(each.contact_key, at, in_flight))
    following = min(open_, key=lambda one: (one.at, one.contact_key), default=None)
    return leaving.after_contact(conn, journey, following, cause, leaves=each.leaves)


def overtaken(conn: Connection, contact_key: UUID, *, now: datetime) -> NotClaimed:
    """Return what the journey looks at next where a later attempt holds the fence."""
    row = WHOSE.row(conn, contact_key=contact_key)
    following = plans.read_next(conn, row["journey_key"], over=False) if row and row["journey_key"] else None
    return NotClaimed(ContactState.CLAIMED, Reason.IN_FLIGHT, now + LEASE, Ahead(next_contact=following))
