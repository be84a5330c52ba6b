"""The second transaction of a contact: what became of the calls, written only by whoever still holds the fence.

An accepted message is *sent*; a definite no goes back to *planned* to be decided afresh, or parks when attempts are
spent or nothing could change it. What is not known stays *claimed* where the provider takes our key, to be asked again
with the same bytes; else it parks as *unknown* and is never silently sent again. A definite no to a second attempt says
nothing about the first, so it settles nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, failures, leaving, plans, suppressions
from database.attempts import HELD_FOR, LEASE, NOTHING_AHEAD, Claimed, NotClaimed
from database.engine import Direct
from database.freezing import Part
from database.journeys import Cause, journey_from
from database.leaving import Ahead
from database.plans import NextContact
from tactful.connector import Accepted, Fault, SendFault
from tactful.words import Channel, ContactState, Reason, SuppressionClass

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
FINAL = frozenset({Fault.BAD_RECIPIENT, Fault.SUPPRESSED, Fault.BAD_CONTENT, Fault.UNSUPPORTED})

RECORD = Direct("""
WITH ended AS (
  SELECT * FROM jsonb_to_recordset(CAST(:ended AS jsonb)) AS e(contact_key uuid, fence bigint, state text, reason text,
         lease_until timestamptz, due_at timestamptz, sent boolean, frees boolean, unspent boolean, revision bigint,
         parts jsonb)
), contact AS (
  UPDATE contacts c SET state = e.state, reason = e.reason, lease_until = e.lease_until, updated_at = :now,
         revision = e.revision,
         due_at = coalesce(e.due_at, c.due_at), sent_at = CASE WHEN e.sent THEN :now ELSE c.sent_at END,
         counts_at = CASE WHEN e.frees THEN NULL ELSE c.counts_at END, attempts = c.attempts - e.unspent::integer
    FROM ended e
   WHERE c.contact_key = e.contact_key AND c.fence = e.fence
     AND (c.state = 'claimed' OR (e.sent AND c.state = 'parked' AND c.reason = 'unknown'))
  RETURNING c.contact_key, c.journey_key
), part AS (
  UPDATE messages m SET state = p.state, provider_id = p.provider_id, fault = p.fault, detail = p.detail
    FROM contact JOIN ended e USING (contact_key), jsonb_to_recordset(e.parts)
         AS p(channel text, state text, provider_id text, fault text, detail text)
   WHERE m.contact_key = e.contact_key AND m.channel = p.channel
)
SELECT c.contact_key, to_jsonb(j) AS journey, n.next_key, n.in_flight, n.at
  FROM contact c LEFT JOIN journeys j USING (journey_key) LEFT JOIN LATERAL (
    SELECT o.contact_key AS next_key, o.state = 'claimed' AS in_flight,
           CASE WHEN o.state = 'claimed' THEN o.lease_until WHEN j.state NOT IN ('open', 'paused') THEN o.updated_at
                ELSE o.due_at END AS at
      FROM contacts o WHERE o.journey_key = j.journey_key AND o.contact_key <> c.contact_key
       AND o.state IN ('planned', 'held', 'claimed') AND o.restarts = 0 ORDER BY at, o.contact_key LIMIT 1) n ON true
