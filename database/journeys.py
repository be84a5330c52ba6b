"""Journeys as rows: begun, moved on, ended, each in the transaction of what caused it, with a word to Temporal.

A journey is a row before it is a workflow. Whoever calls these functions holds the customer's lock.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from database import outbox, strategies, waking
from database.customers import Facts, instant, known_instant
from database.engine import Direct
from database.strategies import Loaded
from tactful.following import (
    Effect,
    Enter,
    OpenJourney,
    PastEntries,
    ReachGoal,
    ReachMilestones,
    Reanchor,
    Redue,
    Series,
)
from tactful.rules.journey import moved_away
from tactful.temporal import journey_workflow_id, workflow_type
from tactful.words import JourneyState, Reason

JOURNEYS = uuid.UUID("5d0d37f2-1d0c-4c53-9d0b-3a9f7c1d6f11")

OPEN = text(
    "SELECT journey_key, strategy, version, step, key, started_at, cycle, milestones, due_at FROM journeys "
    "WHERE customer_key = :customer_key AND state IN ('open', 'paused') ORDER BY started_at, journey_key"
)
ENTRIES = text(
    "SELECT strategy, first_step, key, max(entry_no) AS entered, max(started_at) AS last_started_at FROM journeys "
    "WHERE customer_key = :customer_key GROUP BY strategy, first_step, key"
)
SERIES = text(
    "SELECT occurred_at FROM events WHERE customer_key = :customer_key AND name = :event "
    "AND (CAST(:per AS text) IS NULL OR properties ->> :per = :key) ORDER BY occurred_at DESC LIMIT 1000"
)
BEGIN = text(
    "INSERT INTO journeys (journey_key, strategy, version, first_step, step, customer_key, key, entry_no, state, "
    "event_key, started_at, due_at, milestones, goals, goal_at, ended_at, revision) VALUES (:journey_key, :strategy, "
    ":version, :step, :step, :customer_key, :key, :entry_no, :state, :event_key, :started_at, :due_at, "
    "CAST(:milestones AS jsonb), :goals, :goal_at, :ended_at, :revision)"
)
# A journey's end and that of what it still planned are one statement; what it kept away is looked at again.
END = Direct(f"""
WITH ended AS (
  UPDATE journeys SET state = :state, goals = goals + :goals, goal_at = coalesce(:goal_at, goal_at), ended_at = :now,
         revenue = revenue + :revenue, currency = coalesce(:currency, currency), revision = :revision
   WHERE journey_key = :journey_key AND state IN ('open', 'paused')
), cancelled AS (
  UPDATE contacts SET state = 'cancelled', reason = :reason, updated_at = :now, revision = :revision
   WHERE journey_key = :journey_key AND state IN ('planned', 'held') AND restarts = 0
), stopped AS (
  UPDATE recalls r SET state = 'wanted', reason = :reason, wanted_at = :now, again_at = :now FROM contacts c
   WHERE CAST(:state AS text) IN ('goal', 'exited') AND c.journey_key = :journey_key
     AND r.contact_key = c.contact_key AND r.state = 'open'
), pulled AS ({waking.PULL} AND reason = 'undisturbed' AND journey_key IS DISTINCT FROM :journey_key
              RETURNING {waking.PULLED})
{waking.TELL}
""")  # noqa: S608 - nothing but our own constants is put in
SEEN = Direct(
    "SELECT journey_key, step, segment FROM journeys WHERE customer_key = :customer_key AND strategy = :strategy "
    "AND state IN ('open', 'paused') AND segment IS DISTINCT FROM :segment ORDER BY journey_key"
)
SEE = Direct(
    "UPDATE journeys SET segment = :segment WHERE customer_key = :customer_key AND strategy = :strategy "
    "AND state IN ('open', 'paused') AND segment IS DISTINCT FROM :segment"
)
MILESTONES = text(
    "UPDATE journeys SET milestones = CAST(:milestones AS jsonb), revision = :revision WHERE journey_key = :journey_key"
)
REANCHOR = text(
    "UPDATE journeys SET cycle = :cycle, started_at = :started_at, due_at = :due_at, ends_at = NULL, "
    "event_key = :event_key, goals = goals + 1, goal_at = :started_at, revenue = revenue + :revenue, "
    "currency = coalesce(:currency, currency), revision = :revision WHERE journey_key = :journey_key"
)
REDUE = text(
    "UPDATE journeys SET due_at = :due_at, ends_at = NULL, revision = :revision WHERE journey_key = :journey_key"
)
CANCEL = text(
    "WITH stopped AS (UPDATE recalls r SET state = 'wanted', reason = :reason, wanted_at = :now, again_at = :now "
    "FROM contacts c WHERE c.journey_key = :journey_key AND r.contact_key = c.contact_key AND r.state = 'open' "
    "AND (CAST(:communications AS text[]) IS NULL OR c.communication = ANY(:communications))) "
    "UPDATE contacts SET state = 'cancelled', reason = :reason, updated_at = :now, revision = :revision "
    "WHERE journey_key = :journey_key AND state IN ('planned', 'held') AND restarts = 0 "
    "AND (CAST(:communications AS text[]) IS NULL OR communication = ANY(:communications))"
)


@dataclass(frozen=True)
class Cause:
    """The transaction in which journeys change: whose, at which revision, by which event, when."""

    customer_key: UUID
    revision: int
    now: datetime
    event_key: UUID | None = None
    total: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A journey as its row says."""

    journey_key: UUID
    strategy: str
    version: int
    step: str
    customer_key: UUID
    key: str
    cycle: int
    planned_cycle: int
    state: JourneyState
    started_at: datetime
    due_at: datetime | None
    ends_at: datetime | None
    milestones: tuple[str, ...]

    @property
    def set_again(self) -> bool:
        """Say whether its clock was set again since it was planned last."""
        return not self.state.ended and self.planned_cycle < self.cycle

    def time_is_up(self, now: datetime) -> bool:
        """Say whether the step has lasted as long as it may."""
        return self.ends_at is not None and self.ends_at <= now


