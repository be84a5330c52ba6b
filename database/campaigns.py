"""Campaigns as rows: a lot, and its audience written down as journeys and planned contacts, page by page.

A journey of a campaign is a row like any other, so that goals, caps, `explain` and the timeline know it; it has no
workflow. A page is one transaction and moves the lot's place along with it: a crash between two pages loses nothing and
doubles nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import customers, lots, plans, strategies
from database.journeys import JourneyRow
from database.lots import Lot
from database.strategies import Loaded
from tactful.campaign import CampaignRequest, campaign_journey_key, lot_key, starts_at, writes_at
from tactful.facts import Address, Customer
from tactful.planning import ends_at, plan
from tactful.rules import arms
from tactful.strategy.model import Step, Strategy
from tactful.timing import zone_of
from tactful.words import Channel, JourneyState

PAGE = 500

# All active customers of some segments, in the order of their keys, so that two such transactions never deadlock.
LOCK_PAGE = text(
    "UPDATE customers SET revision = revision + 1 WHERE customer_key IN (SELECT customer_key FROM customers "
    "WHERE status = 'active' AND (CAST(:after AS uuid) IS NULL OR customer_key > :after) "
    "AND (:everybody OR segment = ANY(:segments)) ORDER BY customer_key LIMIT :most FOR NO KEY UPDATE) RETURNING *"
)
MORE = text(
    "SELECT EXISTS (SELECT 1 FROM customers WHERE status = 'active' "
    "AND (CAST(:after AS uuid) IS NULL OR customer_key > :after) AND (:everybody OR segment = ANY(:segments)))"
)
ADDRESSES = text(
    f"SELECT customer_key, {customers.SERVED}, address FROM addresses "  # noqa: S608 - our own constant
    "WHERE customer_key = ANY(:customers) AND replaced_at IS NULL"
)
BEGIN = text(
    "INSERT INTO journeys (journey_key, strategy, version, first_step, step, customer_key, entry_no, planned_cycle, "
    "started_at, ends_at, lot_key, revision) SELECT r.journey_key, :strategy, :version, :step, :step, r.customer_key, "
    "1 + coalesce((SELECT max(e.entry_no) FROM journeys e WHERE e.strategy = :strategy AND e.first_step = :step "
    "AND e.customer_key = r.customer_key AND e.key = ''), 0), 1, r.started_at, r.ends_at, :lot_key, r.revision "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(journey_key uuid, customer_key uuid, started_at timestamptz, "
    "ends_at timestamptz, revision bigint) ON CONFLICT (journey_key) DO NOTHING RETURNING journey_key"
)
MOVE_ON = text(
    "UPDATE lots SET frozen_to = coalesce(:to, frozen_to), "
    "frozen_at = CASE WHEN :all THEN CAST(:now AS timestamptz) END "
    "WHERE lot_key = :lot_key AND frozen_at IS NULL AND frozen_to IS NOT DISTINCT FROM CAST(:after AS uuid)"
)


@dataclass(frozen=True)
class Frozen:
    """How far an audience is written down: all of it, or *again_at* when to go on."""

    all: bool
    again_at: datetime | None = None
    contacts: int = 0


def begin(conn: Connection, request: CampaignRequest, loaded: Loaded, *, now: datetime) -> tuple[Lot, bool]:
    """Open a campaign's lot and leave word that its workflow is to be started.

    Returns:
        The lot, and whether it is new: a double click finds the one that is there.
    """
    key = lot_key(request)
    asked_for = {
        "occasion": request.occasion.isoformat(),
        "moment": request.moment.isoformat(),
        "request_key": request.request_key,
    }
    row = {
        "lot_key": key,
        "kind": "campaign",
        "strategy": request.strategy,
        "step": request.step,
        "version": loaded.version,
        "asked_for": json.dumps(asked_for),
        "asked_by": request.asked_by,
        "rate": request.rate,
    }
    new = lots.open_lot(conn, row, now=now)
    return lots.read(conn, key), new


def freeze_page(conn: Connection, lot: Lot, *, now: datetime, most: int = PAGE) -> Frozen:
    """Write down the next customers of a lot's audience: a journey each, and what it says as planned contacts.

    Whoever got a journey of the same occasion by another lot is passed over. A page that somebody else has written
    meanwhile is written once.

    Args:
        conn: A transaction in which nothing has happened yet.
        lot: The lot as it was last read.
        now: Aware UTC instant.
        most: How many customers at once.
    """
    loaded = strategies.load(conn, lot.strategy, lot.version or 0)
    opens_at = writes_at(_moment(lot), loaded.strategy)
    return Frozen(all=False, again_at=opens_at) if now < opens_at else _Freezing(conn, lot, loaded, now).page(most)


def segments_of(step: Step) -> dict[str, object]:
    """Return whom a campaign is for, as its statements ask: everybody, or the customers of some segments."""
    return {"everybody": not step.for_segments, "segments": list(step.for_segments)}


@dataclass(frozen=True)
class _Freezing:
    """One page being written; what its parts share."""

    conn: Connection
    lot: Lot
    loaded: Loaded
    now: datetime

    @property
    def step(self) -> Step:
        return self.loaded.strategy.steps[self.lot.step or ""]

    def page(self, most: int) -> Frozen:
        after = {"after": self.lot.frozen_to, **segments_of(self.step)}
        locked = list(self.conn.execute(LOCK_PAGE, after | {"most": most}).mappings())
        to = max((row["customer_key"] for row in locked), default=None)
        more = bool(self.conn.execute(MORE, after | {"after": to or self.lot.frozen_to}).scalar_one())
        contacts = self._write(locked) if locked else 0
        place = {"lot_key": self.lot.lot_key, "after": self.lot.frozen_to, "to": to, "all": not more, "now": self.now}
        self.conn.execute(MOVE_ON, place)
        return Frozen(all=not more, again_at=self.now if more else None, contacts=contacts)

    def _write(self, locked: Sequence[RowMapping]) -> int:
        everybody = _facts(self.conn, locked)
        governing = (strategies.published_of(self.conn, self.lot.strategy) or self.loaded).strategy
        journeys = [self._journey(customer, governing) for customer in everybody]
        asked = {
            "rows": json.dumps([_row(*both) for both in zip(journeys, everybody, strict=True)], default=str),
            "strategy": self.lot.strategy,
            "version": self.loaded.version,
            "step": self.step.name,
            "lot_key": self.lot.lot_key,
        }
        begun = set(self.conn.execute(BEGIN, asked).scalars())
        rows = [
            contact
            for customer, journey in zip(everybody, journeys, strict=True)
            if journey.journey_key in begun
            for contact in self._contacts(customer, journey, governing)
        ]
        if rows:
            plans.INSERT.run(self.conn, rows=json.dumps(rows, default=str))
        return len(rows)

    def _journey(self, customer: Customer, governing: Strategy) -> JourneyRow:
        started_at = starts_at(_moment(self.lot), zone_of(customer, governing), self.lot.created_at)
        occasion = self.lot.asked_for["occasion"]
        return JourneyRow(
            journey_key=campaign_journey_key(governing.name, self.step.name, occasion, customer.customer_key),
            strategy=governing.name,
            version=self.loaded.version,
            step=self.step.name,
            customer_key=customer.customer_key,
            key="",
            cycle=1,
            planned_cycle=1,
            state=JourneyState.OPEN,
            started_at=started_at,
            due_at=None,
            ends_at=ends_at(self.step, governing, started_at=started_at, due_at=None, customer=customer),
            milestones=(),
        )

    def _contacts(self, customer: Customer, journey: JourneyRow, governing: Strategy) -> Iterable[dict[str, Any]]:
        step = arms.step_for(self.step, customer.customer_key, self.lot.strategy)
        planned, passed = plan(
            step,
            strategy=governing,
            journey_started_at=journey.started_at,
            due_at=None,
            cycle=1,
            customer=customer,
            now=self.now,
        )
        rows = plans.planned_rows(journey, self.loaded, step, planned, passed, customer.revision, self.now)
        return (row | {"lot_key": self.lot.lot_key} for row in rows)


def _row(journey: JourneyRow, customer: Customer) -> dict[str, object]:
    """Return what a journey's row has of its own; the rest is the lot's."""
    return {
        "journey_key": journey.journey_key,
        "customer_key": journey.customer_key,
        "started_at": journey.started_at,
        "ends_at": journey.ends_at,
        "revision": customer.revision,
    }


def _moment(lot: Lot) -> datetime:
    return datetime.fromisoformat(lot.asked_for["moment"])


def _facts(conn: Connection, locked: Sequence[RowMapping]) -> list[Customer]:
    """Return what planning asks of each customer: their zone and dates, and where they live."""
    keys = [row["customer_key"] for row in locked]
    addresses: dict[UUID, list[Address]] = {}
    for row in conn.execute(ADDRESSES, {"customers": keys}):
        addresses.setdefault(row.customer_key, []).append(Address(Channel(row.channel), row.address))
    return [
        Customer(
            customer_key=row["customer_key"],
            revision=row["revision"],
            active=True,
            registered_at=row["registered_at"],
            time_zone=row["time_zone"],
            language=row["language"],
            country=row["country"],
            properties=row["properties"],
            addresses=tuple(addresses.get(row["customer_key"], ())),
        )
        for row in locked
    ]
