"""The past told in bulk: many historical events in a few statements, with the outcome that one after the other has.

Events are stored set by set; what follows from them is worked out per customer, in order, from facts read once. Only
what tells the past comes this way: it sets clocks and ends journeys, and begins nothing else.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, journeys, strategies
from database.customers import Facts
from database.errors import UnknownCustomerError
from database.intake import EVENTS, ORDER_PLACED, Tracked, as_json, keep_segment, release, worth
from database.journeys import Cause
from database.strategies import Loaded
from tactful.following import Happened, Series, Story, follow, series_needed
from tactful.intake import Track, Who

FIND = text(
    "SELECT kind, id, customer_key FROM customer_ids WHERE kind = 'user' AND id = ANY(:user) "
    "UNION ALL SELECT kind, id, customer_key FROM customer_ids WHERE kind = 'anonymous' AND id = ANY(:anonymous)"
)
REGISTER = text(
    "INSERT INTO customers (customer_key, registered_at, created_at) SELECT r.customer_key, r.registered_at, :now "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(customer_key uuid, registered_at timestamptz)"
)
LINK = text(
    "INSERT INTO customer_ids (kind, id, customer_key, since) SELECT r.kind, r.id, r.customer_key, :now "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(kind text, id text, customer_key uuid) "
    "ORDER BY r.kind, r.id ON CONFLICT DO NOTHING RETURNING customer_key"
)
FORGET = text("DELETE FROM customers WHERE customer_key = ANY(:keys)")
TOLD = text("SELECT message_id FROM events WHERE message_id = ANY(:ids)")
# All in the order of their keys, so that two such transactions never wait for each other.
STORE = text(
    "INSERT INTO events (event_key, customer_key, name, message_id, occurred_at, received_at, properties, historical, "
    "revision) SELECT r.event_key, r.customer_key, r.name, r.message_id, r.occurred_at, :now, r.properties, true, "
    "r.revision FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(event_key uuid, customer_key uuid, name text, "
    "message_id text, occurred_at timestamptz, properties jsonb, revision bigint) "
    "ON CONFLICT (message_id) DO NOTHING RETURNING event_key"
)
STORE_ORDERS = text(
    "INSERT INTO orders (event_key, customer_key, order_id, placed_at, total, currency, properties) "
    "SELECT r.event_key, r.customer_key, r.properties ->> 'order_id', r.occurred_at, CAST(r.total AS numeric), "
    "r.currency, r.properties FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(event_key uuid, customer_key uuid, "
    "occurred_at timestamptz, total text, currency text, properties jsonb) "
    "ON CONFLICT (customer_key, order_id) DO NOTHING RETURNING event_key"
)
UNSTORE = text("DELETE FROM events WHERE event_key = ANY(:keys)")


@dataclass(frozen=True)
class _Event:
    """An event on its way in: whose, under which key, at which place of the batch."""

    place: int
    done: Track
    customer_key: UUID
    event_key: UUID
    occurred_at: datetime

    @property
    def happened(self) -> Happened:
        return Happened(self.done.name, self.occurred_at, self.done.properties, historical=True)


def track_past(
    conn: Connection, many: Sequence[Track], *, now: datetime, create_customers: bool = False
) -> list[Tracked | UnknownCustomerError]:
    """Take in many events of the past in one transaction, a customer's in the order given.

    Args:
        conn: The transaction.
        many: The events; all are taken as historical.
        now: Aware UTC instant.
        create_customers: Register customers that nobody knows, as of their first event here; else they are answered.
    """
    known = _customers(conn, [done.who for done in many])
    if create_customers:
        known |= _register(conn, [done for done in many if _key_of(done.who, known) is None], now)
    answers: list[Tracked | UnknownCustomerError] = [UnknownCustomerError(done.who) for done in many]
    events: list[_Event] = []
    for place, done in enumerate(many):
        key = _key_of(done.who, known)
        if key is not None:
            at = min(done.occurred_at, now)
            events.append(_Event(place, done, key, uuid.uuid5(EVENTS, done.message_id), at))
            answers[place] = Tracked(key, events[-1].event_key, duplicate=True)
    for event in _new(conn, events, now):
        answers[event.place] = Tracked(event.customer_key, event.event_key, duplicate=False)
    return answers


def _new(conn: Connection, events: Sequence[_Event], now: datetime) -> list[_Event]:
    """Store the events that were not told before, carry out what follows from them, and return them."""
    told = set(conn.execute(TOLD, {"ids": [event.done.message_id for event in events]}).scalars())
    fresh: dict[UUID, _Event] = {}
    for event in events:
        if event.done.message_id not in told:
            fresh.setdefault(event.event_key, event)
    if not fresh:
        return []
    keys = list(dict.fromkeys(event.customer_key for event in fresh.values()))
    locked = customers.lock_all(conn, keys)
    stored = _store(conn, fresh.values(), locked, now)
    of_customer: dict[UUID, list[_Event]] = {}
    for event in stored:
        of_customer.setdefault(event.customer_key, []).append(event)
    published = strategies.published(conn)
    for customer_key, theirs in of_customer.items() if published else ():
        _carry_out(conn, locked[customer_key], theirs, published, now)
    return stored


def _store(conn: Connection, events: Iterable[_Event], locked: Mapping[UUID, Facts], now: datetime) -> list[_Event]:
    """Store events and orders; an order that was told before, under whatever message id, takes its event back."""
    events = list(events)
    rows = [_row(event, locked[event.customer_key]["revision"]) for event in events]
    stored = set(conn.execute(STORE, {"rows": json.dumps(rows), "now": now}).scalars())
    orders = {event.event_key for event in events if event.done.name == ORDER_PLACED} & stored
    if orders:
        of_orders = [row for row, event in zip(rows, events, strict=True) if event.event_key in orders]
        again = orders - set(conn.execute(STORE_ORDERS, {"rows": json.dumps(of_orders)}).scalars())
        if again:
            conn.execute(UNSTORE, {"keys": list(again)})
            stored -= again
    return [event for event in events if event.event_key in stored]


def _row(event: _Event, revision: int) -> dict[str, Any]:
    total, currency = worth(event.done)
    return {
        "event_key": str(event.event_key),
        "customer_key": str(event.customer_key),
        "name": event.done.name,
        "message_id": event.done.message_id,
        "occurred_at": event.occurred_at.isoformat(),
        "properties": json.loads(as_json(event.done.properties)),
        "revision": revision,
        "total": str(total) if total is not None else None,
        "currency": currency,
    }


def _carry_out(
    conn: Connection, row: Facts, events: Sequence[_Event], published: Sequence[Loaded], now: datetime
) -> None:
    """Work out, in order, what follows from a customer's events, and write it."""
    customer = customers.read_facts(conn, row)
    open_journeys = journeys.read_open(conn, row["customer_key"])
    entries = journeys.read_entries(conn, row["customer_key"])
    stored: dict[Series, tuple[datetime, ...]] = {}
    for i, event in enumerate(events):
        total, currency = worth(event.done)
        cause = Cause(row["customer_key"], row["revision"], now, event.event_key, total, currency)
        changed = False
        for loaded in published:
            name = loaded.strategy.name
            inside = open_journeys.get(name, ())
            needed = series_needed(loaded.strategy, event.happened, inside)
            for one in needed:
                if one not in stored:
                    stored[one] = journeys.read_series(conn, row["customer_key"], one)
            series = {one: _until_now(stored[one], one, events[i + 1 :]) for one in needed}
            story = Story(customer, inside, entries.get(name, {}), series, loaded.blocked_steps)
            effects = follow(loaded.strategy, event.happened, story, now)
            journeys.carry_out(conn, effects, loaded, cause)
            changed = changed or bool(effects)
        if changed and i + 1 < len(events):
            open_journeys = journeys.read_open(conn, row["customer_key"])
            entries = journeys.read_entries(conn, row["customer_key"])
    cause = Cause(row["customer_key"], row["revision"], now)
    release(conn, [event.done.name for event in events], published, cause)
    keep_segment(conn, row, customer, published, cause)


