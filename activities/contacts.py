"""The activities at work: each a thread hop into one transaction, and between two of them the provider's call.

Time is Temporal's: `started_time` of this attempt where there is one, the workflow's `now` where the activity is local.
"""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Connection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import contract
from activities.contract import Contacting, Enter, Leave, Left, Made, MakeContact, NextContact, Plan
from activities.outages import Outages
from activities.pace import Busy, Pace
from database import attempts, claims, leaving, lookups, plans, records
from database.attempts import Asking, NotClaimed
from database.engine import Database
from database.errors import DatabaseError, IntakeError
from database.freezing import Part, Sending
from database.records import Outcome
from tactful.connector import Accepted, AnyConnector, CannotSay, Fault, Finding, SendFault, look_up, send
from tactful.words import ContactState

T = TypeVar("T")
RECORD_WITHIN: Final = contract.CONTACT_TIMEOUT + timedelta(seconds=10)
RECORD_AGAIN: Final = timedelta(milliseconds=500)
_CRASH_AT, _, _CRASH_TIMES = os.environ.get("TACTFUL_CRASH_AT", "").partition(":")
_PASSED = count(1)
"""How often this process has come to the point at which it is to crash."""

log = structlog.get_logger()


class Contacts(Contacting):
    """Makes contacts: with a database to decide in, and connectors to call."""

    def __init__(
        self,
        database: Database,
        connectors: Mapping[str, AnyConnector],
        sending: Sending,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        self._database = database
        self._connectors, self._before = connectors, connectors
        self.sending = sending
        self.pace = Pace(database, rates or {})
        self.outages = Outages()

    def equip(self, connectors: Mapping[str, AnyConnector], sending: Sending, rates: Mapping[str, float]) -> None:
        """Use other connectors from now on. Those before stay for what was claimed with them."""
        self._before, self._connectors = self._connectors, connectors
        self.sending = sending
        self.pace.limit(rates)

    def _named(self, name: str) -> AnyConnector | None:
        return self._connectors.get(name) or self._before.get(name)

    @activity.defn
    async def enter_step(self, ask: Enter) -> Plan:
        """Plan what the step says, unless that was done, and return where the journey stands."""
        found = await self.run(lambda c: plans.enter_step(c, ask.customer_key, ask.journey_key, now=ask.now))
        return Plan(
            step=found.step,
            cycle=found.cycle,
            over=found.over,
            next_contact=_next(found.next_contact),
            stays_until=found.stays_until,
        )

    @activity.defn
    async def leave_step(self, ask: Leave) -> Left:
        """End the step and say what follows."""
        left = await self.run(lambda c: leaving.leave_step(c, ask.customer_key, ask.journey_key, ask.step, now=ask.now))
        return _left(left)

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        """Decide, claim, call, record: make one contact, or say why not now."""
        deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
        began = time.monotonic()
        now = activity.info().started_time
        crash_at("before_claim")
        asked = attempts.Ask(ask.customer_key, ask.contact_key, ask.leaves, looks_up=True)
        claimed = await self.run(lambda c: claims.claim(c, asked, self.sending, now=now))
        crash_at("after_claim")
        if isinstance(claimed, NotClaimed):
            return _made(ask, claimed)
        if isinstance(claimed, Asking):
            return _made(ask, await self.look_up(ask.customer_key, claimed, deadline, now=now))
        outcomes = await self.call_all(claimed.parts, deadline)
        crash_at("after_accept")
        outcomes = self.outages.watch(ask.customer_key, outcomes, at=time.monotonic())
        at = now + timedelta(seconds=time.monotonic() - began)
        recorded = await self._record(records.Made(ask.customer_key, claimed, outcomes), at, began)
        crash_at("after_record")
        return _made(ask, recorded)

    async def call_all(self, parts: Sequence[Part], deadline: float) -> Sequence[Outcome]:
        """Make the calls of a contact, those of a combined one at once; none where its rate leaves no turn for one."""
        busy = [turn.again_in for turn in [await self.pace.take(p.connector) for p in parts] if isinstance(turn, Busy)]
        if busy:
            no_turn = SendFault(Fault.THROTTLED, records.OUR_RATE, retry_after=max(busy))
            return [Outcome(part, no_turn) for part in parts]
        if len(parts) == 1:
            return [await self._call(parts[0], deadline)]
        return await asyncio.gather(*(self._call(part, deadline) for part in parts))

    async def _call(self, part: Part, deadline: float) -> Outcome:
        connector = self._named(part.connector)
        if connector is None:
            gone = SendFault(Fault.CONFIG, "connector", "this worker has no connector of that name")
            return Outcome(part, gone)
        crash_at("request_out")
        answer: Accepted | SendFault
        try:
            answer = await send(connector, part.message, deadline=deadline)
        except SendFault as fault:
            answer = fault
        return Outcome(part, answer)

    async def look_up(self, customer_key: UUID, asking: Asking, deadline: float, *, now: datetime) -> NotClaimed:
        """Ask the providers what became of an attempt that was cut off, and write what they say."""
        began = time.monotonic()
        findings = await asyncio.gather(*(self._look_up(part, deadline) for part in asking.parts))
        at = now + timedelta(seconds=time.monotonic() - began)
        asked = lookups.Asked(customer_key, asking, findings)
        return await self.run(lambda c: lookups.settle(c, asked, now=at))

    async def _look_up(self, part: Part, deadline: float) -> Finding:
        connector = self._named(part.connector)
        if connector is None:
            return CannotSay("this worker has no connector of that name")
        return await look_up(connector, part.message.key, deadline=deadline)

    async def _record(self, made: records.Made, at: datetime, began: float) -> NotClaimed:
        """Record what became of the calls; while the lease lasts, a database that falters is asked again.

        Only this attempt knows the answers: given up here, an accepted message would end as *unknown*.
        """
        while True:
            try:
                return await self.run(lambda c: records.record(c, made, now=at))
            except ApplicationError as error:
                if error.non_retryable or time.monotonic() - began > RECORD_WITHIN.total_seconds():
                    raise
            await asyncio.sleep(RECORD_AGAIN.total_seconds())

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what one transaction returns, done in a thread.

        Raises:
            ApplicationError: it failed. Temporal keeps this for ever, so it names our own words or a type, nothing that
                came from a row; what is gone is not to be asked for again.
        """
        failure: ApplicationError
        try:
            return await asyncio.to_thread(self._database.run, work)
        except IntakeError as error:
            failure = ApplicationError(str(error), type=type(error).__name__, non_retryable=True)
        except DatabaseError as error:
            failure = ApplicationError(str(error), type=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not reach Temporal
            log.error("contact.bug", error=type(error).__name__, at=_place(error))  # noqa: TRY400 - no values in logs
            failure = ApplicationError("a bug of ours; the worker's log says where", type=type(error).__name__)
        raise failure


def _place(error: BaseException) -> str:
    """Return where in our code an exception came from: file and line, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"


def crash_at(point: str) -> None:
    """End the process on the spot where a test asked for it; the points are named in docs/operator.md.

    `TACTFUL_CRASH_AT=after_claim:25` means the twenty-fifth time that this process comes there.
    """
    if point == _CRASH_AT and next(_PASSED) == int(_CRASH_TIMES or 1):
        os.kill(os.getpid(), 9)


def _made(ask: MakeContact, outcome: NotClaimed) -> Made:
    """Return the outcome for the journey, and log it by ids."""
    tell(ask.contact_key, outcome)
    return Made(
        state=outcome.state,
        reason=outcome.reason,
        again_at=outcome.again_at,
        over=outcome.ahead.over,
        next_contact=_next(outcome.ahead.next_contact),
        left=_left(outcome.ahead.left) if outcome.ahead.left else None,
    )


def tell(contact_key: UUID, outcome: NotClaimed) -> None:
    """Log what became of a contact, by ids."""
    reason = outcome.reason.value if outcome.reason else None
    log.info(_EVENT[outcome.state], contact_key=str(contact_key), reason=reason)


def _left(left: leaving.Left) -> Left:
    return Left(again=left.again, then=left.then)


def _next(found: plans.NextContact | None) -> NextContact | None:
    return NextContact(contact_key=found.contact_key, at=found.at) if found else None


_EVENT = {
    ContactState.PLANNED: "contact.deferred",
    ContactState.CLAIMED: "contact.in_flight",
    ContactState.SENT: "contact.sent",
    ContactState.SKIPPED: "contact.skipped",
    ContactState.CONTROL: "contact.kept_back",
    ContactState.EXPIRED: "contact.expired",
    ContactState.CANCELLED: "contact.cancelled",
    ContactState.HELD: "contact.held",
    ContactState.PARKED: "contact.parked",
}
