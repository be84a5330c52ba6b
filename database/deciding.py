"""One decision being carried out: what `decide` says becomes a row to be written, and what an attempt does next.

Nothing is written here but an offer's code, taken with the message that is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from database import customers, freezing, holds, leaving, plans
from database.attempts import LEASE, LOOK_AFTER, Ask, Asking, Claimed, NotClaimed
from database.freezing import Part, Sending
from database.journeys import Cause, journey_from
from database.situation import FrozenPart, Known
from tactful.decide import decide
from tactful.rules.arms import as_arm
from tactful.rules.connector import CONNECTOR
from tactful.rules.following_up import next_route
from tactful.strategy.model import Communication
from tactful.timing import add_span, zone_of
from tactful.verdict import Control, Defer, Line, Send, Skip, Trace, Verdict, Wait
from tactful.words import Channel, ContactState, PartState, Reason


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
        following = plans.read_next(conn, journey.journey_key, over=journey.state.ended)
        cause = Cause(self.ask.customer_key, self.known.situation.customer.revision, now)
        ahead = leaving.after_contact(conn, journey, following, cause, leaves=self.ask.leaves)
        return replace(self.outcome, ahead=ahead)


def decide_about(conn: Connection, known: Known | None, ask: Ask, sending: Sending, now: datetime) -> Decided | None:
    """Decide about one contact from what is known of it; None where there is no such contact of that customer."""
    if known is None or known.situation.customer.customer_key != ask.customer_key:
        return None
    state, again_at = ContactState(known.row["state"]), customers.instant(known.row["again_at"])
    if state.settled and (again_at is None or now < again_at):
        reason = Reason(known.row["reason"]) if known.row["reason"] else None
        return Decided(known, ask, None, NotClaimed(state, reason, again_at))
    lease_until = customers.instant(known.row["lease_until"])
    if state is ContactState.CLAIMED and lease_until is not None and now < lease_until:
        return Decided(known, ask, None, NotClaimed(state, Reason.IN_FLIGHT, lease_until))
    return _Deciding(conn, known, ask, sending, now).carry_out()


@dataclass(frozen=True)
class _Deciding:
    """One decision being carried out; gathers what its steps share."""

    conn: Connection
    known: Known
    ask: Ask
    sending: Sending
    now: datetime

    @property
    def state(self) -> ContactState:
        return ContactState(self.known.row["state"])

    def carry_out(self) -> Decided:
        written = self.known.content.strategy.communication(self.known.row["step"], self.known.row["communication"])
        communication = as_arm(written, self.known.situation.contact.arm) if written is not None else None
        if communication is None:
            gone = Skip(Reason.STEP_GONE, ())
            return self._second_attempt(gone) if self.state is ContactState.CLAIMED else self._write(gone)
        asked_for = self.known.situation.journey is None  # by another system: who is meant is its business
        verdict = decide(
            self.known.situation,
            communication=communication,
            step=None if asked_for else self.known.content.strategy.steps.get(communication.step),
            published=self.known.governance.strategy,
            now=self.now,
        )
        if self.state is ContactState.CLAIMED:
            return self._second_attempt(verdict)
        if not isinstance(verdict, Send):
            return self._write(verdict)
        try:
            parts = freezing.freeze(self.conn, self.known, communication, verdict, self.sending, self.now)
        except freezing.CannotFreezeError as error:
            broken = Line("message", Reason.BAD_MESSAGE, {"why": str(error)})
            return self._park(Reason.BAD_MESSAGE, (*verdict.trace, broken))
        probes = self._probes(parts)
        if probes is None:
            return self._write(self._waits_for_a_probe(verdict))
        return self._claim(verdict, parts, probes, follow_up_at=self._follow_up_at(communication, parts))

    def _probes(self, parts: Iterable[Part]) -> tuple[str, ...] | None:
        """Return the connectors that this contact is to try for all others; None where another one does already."""
        trying = sorted({part.connector for part in parts} & self.known.trying)
        taken = [holds.take_probe(self.conn, connector, now=self.now) for connector in trying]
        return tuple(trying) if all(taken) else None

    def _waits_for_a_probe(self, verdict: Send) -> Wait:
        held = {route.connector: "tried" for route in verdict.routes if route.connector in self.known.trying}
        line = Line(CONNECTOR, Reason.CONNECTOR_HELD, held, self.now + holds.PROBE_FOR)
        return Wait(self.now + holds.PROBE_FOR, Reason.CONNECTOR_HELD, (*verdict.trace[:-1], line))

    def _follow_up_at(self, communication: Communication, parts: Iterable[Part]) -> datetime | None:
        """Return when the way behind this one has its turn: only where somebody tells what arrives by this one."""
        if not all(part.connector in self.sending.receipts for part in parts):
            return None
        taken = [part.channel for part in self.known.parts if part.state is PartState.SENT]
        taken += [part.message.channel for part in parts]
        behind = next_route(communication.by, taken, self.known.situation.customer.preferred)
        if behind is None or behind.after is None:
            return None
        return add_span(self.now, behind.after, zone_of(self.known.situation.customer, self.known.governance.strategy))

    def _second_attempt(self, verdict: Verdict) -> Decided:
        """Go on where an attempt was cut off: nobody knows how far it got.

        A provider that can be asked is asked first. Otherwise only one that takes our key can be called again without
        risk: with the same bytes, inside its window, and if the very addresses that were tried may still be written
        to. Another way would be another message.
        """
        open_parts = tuple(part for part in self.known.parts if part.state is PartState.CLAIMED)
        to_ask = tuple(part for part in open_parts if part.connector in self.sending.settling)
        if to_ask:
            return self._ask(to_ask, verdict, others_open=len(to_ask) < len(open_parts))
        if not all(self.sending.dedupes(part.connector, self.now - part.frozen_at) for part in open_parts):
            return self._park(Reason.UNKNOWN, verdict.trace)
        if isinstance(verdict, Defer | Wait):
            return self._keep_claimed(verdict)
        ways = _ways(verdict)
        tried = {(part.channel, part.content["to"]): part.connector for part in open_parts}
        if not isinstance(verdict, Send) or not tried.keys() <= ways.keys():
            return self._park(Reason.UNKNOWN, verdict.trace)
        if any(ways[way] != connector for way, connector in tried.items()):
            return self._keep_claimed(Wait(self.now + holds.HELD_FOR, Reason.CONNECTOR_HELD, verdict.trace))
        return self._repeat(verdict, freezing.thaw(open_parts))

    def _repeat(self, verdict: Send, parts: tuple[Part, ...]) -> Decided:
        probes = self._probes(parts)
        if probes is None:
            return self._keep_claimed(self._waits_for_a_probe(verdict))
        return self._claim(verdict, parts, probes, repeats=True)

    def _ask(self, parts: Sequence[FrozenPart], verdict: Verdict, *, others_open: bool) -> Decided:
        """Have the providers asked what became of an attempt, under a lease and a fence of its own."""
        if not self.ask.looks_up:
            return self._keep_claimed(Wait(self.now + LEASE, Reason.RETRYING, verdict.trace))
        contact = self.known.situation.contact
        waits = Wait(self.now + LEASE, Reason.RETRYING, verdict.trace)
        row = self._row(ContactState.CLAIMED, waits) | {"verdict": "ask", "asks": True, "lease_until": waits.until}
        outcome = Asking(
            contact.contact_key,
            contact.fence + 1,
            freezing.thaw(parts),
            max(part.asked for part in parts),
            sent=self._sent,
            waits=self._waits(),
            others_open=others_open,
            leaves=self.ask.leaves,
        )
        return Decided(self.known, self.ask, row, outcome)

    def _waits(self, *taken: Channel) -> bool:
        """Say whether a part that was refused for now is left besides those that are taken now."""
        return any(part.state is PartState.WAITING and part.channel not in taken for part in self.known.parts)

    @property
    def _sent(self) -> bool:
        """Say whether a part of the contact has gone out before."""
        return any(part.state is PartState.SENT for part in self.known.parts)

    def _claim(
        self,
        verdict: Send,
        parts: tuple[Part, ...],
        probes: tuple[str, ...],
        *,
        repeats: bool = False,
        follow_up_at: datetime | None = None,
    ) -> Decided:
        contact = self.known.situation.contact
        settling = {
            p.connector: self.sending.settling[p.connector] for p in parts if p.connector in self.sending.settling
        }
        row = self._row(ContactState.CLAIMED, verdict) | {
            "claims": True,
            # Not asked about before the provider can know: should this process die, nobody looks earlier.
            "lease_until": self.now + LEASE + max(settling.values(), default=timedelta(0)),
            "purpose": freezing.purpose_of(self.known).value,
        }
        if not repeats:
            before: list[str] = self.known.row["channels"] if self._sent else []
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
            follows=self._sent and not repeats,
            follow_up_at=follow_up_at,
            settling=settling,
            probes=probes,
            waits=self._waits(*(part.message.channel for part in parts)),
        )
        return Decided(self.known, self.ask, row, outcome)

    def _write(self, verdict: Defer | Skip | Control | Wait) -> Decided:
        if self.state is ContactState.SENT:
            return self._stays_sent(verdict)
        if isinstance(verdict, Skip | Control) and any(part.state is PartState.UNKNOWN for part in self.known.parts):
            return self._park(Reason.UNKNOWN, verdict.trace)  # a person took it up again: it may have arrived before
        state = _STATE[type(verdict)]
        if isinstance(verdict, Skip) and verdict.reason is Reason.EXPIRED:
            state = ContactState.EXPIRED
        due_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        held_for = _held_for(verdict) if isinstance(verdict, Wait) else None
        if held_for is not None:
            return self._hold(verdict, held_for)
        row = self._row(state, verdict) | {"due_at": due_at}
        if isinstance(verdict, Control):  # it takes its place as if it had been sent
            row |= {"counts": True, "purpose": freezing.purpose_of(self.known).value}
            row |= {"channels": [route.channel.value for route in verdict.routes]}
        return Decided(self.known, self.ask, row, NotClaimed(state, verdict.reason, due_at))

    def _hold(self, verdict: Defer | Skip | Control | Wait, held_for: str) -> Decided:
        """Hold a contact for its connector: it looks for itself well after it should have been let go, in its life."""
        journey, contact = self.known.situation.journey, self.known.situation.contact
        ends = (contact.expires_at, journey.ends_at if journey else None)
        until = verdict.until if isinstance(verdict, Defer | Wait) else self.now
        again_at = min((until + LOOK_AFTER, *(end for end in ends if end is not None)))
        row = self._row(ContactState.HELD, verdict) | {"held_for": held_for, "again_at": again_at}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.HELD, verdict.reason, again_at))

    def _stays_sent(self, verdict: Defer | Skip | Control | Wait) -> Decided:
        """Keep a contact that has gone out as sent: what is left of it waits, or is let be."""
        again_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        row = self._row(ContactState.SENT, verdict) | {"drops": again_at is None, "again_at": again_at}
        outcome = NotClaimed(ContactState.SENT, None, again_at)
        return Decided(self.known, self.ask, row, outcome)

    def _keep_claimed(self, verdict: Defer | Wait) -> Decided:
        row = self._row(ContactState.CLAIMED, verdict) | {"lease_until": verdict.until}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.CLAIMED, verdict.reason, verdict.until))

    def _park(self, reason: Reason, trace: Trace) -> Decided:
        if self.state is ContactState.SENT:
            return self._stays_sent(Skip(reason, trace))
        row = self._row(ContactState.PARKED, Skip(reason, trace)) | {"verdict": "park"}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.PARKED, reason))

    def _row(self, state: ContactState, verdict: Verdict) -> dict[str, Any]:
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


def _ways(verdict: Verdict) -> Mapping[tuple[Channel, str], str]:
    """Return the connectors by which a verdict goes, by channel and address; none where it does not."""
    routes = verdict.routes if isinstance(verdict, Send) else ()
    return {(route.channel, route.address): route.connector for route in routes}


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
