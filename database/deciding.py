"""One contact decided: what `decide` says, carried out as far as its row.

Nothing is written here but an offer's code, taken with the message that is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from database import customers, freezing
from database.attempts import Ask, NotClaimed
from database.freezing import Part, Sending
from database.rulings import Decided, Ruling
from database.second_attempts import second_attempt
from database.situation import Known
from tactful.decide import decide
from tactful.rules.arms import as_arm
from tactful.rules.following_up import next_route
from tactful.strategy.model import Communication
from tactful.timing import add_span, zone_of
from tactful.verdict import Line, Send, Skip
from tactful.words import ContactState, PartState, Reason


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
    return _carry_out(Ruling(conn, known, ask, sending, now))


def _carry_out(ruling: Ruling) -> Decided:
    known, again = ruling.known, ruling.state is ContactState.CLAIMED
    written = known.content.strategy.communication(known.row["step"], known.row["communication"])
    communication = as_arm(written, known.situation.contact.arm) if written is not None else None
    if communication is None:
        gone = Skip(Reason.STEP_GONE, ())
        return second_attempt(ruling, gone) if again else ruling.write(gone)
    asked_for = known.situation.journey is None  # by another system: who is meant is its business
    verdict = decide(
        known.situation,
        communication=communication,
        step=None if asked_for else known.content.strategy.steps.get(communication.step),
        published=known.governance.strategy,
        now=ruling.now,
    )
    if again:
        return second_attempt(ruling, verdict)
    return _first_attempt(ruling, communication, verdict) if isinstance(verdict, Send) else ruling.write(verdict)


def _first_attempt(ruling: Ruling, communication: Communication, verdict: Send) -> Decided:
    """Freeze the message and claim the place."""
    try:
        parts = freezing.freeze(ruling.conn, ruling.known, communication, verdict, ruling.sending, ruling.now)
    except freezing.CannotFreezeError as error:
        broken = Line("message", Reason.BAD_MESSAGE, {"why": str(error)})
        return ruling.park(Reason.BAD_MESSAGE, (*verdict.trace, broken))
    probes = ruling.probes(parts)
    if probes is None:
        return ruling.write(ruling.waits_for_a_probe(verdict))
    return ruling.claim(verdict, parts, probes, follow_up_at=_follow_up_at(ruling, communication, parts))


def _follow_up_at(ruling: Ruling, communication: Communication, parts: Iterable[Part]) -> datetime | None:
    """Return when the way behind this one has its turn: only where somebody tells what arrives by this one."""
    known = ruling.known
    if not all(part.connector in ruling.sending.receipts for part in parts):
        return None
    taken = [part.channel for part in known.parts if part.state is PartState.SENT]
    taken += [part.message.channel for part in parts]
    behind = next_route(communication.by, taken, known.situation.customer.preferred)
    if behind is None or behind.after is None:
        return None
    return add_span(ruling.now, behind.after, zone_of(known.situation.customer, known.governance.strategy))