def journey_from(row: Facts) -> JourneyRow:
    """Return the journey from `to_jsonb` of its row."""
    return JourneyRow(
        journey_key=UUID(row["journey_key"]),
        strategy=row["strategy"],
        version=row["version"],
        step=row["step"],
        customer_key=UUID(row["customer_key"]),
        key=row["key"],
        cycle=row["cycle"],
        planned_cycle=row["planned_cycle"],
        state=JourneyState(row["state"]),
        started_at=known_instant(row["started_at"]),
        due_at=instant(row["due_at"]),
        ends_at=instant(row["ends_at"]),
        milestones=tuple(row["milestones"]),
    )


def read_open(conn: Connection, customer_key: UUID) -> dict[str, tuple[OpenJourney, ...]]:
    """Return a customer's open journeys by strategy."""
    found: dict[str, tuple[OpenJourney, ...]] = {}
    for row in conn.execute(OPEN, {"customer_key": customer_key}):
        journey = OpenJourney(
            row.journey_key,
            row.step,
            row.key,
            row.started_at,
            row.cycle,
            tuple(row.milestones),
            due_at=row.due_at,
            pinned=strategies.load(conn, row.strategy, row.version).strategy.steps[row.step],
        )
        found[row.strategy] = (*found.get(row.strategy, ()), journey)
    return found


def read_entries(conn: Connection, customer_key: UUID) -> dict[str, dict[tuple[str, str], PastEntries]]:
    """Return how often and when last a customer entered each step, by strategy."""
    found: dict[str, dict[tuple[str, str], PastEntries]] = {}
    for row in conn.execute(ENTRIES, {"customer_key": customer_key}):
        entries = found.setdefault(row.strategy, {})
        entries[row.first_step, row.key] = PastEntries(row.entered, row.last_started_at)
    return found


def read_series(conn: Connection, customer_key: UUID, series: Series) -> tuple[datetime, ...]:
    """Return the instants of a series of events, newest first."""
    return tuple(conn.execute(SERIES, {"customer_key": customer_key, **series._asdict()}).scalars())


def carry_out(conn: Connection, effects: Iterable[Effect], loaded: Loaded, cause: Cause) -> None:
    """Write what follows from an event, and leave word for Temporal in the outbox."""
    for effect in effects:
        match effect:
            case Enter():
                _begin(conn, effect, loaded, cause)
            case ReachGoal():
                end(conn, effect.journey_key, JourneyState.GOAL, cause, goal_at=effect.goal_at)
            case ReachMilestones():
                _reach_milestones(conn, effect, cause)
            case Reanchor():
                _reanchor(conn, effect, cause)
            case Redue():
                conn.execute(
                    REDUE,
                    {"journey_key": effect.journey_key, "due_at": effect.due_at, "revision": cause.revision},
                )
                wake(conn, effect.journey_key, cause)


def end(
    conn: Connection, journey_key: UUID, state: JourneyState, cause: Cause, *, goal_at: datetime | None = None
) -> None:
    """End an open journey from outside, and wake its workflow so that it leaves."""
    close(conn, journey_key, state, cause, goal_at=goal_at)
    wake(conn, journey_key, cause)


