"""What comes in becomes rows: one transaction stores it, works out what follows, and leaves word for Temporal.

Every function is safe to repeat: a message id that was taken in before changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers, journeys, strategies, waking
from database.customers import Facts
from database.engine import Direct
from database.errors import IdTakenError, UnknownCustomerError
from database.journeys import Cause
from database.strategies import Loaded
from tactful.conditions import segment_of
from tactful.facts import Customer
from tactful.following import Happened, Story, follow, reached, series_needed
from tactful.intake import Identify, Statement, Track, Who
from tactful.planning import hangs_on
from tactful.timing import zone_of
from tactful.words import ConsentState, Reason

ORDER_PLACED = "order.placed"
MOST_RACES = 4
MOST_WORTH = Decimal(10) ** 12
_SEGMENTING = ("properties", "registered_at", "time_zone")
"""What `identify` may tell that a segment can hang on."""
EVENTS = uuid.UUID("2f6f9b1e-0f1c-4c55-8a55-0a5a2d1c7e11")

REGISTER = text(
    "INSERT INTO customers (customer_key, registered_at, created_at) VALUES (:customer_key, :registered_at, :now)"
)
LINK = text(
    "INSERT INTO customer_ids (kind, id, customer_key, since) VALUES (:kind, :id, :customer_key, :now) "
    "ON CONFLICT DO NOTHING RETURNING customer_key"
)
OTHER_USER = text("SELECT 1 FROM customer_ids WHERE kind = 'user' AND customer_key = :customer_key")
TELL = Direct(
    "UPDATE customers SET time_zone = coalesce(:time_zone, time_zone), language = coalesce(:language, language), "
    "country = coalesce(:country, country), properties = properties || CAST(:properties AS jsonb), "
    "preferred = coalesce(CAST(:preferred AS jsonb), preferred), "
    "registered_at = coalesce(:registered_at, registered_at), told_at = :told_at "
    "WHERE customer_key = :customer_key RETURNING *"
)
# What was true earlier and is told later fills gaps only.
TELL_LATE = Direct(
    "UPDATE customers SET time_zone = coalesce(time_zone, :time_zone), language = coalesce(language, :language), "
    "country = coalesce(country, :country), properties = CAST(:properties AS jsonb) || properties, "
    "preferred = CASE WHEN preferred = '[]' THEN coalesce(CAST(:preferred AS jsonb), preferred) ELSE preferred END "
    "WHERE customer_key = :customer_key RETURNING *"
)
RETIRE_ADDRESS = text(
    "UPDATE addresses SET replaced_at = :said_at, revision = :revision WHERE customer_key = :customer_key "
    "AND channel = :channel AND replaced_at IS NULL AND said_at <= :said_at AND address IS DISTINCT FROM :address"
)
ADD_ADDRESS = text(
    "INSERT INTO addresses (customer_key, channel, address, since, said_at, revision) "
    "SELECT :customer_key, :channel, :address, :said_at, :said_at, :revision WHERE NOT EXISTS ("
    "SELECT 1 FROM addresses WHERE customer_key = :customer_key AND channel = :channel "
    "AND coalesce(replaced_at, said_at) > :said_at) "
    "ON CONFLICT (customer_key, channel) WHERE replaced_at IS NULL DO UPDATE SET said_at = excluded.said_at"
)
STATE = text(
    "INSERT INTO consents (customer_key, channel, topic, state, basis, source, evidence, stated_at, recorded_at, "
    "expires_at, revision) SELECT :customer_key, :channel, :topic, :state, :basis, :source, "
    "CAST(:evidence AS jsonb), :stated_at, :now, :expires_at, :revision WHERE NOT EXISTS (SELECT 1 FROM consents "
    "WHERE customer_key = :customer_key AND channel = :channel AND topic = :topic AND state = :state "
    "AND stated_at = :stated_at AND source = :source AND basis = :basis "
    "AND expires_at IS NOT DISTINCT FROM CAST(:expires_at AS timestamptz))"
)
STORE = text(
    "INSERT INTO events (event_key, customer_key, name, message_id, occurred_at, received_at, properties, historical, "
    "revision) VALUES (:event_key, :customer_key, :name, :message_id, :occurred_at, :now, "
    "CAST(:properties AS jsonb), :historical, :revision) ON CONFLICT (message_id) DO NOTHING RETURNING event_key"
)
STORE_ORDER = text(
    "INSERT INTO orders (event_key, customer_key, order_id, placed_at, total, currency, properties) VALUES "
    "(:event_key, :customer_key, :order_id, :placed_at, :total, :currency, CAST(:properties AS jsonb)) "
    "ON CONFLICT (customer_key, order_id) DO NOTHING RETURNING event_key"
)
UNSTORE = text("DELETE FROM events WHERE event_key = :event_key")


@dataclass(frozen=True, slots=True)
class Tracked:
    """An event as taken in; a *duplicate* had been taken in before and changed nothing now."""

    customer_key: UUID
    event_key: UUID
    duplicate: bool


def identify(conn: Connection, said: Identify, *, now: datetime) -> UUID:
    """Take in facts about a customer, who is registered if nobody has that id yet; return their key.

    Facts hold as of `occurred_at`: what was told for a later instant is not overwritten by what arrives after it.

    Raises:
        IdTakenError: the two ids given belong to two different customers; nothing was written.
    """
    customer_key = _register(conn, said, now)
    locked = customers.lock(conn, customer_key)
    said_at = min(said.occurred_at, now)
    row = _tell(conn, said, locked, said_at)
    for channel, address in said.addresses.items():
        kept = channel.kept_as.value
        change = {"customer_key": customer_key, "channel": kept, "address": address, "said_at": said_at}
        conn.execute(RETIRE_ADDRESS, change | {"revision": locked["revision"]})
        if address is not None:
            conn.execute(ADD_ADDRESS, change | {"revision": locked["revision"]})
    for statement in said.statements:
        _state(conn, statement, customer_key, locked["revision"], now)
    confirmed = [each.topic for each in said.statements if each.state is ConsentState.OPTED_IN]
    if confirmed:
        waking.look_now(
            conn, customer_key, locked["revision"], Reason.OPT_IN_PENDING, now=now, topics=dict.fromkeys(confirmed)
        )
    _look_again(conn, locked, row, said.properties, now)
    return customer_key


def track(conn: Connection, done: Track, *, now: datetime) -> Tracked:
    """Take in an event and carry out what follows from it.

    Raises:
        UnknownCustomerError: nobody has been identified by that id yet.
    """
    customer_key = customers.resolve(conn, done.who)
    row = customers.lock(conn, customer_key)
    event_key = uuid.uuid5(EVENTS, done.message_id)
    occurred_at = min(done.occurred_at, now)  # a sender's clock that runs ahead must not outdate what really follows
    stored = conn.execute(
        STORE,
        {
            "event_key": event_key,
            "customer_key": customer_key,
            "name": done.name,
            "message_id": done.message_id,
            "occurred_at": occurred_at,
            "now": now,
            "properties": as_json(done.properties),
            "historical": done.historical,
            "revision": row["revision"],
        },
    ).scalar_one_or_none()
    if stored is None:
        return Tracked(customer_key, event_key, duplicate=True)
    total, currency = worth(done)
    cause = Cause(customer_key, row["revision"], now, event_key, total, currency)
    if done.name == ORDER_PLACED and not _store_order(conn, done, cause, occurred_at):
        conn.execute(UNSTORE, {"event_key": event_key})
        return Tracked(customer_key, event_key, duplicate=True)
    _carry_out(conn, row, Happened(done.name, occurred_at, done.properties, done.historical), cause)
    return Tracked(customer_key, event_key, duplicate=False)


def track_many(conn: Connection, many: Sequence[Track], *, now: datetime) -> list[Tracked | UnknownCustomerError]:
    """Take in many events in one transaction, a customer's in the order given; an unknown customer is an answer.

    Customers are locked in the order of their keys, so that two such transactions never wait for each other.
    """
    keys = [_known(conn, done.who) for done in many]
    order = sorted(range(len(many)), key=lambda i: (str(keys[i]), i))
    answers: dict[int, Tracked | UnknownCustomerError] = {}
    for i in order:
        known = keys[i] is not None
        answers[i] = track(conn, many[i], now=now) if known else UnknownCustomerError(many[i].who)
    return [answers[i] for i in range(len(many))]


def _known(conn: Connection, who: Who) -> UUID | None:
    try:
        return customers.resolve(conn, who)
    except UnknownCustomerError:
        return None


def _register(conn: Connection, said: Identify, now: datetime) -> UUID:
    """Return whom the ids belong to; ids that nobody has are given to them, or to a new customer.

    An anonymous id is a device, which a household may share: it joins no two people who have user ids of their own.
    """
    given = {kind: id_ for kind, id_ in (("user", said.who.user_id), ("anonymous", said.who.anonymous_id)) if id_}
    for _ in range(MOST_RACES):
        found = customers.find(conn, said.who)
        owners, new = set(found.values()), [kind for kind in given if kind not in found]
        known = next(iter(owners), None)
        if len(owners) > 1 or (known is not None and "user" in new and _is_user(conn, known)):
            break
        if known is not None and not new:
            return known
        with contextlib.suppress(_RacedError), conn.begin_nested():
            customer_key = known or _begin(conn, said, now)
            for kind in new:
                _link(conn, kind, given[kind], customer_key, now)
            return customer_key
    raise IdTakenError("anonymous")


class _RacedError(Exception):
    """Somebody else was given the id meanwhile; whoever meets it looks again."""


def _link(conn: Connection, kind: str, id_: str, customer_key: UUID, now: datetime) -> None:
    row = {"kind": kind, "id": id_, "customer_key": customer_key, "now": now}
    if conn.execute(LINK, row).first() is None:
        raise _RacedError


def _begin(conn: Connection, said: Identify, now: datetime) -> UUID:
    customer_key = uuid.uuid4()
    registered_at = said.registered_at or min(said.occurred_at, now)
    conn.execute(REGISTER, {"customer_key": customer_key, "registered_at": registered_at, "now": now})
    return customer_key


def _is_user(conn: Connection, customer_key: UUID) -> bool:
    """Say whether a customer has a user id already; from here on nobody else can give them one."""
    customers.lock(conn, customer_key)
    return conn.execute(OTHER_USER, {"customer_key": customer_key}).first() is not None


def _tell(conn: Connection, said: Identify, locked: Facts, said_at: datetime) -> Facts:
    preferred = json.dumps([channel.value for channel in said.preferred]) if said.preferred is not None else None
    row = {
        "customer_key": locked["customer_key"],
        "time_zone": said.time_zone,
        "language": said.language,
        "country": said.country,
        "properties": as_json(said.properties),
        "preferred": preferred,
        "registered_at": said.registered_at,
        "told_at": said_at,
    }
    late = locked["told_at"] is not None and said_at < locked["told_at"]
    told = (TELL_LATE if late else TELL).row(conn, **row)
    assert told is not None
    return told


def _state(conn: Connection, statement: Statement, customer_key: UUID, revision: int, now: datetime) -> None:
    row = {
        "customer_key": customer_key,
        "channel": statement.channel.value,
        "topic": statement.topic,
        "state": statement.state.value,
        "basis": statement.basis,
        "source": statement.source,
        "evidence": as_json(statement.evidence),
        "stated_at": min(statement.stated_at, now),
        "expires_at": statement.expires_at,
        "revision": revision,
        "now": now,
    }
    conn.execute(STATE, row)


def _store_order(conn: Connection, done: Track, cause: Cause, placed_at: datetime) -> bool:
    """Store the order; return False if the customer's order of that id was told before, under whatever message id."""
    order_id = done.properties.get("order_id")
    row = {
        "event_key": cause.event_key,
        "customer_key": cause.customer_key,
        "order_id": str(order_id) if order_id is not None else None,
        "placed_at": placed_at,
        "total": cause.total,
        "currency": cause.currency,
        "properties": as_json(done.properties),
    }
    return conn.execute(STORE_ORDER, row).first() is not None


