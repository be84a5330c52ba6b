"""What a verdict comes to: the row that is written for it, and what its attempt does next.

Here is one method for each way a decision can end; which one it is, is for `database.deciding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from database import freezing, holds, journeys, leaving, plans
from database.attempts import LEASE, LOOK_AFTER, Ask, Asking, Claimed, NotClaimed
from database.freezing import Part, Sending
from database.journeys import Cause, JourneyRow, journey_from
from database.situation import Known
from tactful.rules.connector import CONNECTOR
from tactful.verdict import Control, Defer, Line, Send, Skip, Trace, Verdict, Wait
from tactful.words import Channel, ContactState, JourneyState, PartState, Reason


@dataclass(frozen=True)
class Decided:
    """What was decided about one contact: the row to be written, if any, and what it comes to."""

    known: Known
    ask: Ask
    row: dict[str, Any] | None
    outcome: Claimed | Asking | NotClaimed

    def answer(self, conn: Connection, now: datetime) -> Claimed | Asking | NotClaimed:
        """Return the outcome, with what the journey does next where the contact was not claimed."""
        if not isinstance(self.outcome, NotClaimed) or self.known.story is None:
            return self.outcome
        journey = journey_from(self.known.story)
        if self.outcome.reason is Reason.MOVED_AWAY and not journey.state.ended:
            journey = self._left(conn, journey, now)
        following = plans.read_next(conn, journey.journey_key, over=journey.state.ended)
        cause = Cause(self.ask.customer_key, self.known.situation.customer.revision, now)
        ahead = leaving.after_contact(conn, journey, following, cause, leaves=self.ask.leaves)
        return replace(self.outcome, ahead=ahead)

    def _left(self, conn: Connection, journey: JourneyRow, now: datetime) -> JourneyRow:
        """End the journey of who has moved to a segment by which they leave, with what else it had planned."""
        cause = Cause(self.ask.customer_key, self.known.situation.customer.revision, now)
        journeys.close(conn, journey.journey_key, JourneyState.EXITED, cause, reason=Reason.MOVED_AWAY)
        return replace(journey, state=JourneyState.EXITED)


@dataclass(frozen=True)
class Ruling:
    """One decision on its way to be written; gathers what its steps share."""

    conn: Connection
    known: Known
    ask: Ask
    sending: Sending
    now: datetime

    @property
    def state(self) -> ContactState:
        """What the contact was until now."""
        return ContactState(self.known.row["state"])

    @property
    def sent(self) -> bool:
        """Say whether a part of the contact has gone out before."""
        return any(part.state is PartState.SENT for part in self.known.parts)

    def waits(self, *taken: Channel) -> bool:
        """Say whether a part that was refused for now is left besides those that are taken now."""
        return any(part.state is PartState.WAITING and part.channel not in taken for part in self.known.parts)

    def claim(
        self,
        verdict: Send,
        parts: tuple[Part, ...],
        probes: tuple[str, ...],
        *,
        repeats: bool = False,
        follow_up_at: datetime | None = None,
    ) -> Decided:
        """Take the place: these parts go out now, frozen here, or once more with `repeats`."""
        contact = self.known.situation.contact
        settling = {
            p.connector: self.sending.settling[p.connector] for p in parts if p.connector in self.sending.settling
        }
        row = self.row(ContactState.CLAIMED, verdict) | {
            "claims": True,
            "counts_at": verdict.counts_at,
            # Not asked about before the provider can know: should this process die, nobody looks earlier.
            "lease_until": self.now + LEASE + max(settling.values(), default=timedelta(0)),
            "purpose": freezing.purpose_of(self.known).value,
        }
        if not repeats:
            before: list[str] = self.known.row["channels"] if self.sent else []
            row["channels"] = list(dict.fromkeys([*before, *(part.message.channel.value for part in parts)]))
            row["parts"] = [part.row() for part in parts]
        outcome = Claimed(
            contact.contact_key,
            contact.fence + 1,
            contact.attempts + 1,
            parts,
            keyed=all(self.sending.dedupes(part.connector, LEASE) for part in parts),
            repeats=repeats,
            leaves=self.ask.leaves,
            follows=self.sent and not repeats,
            follow_up_at=follow_up_at,
            settling=settling,
            probes=probes,
            waits=self.waits(*(part.message.channel for part in parts)),
        )
        return Decided(self.known, self.ask, row, outcome)

    def write(self, verdict: Defer | Skip | Control | Wait) -> Decided:
        """Put the contact off, skip it or keep it back, or hold it for its connector."""
        if self.state is ContactState.SENT:
            return self.stays_sent(verdict)
        if isinstance(verdict, Skip | Control) and any(part.state is PartState.UNKNOWN for part in self.known.parts):
            return self.park(Reason.UNKNOWN, verdict.trace)  # a person took it up again: it may have arrived before
        state = _STATE[type(verdict)]
        if isinstance(verdict, Skip) and verdict.reason is Reason.EXPIRED:
            state = ContactState.EXPIRED
        due_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        held_for = _held_for(verdict) if isinstance(verdict, Wait) else None
        if held_for is not None:
            return self._hold(verdict, held_for)
        row = self.row(state, verdict) | {"due_at": due_at}
        if isinstance(verdict, Control):  # it takes its place as if it had been sent
            row |= {"counts": True, "counts_at": verdict.counts_at, "purpose": freezing.purpose_of(self.known).value}
            row |= {"channels": [route.channel.value for route in verdict.routes]}
        return Decided(self.known, self.ask, row, NotClaimed(state, verdict.reason, due_at))

    def _hold(self, verdict: Defer | Skip | Control | Wait, held_for: str) -> Decided:
        """Hold a contact for its connector: it looks for itself well after it should have been let go, in its life."""
        journey, contact = self.known.situation.journey, self.known.situation.contact
        ends = (contact.expires_at, journey.ends_at if journey else None)
        until = verdict.until if isinstance(verdict, Defer | Wait) else self.now
        again_at = min((until + LOOK_AFTER, *(end for end in ends if end is not None)))
        row = self.row(ContactState.HELD, verdict) | {"held_for": held_for, "again_at": again_at}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.HELD, verdict.reason, again_at))

    def stays_sent(self, verdict: Defer | Skip | Control | Wait) -> Decided:
        """Keep a contact that has gone out as sent: what is left of it waits, or is let be."""
        again_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        row = self.row(ContactState.SENT, verdict) | {"drops": again_at is None, "again_at": again_at}
        outcome = NotClaimed(ContactState.SENT, None, again_at)
        return Decided(self.known, self.ask, row, outcome)

    def keep_claimed(self, verdict: Defer | Wait) -> Decided:
        """Look again later at an attempt of which nobody knows."""
        row = self.row(ContactState.CLAIMED, verdict) | {"lease_until": verdict.until}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.CLAIMED, verdict.reason, verdict.until))

    def park(self, reason: Reason, trace: Trace) -> Decided:
        """Leave the contact to a person; what has gone out stays sent."""
        if self.state is ContactState.SENT:
            return self.stays_sent(Skip(reason, trace))
        row = self.row(ContactState.PARKED, Skip(reason, trace)) | {"verdict": "park"}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.PARKED, reason))

    def probes(self, parts: Iterable[Part]) -> tuple[str, ...] | None:
        """Return the connectors that this contact is to try for all others; None where another one does already."""
        trying = sorted({part.connector for part in parts} & self.known.trying)
        taken = [holds.take_probe(self.conn, connector, now=self.now) for connector in trying]
        return tuple(trying) if all(taken) else None

    def waits_for_a_probe(self, verdict: Send) -> Wait:
        """Return that a contact waits until another one has tried its connector."""
        held = {route.connector: "tried" for route in verdict.routes if route.connector in self.known.trying}
        line = Line(CONNECTOR, Reason.CONNECTOR_HELD, held, self.now + holds.PROBE_FOR)
        return Wait(self.now + holds.PROBE_FOR, Reason.CONNECTOR_HELD, (*verdict.trace[:-1], line))

    def row(self, state: ContactState, verdict: Verdict) -> dict[str, Any]:
        """Return what every decision writes; what it leaves out stays as it is."""
        contact = self.known.situation.contact
        return {
            "contact_key": contact.contact_key,
            "fence": contact.fence,
            "state": state.value,
            "reason": None if isinstance(verdict, Send) else verdict.reason.value,
            "claims": False,
            "asks": False,
            "drops": False,
            "verdict": type(verdict).__name__.lower(),
            "until": verdict.until if isinstance(verdict, Defer | Wait) else None,
            "trace": [_line(line) for line in verdict.trace],
            "version": self.known.governance.version,
            "revision": self.known.situation.customer.revision,
            "parts": [],
        }


_STATE: Mapping[type[Verdict], ContactState] = {
    Defer: ContactState.PLANNED,
    Wait: ContactState.PLANNED,
    Skip: ContactState.SKIPPED,
    Control: ContactState.CONTROL,
}


def _held_for(verdict: Wait) -> str | None:
    """Return the connector that a contact waits for, None where it waits for something else."""
    if verdict.reason is not Reason.CONNECTOR_HELD:
        return None
    said = next((line for line in reversed(verdict.trace) if line.rule == CONNECTOR), Line(CONNECTOR))
    return next((name for name, how in said.numbers.items() if how != "open"), None)


def _line(line: Line) -> list[object]:
    """Return one line of the trace in short form: rule, reason, numbers, instant; trailing nothings left out."""
    short: list[object] = [line.rule, line.reason, dict(line.numbers) or None, line.passes_at]
    while short and short[-1] is None:
        short.pop()
    return short