def keep_segment(conn: Connection, loaded: Loaded, segment: str | None, cause: Cause) -> None:
    """Keep the segment in which a customer's journeys see them; end those that a move to it makes them leave.

    Args:
        conn: The transaction that holds the customer's lock.
        loaded: The published strategy whose segments and journeys are meant.
        segment: The one they are in now; None for none.
        cause: The transaction; who leaves has earned nothing by it.
    """
    asked = {"customer_key": cause.customer_key, "strategy": loaded.strategy.name, "segment": segment or ""}
    bare = replace(cause, event_key=None, total=None, currency=None)
    for row in SEEN.rows(conn, **asked):
        if moved_away(loaded.strategy.steps.get(row["step"]), row["segment"], segment) is not None:
            close(conn, row["journey_key"], JourneyState.EXITED, bare, reason=Reason.MOVED_AWAY)
            wake(conn, row["journey_key"], bare)
    SEE.run(conn, **asked)


def close(
    conn: Connection,
    journey_key: UUID,
    state: JourneyState,
    cause: Cause,
    *,
    goal_at: datetime | None = None,
    reason: Reason | None = None,
) -> None:
    """Write the end of an open journey, cancel what it still planned, and let what it kept away be looked at again."""
    reached = state is JourneyState.GOAL
    row = {"journey_key": journey_key, "state": state.value, "goals": int(reached), "goal_at": goal_at}
    reason = reason or (Reason.GOAL_REACHED if reached else Reason.JOURNEY_ENDED)
    END.run(conn, **row, **_earned(cause), reason=reason.value, customer_key=cause.customer_key)


def cancel(
    conn: Connection, journey_key: UUID, reason: Reason, cause: Cause, communications: Sequence[str] | None = None
) -> None:
    """Cancel a journey's planned contacts: all, or those of the given communications."""
    row = {"journey_key": journey_key, "reason": reason.value, "now": cause.now, "revision": cause.revision}
    conn.execute(CANCEL, row | {"communications": list(communications) if communications is not None else None})


def wake(conn: Connection, journey_key: UUID, cause: Cause) -> None:
    """Have a journey's workflow look again."""
    outbox.wake(conn, journey_key, cause.customer_key, now=cause.now)


def _begin(conn: Connection, entered: Enter, loaded: Loaded, cause: Cause) -> None:
    step = loaded.strategy.steps[entered.step]
    entry = f"{loaded.strategy.name}/{entered.step}/{cause.customer_key}/{entered.key}/{entered.entry_no}"
    journey_key = uuid.uuid5(JOURNEYS, entry)
    over = entered.goal_at is not None
    row = {
        "journey_key": journey_key,
        "strategy": loaded.strategy.name,
        "version": loaded.version,
        "step": entered.step,
        "key": entered.key,
        "entry_no": entered.entry_no,
        "state": (JourneyState.GOAL if over else JourneyState.OPEN).value,
        "started_at": entered.started_at,
        "due_at": entered.due_at,
        "milestones": json.dumps(entered.milestones),
        "goals": int(over),
        "goal_at": entered.goal_at,
        "ended_at": cause.now if over else None,
    }
    conn.execute(
        BEGIN, row | {"customer_key": cause.customer_key, "event_key": cause.event_key, "revision": cause.revision}
    )
    if not over or step.then is not None:
        workflow_id = journey_workflow_id(loaded.strategy.name, entered.step, journey_key)
        type_ = workflow_type(entered.step, step.shape)
        outbox.start(conn, workflow_id, type_, journey_key, cause.customer_key, now=cause.now)


def _reach_milestones(conn: Connection, reached: ReachMilestones, cause: Cause) -> None:
    row = {"journey_key": reached.journey_key, "revision": cause.revision}
    conn.execute(MILESTONES, row | {"milestones": json.dumps(reached.milestones)})
    if reached.complete:
        end(conn, reached.journey_key, JourneyState.GOAL, cause, goal_at=reached.reached_at)
    else:
        cancel(conn, reached.journey_key, Reason.MILESTONE_REACHED, cause, reached.milestones)
        wake(conn, reached.journey_key, cause)


def _reanchor(conn: Connection, moved: Reanchor, cause: Cause) -> None:
    cancel(conn, moved.journey_key, Reason.ANCHOR_MOVED, cause)
    row = {
        "journey_key": moved.journey_key,
        "cycle": moved.cycle,
        "started_at": moved.started_at,
        "due_at": moved.due_at,
        "event_key": cause.event_key,
    }
    conn.execute(REANCHOR, row | _earned(cause))
    wake(conn, moved.journey_key, cause)


def _earned(cause: Cause) -> dict[str, object]:
    return {
        "now": cause.now,
        "revision": cause.revision,
        "revenue": cause.total or Decimal(0),
        "currency": cause.currency,
    }
