"""The end of a step: what its last contact, or a look at the clock, makes of the journey, and which step follows.

A contact that leaves nothing more to say ends its step in its own transaction, so that the journey need not ask again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from database import customers, journeys, strategies
from database.engine import Direct
from database.errors import UnknownJourneyError
from database.journeys import Cause, JourneyRow, journey_from
from database.plans import NextContact, read_next
from tactful.planning import stays_open
from tactful.temporal import workflow_type
from tactful.words import JourneyState

JOURNEY = Direct("SELECT to_jsonb(j) AS journey FROM journeys j WHERE journey_key = :journey_key")
# Whether the customer is in a step already with the same key, or was and may not enter it again.
INSIDE = Direct(
    "SELECT EXISTS (SELECT 1 FROM journeys o JOIN journeys j ON o.strategy = j.strategy "
    "AND o.customer_key = j.customer_key AND o.key = j.key AND o.journey_key <> j.journey_key "
    "WHERE j.journey_key = :journey_key AND :step IN (o.step, o.first_step) "
    "AND (NOT CAST(:again AS boolean) OR o.state IN ('open', 'paused')))"
)
CONTINUE = Direct(
    "UPDATE journeys SET step = :step, version = :version, cycle = 1, planned_cycle = 0, state = 'open', "
    "started_at = :now, due_at = NULL, ends_at = NULL, milestones = '[]'::jsonb, ended_at = NULL, "
    "revision = :revision WHERE journey_key = :journey_key"
)


@dataclass(frozen=True)
class Left:
    """The end of a step: *again* when it is not over after all, else the workflow type that follows, if any."""

    again: bool
    then: str | None


@dataclass(frozen=True)
class Ahead:
    """Where a journey stands after one of its contacts.

    Attributes:
        over: Whether it has ended.
        next_contact: What it looks at next; None where there is none.
        left: How its step ended, where the contact was the last it had to say.
    """

    over: bool = False
    next_contact: NextContact | None = None
    left: Left | None = None


def leave_step(conn: Connection, customer_key: UUID, journey_key: UUID, step: str, *, now: datetime) -> Left:
    """End the step, unless something new has begun in the meantime, and say what follows.

    Run again after it was left, it changes nothing and gives the same answer.
    """
    revision = customers.revise(conn, customer_key)
    row = JOURNEY.row(conn, journey_key=journey_key)
    if row is None:
        raise UnknownJourneyError
    journey = journey_from(row["journey"])
    if journey.step != step:
        return Left(again=False, then=_type_of(conn, journey))
    following = read_next(conn, journey_key, over=journey.state.ended)
    waits = following is not None and (following.in_flight or journey.state.ended or not journey.time_is_up(now))
    if journey.set_again or waits:
        return Left(again=True, then=None)
    return _leave(conn, journey, Cause(customer_key, revision, now))


def after_contact(
    conn: Connection, journey: JourneyRow, following: NextContact | None, cause: Cause, *, leaves: bool
) -> Ahead:
    """Return what a journey does after a contact, and end its step if there is nothing left to say or to wait for.

    Args:
        conn: The transaction that settled the contact, under the customer's lock.
        journey: The journey as it stands.
        following: The contact it looks at next, if any.
        cause: The transaction.
        leaves: Whether the journey itself asks: nobody else ends its step.
    """
    over = journey.state.ended
    if not leaves or following is not None or journey.set_again:
        return Ahead(over, following)
    step = strategies.load(conn, journey.strategy, journey.version).strategy.steps[journey.step]
    if not over and stays_open(step):
        return Ahead(over, following)
    return Ahead(over, following, _leave(conn, journey, cause))


def _leave(conn: Connection, journey: JourneyRow, cause: Cause) -> Left:
    if not journey.state.ended:
        step = strategies.load(conn, journey.strategy, journey.version).strategy.steps[journey.step]
        timed_out = journey.time_is_up(cause.now) and stays_open(step)
        state = JourneyState.TIMED_OUT if timed_out else JourneyState.COMPLETED
        journeys.close(conn, journey.journey_key, state, cause)
    return Left(again=False, then=_continue(conn, journey, cause))


def _type_of(conn: Connection, journey: JourneyRow) -> str:
    step = strategies.load(conn, journey.strategy, journey.version).strategy.steps[journey.step]
    return workflow_type(step.name, step.shape)


def _continue(conn: Connection, journey: JourneyRow, cause: Cause) -> str | None:
    """Move the journey on to the step that follows by `then`; return its workflow type, None at the journey's end."""
    published = strategies.published_of(conn, journey.strategy)
    step = published.strategy.steps.get(journey.step) if published else None
    if published is None or step is None or step.then is None or journey.state is JourneyState.EXITED:
        return None
    following = published.strategy.steps[step.then]
    if following.draft or following.name in published.blocked_steps:
        return None
    again = following.again.kind == "always"
    inside = INSIDE.row(conn, journey_key=journey.journey_key, step=following.name, again=again)
    if inside is None or inside["exists"]:
        return None
    CONTINUE.run(
        conn,
        journey_key=journey.journey_key,
        step=following.name,
        version=published.version,
        now=cause.now,
        revision=cause.revision,
    )
    return workflow_type(following.name, following.shape)
