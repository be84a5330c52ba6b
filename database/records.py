"""The second transaction of a contact: what became of the calls.

An accepted message is *sent*; a definite no goes back to *planned* to be decided afresh, or parks when attempts are
spent or nothing could change it. What is not known stays *claimed* where the provider takes our key or can be asked by
it; else it parks as *unknown* and is never silently sent again. A definite no to a second attempt says nothing about
the first, so it settles nothing. A contact is sent as soon as one of its parts is; the others go on by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, endings, failures, holds, suppressions
from database.attempts import LOOK_AFTER, Claimed, NotClaimed
from database.endings import Ended, Ending
from database.freezing import Part, cost_columns
from tactful.connector import Accepted, Fault, SendFault
from tactful.words import Channel, ContactState, Reason, SuppressionClass

MOST_ATTEMPTS = 13
"""With their pauses a little over a day: an outage of a provider that lasts a day is waited out."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
TRIED_AGAIN: Final = timedelta(minutes=5)
"""When a connector is tried again whose probe did not get through."""
OUR_RATE: Final = "our rate"
"""The code of a fault that is ours: the connector's rate left no turn for this call."""
FINAL = frozenset({Fault.BAD_RECIPIENT, Fault.SUPPRESSED, Fault.BAD_CONTENT, Fault.UNSUPPORTED})
PASSING = frozenset({Fault.TRANSIENT, Fault.THROTTLED, Fault.CONFIG, Fault.QUOTA})
AGAIN = frozenset({ContactState.PLANNED, ContactState.HELD})

SUPPRESS = text(
    "INSERT INTO suppressions (kind, customer_key, channel, address, reason, source, stated_at, revision) "
    "VALUES (:kind, NULL, :channel, :address, :reason, :source, :now, :revision)"
)


@dataclass(frozen=True)
class Outcome:
    """What became of one part: accepted, or a fault.

    Attributes:
        outage: Where this fault is one of many, so that the connector must be out: how many.
    """

    part: Part
    answer: Accepted | SendFault
    outage: str | None = None


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
    ended = [_ended(each, now) for each in made]
    written = endings.write_all(conn, ended, revisions, now=now)
    answers: list[NotClaimed] = []
    for each, answer in zip(made, written, strict=True):
        if answer is None:
            answers.append(endings.overtaken(conn, each.claimed.contact_key, now=now))
            continue
        calls = [(one.part, one.answer) for one in each.outcomes]
        failed = [(part, said) for part, said in calls if isinstance(said, SendFault) and said.code != OUR_RATE]
        failures.keep(conn, each.claimed.contact_key, failed, now=now)
        for outcome in each.outcomes:
            _consequences(conn, each.claimed, outcome, revisions[each.customer_key], now)
        answers.append(answer)
    return tuple(answers)


def _ended(made: Made, now: datetime) -> Ended:
    claimed = made.claimed
    ending = _ending(claimed, made.outcomes, now)
    parts = [_part(outcome, claimed, ending) for outcome in made.outcomes]
    return Ended(made.customer_key, claimed.contact_key, claimed.fence, claimed.leaves, ending, parts)


def _ending(claimed: Claimed, outcomes: Sequence[Outcome], now: datetime) -> Ending:
    """Return what the contact becomes: not knowing weighs most, then any success, then what can still be put right."""
    faults = [(outcome, outcome.answer) for outcome in outcomes if isinstance(outcome.answer, SendFault)]
    unknown = [outcome.part.connector for outcome, fault in faults if fault.fault is Fault.AMBIGUOUS]
    if unknown:
        return _not_known(claimed, unknown, now)
    accepted = len(faults) < len(outcomes)
    if accepted and (claimed.repeats or not faults):
        return Ending(ContactState.SENT, again_at=now if claimed.waits else claimed.follow_up_at)
    ending = min((_after(outcome, fault, claimed, now) for outcome, fault in faults), key=_weight)
    if accepted or claimed.follows:
        return _sent_in_part(claimed, ending, accepted=accepted)
    if not claimed.repeats:
        return ending
    if ending.state in AGAIN and ending.reason is not Reason.BAD_RECIPIENT:
        return replace(ending, state=ContactState.CLAIMED)
    return Ending(ContactState.PARKED, Reason.UNKNOWN)


def _not_known(claimed: Claimed, connectors: Sequence[str], now: datetime) -> Ending:
    """Return how a contact goes on of which nobody knows: asked about, called again with our key, or left alone."""
    if all(connector in claimed.settling for connector in connectors):
        settled_at = now + max(claimed.settling[connector] for connector in connectors)
        return Ending(ContactState.CLAIMED, Reason.RETRYING, settled_at)
    if claimed.keyed and claimed.attempt < MOST_ATTEMPTS:
        return Ending(ContactState.CLAIMED, Reason.RETRYING, now + _pause(claimed.attempt))
    return Ending(ContactState.PARKED, Reason.UNKNOWN)


def _sent_in_part(claimed: Claimed, ending: Ending, *, accepted: bool) -> Ending:
    """Return how a contact goes on of which one part is out, now or before, and another was refused.

    A part refused for now is tried again; the way behind an address that is dead has its turn at once, unless a part
    beside it was accepted.
    """
    dead = ending.reason is Reason.BAD_RECIPIENT
    if ending.state in AGAIN and not (dead and accepted):
        return Ending(ContactState.SENT, None, ending.again_at, ending.unspent, retries=not dead)
    return Ending(ContactState.SENT, again_at=claimed.follow_up_at if accepted else None)


