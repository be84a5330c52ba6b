"""One decision being carried out: what `decide` says becomes a row to be written, and what an attempt does next.

Nothing is written here but an offer's code, taken with the message that is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from database import customers, freezing, leaving, plans
from database.attempts import HELD_FOR, LEASE, Ask, Claimed, NotClaimed
from database.freezing import Part, Sending
from database.journeys import Cause, journey_from
from database.situation import Known
from tactful.decide import decide
from tactful.rules.arms import as_arm
from tactful.verdict import Control, Defer, Line, Send, Skip, Trace, Verdict, Wait
from tactful.words import ContactState, Reason


@dataclass(frozen=True)
class Decided:
    """What was decided about one contact: the row to be written, if any, and what it comes to."""

    known: Known
    ask: Ask
    row: dict[str, Any] | None
    outcome: Claimed | NotClaimed

    def answer(self, conn: Connection, now: datetime) -> Claimed | NotClaimed:
        """Return the outcome, with what the journey does next where the contact was not claimed."""
        if isinstance(self.outcome, Claimed) or self.known.story is None:
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
    state = ContactState(known.row["state"])
    if state.settled:
        reason = Reason(known.row["reason"]) if known.row["reason"] else None
        return Decided(known, ask, None, NotClaimed(state, reason))
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

    def carry_out(self) -> Decided:
        written = self.known.content.strategy.communication(self.known.row["step"], self.known.row["communication"])
        communication = as_arm(written, self.known.situation.contact.arm) if written is not None else None
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

    def _second_attempt(self, verdict: Verdict) -> Decided:
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

    def _claim(self, verdict: Send, parts: tuple[Part, ...], *, repeats: bool = False) -> Decided:
        contact = self.known.situation.contact
        keyed = all(self.sending.dedupes(part.connector, LEASE) for part in parts)
        row = self._row(ContactState.CLAIMED, verdict) | {
            "claims": True,
            "lease_until": self.now + LEASE,
            "purpose": freezing.purpose_of(self.known).value,
        }
        if not repeats:
            row["channels"] = [part.message.channel.value for part in parts]
            row["parts"] = [part.row() for part in parts]
        outcome = Claimed(
            contact.contact_key, contact.fence + 1, contact.attempts + 1, parts, keyed, repeats, self.ask.leaves
        )
        return Decided(self.known, self.ask, row, outcome)

    def _write(self, verdict: Defer | Skip | Control | Wait) -> Decided:
        if isinstance(verdict, Skip | Control) and any(part.state == "unknown" for part in self.known.parts):
            return self._park(Reason.UNKNOWN, verdict.trace)  # a person took it up again: it may have arrived before
        state = _STATE[type(verdict)]
        if isinstance(verdict, Skip) and verdict.reason is Reason.EXPIRED:
            state = ContactState.EXPIRED
        due_at = verdict.until if isinstance(verdict, Defer | Wait) else None
        row = self._row(state, verdict) | {"due_at": due_at}
        if isinstance(verdict, Control):  # it takes its place as if it had been sent
            row |= {"counts": True, "purpose": freezing.purpose_of(self.known).value}
            row |= {"channels": [route.channel.value for route in verdict.routes]}
        return Decided(self.known, self.ask, row, NotClaimed(state, verdict.reason, due_at))

    def _keep_claimed(self, verdict: Defer | Wait) -> Decided:
        row = self._row(ContactState.CLAIMED, verdict) | {"lease_until": verdict.until}
        return Decided(self.known, self.ask, row, NotClaimed(ContactState.CLAIMED, verdict.reason, verdict.until))

    def _park(self, reason: Reason, trace: Trace) -> Decided:
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


def _line(line: Line) -> list[object]:
    """Return one line of the trace in short form: rule, reason, numbers, instant; trailing nothings left out."""
    short: list[object] = [line.rule, line.reason, dict(line.numbers) or None, line.passes_at]
    while short and short[-1] is None:
        short.pop()
    return short
