"""The first transaction of a contact: lock, read, decide, and either claim the place or write why not.

A claim freezes the message and takes the place in every cap before anything leaves the house. What it returns is all
that a call needs; the fence in it guards every later write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, freezing, plans, situation
from database.errors import UnknownContactError
from database.freezing import Part, Sending
from database.plans import NextContact
from database.situation import Known
from tactful.decide import decide
from tactful.verdict import Control, Defer, Line, Send, Skip, Trace, Verdict, Wait
from tactful.words import ContactState, JourneyState, Reason

LEASE = timedelta(seconds=45)
HELD_FOR = timedelta(minutes=10)
"""When a connector that is held is looked at again, where its provider named no time."""

WRITE = text("""
WITH contact AS (
  UPDATE contacts SET state = :state, reason = :reason, due_at = coalesce(:due_at, due_at),
         purpose = coalesce(:purpose, purpose),
         counts_at = CASE WHEN :claims THEN :now ELSE counts_at END,
         channels = coalesce(CAST(:channels AS jsonb), channels),
         attempts = attempts + CASE WHEN :claims THEN 1 ELSE 0 END,
         fence = fence + CASE WHEN :claims THEN 1 ELSE 0 END,
         lease_until = :lease_until, updated_at = :now, revision = :revision
   WHERE contact_key = :contact_key AND fence = :fence
  RETURNING contact_key
), decision AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, reason, until, trace, version, revision)
  SELECT contact_key, :now, :verdict, :reason, :until, CAST(:trace AS jsonb), :version, :revision FROM contact
), frozen AS (
  INSERT INTO messages (contact_key, channel, part_key, connector, content, frozen_at, state)
  SELECT c.contact_key, p.channel, p.part_key, p.connector, p.content, :now, 'claimed'
    FROM contact c, jsonb_to_recordset(CAST(:parts AS jsonb))
         AS p(channel text, part_key uuid, connector text, content jsonb)
  ON CONFLICT (contact_key, channel) DO UPDATE SET part_key = excluded.part_key, connector = excluded.connector,
         content = excluded.content, frozen_at = excluded.frozen_at, state = 'claimed', fault = NULL, detail = NULL
)
SELECT count(*) FROM contact
""")


@dataclass(frozen=True)
class Claimed:
    """The place is taken: make these calls, then record them under this fence.

    Attributes:
        contact_key: Which contact.
        fence: Guards what is recorded.
        attempt: Which attempt this is, from 1.
        parts: The messages, each to be handed to its connector.
        keyed: Whether every provider takes our key, so that what is not known may be tried again with the same bytes.
        repeats: Whether an earlier attempt with these bytes was cut off: it may have reached the customer.
    """

    contact_key: UUID
    fence: int
    attempt: int
    parts: tuple[Part, ...]
    keyed: bool
    repeats: bool


@dataclass(frozen=True)
class NotClaimed:
    """Nothing more is to be sent by this attempt.

    Attributes:
        state: What the contact is now.
        reason: Why, where it was not sent.
        again_at: When to look at this contact again; None when it is settled.
        over: Whether its journey has ended.
        next_contact: What its journey looks at next; None where there is none, or no journey.
    """

    state: ContactState
    reason: Reason | None
    again_at: datetime | None = None
    over: bool = False
    next_contact: NextContact | None = None


def claim(
    conn: Connection, customer_key: UUID, contact_key: UUID, sending: Sending, *, now: datetime
) -> Claimed | NotClaimed:
    """Decide about one contact and claim its place if the verdict is to send.

    Args:
        conn: A transaction in which nothing has happened yet: the lock must be its first statement.
        customer_key: Whose contact.
        contact_key: Which contact.
        sending: The connectors of this worker and where links point to.
        now: Aware UTC instant of this attempt.
    """
    locked = customers.lock(conn, customer_key)
    known = situation.read(conn, locked, contact_key, sending.by_channel, now)
    if known is None:
        raise UnknownContactError
    state = ContactState(known.row["state"])
    if state.settled:
        return _not_claimed(conn, known, state, Reason(known.row["reason"]) if known.row["reason"] else None)
    lease_until = customers.instant(known.row["lease_until"])
    if state is ContactState.CLAIMED and lease_until is not None and now < lease_until:
        return _not_claimed(conn, known, state, Reason.IN_FLIGHT, lease_until)
    return _Deciding(conn, known, sending, locked["revision"], now).carry_out()


@dataclass(frozen=True)
class _Deciding:
    """One decision being carried out; gathers what its steps share."""

    conn: Connection
    known: Known
    sending: Sending
    revision: int
    now: datetime

    def carry_out(self) -> Claimed | NotClaimed:
        communication = self.known.content.strategy.communication(
            self.known.row["step"], self.known.row["communication"]
        )
        if communication is None:
            gone = Skip(Reason.STEP_GONE, ())
            claimed = self.known.row["state"] == ContactState.CLAIMED.value
            return self._second_attempt(gone) if claimed else self._write(gone)
        asked_for = self.known.situation.journey is None  # by another system: who is meant is its business
        verdict = decide(
            self.known.situation,
            communication=communication,
            step=None if asked_for else self.known.content.strategy.steps.get(communication.step),
            published=self.known.governance.strategy,
            now=self.now,
        )
        if self.known.row["state"] == ContactState.CLAIMED.value:
            return self._second_attempt(verdict)
        if not isinstance(verdict, Send):
            return self._write(verdict)
        try:
            parts = freezing.freeze(self.conn, self.known, communication, verdict, self.sending, self.now)
        except freezing.CannotFreezeError as error:
            broken = Line("message", Reason.BAD_MESSAGE, {"why": str(error)})
            return self._park(Reason.BAD_MESSAGE, (*verdict.trace, broken))
        return self._claim(verdict, parts)

    def _second_attempt(self, verdict: Verdict) -> Claimed | NotClaimed:
        """Go on where an attempt was cut off: nobody knows how far it got.

        Only a provider that takes our key can be asked again without risk: with the same bytes, inside its window, and
        if the very addresses that were tried may still be written to. Another way would be another message.
        """
        open_parts = tuple(part for part in self.known.parts if part.state == "claimed")
        if not all(self.sending.dedupes(part.connector, self.now - part.frozen_at) for part in open_parts):
            return self._park(Reason.UNKNOWN, verdict.trace)
        if isinstance(verdict, Defer | Wait):
            return self._keep_claimed(verdict)
        if not isinstance(verdict, Send):
            return self._park(Reason.UNKNOWN, verdict.trace)
        ways = {(route.channel, route.address): route.connector for route in verdict.routes}
        tried = {(part.channel, part.content["to"]): part.connector for part in open_parts}
        if not tried.keys() <= ways.keys():
            return self._park(Reason.UNKNOWN, verdict.trace)
        if any(ways[way] != connector for way, connector in tried.items()):
            return self._keep_claimed(Wait(self.now + HELD_FOR, Reason.CONNECTOR_HELD, verdict.trace))
        return self._claim(verdict, freezing.thaw(open_parts), repeats=True)

    def _claim(self, verdict: Send, parts: tuple[Part, ...], *, repeats: bool = False) -> Claimed:
        self._store(
            ContactState.CLAIMED,
            verdict,
            claims=True,
            lease_until=self.now + LEASE,
            channels=None if repeats else json.dumps([part.message.channel.value for part in parts]),
            parts="[]" if repeats else json.dumps([part.row() for part in parts]),
        )
        contact = self.known.situation.contact
        keyed = all(self.sending.dedupes(part.connector, LEASE) for part in parts)
        return Claimed(contact.contact_key, contact.fence + 1, contact.attempts + 1, parts, keyed, repeats)

    def _write(self, verdict: Defer | Skip | Control | Wait) -> NotClaimed:
        if isinstance(verdict, Skip | Control) and any(part.state == "unknown" for part in self.known.parts):
            return self._park(Reason.UNKNOWN, verdict.trace)  # a person took it up again: it may have arrived before
        state = _STATE[type(verdict)]
        if isinstance(verdict, Skip) and verdict.reason is Reason.EXPIRED:
            state = ContactState.EXPIRED
        due_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        self._store(state, verdict, due_at=due_at)
        return _not_claimed(self.conn, self.known, state, verdict.reason, due_at)

    def _keep_claimed(self, verdict: Defer | Wait) -> NotClaimed:
        self._store(ContactState.CLAIMED, verdict, lease_until=verdict.until)
        return _not_claimed(self.conn, self.known, ContactState.CLAIMED, verdict.reason, verdict.until)

    def _park(self, reason: Reason, trace: Trace) -> NotClaimed:
        self._store(ContactState.PARKED, Skip(reason, trace), verdict_word="park")
        return _not_claimed(self.conn, self.known, ContactState.PARKED, reason)

    def _store(
        self,
        state: ContactState,
        verdict: Verdict,
        *,
        claims: bool = False,
        due_at: datetime | None = None,
        lease_until: datetime | None = None,
        channels: str | None = None,
        parts: str = "[]",
        verdict_word: str | None = None,
    ) -> None:
        reason = None if isinstance(verdict, Send) else verdict.reason.value
        row: dict[str, Any] = {
            "contact_key": self.known.situation.contact.contact_key,
            "fence": self.known.situation.contact.fence,
            "state": state.value,
            "reason": reason,
            "due_at": due_at,
            "claims": claims,
            "lease_until": lease_until,
            "channels": channels,
            "purpose": freezing.purpose_of(self.known).value if claims else None,
            "now": self.now,
            "revision": self.revision,
            "verdict": verdict_word or type(verdict).__name__.lower(),
            "until": verdict.until if isinstance(verdict, Defer | Wait) else None,
            "trace": json.dumps([_line(line) for line in verdict.trace], default=str),
            "version": self.known.governance.version,
            "parts": parts,
        }
        if self.conn.execute(WRITE, row).scalar_one() != 1:
            msg = "a contact changed under its customer's lock"
            raise RuntimeError(msg)


_STATE: Mapping[type[Verdict], ContactState] = {
    Defer: ContactState.PLANNED,
    Wait: ContactState.PLANNED,
    Skip: ContactState.SKIPPED,
    Control: ContactState.CONTROL,
}


def _line(line: Line) -> list[object]:
    """Return one line of the trace in short form: rule, reason, numbers, instant; trailing nothings left out."""
    short: list[object] = [line.rule, line.reason, dict(line.numbers) or None, line.passes_at]
    while short and short[-1] is None:
        short.pop()
    return short


def _not_claimed(
    conn: Connection, known: Known, state: ContactState, reason: Reason | None, again_at: datetime | None = None
) -> NotClaimed:
    journey = known.situation.journey
    over = journey is not None and JourneyState(journey.state).ended
    following = plans.read_next(conn, journey.journey_key, over=over) if journey is not None else None
    return NotClaimed(state, reason, again_at, over, following)
