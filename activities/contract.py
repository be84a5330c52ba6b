"""What a workflow may ask for: the activities, abstract and typed, with their time-outs.

Workflows import this and nothing of the implementation, so that no I/O can reach them even indirectly. Inputs and
results hold our own random keys and instants only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio import activity
from temporalio.common import RetryPolicy

from tactful.words import ContactState, Reason

# call deadline < start-to-close < lease: an attempt that is stopped leaves a row that nobody else touches meanwhile.
CALL_DEADLINE: Final = timedelta(seconds=20)
CONTACT_TIMEOUT: Final = timedelta(seconds=30)
CONTACT_RETRIES: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
CONTACT_RETRIES_FOR: Final = timedelta(minutes=10)
AFTER_AN_OUTAGE: Final = timedelta(minutes=10)
LOOK_TIMEOUT: Final = timedelta(seconds=30)
LOOK_RETRIES: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10))
LOOK_RETRIES_FOR: Final = timedelta(minutes=10)
LOOK_RETRY_THRESHOLD: Final = timedelta(seconds=5)
# A lot is worked on for a while at a time, so that a worker that is to stop has not long to finish.
WORK_FOR: Final = timedelta(minutes=5)
WORK_TIMEOUT: Final = timedelta(minutes=15)
WORK_HEARTBEAT: Final = timedelta(seconds=30)
WORK_RETRIES: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class Value(BaseModel):
    """Base of inputs and results: frozen; unknown fields are passed over, so that older code reads newer values."""

    model_config = ConfigDict(frozen=True)


class Enter(Value):
    """Enter a step, or look again: which journey, as of when."""

    journey_key: UUID
    customer_key: UUID
    now: AwareDatetime


class NextContact(Value):
    """The contact to look at next, and when."""

    contact_key: UUID
    at: AwareDatetime


class Plan(Value):
    """Where a journey stands.

    Attributes:
        step: The step that the journey is in.
        cycle: How often its clock has been set, from 1.
        over: It has reached its goal or was ended.
        next_contact: What to look at next; None when nothing is left to say.
        stays_until: Until when the step waits for its goal though all is said; None when it does not.
    """

    step: str
    cycle: int
    over: bool
    next_contact: NextContact | None = None
    stays_until: AwareDatetime | None = None


class MakeContact(Value):
    """Make a contact: which, of which customer.

    Attributes:
        contact_key: Which contact.
        customer_key: Whose.
        leaves: Whether its journey asks: where that leaves nothing to say, its step ends with the contact.
    """

    contact_key: UUID
    customer_key: UUID
    leaves: bool = False


class Leave(Value):
    """Leave a step: which journey, which step, as of when."""

    journey_key: UUID
    customer_key: UUID
    step: str
    now: AwareDatetime


class Left(Value):
    """The end of a step: *again* when something new has begun meanwhile, else the workflow type that follows."""

    again: bool = False
    then: str | None = None


class Made(Value):
    """What became of a contact, and what its journey does next: looks at another, or is at the end of its step."""

    state: ContactState
    reason: Reason | None = None
    again_at: AwareDatetime | None = None
    over: bool = False
    next_contact: NextContact | None = None
    left: Left | None = None


class Contacting:
    """The activities of a journey."""

    @activity.defn
    async def enter_step(self, ask: Enter) -> Plan:
        """Plan what the step says, unless that was done, and return where the journey stands. Local."""
        raise NotImplementedError

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        """Decide, claim, call, record: make one contact, or say why not now."""
        raise NotImplementedError

    @activity.defn
    async def leave_step(self, ask: Leave) -> Left:
        """End the step and say what follows. Local."""
        raise NotImplementedError


class WorkLot(Value):
    """Work on a lot: which."""

    lot_key: UUID


class Stand(Value):
    """Where a lot stands.

    Attributes:
        done: Nothing of what was asked is left to do.
        stopped: A person has stopped it; it waits for their word.
        again_at: When to ask again.
    """

    done: bool = False
    stopped: bool = False
    again_at: AwareDatetime | None = None


class WorkingLots:
    """The activities of a lot."""

    @activity.defn
    async def freeze_lot(self, ask: WorkLot) -> Stand:
        """Write a campaign's audience down, as far as it is time to."""
        raise NotImplementedError

    @activity.defn
    async def work_lot(self, ask: WorkLot) -> Stand:
        """Decide, claim, call and record what of a lot is due, many at a time, and say when to ask again."""
        raise NotImplementedError
