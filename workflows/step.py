"""The base of every step: a journey that mostly sleeps, in a few verbs.

`enter` asks what the step says and when; `say_next` waits for the next moment and makes the contact that is due;
`leave` ends the step and goes on to the one that follows. A wake-up carries nothing: after each the journey asks the
database again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities import contract
    from activities.contract import Contacting, Enter, Leave, Left, Made, MakeContact, NextContact, Plan
    from tactful.temporal import WAKE, StepEntry

Ask = TypeVar("Ask", Enter, Leave)
Answer = TypeVar("Answer", Plan, Left)


class Step:
    """One customer's passage through one step. Subclasses say how it goes in `run`."""

    def __init__(self) -> None:
        self._woken = False
        self._entry: StepEntry | None = None
        self._plan: Plan | None = None
        self._left: Left | None = None

    @workflow.signal(name=WAKE)
    def wake(self) -> None:
        """Have the journey look at the database again: something has changed there."""
        self._woken = True

    @workflow.query
    def plan(self) -> Plan | None:
        """Return where the journey stands as far as it has looked."""
        return self._plan

    @property
    def entry(self) -> StepEntry:
        """Return which journey this is."""
        if self._entry is None:
            msg = "a step is entered before anything else"
            raise RuntimeError(msg)
        return self._entry

    @property
    def over(self) -> bool:
        """Say whether the journey has ended: by its goal, an exit or a person."""
        return self._plan is not None and self._plan.over

    @property
    def cycle(self) -> int:
        """Return how often the journey's clock has been set."""
        return self._plan.cycle if self._plan else 0

    @property
    def next_contact(self) -> NextContact | None:
        """Return the contact to look at next; None when all is said."""
        return self._plan.next_contact if self._plan else None

    @property
    def stays_until(self) -> datetime | None:
        """Return until when the step waits for its goal though all is said; None when it need not."""
        return self._plan.stays_until if self._plan and not self._plan.over else None

    @property
    def moment(self) -> datetime | None:
        """Return when the journey has to act next: for a contact, or at its end; None when it waits for nothing."""
        moments = (self.next_contact.at if self.next_contact else None, self.stays_until)
        return min((moment for moment in moments if moment is not None), default=None)

    async def enter(self, entry: StepEntry) -> None:
        """Plan the step, or look at the plan again if that was done."""
        self._entry = entry
        self._woken = False
        self._plan = await look(
            Contacting.enter_step,
            lambda now: Enter(journey_key=entry.journey_key, customer_key=entry.customer_key, now=now),
        )

    async def until(self, moment: datetime) -> bool:
        """Wait until `moment`; return False if something changed before it, having looked at the plan again."""
        wait = moment - workflow.now()
        if not self._woken and wait > timedelta(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await workflow.wait_condition(lambda: self._woken, timeout=wait)
        if not self._woken:
            return True
        await self.enter(self.entry)
        return False

    async def say_next(self) -> bool:
        """Wait for the next moment and do what is due then; return False when nothing is left to say or to wait for."""
        moment = self.moment
        if moment is None:
            return False
        if not await self.until(moment):
            return True
        contact = self.next_contact
        if contact is None or contact.at > workflow.now():
            return False
        await self.make_contact(contact)
        return True

    async def say_everything(self) -> None:
        """Say all there is to say, each at its time, until the goal or the end of the step.

        A clock that was set again, and a history that has grown long, go on in a fresh run: it looks at the same rows.
        """
        cycle = self.cycle
        while await self.say_next():
            if self._left is not None:
                return
            if self.cycle != cycle or workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self.entry)

    async def make_contact(self, contact: NextContact) -> None:
        """Have the contact made, or learn when to ask again; a failure to ask waits and is no end."""
        try:
            made = await make(
                MakeContact(contact_key=contact.contact_key, customer_key=self.entry.customer_key, leaves=True)
            )
        except ActivityError as error:
            if is_final(error):
                raise
            workflow.logger.warning("contact.not_decided", extra={"contact_key": str(contact.contact_key)})
            again = NextContact(contact_key=contact.contact_key, at=workflow.now() + contract.AFTER_AN_OUTAGE)
            self._follow(self.over, again)
        else:
            self._follow(made.over, made.next_contact)
            self._left = made.left

    async def leave(self) -> None:
        """End the step, unless its last contact did; go on to the step that follows, or back if it is not over."""
        if self._plan is None:
            msg = "a step is entered before it is left"
            raise RuntimeError(msg)
        left = self._left or await self._leave(self._plan.step)
        if left.again:
            workflow.continue_as_new(self.entry)
        if left.then is not None:
            workflow.continue_as_new(workflow=left.then, args=[self.entry])

    async def _leave(self, step: str) -> Left:
        entry = self.entry
        return await look(
            Contacting.leave_step,
            lambda now: Leave(journey_key=entry.journey_key, customer_key=entry.customer_key, step=step, now=now),
        )

    def _follow(self, over: bool, next_contact: NextContact | None) -> None:  # noqa: FBT001 - both are the new plan
        if self._plan is not None:
            self._plan = self._plan.model_copy(update={"over": over, "next_contact": next_contact})


def is_final(error: ActivityError) -> bool:
    """Say whether asking again is useless: what was asked about is gone."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


async def look(method: Callable[[Contacting, Ask], Awaitable[Answer]], ask: Callable[[datetime], Ask]) -> Answer:
    """Ask in a local activity as of now; after an outage that outlasts its retries, ask again as of then.

    What is asked carries the time, which a retry repeats: one that is hours old would plan what is long past.

    Raises:
        ActivityError: what was asked about is gone.
    """
    patience = contract.LOOK_RETRIES_FOR
    while True:
        try:
            return await workflow.execute_local_activity_method(
                method,
                ask(workflow.now()),
                start_to_close_timeout=contract.LOOK_TIMEOUT,
                schedule_to_close_timeout=patience,
                retry_policy=contract.LOOK_RETRIES,
                local_retry_threshold=contract.LOOK_RETRY_THRESHOLD,
            )
        except ActivityError as error:
            if is_final(error) or is_cancelled_exception(error):
                raise
        patience = contract.LOOK_TIMEOUT
        await workflow.sleep(contract.AFTER_AN_OUTAGE)


async def make(ask: MakeContact) -> Made:
    """Have one contact decided and made, or learn when to ask again; attempts end after ten minutes.

    Raises:
        ActivityError: it could not be decided in that time, or what was asked about is gone (`is_final`).
    """
    return await workflow.execute_activity_method(
        Contacting.make_contact,
        ask,
        start_to_close_timeout=contract.CONTACT_TIMEOUT,
        schedule_to_close_timeout=contract.CONTACT_RETRIES_FOR,
        retry_policy=contract.CONTACT_RETRIES,
    )