def _carry_out(conn: Connection, row: Facts, event: Happened, cause: Cause) -> None:
    """Work out, per strategy, what follows from an event, and write it."""
    all_published = strategies.published(conn)
    if not all_published:
        return
    customer = customers.read_facts(conn, row)
    open_journeys = journeys.read_open(conn, cause.customer_key)
    entries = journeys.read_entries(conn, cause.customer_key)
    for loaded in all_published:
        name = loaded.strategy.name
        inside = open_journeys.get(name, ())
        needed = series_needed(loaded.strategy, event, inside)
        series = {one: journeys.read_series(conn, cause.customer_key, one) for one in needed}
        story = Story(customer, inside, entries.get(name, {}), series, loaded.blocked_steps)
        journeys.carry_out(conn, follow(loaded.strategy, event, story, cause.now), loaded, cause)
    release(conn, [event.name], all_published, cause)
    keep_segment(conn, row, customer, all_published, cause)


def release(conn: Connection, events: Iterable[str], published: Iterable[Loaded], cause: Cause) -> None:
    """After events that end something `hold_while` names, look at what it held."""
    happened = list(dict.fromkeys(events))
    if any(waking.ends_a_hold(loaded.strategy, event) for loaded in published for event in happened):
        waking.look_now(conn, cause.customer_key, cause.revision, Reason.ON_HOLD, now=cause.now)


