"""What has happened since, to contacts that a person takes up again: the goal of their step, what was said after them.

Reads only. A journey that has moved on to another step is read as it was for these contacts: their own step, completed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from tactful.facts import Journey, Restart
from tactful.strategy.model import Step
from tactful.words import JourneyState

# The goal counts from when the contact was planned: an order that began the step is not the order it hopes for.
SINCE = text("""
SELECT a.contact_key, later.communication AS later, later.counts_at AS later_at,
       greatest(CASE WHEN j.goal_at > c.created_at THEN j.goal_at END,
                (SELECT max(e.occurred_at) FROM events e
                  WHERE e.customer_key = c.customer_key AND e.name = a.until AND e.occurred_at > c.created_at
                    AND (a.per IS NULL OR e.properties ->> a.per = j.key))) AS goal_at
  FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS a(contact_key uuid, until text, per text)
  JOIN contacts c ON c.contact_key = a.contact_key
  JOIN journeys j ON j.journey_key = c.journey_key
  LEFT JOIN LATERAL (
    SELECT l.communication, l.counts_at FROM contacts l
     WHERE l.journey_key = c.journey_key AND l.step = c.step AND l.cycle = c.cycle
       AND l.planned_for > c.planned_for AND l.state IN ('claimed', 'sent')
     ORDER BY l.planned_for DESC, l.contact_key LIMIT 1) later ON true
""")


@dataclass(frozen=True)
class Asked:
    """A contact that is taken up again, and its step as it was pinned; None where the step is gone."""

    contact_key: UUID
    step: Step | None


def read(conn: Connection, asked: Iterable[Asked]) -> dict[UUID, Restart]:
    """Return what has happened since, by contact; one without a journey is taken up as it was."""
    rows = [
        {
            "contact_key": str(one.contact_key),
            "until": one.step.until if one.step else None,
            "per": one.step.per if one.step else None,
        }
        for one in asked
    ]
    found = {UUID(row["contact_key"]): Restart() for row in rows}
    for row in conn.execute(SINCE, {"asked": json.dumps(rows)}):
        found[row.contact_key] = Restart(row.goal_at, row.later, row.later_at)
    return found


def as_it_was(journey: Journey, contact: Mapping[str, Any]) -> Journey:
    """Return the journey as a contact of it knows it: one that has gone on to the next step has completed this one."""
    if journey.step == contact["step"]:
        return journey
    ended = journey.state is JourneyState.EXITED
    state = journey.state if ended or journey.state is JourneyState.PAUSED else JourneyState.COMPLETED
    return Journey(
        journey_key=journey.journey_key,
        step=contact["step"],
        state=state,
        started_at=journey.started_at,
        cycle=contact["cycle"],
        key=journey.key,
    )