""")
WHOSE = Direct("SELECT journey_key FROM contacts WHERE contact_key = :contact_key")
SUPPRESS = text(
    "INSERT INTO suppressions (kind, customer_key, channel, address, reason, source, stated_at, revision) "
    "VALUES (:kind, NULL, :channel, :address, :reason, :source, :now, :revision)"
)
HOLD = text(
    "INSERT INTO connector_holds (connector, fault, detail, held_at, until) "
    "VALUES (:connector, :fault, :detail, :now, :until) "
    "ON CONFLICT (connector) DO UPDATE SET fault = excluded.fault, detail = excluded.detail, "
    "until = greatest(connector_holds.until, excluded.until)"
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


@dataclass(frozen=True)
class Made:
    """A claimed contact whose calls have been answered: one outcome for each part."""

    customer_key: UUID
    claimed: Claimed
    outcomes: Sequence[Outcome]


def record(conn: Connection, made: Made, *, now: datetime) -> NotClaimed:
    """Write what became of a claimed contact's calls and return what its journey looks at next.

    Somebody else's fence means that this attempt was overtaken: nothing is written then. An answer that comes so late
    that the contact was parked as unknown still settles it if it is a yes.

    Args:
        conn: A transaction in which nothing has happened yet.
        made: What was claimed, and one outcome for each part.
        now: Aware UTC instant.
    """
    return record_all(conn, (made,), now=now)[0]


def record_all(conn: Connection, made: Sequence[Made], *, now: datetime) -> tuple[NotClaimed, ...]:
    """Write what became of contacts of different customers, all in one transaction, as `record` does of one."""
    whose = {each.customer_key for each in made} | suppressions.holders(conn, _refused(made))
    revisions = customers.revise_all(conn, whose)
    endings = [_ending(each.claimed, each.outcomes, now) for each in made]
    rows = [_row(each, ending, revisions[each.customer_key]) for each, ending in zip(made, endings, strict=True)]
    written = {row["contact_key"]: row for row in RECORD.rows(conn, ended=json.dumps(rows, default=str), now=now)}
    answers: list[NotClaimed] = []
    for each, ending in zip(made, endings, strict=True):
        found = written.get(each.claimed.contact_key)
        if found is None:
            answers.append(_overtaken(conn, each.claimed, now))
            continue
        cause = Cause(each.customer_key, revisions[each.customer_key], now)
        failed = [(one.part, one.answer) for one in each.outcomes if isinstance(one.answer, SendFault)]
        failures.keep(conn, each.claimed.contact_key, failed, now=now)
        for outcome in each.outcomes:
            _consequences(conn, outcome, cause.revision, now)
        ahead = _ahead(conn, each.claimed, ending, found, cause) if found["journey"] else NOTHING_AHEAD
        answers.append(NotClaimed(ending.state, ending.reason, ending.due_at, ahead))
    return tuple(answers)


def _row(made: Made, ending: _Ending, revision: int) -> dict[str, Any]:
    in_flight = ending.state is ContactState.CLAIMED
    settled_otherwise = ending.state in {ContactState.SKIPPED, ContactState.PARKED}
    return {
        "contact_key": made.claimed.contact_key,
        "fence": made.claimed.fence,
        "state": ending.state.value,
        "reason": ending.reason.value if ending.reason else None,
        "due_at": None if in_flight else ending.due_at,
        "lease_until": ending.due_at if in_flight else None,
        "sent": ending.state is ContactState.SENT,
        "frees": ending.state is ContactState.PLANNED or (settled_otherwise and ending.reason is not Reason.UNKNOWN),
        "unspent": ending.unspent,
        "revision": revision,
        "parts": [_part(outcome, made.claimed, ending) for outcome in made.outcomes],
    }


def _ahead(conn: Connection, claimed: Claimed, ending: _Ending, found: Mapping[str, Any], cause: Cause) -> Ahead:
    """Return what the journey looks at next: the contact itself where it is not settled, or another before it."""
    journey = journey_from(found["journey"])
    open_: list[NextContact] = []
    if found["next_key"] is not None:
        open_.append(NextContact(found["next_key"], found["at"], found["in_flight"]))
    if ending.due_at is not None:
        in_flight = ending.state is ContactState.CLAIMED
        at = cause.now if journey.state.ended and not in_flight else ending.due_at
        open_.append(NextContact(claimed.contact_key, at, in_flight))
    following = min(open_, key=lambda each: (each.at, each.contact_key), default=None)
    return leaving.after_contact(conn, journey, following, cause, leaves=claimed.leaves)


def _overtaken(conn: Connection, claimed: Claimed, now: datetime) -> NotClaimed:
    """Return what the journey looks at next where a later attempt holds the fence."""
    row = WHOSE.row(conn, contact_key=claimed.contact_key)
    following = plans.read_next(conn, row["journey_key"], over=False) if row and row["journey_key"] else None
    return NotClaimed(ContactState.CLAIMED, Reason.IN_FLIGHT, now + LEASE, Ahead(next_contact=following))


def _ending(claimed: Claimed, outcomes: Sequence[Outcome], now: datetime) -> _Ending:
    """Return what the contact becomes: not knowing weighs most, then any success, then what can still be put right."""
    faults = [outcome.answer for outcome in outcomes if isinstance(outcome.answer, SendFault)]
    if any(fault.fault is Fault.AMBIGUOUS for fault in faults):
        if claimed.keyed and claimed.attempt < MOST_ATTEMPTS:
            return _Ending(ContactState.CLAIMED, Reason.RETRYING, now + _pause(claimed.attempt))
        return _Ending(ContactState.PARKED, Reason.UNKNOWN)
    if len(faults) < len(outcomes):
        return _Ending(ContactState.SENT)
    endings = (_after(fault, claimed.attempt, now) for fault in faults)
    ending = min(endings, key=_weight)
    if not claimed.repeats:
        return ending
    if ending.state is ContactState.PLANNED and ending.reason is not Reason.BAD_RECIPIENT:
        return replace(ending, state=ContactState.CLAIMED)
    return _Ending(ContactState.PARKED, Reason.UNKNOWN)


def _weight(ending: _Ending) -> tuple[bool, bool]:
    """Sort what can still be put right first, and of that what another connector could do last."""
    return ending.state is not ContactState.PLANNED, ending.reason is Reason.BAD_RECIPIENT


def _refused(made: Iterable[Made]) -> Iterator[tuple[Channel, str]]:
    """Yield the addresses that a provider refused: what is known of them concerns everybody who has them."""
    for outcome in (outcome for each in made for outcome in each.outcomes):
        fault = outcome.answer.fault if isinstance(outcome.answer, SendFault) else None
        if fault in {Fault.BAD_RECIPIENT, Fault.SUPPRESSED}:
            yield outcome.part.message.channel, outcome.part.message.to


def _after(fault: SendFault, attempt: int, now: datetime) -> _Ending:
    match fault.fault:
        case Fault.BAD_RECIPIENT | Fault.SUPPRESSED:
            # The address is suppressed with this: decided afresh, another way is taken if there is one.
            spent = attempt >= MOST_ATTEMPTS
            state, due_at = (ContactState.SKIPPED, None) if spent else (ContactState.PLANNED, now)
            return _Ending(state, Reason.BAD_RECIPIENT, due_at)
        case Fault.BAD_CONTENT | Fault.UNSUPPORTED | Fault.AMBIGUOUS:
            return _Ending(ContactState.PARKED, Reason.BAD_MESSAGE)
        case Fault.CONFIG | Fault.QUOTA:
            until = now + (fault.retry_after or HELD_FOR)
            return _Ending(ContactState.PLANNED, Reason.CONNECTOR_HELD, until, unspent=True)
        case Fault.THROTTLED:
            until = now + max(fault.retry_after or FIRST_PAUSE, FIRST_PAUSE)
            return _Ending(ContactState.PLANNED, Reason.RETRYING, until, unspent=True)
        case Fault.TRANSIENT:
            if attempt >= MOST_ATTEMPTS:
                return _Ending(ContactState.PARKED, Reason.FAILED)
            pause = max(fault.retry_after or FIRST_PAUSE, _pause(attempt))
            return _Ending(ContactState.PLANNED, Reason.RETRYING, now + pause)


def _pause(attempt: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)


def _part(outcome: Outcome, claimed: Claimed, ending: _Ending) -> dict[str, str | None]:
    channel = outcome.part.message.channel.value
    if isinstance(outcome.answer, Accepted):
        sent = {"channel": channel, "state": "sent", "provider_id": outcome.answer.provider_id}
        return sent | {"fault": None, "detail": outcome.answer.detail or None}
    fault = outcome.answer
    said = {"channel": channel, "fault": f"{fault.fault} {fault.code}", "detail": fault.detail or None}
    if claimed.repeats or fault.fault not in FINAL:
        if ending.state is ContactState.CLAIMED:
            return said | {"state": "claimed"}
        if claimed.repeats or fault.fault is Fault.AMBIGUOUS:
            return said | {"state": "unknown"}
    return said | {"state": "refused"}


def _consequences(conn: Connection, outcome: Outcome, revision: int, now: datetime) -> None:
    """Write what a fault says beyond this contact: about the address, or about the connector."""
    if not isinstance(outcome.answer, SendFault):
        return
    fault, part = outcome.answer, outcome.part
    if fault.fault in {Fault.BAD_RECIPIENT, Fault.SUPPRESSED}:
        # A no to marketing does not stop a mandatory contact; a provider that refuses even that makes it undeliverable.
        undeliverable = fault.fault is Fault.BAD_RECIPIENT or not part.message.marketing
        kind = SuppressionClass.UNDELIVERABLE if undeliverable else SuppressionClass.MARKETING
        row = {"kind": kind.value, "channel": part.message.channel.value, "address": part.message.to}
        row |= {"reason": fault.fault.value, "source": part.connector}
        conn.execute(SUPPRESS, row | {"now": now, "revision": revision})
    if fault.fault in {Fault.CONFIG, Fault.QUOTA}:
        until = now + (fault.retry_after or HELD_FOR)
        row = {"connector": part.connector, "fault": fault.fault.value, "detail": fault.detail, "until": until}
        conn.execute(HOLD, row | {"now": now})