def _until_now(stored: tuple[datetime, ...], series: Series, to_come: Sequence[_Event]) -> tuple[datetime, ...]:
    """Return a series without the events of this batch whose turn has not come: as if they were told one by one."""
    left = list(stored)
    for event in to_come:
        value = "" if series.per is None else event.done.properties.get(series.per)
        if event.done.name == series.event and str(value) == series.key and event.occurred_at in left:
            left.remove(event.occurred_at)
    return tuple(left)


def _customers(conn: Connection, named: Iterable[Who]) -> dict[tuple[str, str], UUID]:
    who = list(named)
    users = list(dict.fromkeys(one.user_id for one in who if one.user_id is not None))
    anonymous = list(dict.fromkeys(one.anonymous_id for one in who if one.anonymous_id is not None))
    rows = conn.execute(FIND, {"user": users, "anonymous": anonymous})
    return {(row.kind, row.id): row.customer_key for row in rows}


def _key_of(who: Who, known: Mapping[tuple[str, str], UUID]) -> UUID | None:
    """Return the customer that `who` names; the user id wins."""
    if who.user_id is not None:
        return known.get(("user", who.user_id))
    return known.get(("anonymous", who.anonymous_id or ""))


def _register(conn: Connection, events: Sequence[Track], now: datetime) -> dict[tuple[str, str], UUID]:
    """Register the customers of events by their id alone, and return the keys of all of them."""
    first: dict[tuple[str, str], datetime] = {}
    for event in events:
        who = event.who
        name = ("user", who.user_id) if who.user_id is not None else ("anonymous", who.anonymous_id or "")
        first[name] = min(first.get(name, event.occurred_at), event.occurred_at, now)
    if not first:
        return {}
    rows = [
        {"kind": kind, "id": id_, "customer_key": str(uuid.uuid4()), "registered_at": at.isoformat()}
        for (kind, id_), at in first.items()
    ]
    asked = {"rows": json.dumps(rows), "now": now}
    conn.execute(REGISTER, asked)
    linked = {str(key) for key in conn.execute(LINK, asked).scalars()}
    lost = [row["customer_key"] for row in rows if row["customer_key"] not in linked]
    if lost:  # somebody else registered them in the meantime
        conn.execute(FORGET, {"keys": [UUID(key) for key in lost]})
    return _customers(conn, [event.who for event in events])
