"""What a person does about contacts that wait for one: take them up again, let them be, say that they arrived, ask.

Every act is a row of `decisions`: who, why, and what the contact waited for. Many are done page by page, each page a
transaction under its customers' locks; a crash between two pages leaves each contact done or untouched. Only parked
contacts are touched, so that a live attempt, another person or a second click finds nothing left to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import customers, outbox, strategies
from database.strategies import Loaded
from tactful.intake import Person, Which
from tactful.strategy.model import Strategy
from tactful.temporal import RESOLVE_CONTACT, contact_workflow_id
from tactful.words import Reason

PAGE = 500
Act = Literal["retry", "skip", "mark_sent", "settle"]

# All that is put into these statements is our own words.
# The part of a contact by which its cause is named: the first that did not arrive.
BROKEN_PART = (
    "SELECT m.connector, m.fault, m.detail FROM messages m WHERE m.contact_key = c.contact_key "
    "AND m.state IN ('refused', 'unknown', 'claimed') ORDER BY m.fault IS NULL, m.channel LIMIT 1"
)
MEANT = f"""c.state = 'parked' AND c.updated_at <= :parked_by
 AND (CAST(:reason AS text) IS NULL OR c.reason = :reason)
 AND (CAST(:strategy AS text) IS NULL OR c.strategy = :strategy)
 AND (CAST(:step AS text) IS NULL OR c.step = :step)
 AND (CAST(:communication AS text) IS NULL OR c.communication = :communication)
 AND (CAST(:customer_key AS uuid) IS NULL OR c.customer_key = :customer_key)
 AND (CAST(:since AS timestamptz) IS NULL OR c.updated_at >= :since)
 AND (CAST(:until AS timestamptz) IS NULL OR c.updated_at < :until)
 AND (CAST(:contacts AS uuid[]) IS NULL OR c.contact_key = ANY(:contacts))
 AND ((CAST(:connector AS text) IS NULL AND CAST(:fault AS text) IS NULL) OR EXISTS (
   SELECT 1 FROM ({BROKEN_PART}) b WHERE (CAST(:connector AS text) IS NULL OR b.connector = :connector)
      AND (CAST(:fault AS text) IS NULL OR :fault IN (b.fault, split_part(b.fault, ' ', 1)))))"""  # noqa: S608 - our own constant
POSSIBLE: Mapping[Act, str] = {
    "retry": "(c.reason <> 'unknown' OR :even_unknown)",
    "skip": "c.reason <> 'unknown'",
    "mark_sent": "c.reason = 'unknown'",
    "settle": "c.reason = 'unknown' AND EXISTS (SELECT 1 FROM messages m WHERE m.contact_key = c.contact_key "
    "AND m.state IN ('unknown', 'claimed'))",
}
FIND = {
    act: text(
        "SELECT c.contact_key, c.customer_key, c.strategy, c.step, c.communication, c.reason FROM contacts c "  # noqa: S608
        f"WHERE {MEANT} AND {possible} ORDER BY c.customer_key, c.planned_for, c.contact_key LIMIT :most"
    )
    for act, possible in POSSIBLE.items()
}
COUNT = {
    act: text(
        f"SELECT count(*) FILTER (WHERE {possible}) AS possible, count(*) AS meant "  # noqa: S608 - our own constants
        f"FROM contacts c WHERE {MEANT}"
    )
    for act, possible in POSSIBLE.items()
}
SETS: Mapping[Act, str] = {
    # In the order in which they were planned, told by microseconds: what comes first in a step goes first.
    "retry": "state = 'planned', reason = NULL, attempts = 0, restarts = c.restarts + 1, lot_key = :lot_key, "
    "version = coalesce(l.version, c.version), lease_until = NULL, "
    "due_at = CAST(:now AS timestamptz) + l.place * interval '1 microsecond'",
    "skip": "state = 'skipped', reason = 'by_hand'",
    "mark_sent": "state = 'sent', reason = NULL, sent_at = least(c.counts_at, :now), "
    "counts_at = coalesce(c.counts_at, :now)",
    # The attempt is over as far as anybody knows; whoever looks next asks, or calls again where that is safe, or parks.
    "settle": "state = 'claimed', reason = 'retrying', lease_until = :now, fence = c.fence + 1, "
    "restarts = c.restarts + 1, lot_key = NULL, counts_at = coalesce(c.counts_at, :now)",
}
_KEPT = (
    "INSERT INTO decisions (contact_key, decided_at, verdict, reason, trace, version, asked_by, why, revision) "
    "SELECT contact_key, :now, :act, CASE WHEN :act = 'skip' THEN 'by_hand' ELSE reason END, CAST(:trace AS jsonb), "
    "version, :asked_by, :why, revision FROM changed"
)
_OPEN_PARTS = "FROM changed WHERE m.contact_key = changed.contact_key AND m.state IN ('unknown', 'claimed')"
PARTS: Mapping[Act, str] = {
    "mark_sent": f"UPDATE messages m SET state = 'sent' {_OPEN_PARTS}",  # noqa: S608 - our own constant
    "settle": f"UPDATE messages m SET state = 'claimed', asked = 0 {_OPEN_PARTS}",  # noqa: S608 - our own constant
}
# What is asked is asked once more under the lock: meanwhile somebody else may have settled it.
DO = {
    act: text(
        f"WITH changed AS (UPDATE contacts c SET {SETS[act]}, updated_at = :now, revision = l.revision "  # noqa: S608
        "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS l(contact_key uuid, revision bigint, place int, version int) "
        "JOIN contacts was ON was.contact_key = l.contact_key "
        f"WHERE c.contact_key = l.contact_key AND c.state = 'parked' AND {possible} "
        "RETURNING c.contact_key, c.customer_key, c.version, c.revision, c.restarts, was.reason), "
        f"kept AS ({_KEPT})"
        + (f", parts AS ({PARTS[act]})" if act in PARTS else "")
        + " SELECT contact_key, customer_key, restarts FROM changed"
    )
    for act, possible in POSSIBLE.items()
}


@dataclass(frozen=True)
class Asking:
    """An act that somebody asks for.

    Attributes:
        act: What is to be done.
        which: To which contacts.
        person: Who asks, and why.
        even_unknown: For a retry: also what may have arrived.
        lot_key: The lot that works on what is taken up again; None where each contact has a workflow of its own.
    """

    act: Act
    which: Which
    person: Person
    even_unknown: bool = False
    lot_key: UUID | None = None


@dataclass(frozen=True)
class Page:
    """How many contacts a page found, and how many of them it changed: others may have been quicker."""

    found: int
    done: int


@dataclass(frozen=True)
class Counted:
    """How many contacts a filter means, and to how many of them the act can be done."""

    meant: int
    possible: int


def count(conn: Connection, asking: Asking) -> Counted:
    """Return how many contacts an act would touch now."""
    row = conn.execute(COUNT[asking.act], _asked(asking)).one()
    return Counted(row.meant, row.possible)


def do_page(conn: Connection, asking: Asking, *, now: datetime, most: int = PAGE) -> Page:
    """Do an act to the next contacts that it is asked for. To be called until none is found any more.

    Args:
        conn: A transaction in which nothing was written yet.
        asking: What is to be done.
        now: Aware UTC instant.
        most: How many at once.
    """
    found = conn.execute(FIND[asking.act], _asked(asking) | {"most": most}).mappings().all()
    if not found:
        return Page(0, 0)
    revisions = _locked(conn, {row["customer_key"] for row in found})
    published = {loaded.strategy.name: loaded for loaded in strategies.published(conn)}
    newer = mended(published, found) if asking.act == "retry" else {}
    rows = [
        {
            "contact_key": str(row["contact_key"]),
            "revision": revisions[row["customer_key"]],
            "place": place,
            "version": newer.get(row["contact_key"]),
        }
        for place, row in enumerate(found)
    ]
    why = asking.person.why
    said = ["person", "by_hand", {"why": why}] if why else ["person", "by_hand"]
    asked = {
        "rows": json.dumps(rows),
        "act": asking.act,
        "trace": json.dumps([said] if asking.act == "skip" else []),
        "asked_by": asking.person.name,
        "why": why,
        "lot_key": asking.lot_key,
        "even_unknown": asking.even_unknown,
        "now": now,
    }
    done = conn.execute(DO[asking.act], asked).all()
    if asking.act in {"retry", "settle"} and asking.lot_key is None:
        for row in done:
            workflow_id = contact_workflow_id(row.contact_key, row.restarts)
            outbox.start(conn, workflow_id, RESOLVE_CONTACT, row.contact_key, row.customer_key, now=now)
    return Page(len(found), len(done))


def asked_of(which: Which) -> dict[str, Any]:
    """Return a filter as the parameters of a statement that asks for `MEANT`."""
    return asdict(which) | {"contacts": list(which.contacts) if which.contacts is not None else None}


def _asked(asking: Asking) -> dict[str, Any]:
    return asked_of(asking.which) | {"even_unknown": asking.even_unknown}


def _locked(conn: Connection, keys: set[UUID]) -> dict[UUID, int]:
    """Lock the customers in the order of their keys; return their new revisions."""
    return {key: row["revision"] for key, row in customers.lock_all(conn, sorted(keys)).items()}


def mended(published: Mapping[str, Loaded], found: Iterable[RowMapping]) -> dict[UUID, int]:
    """Return the published version for what was parked because of its message: there the template may be mended.

    Whoever is inside a step keeps the content they began with; but that content could not be sent.
    """
    newer: dict[UUID, int] = {}
    for row in found:
        loaded = published.get(row["strategy"])
        if row["reason"] == Reason.BAD_MESSAGE.value and loaded is not None and _has(loaded.strategy, row):
            newer[row["contact_key"]] = loaded.version
    return newer


def _has(strategy: Strategy, row: RowMapping) -> bool:
    return strategy.communication(row["step"], row["communication"]) is not None