def _weight(ending: Ending) -> tuple[bool, bool]:
    """Sort what can still be put right first, and of that what another connector could do last."""
    return ending.state not in AGAIN, ending.reason is Reason.BAD_RECIPIENT


def _refused(made: Iterable[Made]) -> Iterator[tuple[Channel, str]]:
    """Yield the addresses that a provider refused: what is known of them concerns everybody who has them."""
    for outcome in (outcome for each in made for outcome in each.outcomes):
        fault = outcome.answer.fault if isinstance(outcome.answer, SendFault) else None
        if fault in {Fault.BAD_RECIPIENT, Fault.SUPPRESSED}:
            yield outcome.part.message.channel, outcome.part.message.to


def _after(outcome: Outcome, fault: SendFault, claimed: Claimed, now: datetime) -> Ending:
    part, attempt = outcome.part, claimed.attempt
    match fault.fault:
        case Fault.BAD_RECIPIENT | Fault.SUPPRESSED:
            # The address is suppressed with this: decided afresh, another way is taken if there is one.
            spent = attempt >= MOST_ATTEMPTS
            state, again_at = (ContactState.SKIPPED, None) if spent else (ContactState.PLANNED, now)
            return Ending(state, Reason.BAD_RECIPIENT, again_at)
        case Fault.BAD_CONTENT | Fault.UNSUPPORTED | Fault.AMBIGUOUS:
            return Ending(ContactState.PARKED, Reason.BAD_MESSAGE)
        case Fault.THROTTLED if fault.code == OUR_RATE:
            until = now + (fault.retry_after or timedelta(0))
            return Ending(ContactState.PLANNED, Reason.CONNECTOR_BUSY, until, unspent=True)
        case _ if (until := _held_until(outcome, fault, claimed, now)) is not None:
            again_at = until + LOOK_AFTER
            return Ending(ContactState.HELD, Reason.CONNECTOR_HELD, again_at, unspent=True, held_for=part.connector)
        case _ if attempt >= MOST_ATTEMPTS and fault.fault is Fault.TRANSIENT:
            return Ending(ContactState.PARKED, Reason.FAILED)
        case _:
            throttled = fault.fault is Fault.THROTTLED
            pause = max(fault.retry_after or FIRST_PAUSE, FIRST_PAUSE if throttled else _pause(attempt))
            return Ending(ContactState.PLANNED, Reason.RETRYING, now + pause, unspent=throttled)


def _held_until(outcome: Outcome, fault: SendFault, claimed: Claimed, now: datetime) -> datetime | None:
    """Return until when a fault holds the connector for everybody; None where it says nothing of the connector."""
    part = outcome.part
    if outcome.outage is not None:
        return now + max(fault.retry_after or holds.OUTAGE_FOR, holds.OUTAGE_FOR)
    if fault.fault in {Fault.CONFIG, Fault.QUOTA}:
        return now + (fault.retry_after or holds.HELD_FOR)
    if fault.fault in PASSING and fault.code != OUR_RATE and part.connector in claimed.probes:
        return now + max(fault.retry_after or TRIED_AGAIN, FIRST_PAUSE)
    return None


def _pause(attempt: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)


def _part(outcome: Outcome, claimed: Claimed, ending: Ending) -> Mapping[str, object]:
    channel = outcome.part.message.channel.value
    if isinstance(outcome.answer, Accepted):
        sent = {"channel": channel, "state": "sent", "provider_id": outcome.answer.provider_id}
        return sent | {"fault": None, "detail": outcome.answer.detail or None} | cost_columns(outcome.answer.cost)
    fault = outcome.answer
    said = {"channel": channel, "fault": f"{fault.fault} {fault.code}", "detail": fault.detail or None}
    if fault.fault in PASSING and not claimed.repeats and (ending.retries or ending.state is ContactState.CLAIMED):
        return said | {"state": "waiting"}
    if claimed.repeats or fault.fault not in FINAL:
        if ending.state is ContactState.CLAIMED:
            return said | {"state": "claimed"}
        if claimed.repeats or fault.fault is Fault.AMBIGUOUS:
            return said | {"state": "unknown"}
    return said | {"state": "refused"}


def _consequences(conn: Connection, claimed: Claimed, outcome: Outcome, revision: int, now: datetime) -> None:
    """Write what an answer says beyond this contact: about the address, or about the connector."""
    fault, part = outcome.answer, outcome.part
    if isinstance(fault, Accepted):
        if part.connector in claimed.probes:
            holds.lift(conn, [part.connector], now=now)
        return
    if fault.fault in {Fault.BAD_RECIPIENT, Fault.SUPPRESSED}:
        # A no to marketing does not stop a mandatory contact; a provider that refuses even that makes it undeliverable.
        undeliverable = fault.fault is Fault.BAD_RECIPIENT or not part.message.marketing
        kind = SuppressionClass.UNDELIVERABLE if undeliverable else SuppressionClass.MARKETING
        row = {"kind": kind.value, "channel": part.message.channel.value, "address": part.message.to}
        row |= {"reason": fault.fault.value, "source": part.connector}
        conn.execute(SUPPRESS, row | {"now": now, "revision": revision})
    until = _held_until(outcome, fault, claimed, now)
    if until is not None:
        said = fault.fault.value, fault.detail
        if outcome.outage is not None:
            said = holds.OUTAGE, f"{outcome.outage}: {fault.detail}" if fault.detail else outcome.outage
        holds.hold_found(conn, part.connector, *said, until=until, now=now)
    elif fault.fault in FINAL and part.connector in claimed.probes:
        holds.lift(conn, [part.connector], now=now)  # it has answered about this one message: it works
