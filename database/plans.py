"""What a step will say to a customer, as rows: planned when it is entered, planned anew when its clock is set again.

`enter_step` may be run any number of times: rows that are there are not written again, the same plan comes back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.dialects.postgresql import insert

from database import customers, journeys, strategies
from database.errors import UnknownJourneyError
from database.journeys import Cause
from database.strategies import Loaded
from database.tables import contacts
from tactful.facts import Customer
from tactful.following import OpenJourney, Story, reached
from tactful.keys import contact_key
from tactful.planning import Planned, ends_at, hangs_on, plan, stays_open
from tactful.strategy.model import Communication, Step
from tactful.temporal import workflow_type
from tactful.words import ContactState, JourneyState, Reason

JOURNEY = text(
    "SELECT j.*, s.version AS published FROM journeys j JOIN strategies s ON s.strategy = j.strategy "
    "WHERE j.journey_key = :journey_key"
)
MARK = text(
    "UPDATE journeys SET planned_cycle = cycle, ends_at = :ends_at, revision = :revision "
    "WHERE journey_key = :journey_key"
)
MOVE = text(
    "UPDATE contacts c SET due_at = m.due_at, planned_for = m.due_at, expires_at = m.expires_at, updated_at = :now, "
    "revision = :revision FROM jsonb_to_recordset(CAST(:moved AS jsonb)) "
    "AS m(contact_key uuid, due_at timestamptz, expires_at timestamptz) "
    "WHERE c.contact_key = m.contact_key AND c.state = 'planned' AND c.due_at = c.planned_for "
    "AND (c.due_at, c.expires_at) IS DISTINCT FROM (m.due_at, m.expires_at)"
)
# What a person has taken up again is none of the journey's business any more: it has a workflow or a lot of its own.
# What is left of a journey that is over is looked at without delay: its decision is that nobody wants it any more.
NEXT = text(
    "SELECT contact_key, state = 'claimed' AS in_flight, "
    "CASE WHEN state = 'claimed' THEN lease_until WHEN :over THEN updated_at ELSE due_at END AS at FROM contacts "
    "WHERE journey_key = :journey_key AND state IN ('planned', 'held', 'claimed') AND restarts = 0 "
    "ORDER BY at, contact_key LIMIT 1"
)
# Whether the customer is in a step already with the same key, or was and may not enter it again.
INSIDE = text(
    "SELECT EXISTS (SELECT 1 FROM journeys o JOIN journeys j ON o.strategy = j.strategy "
    "AND o.customer_key = j.customer_key AND o.key = j.key AND o.journey_key <> j.journey_key "
    "WHERE j.journey_key = :journey_key AND :step IN (o.step, o.first_step) "
    "AND (NOT CAST(:again AS boolean) OR o.state IN ('open', 'paused')))"
)
CONTINUE = text(
    "UPDATE journeys SET step = :step, version = :version, cycle = 1, planned_cycle = 0, state = 'open', "
    "started_at = :now, due_at = NULL, ends_at = NULL, milestones = '[]'::jsonb, ended_at = NULL, "
    "revision = :revision WHERE journey_key = :journey_key"
)


@dataclass(frozen=True)
class NextContact:
    """The contact a journey has to look at next, and when."""

    contact_key: UUID
    at: datetime
    in_flight: bool


@dataclass(frozen=True)
class StepPlan:
    """Where a journey stands: over or not, what comes next, until when it stays open though all is said."""

    step: str
    cycle: int
    over: bool
    next_contact: NextContact | None
    stays_until: datetime | None


@dataclass(frozen=True)
class Left:
    """The end of a step: *again* when it is not over after all, else the workflow type that follows, if any."""

    again: bool
    then: str | None


def enter_step(conn: Connection, customer_key: UUID, journey_key: UUID, *, now: datetime) -> StepPlan:
    """Plan what the step says, unless that was done, and return where the journey stands."""
    locked = customers.lock(conn, customer_key)
    journey = _journey(conn, journey_key)
    if JourneyState(journey["state"]).ended:
        return _over(conn, journey)
    loaded = strategies.load(conn, journey["strategy"], journey["version"])
    governing = strategies.load(conn, journey["strategy"], journey["published"]).strategy
    step = loaded.strategy.steps[journey["step"]]
    customer = customers.read_facts(conn, locked)
    anew = journey["planned_cycle"] < journey["cycle"]
    if anew and _all_reached(conn, journey, loaded, customer, Cause(customer_key, locked["revision"], now)):
        return _over(conn, journey)
    until = ends_at(step, governing, started_at=journey["started_at"], due_at=journey["due_at"], customer=customer)
    planned, passed = plan(
        step,
        strategy=governing,
        journey_started_at=journey["started_at"],
        due_at=journey["due_at"],
        cycle=journey["cycle"],
        customer=customer,
        now=now,
    )
    if anew or hangs_on(step, customer.properties):
        _write(conn, journey, loaded, step, planned, passed, locked["revision"], now)
    if not anew:
        _move(conn, journey, (*planned, *passed), locked["revision"], now)
    if anew or journey["ends_at"] != until:
        conn.execute(MARK, {"journey_key": journey_key, "ends_at": until, "revision": locked["revision"]})
    return StepPlan(
        journey["step"],
        journey["cycle"],
        over=False,
        next_contact=read_next(conn, journey_key, over=False),
        stays_until=until if stays_open(step) else None,
    )


def leave_step(conn: Connection, customer_key: UUID, journey_key: UUID, step: str, *, now: datetime) -> Left:
    """End the step, unless something new has begun in the meantime, and say what follows.

    Run again after it was left, it changes nothing and gives the same answer.
    """
    revision = customers.revise(conn, customer_key)
    journey = _journey(conn, journey_key)
    if journey["step"] != step:
        return Left(again=False, then=_type_of(conn, journey))
    state = JourneyState(journey["state"])
    moved_on = not state.ended and journey["planned_cycle"] < journey["cycle"]
    following = read_next(conn, journey_key, over=state.ended)
    if moved_on or (following is not None and (following.in_flight or state.ended or not _time_is_up(journey, now))):
        return Left(again=True, then=None)
    loaded = strategies.load(conn, journey["strategy"], journey["version"])
    cause = Cause(customer_key, revision, now)
    if not state.ended:
        timed_out = _time_is_up(journey, now) and stays_open(loaded.strategy.steps[journey["step"]])
        journeys.close(conn, journey_key, JourneyState.TIMED_OUT if timed_out else JourneyState.COMPLETED, cause)
    return Left(again=False, then=_continue(conn, journey, cause))


def read_next(conn: Connection, journey_key: UUID, *, over: bool) -> NextContact | None:
    """Return the contact that a journey has to look at next, and when; None when all are settled."""
    row = conn.execute(NEXT, {"journey_key": journey_key, "over": over}).one_or_none()
    return NextContact(row.contact_key, row.at, row.in_flight) if row else None


def _over(conn: Connection, journey: RowMapping) -> StepPlan:
    following = read_next(conn, journey["journey_key"], over=True)
    return StepPlan(journey["step"], journey["cycle"], over=True, next_contact=following, stays_until=None)


def _all_reached(conn: Connection, journey: RowMapping, loaded: Loaded, customer: Customer, cause: Cause) -> bool:
    """Write the milestones that were reached before the step was entered; say whether that is all of them.

    A step that follows another is entered by no event that could have told.
    """
    entering = OpenJourney(
        journey["journey_key"],
        journey["step"],
        journey["key"],
        journey["started_at"],
        journey["cycle"],
        tuple(journey["milestones"]),
        pinned=loaded.strategy.steps[journey["step"]],
    )
    effects = reached(loaded.strategy, Story(customer, (entering,)), cause.now)
    journeys.carry_out(conn, effects, loaded, cause)
    return any(effect.complete for effect in effects)


def _time_is_up(journey: RowMapping, now: datetime) -> bool:
    return journey["ends_at"] is not None and journey["ends_at"] <= now


def _journey(conn: Connection, journey_key: UUID) -> RowMapping:
    row = conn.execute(JOURNEY, {"journey_key": journey_key}).mappings().one_or_none()
    if row is None:
        raise UnknownJourneyError
    return row


def _write(  # noqa: PLR0917 - one place writes what all of them are needed for
    conn: Connection,
    journey: RowMapping,
    loaded: Loaded,
    step: Step,
    planned: tuple[Planned, ...],
    passed: tuple[Planned, ...],
    revision: int,
    now: datetime,
) -> None:
    rows = [_row(journey, loaded, step, each, revision, now) for each in planned]
    rows += [
        _row(journey, loaded, step, each, revision, now)
        | {"state": ContactState.EXPIRED.value, "reason": Reason.EXPIRED.value}
        for each in passed
    ]
    if rows:
        conn.execute(insert(contacts).on_conflict_do_nothing(), rows)


def _row(  # noqa: PLR0917 - as above
    journey: RowMapping, loaded: Loaded, step: Step, each: Planned, revision: int, now: datetime
) -> dict[str, Any]:
    communication = next(c for c in step.communications if c.name == each.communication)
    blocked = (step.name, each.communication) in loaded.blocked_communications
    return contact_row(loaded, communication) | {
        "contact_key": contact_key(journey["journey_key"], step.name, each.communication, each.occurrence),
        "journey_key": journey["journey_key"],
        "customer_key": journey["customer_key"],
        "cycle": each.occurrence,
        "state": (ContactState.SKIPPED if blocked else ContactState.PLANNED).value,
        "reason": Reason.NOT_YET.value if blocked else None,
        "planned_for": each.due_at,
        "due_at": each.due_at,
        "expires_at": each.expires_at,
        "created_at": now,
        "updated_at": now,
        "revision": revision,
    }


def contact_row(loaded: Loaded, communication: Communication) -> dict[str, Any]:
    """Return the columns of a contact that its communication determines."""
    return {
        "strategy": loaded.strategy.name,
        "version": loaded.version,
        "stage": communication.stage,
        "step": communication.step,
        "communication": communication.name,
        "topic": communication.topic,
        "purpose": loaded.strategy.topics[communication.topic].purpose.value,
        "raised": communication.raised,
        "channels": [channel.value for channel in communication.by[0].channels],
        "question": communication.ask,
    }


def _move(conn: Connection, journey: RowMapping, planned: tuple[Planned, ...], revision: int, now: datetime) -> None:
    """Move contacts that belong at another instant now: the customer's zone, its rules or a date has changed."""
    moved = [
        {
            "contact_key": contact_key(journey["journey_key"], journey["step"], each.communication, each.occurrence),
            "due_at": each.due_at,
            "expires_at": each.expires_at,
        }
        for each in planned
    ]
    conn.execute(MOVE, {"moved": json.dumps(moved, default=str), "now": now, "revision": revision})


def _type_of(conn: Connection, journey: RowMapping) -> str:
    step = strategies.load(conn, journey["strategy"], journey["version"]).strategy.steps[journey["step"]]
    return workflow_type(step.name, step.shape)


def _continue(conn: Connection, journey: RowMapping, cause: Cause) -> str | None:
    """Move the journey on to the step that follows by `then`; return its workflow type, None at the journey's end."""
    published = next((p for p in strategies.published(conn) if p.strategy.name == journey["strategy"]), None)
    step = published.strategy.steps.get(journey["step"]) if published else None
    if published is None or step is None or step.then is None or journey["state"] == JourneyState.EXITED.value:
        return None
    following = published.strategy.steps[step.then]
    if following.draft or following.name in published.blocked_steps:
        return None
    row = {"journey_key": journey["journey_key"], "step": following.name, "again": following.again.kind == "always"}
    if conn.execute(INSIDE, row).scalar_one():
        return None
    row = {"journey_key": journey["journey_key"], "step": following.name, "version": published.version}
    conn.execute(CONTINUE, row | {"now": cause.now, "revision": cause.revision})
    return workflow_type(following.name, following.shape)
