"""The second transaction of a contact: what became of the calls, written only by whoever still holds the fence.

An accepted message is *sent*; a definite no goes back to *planned* to be decided afresh, or parks when attempts are
spent or nothing could change it; what is not known parks as *unknown* and is never silently sent again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, plans
from database.claims import Claimed, NotClaimed
from database.freezing import Part
from tactful.connector import Accepted, Fault, SendFault
from tactful.words import ContactState, JourneyState, Reason, SuppressionClass

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
HELD_FOR = timedelta(minutes=10)

RECORD = text("""
WITH contact AS (
  UPDATE contacts SET state = :state, reason = :reason, lease_until = NULL, updated_at = :now, revision = :revision,
         due_at = coalesce(:due_at, due_at), sent_at = CASE WHEN :sent THEN :now ELSE sent_at END,
         counts_at = CASE WHEN :frees THEN NULL ELSE counts_at END,
         attempts = attempts - CASE WHEN :unspent THEN 1 ELSE 0 END
   WHERE contact_key = :contact_key AND fence = :fence AND state = 'claimed'
  RETURNING contact_key, journey_key
), part AS (
  UPDATE messages m SET state = p.state, provider_id = p.provider_id, fault = p.fault, detail = p.detail
    FROM contact c, jsonb_to_recordset(CAST(:parts AS jsonb))
         AS p(channel text, state text, provider_id text, fault text, detail text)
   WHERE m.contact_key = c.contact_key AND m.channel = p.channel
)
SELECT c.contact_key, j.journey_key, j.state AS journey_state
  FROM contact c LEFT JOIN journeys j ON j.journey_key = c.journey_key
""")
SUPPRESS = text(
    "INSERT INTO suppressions (kind, customer_key, channel, address, reason, source, stated_at, revision) "
    "VALUES (:kind, NULL, :channel, :address, :reason, :source, :now, :revision)"
)
HOLD = text(
    "INSERT INTO connector_holds (connector, fault, detail, held_at, until) "
    "VALUES (:connector, :fault, :detail, :now, :until) "
    "ON CONFLICT (connector) DO UPDATE SET fault = excluded.fault, detail = excluded.detail, until = excluded.until"
)


@dataclass(frozen=True)
class Outcome:
    """What became of one part: accepted, or a fault."""

    part: Part
    answer: Accepted | SendFault


@dataclass(frozen=True)
class _Ending:
    """What the contact becomes."""

    state: ContactState
    reason: Reason | None = None
    due_at: datetime | None = None
    unspent: bool = False


def record(
    conn: Connection, customer_key: UUID, claimed: Claimed, outcomes: Sequence[Outcome], *, now: datetime
) -> NotClaimed:
    """Write what became of a claimed contact's calls and return what its journey looks at next.

    Somebody else's fence means that this attempt was overtaken: nothing is written then.

    Args:
        conn: A transaction in which nothing has happened yet.
        customer_key: Whose contact.
        claimed: What was claimed.
        outcomes: One for each part.
        now: Aware UTC instant.
    """
    locked = customers.lock(conn, customer_key)
    ending = _ending(claimed.attempt, outcomes, now)
    row = {
        "contact_key": claimed.contact_key,
        "fence": claimed.fence,
        "state": ending.state.value,
        "reason": ending.reason.value if ending.reason else None,
        "due_at": ending.due_at,
        "sent": ending.state is ContactState.SENT,
        "frees": ending.state is ContactState.PLANNED or ending.reason in {Reason.BAD_RECIPIENT, Reason.FAILED},
        "unspent": ending.unspent,
        "now": now,
        "revision": locked["revision"],
        "parts": json.dumps([_part(outcome) for outcome in outcomes]),
    }
    written = conn.execute(RECORD, row).one_or_none()
    if written is None:
        return NotClaimed(ContactState.CLAIMED, Reason.IN_FLIGHT)
    for outcome in outcomes:
        _consequences(conn, outcome, locked["revision"], now)
    over = written.journey_state is not None and JourneyState(written.journey_state).ended
    following = plans.read_next(conn, written.journey_key, over=over) if written.journey_key else None
    return NotClaimed(ending.state, ending.reason, ending.due_at, over, following)


def _ending(attempt: int, outcomes: Sequence[Outcome], now: datetime) -> _Ending:
    """Return what the contact becomes: not knowing weighs most, then any success, then the gravest fault."""
    faults = [outcome.answer for outcome in outcomes if isinstance(outcome.answer, SendFault)]
    if any(fault.fault is Fault.AMBIGUOUS for fault in faults):
        return _Ending(ContactState.PARKED, Reason.UNKNOWN)
    if len(faults) < len(outcomes):
        return _Ending(ContactState.SENT)
    return min(
        (_after(fault, attempt, now) for fault in faults), key=lambda ending: ending.state is not ContactState.PLANNED
    )


def _after(fault: SendFault, attempt: int, now: datetime) -> _Ending:
    match fault.fault:
        case Fault.BAD_RECIPIENT | Fault.SUPPRESSED:
            return _Ending(ContactState.SKIPPED, Reason.BAD_RECIPIENT)
        case Fault.BAD_CONTENT | Fault.UNSUPPORTED | Fault.AMBIGUOUS:
            return _Ending(ContactState.PARKED, Reason.BAD_MESSAGE)
        case Fault.CONFIG | Fault.QUOTA:
            until = now + (fault.retry_after or HELD_FOR)
            return _Ending(ContactState.PLANNED, Reason.CONNECTOR_HELD, until, unspent=True)
        case Fault.THROTTLED:
            until = now + (fault.retry_after or FIRST_PAUSE)
            return _Ending(ContactState.PLANNED, Reason.RETRYING, until, unspent=True)
        case Fault.TRANSIENT:
            if attempt >= MOST_ATTEMPTS:
                return _Ending(ContactState.PARKED, Reason.FAILED)
            pause = fault.retry_after or min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
            return _Ending(ContactState.PLANNED, Reason.RETRYING, now + pause)


def _part(outcome: Outcome) -> dict[str, str | None]:
    channel = outcome.part.message.channel.value
    if isinstance(outcome.answer, Accepted):
        sent = {"channel": channel, "state": "sent", "provider_id": outcome.answer.provider_id}
        return sent | {"fault": None, "detail": outcome.answer.detail or None}
    fault = outcome.answer
    state = "unknown" if fault.fault is Fault.AMBIGUOUS else "refused"
    return {"channel": channel, "state": state, "fault": f"{fault.fault} {fault.code}", "detail": fault.detail or None}


def _consequences(conn: Connection, outcome: Outcome, revision: int, now: datetime) -> None:
    """Write what a fault says beyond this contact: about the address, or about the connector."""
    if not isinstance(outcome.answer, SendFault):
        return
    fault, part = outcome.answer, outcome.part
    if fault.fault in {Fault.BAD_RECIPIENT, Fault.SUPPRESSED}:
        undeliverable = fault.fault is Fault.BAD_RECIPIENT
        kind = SuppressionClass.UNDELIVERABLE if undeliverable else SuppressionClass.MARKETING
        row = {"kind": kind.value, "channel": part.message.channel.value, "address": part.message.to}
        row |= {"reason": fault.fault.value, "source": part.connector}
        conn.execute(SUPPRESS, row | {"now": now, "revision": revision})
    if fault.fault in {Fault.CONFIG, Fault.QUOTA}:
        until = now + (fault.retry_after or HELD_FOR)
        row = {"connector": part.connector, "fault": fault.fault.value, "detail": fault.detail, "until": until}
        conn.execute(HOLD, row | {"now": now})
