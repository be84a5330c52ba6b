"""The sweep: what is overdue, orphaned or stuck, and should not be. It looks and counts; what it finds, people see.

A contact that is late, a journey without a workflow: each is a fault somewhere else. Nothing is repaired unless a
person asks for it, and then only by words to Temporal, which are harmless told twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from database import strategies
from tactful.temporal import (
    LOT_TYPES,
    RESOLVE_CONTACT,
    contact_workflow_id,
    journey_workflow_id,
    lot_workflow_id,
    workflow_type,
)

OVERDUE: Final = timedelta(hours=1)
STUCK: Final = timedelta(minutes=10)
MOST_COUNTED: Final = 10_000
MOST_SUSPECTS: Final = 200
SWEEP, ASKED = "sweep", "asked"

# What nobody looks at though it is due. Lots are looked after by their workflow; what a person took up again has one of
# its own; of a journey that has ended, what is in flight or still follows is looked at before its workflow ends.
LATE = """
  SELECT c.contact_key, c.customer_key, c.restarts,
         CASE WHEN c.restarts = 0 THEN c.journey_key END AS journey_key
    FROM contacts c LEFT JOIN journeys j USING (journey_key)
   WHERE ((c.state = 'planned' AND c.due_at < :late) OR (c.state = 'claimed' AND c.lease_until < :late)
          OR (c.state IN ('held', 'sent') AND c.again_at < :late))
     AND c.lot_key IS NULL
     AND (j.journey_key IS NULL OR j.state = 'open' OR c.restarts > 0 OR c.state IN ('claimed', 'sent'))
"""
ORPHANED = """
  SELECT c.journey_key, c.lot_key FROM contacts c JOIN journeys j USING (journey_key)
   WHERE c.state IN ('planned', 'held') AND c.restarts = 0 AND c.updated_at < :late AND j.ended_at < :late
     AND j.state NOT IN ('open', 'paused')
     AND NOT EXISTS (SELECT 1 FROM lots l WHERE l.lot_key = c.lot_key AND l.state <> 'done')
"""
COUNT = text(f"""
SELECT (SELECT count(*) FROM ({LATE} LIMIT {MOST_COUNTED}) x) AS overdue,
       (SELECT count(*) FROM ({ORPHANED} LIMIT {MOST_COUNTED}) x) AS orphaned,
       (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE written_at < :stuck LIMIT {MOST_COUNTED}) x) AS untold
""")  # noqa: S608 - nothing but our own constants is put in
# Those with something late first, then the others in turn, from where the last sweep stopped.
SUSPECTS = text(f"""
WITH late AS MATERIALIZED ({LATE} LIMIT {MOST_SUSPECTS}), orphaned AS MATERIALIZED (
  SELECT DISTINCT journey_key FROM ({ORPHANED}) o WHERE lot_key IS NULL LIMIT {MOST_SUSPECTS}
), suspect AS (
  SELECT journey_key FROM late WHERE journey_key IS NOT NULL
  UNION
  SELECT journey_key FROM orphaned
  UNION
  (SELECT journey_key FROM journeys WHERE state = 'open' AND lot_key IS NULL AND started_at < :stuck
      AND journey_key > :after
    ORDER BY journey_key LIMIT {MOST_SUSPECTS})
)
SELECT j.journey_key AS subject_key, j.customer_key, j.strategy, j.version, j.first_step, j.step, 0 AS restarts,
       EXISTS (SELECT 1 FROM late l WHERE l.journey_key = j.journey_key)
         OR j.journey_key IN (SELECT journey_key FROM orphaned) AS late
  FROM suspect JOIN journeys j USING (journey_key)
UNION ALL
SELECT contact_key, customer_key, NULL, NULL, NULL, NULL, restarts, true FROM late WHERE journey_key IS NULL
""")  # noqa: S608 - as above
# A stopped campaign waits for a person's word in its workflow; a stopped restart has one until the rest is parked.
LOTS = text(f"""
SELECT lot_key, kind FROM lots WHERE state <> 'done' AND (state = 'open' OR kind = 'campaign' OR ended_at IS NULL)
   AND created_at < :stuck
 ORDER BY state = 'open' DESC, created_at DESC, lot_key LIMIT {MOST_SUSPECTS}
