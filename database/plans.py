"""What a step will say to a customer, as rows: planned when it is entered, planned anew when its clock is set again.

`enter_step` may be run any number of times: rows that are there are not written again, the same plan comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, journeys, strategies
from database.customers import details
from database.engine import Direct
from database.errors import UnknownJourneyError
from database.journeys import Cause, JourneyRow, journey_from
from database.strategies import Loaded
from tactful.facts import Customer
from tactful.following import OpenJourney, Story, reached
from tactful.keys import contact_key
from tactful.planning import Planned, ends_at, hangs_on, plan, stays_open
from tactful.rules import arms
from tactful.strategy.model import Communication, Step
from tactful.words import ContactState, Reason

READ = Direct(f"""
SELECT to_jsonb(j) AS journey, s.version AS published, {details("j.customer_key")}
  FROM journeys j JOIN strategies s ON s.strategy = j.strategy WHERE j.journey_key = :journey_key
""")  # noqa: S608 - nothing but our own constants is put in
COLUMNS = (
    "contact_key, journey_key, customer_key, strategy, version, stage, step, communication, topic, purpose, raised, "
    "arm, cycle, channels, question, state, reason, planned_for, due_at, expires_at, lot_key, created_at, "
    "updated_at, revision"
)
INSERT = Direct(
    f"INSERT INTO contacts ({COLUMNS}) "  # noqa: S608 - our own constant
    f"SELECT {COLUMNS} FROM jsonb_populate_recordset(NULL::contacts, CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
)
MARK = Direct(
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
NEXT = Direct(
    "SELECT contact_key, state = 'claimed' AS in_flight, "
    "CASE WHEN state = 'claimed' THEN lease_until WHEN CAST(:over AS boolean) THEN updated_at "
    "WHEN state IN ('sent', 'held') THEN coalesce(again_at, due_at) ELSE due_at END AS at "
    "FROM contacts WHERE journey_key = :journey_key AND restarts = 0 "
    "AND (state IN ('planned', 'held', 'claimed') OR (state = 'sent' AND again_at IS NOT NULL)) "
    "ORDER BY at, contact_key LIMIT 1"
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


def enter_step(conn: Connection, customer_key: UUID, journey_key: UUID, *, now: datetime) -> StepPlan:
    """Plan what the step says, unless that was done, and return where the journey stands."""
    locked = customers.lock(conn, customer_key)
    found = READ.row(conn, journey_key=journey_key)
    if found is None:
        raise UnknownJourneyError
    journey = journey_from(found["journey"])
    if journey.state.ended:
        return _over(conn, journey)
    loaded = strategies.load(conn, journey.strategy, journey.version)
    governing = strategies.load(conn, journey.strategy, found["published"]).strategy
    step = arms.step_for(loaded.strategy.steps[journey.step], customer_key, loaded.strategy.name)
    customer = customers.customer_from(locked, found)
    anew = journey.set_again
    if anew and _all_reached(conn, journey, loaded, customer, Cause(customer_key, locked["revision"], now)):
        return _over(conn, journey)
    until = ends_at(step, governing, started_at=journey.started_at, due_at=journey.due_at, customer=customer)
    planned, passed = plan(
        step,
        strategy=governing,
        journey_started_at=journey.started_at,
        due_at=journey.due_at,
        cycle=journey.cycle,
        customer=customer,
        now=now,
    )
    if anew or hangs_on(step, customer.properties):
        _write(conn, journey, loaded, step, planned, passed, locked["revision"], now)
    if not anew:
        _move(conn, journey, (*planned, *passed), locked["revision"], now)
    if anew or journey.ends_at != until:
        MARK.run(conn, journey_key=journey_key, ends_at=until, revision=locked["revision"])
    return StepPlan(
        journey.step,
        journey.cycle,
        over=False,
        next_contact=read_next(conn, journey_key, over=False),
        stays_until=until if stays_open(step) else None,
    )


def read_next(conn: Connection, journey_key: UUID, *, over: bool) -> NextContact | None:
    """Return the contact that a journey has to look at next, and when; None when all are settled."""
    row = NEXT.row(conn, journey_key=journey_key, over=over)
    return NextContact(**row) if row else None


def _over(conn: Connection, journey: JourneyRow) -> StepPlan:
    following = read_next(conn, journey.journey_key, over=True)
    return StepPlan(journey.step, journey.cycle, over=True, next_contact=following, stays_until=None)


def _all_reached(conn: Connection, journey: JourneyRow, loaded: Loaded, customer: Customer, cause: Cause) -> bool:
    """Write the milestones that were reached before the step was entered; say whether that is all of them.

    A step that follows another is entered by no event that could have told.
    """
    entering = OpenJourney(
        journey.journey_key,
        journey.step,
        journey.key,
        journey.started_at,
        journey.cycle,
        journey.milestones,
        pinned=loaded.strategy.steps[journey.step],
    )
    effects = reached(loaded.strategy, Story(customer, (entering,)), cause.now)
    journeys.carry_out(conn, effects, loaded, cause)
    return any(effect.complete for effect in effects)


def _write(  # noqa: PLR0917 - one place writes what all of them are needed for
    conn: Connection,
    journey: JourneyRow,
    loaded: Loaded,
    step: Step,
    planned: tuple[Planned, ...],
    passed: tuple[Planned, ...],
    revision: int,
    now: datetime,
) -> None:
    rows = planned_rows(journey, loaded, step, planned, passed, revision, now)
    if rows:
        INSERT.run(conn, rows=json.dumps(rows, default=str))


def planned_rows(  # noqa: PLR0917 - as above
    journey: JourneyRow,
    loaded: Loaded,
    step: Step,
    planned: Iterable[Planned],
    passed: Iterable[Planned],
    revision: int,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return the contacts of a journey as they are planned, and those that came too late as expired."""
    late = {"state": ContactState.EXPIRED.value, "reason": Reason.EXPIRED.value}
    rows = [_row(journey, loaded, step, each, revision, now) for each in planned]
    return rows + [_row(journey, loaded, step, each, revision, now) | late for each in passed]


def _row(  # noqa: PLR0917 - as above
    journey: JourneyRow, loaded: Loaded, step: Step, each: Planned, revision: int, now: datetime
) -> dict[str, Any]:
    communication = next(c for c in step.communications if c.name == each.communication)
    blocked = (step.name, each.communication) in loaded.blocked_communications
    return contact_row(loaded, communication) | {
        "contact_key": contact_key(journey.journey_key, step.name, each.communication, each.occurrence),
        "journey_key": journey.journey_key,
        "customer_key": journey.customer_key,
        "arm": arms.arm_of(journey.customer_key, loaded.strategy.name, communication),
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


def _move(conn: Connection, journey: JourneyRow, planned: tuple[Planned, ...], revision: int, now: datetime) -> None:
    """Move contacts that belong at another instant now: the customer's zone, its rules or a date has changed."""
    moved = [
        {
            "contact_key": contact_key(journey.journey_key, journey.step, each.communication, each.occurrence),
            "due_at": each.due_at,
            "expires_at": each.expires_at,
        }
        for each in planned
    ]
    conn.execute(MOVE, {"moved": json.dumps(moved, default=str), "now": now, "revision": revision})