def _look_again(conn: Connection, before: Facts, row: Facts, told: Iterable[str], now: datetime) -> None:
    """After new facts: the segment, milestones that are reached by them, waits that a new time zone or a date moves."""
    open_journeys = journeys.read_open(conn, row["customer_key"])
    new = before["told_at"] is None or any(row[fact] != before[fact] for fact in _SEGMENTING)
    all_published = strategies.published(conn) if open_journeys or new else ()
    if not all_published:
        return
    cause = Cause(row["customer_key"], row["revision"], now)
    customer = customers.read_facts(conn, row)
    if new:
        keep_segment(conn, row, customer, all_published, cause)
        open_journeys = journeys.read_open(conn, row["customer_key"]) if open_journeys else {}
    woken: dict[UUID, None] = {}
    for loaded in all_published:
        inside = open_journeys.get(loaded.strategy.name, ())
        effects = reached(loaded.strategy, Story(customer, inside), now) if inside else ()
        journeys.carry_out(conn, effects, loaded, cause)
        woken.update(dict.fromkeys(effect.journey_key for effect in effects))
    changed = {name for name in told if row["properties"].get(name) != before["properties"].get(name)}
    for journey in (j for of in open_journeys.values() for j in of if j.journey_key not in woken):
        if row["time_zone"] != before["time_zone"] or (journey.pinned and hangs_on(journey.pinned, changed)):
            journeys.wake(conn, journey.journey_key, cause)