""")  # noqa: S608 - as above
UNTOLD = text("SELECT DISTINCT workflow_id FROM outbox WHERE kind <> 'wake' AND workflow_id = ANY(:ids)")
REPAIR = text(
    "INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at) "
    "SELECT r.customer_key, r.kind, r.workflow_id, r.workflow_type, r.subject_key, :now "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(customer_key uuid, kind text, workflow_id text, workflow_type text, subject_key uuid) "
    "WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.workflow_id = r.workflow_id AND o.kind = r.kind)"
)
KEEP = text(
    "INSERT INTO sweeps (kind, swept_at, found) VALUES (:kind, :now, CAST(:found AS jsonb)) "
    "ON CONFLICT (kind) DO UPDATE SET swept_at = excluded.swept_at, found = excluded.found"
)
READ = text("SELECT swept_at, found FROM sweeps WHERE kind = :kind")
NO_KEY = UUID(int=0)


@dataclass(frozen=True)
class Found:
    """What a sweep found, in numbers, counted up to 10,000.

    Attributes:
        overdue: Contacts that are late by more than an hour.
        orphaned: Contacts planned though their journey has ended.
        untold: Words to Temporal that have waited for more than ten minutes.
        without_workflow: Open journeys, contacts and lots, of those looked at, that no workflow looks after.
        looked_at: How many workflows were looked for.
        restarted: How many of them were started again, as a person asked.
        after: Where the next sweep goes on among the journeys.
    """

    overdue: int = 0
    orphaned: int = 0
    untold: int = 0
    without_workflow: int = 0
    looked_at: int = 0
    restarted: int = 0
    after: str = str(NO_KEY)

    @property
    def well(self) -> bool:
        """Say whether nothing was found, or all of it has been seen to."""
        return not (self.overdue or self.orphaned or self.untold or self.without_workflow > self.restarted)


@dataclass(frozen=True)
class Swept:
    """The last sweep: when, and what it found."""

    at: datetime
    found: Found


@dataclass(frozen=True)
class Suspect:
    """A workflow that should be there.

    Attributes:
        customer_key: Whose; a lot's is nobody's.
        late: Whether it has something to look at that is late.
    """

    workflow_id: str
    workflow_type: str
    subject_key: UUID
    customer_key: UUID | None
    late: bool = False


def count(conn: Connection, *, now: datetime) -> Found:
    """Return what is overdue, orphaned and untold."""
    row = conn.execute(COUNT, {"late": now - OVERDUE, "stuck": now - STUCK}).one()
    return Found(overdue=row.overdue, orphaned=row.orphaned, untold=row.untold)


def suspects(conn: Connection, *, after: str, now: datetime) -> tuple[Suspect, ...]:
    """Return the workflows to look for now: of everything late, of lots, and of the open journeys next in turn.

    What is still to be told to Temporal is not looked for.
    """
    asked = {"late": now - OVERDUE, "stuck": now - STUCK, "after": UUID(after)}
    found: list[Suspect] = []
    for row in conn.execute(SUSPECTS, asked):
        if row.strategy is None:
            id_, type_ = contact_workflow_id(row.subject_key, row.restarts), RESOLVE_CONTACT
        else:
            step = strategies.load(conn, row.strategy, row.version).strategy.steps[row.step]
            id_ = journey_workflow_id(row.strategy, row.first_step, row.subject_key)
            type_ = workflow_type(step.name, step.shape)
        found.append(Suspect(id_, type_, row.subject_key, row.customer_key, row.late))
    for lot in conn.execute(LOTS, {"stuck": now - STUCK}):
        id_ = lot_workflow_id(lot.kind, lot.lot_key)
        found.append(Suspect(id_, LOT_TYPES[lot.kind], lot.lot_key, None))
    untold = set(conn.execute(UNTOLD, {"ids": [each.workflow_id for each in found]}).scalars())
    return tuple(sorted((s for s in found if s.workflow_id not in untold), key=lambda s: s.subject_key))


def next_after(looked_for: Sequence[Suspect], after: str) -> str:
    """Return where the next sweep goes on: behind the last journey that was looked for, or from the beginning."""
    journeys = (each for each in looked_for if each.customer_key is not None and not each.late)
    later = [each.subject_key for each in journeys if each.subject_key > UUID(after)]
    return str(max(later)) if len(later) >= MOST_SUSPECTS // 2 else str(NO_KEY)


def still(conn: Connection, missing: Iterable[Suspect], *, after: str, now: datetime) -> tuple[Suspect, ...]:
    """Return those that should still be there: a workflow may have ended as it should since it was suspected."""
    suspected = {each.workflow_id for each in suspects(conn, after=after, now=now)}
    return tuple(each for each in missing if each.workflow_id in suspected)


def repair(
    conn: Connection, gone: Iterable[Suspect], ended: Iterable[Suspect], late: Iterable[Suspect], *, now: datetime
) -> None:
    """Leave word that missing workflows be started, also under an id that has run to its end; late ones look again."""
    kinds = {"restart": gone, "again": ended, "wake": late}
    rows = [_word(each, kind) for kind, those in kinds.items() for each in those]
    if rows:
        conn.execute(REPAIR, {"rows": json.dumps(rows, default=str), "now": now})


def _word(suspect: Suspect, kind: str) -> dict[str, object]:
    return {
        "customer_key": suspect.customer_key,
        "kind": kind,
        "workflow_id": suspect.workflow_id,
        "workflow_type": suspect.workflow_type,
        "subject_key": suspect.subject_key,
    }


def keep(conn: Connection, found: Found, *, now: datetime) -> None:
    """Write down what a sweep found, in place of the one before."""
    conn.execute(KEEP, {"kind": SWEEP, "found": json.dumps(asdict(found)), "now": now})


def last(conn: Connection) -> Swept | None:
    """Return the last sweep; None before the first."""
    row = conn.execute(READ, {"kind": SWEEP}).one_or_none()
    return Swept(row.swept_at, Found(**row.found)) if row is not None else None


def ask(conn: Connection, *, repairs: bool, by: str, now: datetime) -> None:
    """Ask for a sweep now, that also repairs where wanted; a worker does it within a second or so."""
    conn.execute(KEEP, {"kind": ASKED, "found": json.dumps({"repairs": repairs, "by": by}), "now": now})


def asked(conn: Connection) -> tuple[datetime, bool, str] | None:
    """Return when a person last asked for a sweep, whether to repair, and who; None if nobody ever did."""
    row = conn.execute(READ, {"kind": ASKED}).one_or_none()
    return (row.swept_at, bool(row.found["repairs"]), str(row.found["by"])) if row is not None else None
