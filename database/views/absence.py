"""Communications that a customer has no contact of: what would have begun them, and whether it did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import strategies
from database.strategies import Loaded
from tactful.conditions import segment_of
from tactful.explain.absent import Absence, Came, Entered
from tactful.explain.story import Passage, What, Who
from tactful.facts import Customer
from tactful.strategy import read_strategy
from tactful.strategy.model import Communication, DateEntry, Step, Trigger

MOST_VERSIONS = 100
MOST_EVENTS = 20

EVENTS = text(
    "SELECT occurred_at, received_at, historical, properties ->> :per AS about FROM events "
    "WHERE customer_key = :key AND name = :event ORDER BY occurred_at DESC LIMIT :most"
)
JOURNEYS = text(
    "SELECT j.*, e.name AS event FROM journeys j LEFT JOIN events e ON e.event_key = j.event_key "
    "WHERE j.customer_key = :key AND j.strategy = :strategy AND :step IN (j.step, j.first_step) "
    "ORDER BY j.started_at DESC, j.journey_key LIMIT 20"
)
VERSIONS = text(
    "SELECT version, published_at, files FROM strategy_versions WHERE strategy = :strategy "
    "ORDER BY version DESC LIMIT :most"
)


def published_step(conn: Connection, strategy: str, step: str) -> Step | None:
    """Return a step as it is published now."""
    loaded = next((one for one in strategies.published(conn) if one.strategy.name == strategy), None)
    return loaded.strategy.steps.get(step) if loaded is not None else None


def came_of(conn: Connection, customer_key: UUID, step: Step) -> tuple[Came, ...]:
    """Return the customer's events of the kind that begins a step, the newest first."""
    if not isinstance(step.entry, Trigger):
        return ()
    asked = {"key": customer_key, "event": step.entry.event, "per": step.per or "", "most": MOST_EVENTS}
    return tuple(
        Came(row.occurred_at, row.received_at, row.historical, step.per is None or bool(row.about))
        for row in conn.execute(EVENTS, asked)
    )


def absence(conn: Connection, who: Who, customer: Customer, what: What, *, now: datetime) -> Absence:
    """Return everything that is known about a communication that a customer has no contact of."""
    loaded = next((one for one in strategies.published(conn) if one.strategy.name == what.strategy), None)
    step = loaded.strategy.steps.get(what.step) if loaded is not None else None
    said = loaded.strategy.communication(what.step, what.communication) if loaded is not None else None
    since, gone = _there(conn, what)
    rows = conn.execute(JOURNEYS, {"key": who.customer_key, "strategy": what.strategy, "step": what.step}).mappings()
    return Absence(
        who=who,
        what=what,
        now=now,
        step=step,
        communication=said,
        blocked=loaded is not None and _blocked(loaded, what),
        since=since,
        gone=gone,
        came=came_of(conn, who.customer_key, step) if step is not None else (),
        entered=tuple(_entered(conn, row, what) for row in rows),
        led_from=tuple(one.name for one in loaded.strategy.steps.values() if one.then == what.step) if loaded else (),
        segment=segment_of(customer, loaded.strategy.segments, now, who.zone) if loaded is not None else None,
        known=_date_known(step, said, customer),
    )


def _blocked(loaded: Loaded, what: What) -> bool:
    return what.step in loaded.blocked_steps or (what.step, what.communication) in loaded.blocked_communications


def _there(conn: Connection, what: What) -> tuple[tuple[int, datetime] | None, tuple[int, datetime] | None]:
    """Return since which version a communication is or was there, and from which it is gone."""
    since: tuple[int, datetime] | None = None
    gone: tuple[int, datetime] | None = None
    for row in conn.execute(VERSIONS, {"strategy": what.strategy, "most": MOST_VERSIONS}):
        if read_strategy(row.files).communication(what.step, what.communication) is not None:
            since = row.version, row.published_at
        elif since is None:
            gone = row.version, row.published_at
        else:
            break
    return since, gone if since is not None else None


def _entered(conn: Connection, row: RowMapping, what: What) -> Entered:
    pinned = strategies.load(conn, row["strategy"], row["version"]).strategy
    elsewhere = row["step"] != what.step
    return Entered(
        passage_of(row),
        row["version"],
        has_it=pinned.communication(what.step, what.communication) is not None,
        planned=elsewhere or row["planned_cycle"] > 0,
        done=what.communication in row["milestones"],
    )


def passage_of(row: RowMapping) -> Passage:
    """Return a journey's row, with the name of the event that began it, as a story knows it."""
    return Passage(row["step"], row["state"], row["started_at"], row["event"], row["key"], row["ended_at"])


def _date_known(step: Step | None, said: Communication | None, customer: Customer) -> bool:
    """Say whether the dates are known that a step begins with and a communication hangs on."""
    wanted: list[str] = []
    if step is not None and isinstance(step.entry, DateEntry):
        wanted.append(step.entry.property)
    if said is not None and said.when.anchor not in {"start", "due"}:
        wanted.append(said.when.anchor)
    return all(customer.properties.get(name) is not None for name in wanted)


def named(conn: Connection, communication: str, step: str | None, strategy: str | None) -> Sequence[What]:
    """Return what a name can mean: in the published strategies, else in what was published before."""
    found = [
        What(loaded.strategy.name, one.name, said.name)
        for loaded in strategies.published(conn)
        if strategy in {None, loaded.strategy.name}
        for one in loaded.strategy.steps.values()
        if step in {None, one.name}
        for said in one.communications
        if said.name == communication
    ]
    return found or _named_before(conn, communication, step, strategy)


def _named_before(conn: Connection, communication: str, step: str | None, strategy: str | None) -> list[What]:
    found: dict[What, None] = {}
    for loaded in strategies.published(conn):
        asked: dict[str, Any] = {"strategy": loaded.strategy.name, "most": MOST_VERSIONS}
        for row in conn.execute(VERSIONS, asked) if strategy in {None, loaded.strategy.name} else ():
            for one in read_strategy(row.files).steps.values():
                if step in {None, one.name} and any(said.name == communication for said in one.communications):
                    found[What(loaded.strategy.name, one.name, communication)] = None
    return list(found)