def keep_segment(conn: Connection, row: Facts, customer: Customer, published: Sequence[Loaded], cause: Cause) -> None:
    """Keep the segment the customer is in now, of the first strategy; of each, end what a move makes them leave."""
    for loaded in published:
        strategy = loaded.strategy
        leaves = any("leave" in step.when_moved.values() for step in strategy.steps.values())
        if loaded is not published[0] and not leaves:
            continue
        segment = segment_of(customer, strategy.segments, cause.now, zone_of(customer, strategy))
        if loaded is published[0] and segment != row["segment"]:
            customers.set_segment(conn, customer.customer_key, segment)
        if leaves:
            journeys.keep_segment(conn, loaded, segment, cause)


def worth(done: Track) -> tuple[Decimal | None, str | None]:
    """Return what an event was worth: its `total` (or Segment's `revenue`) and `currency`."""
    said = done.properties.get("total", done.properties.get("revenue"))
    currency = done.properties.get("currency")
    if isinstance(said, dict):
        money = cast("dict[str, object]", said)
        currency, said = money.get("currency", currency), money.get("amount")
    return _amount(said), str(currency) if currency is not None else None


def _amount(said: object) -> Decimal | None:
    """Return an amount that can be added up; what is none, or is absurd, is none."""
    try:
        amount = Decimal(str(said)) if said is not None else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and abs(amount) < MOST_WORTH else None


def as_json(values: Mapping[str, object]) -> str:
    """Return properties as JSON for a statement."""
    return json.dumps(dict(values), ensure_ascii=False, default=str)
