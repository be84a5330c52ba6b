"""Customers as rows: found by other people's ids, locked by their revision, read as frozen facts.

`lock` is the first statement of every transaction that changes what may be sent to a customer. It is an UPDATE, not
`FOR UPDATE`, which would block other transactions' foreign keys and deadlock with them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, text

from database.engine import Direct
from database.errors import UnknownCustomerError
from tactful.facts import Address, Consent, Customer, Order, Suppression
from tactful.intake import Who
from tactful.words import Channel, ConsentState, SuppressionClass

Facts = Mapping[str, Any]
"""A row, or the columns of `details`, by name."""

MOST_ORDERS = 1000
MOST_EVENTS = 1000

LOCK = Direct("UPDATE customers SET revision = revision + 1 WHERE customer_key = :customer_key RETURNING *")
# In the order of their keys, so that two who lock several never wait for each other.
LOCK_ALL = Direct(
    "WITH due AS (SELECT customer_key FROM customers WHERE customer_key = ANY(:customer_keys) "
    "ORDER BY customer_key FOR NO KEY UPDATE) "
    "UPDATE customers c SET revision = c.revision + 1 FROM due WHERE c.customer_key = due.customer_key RETURNING c.*"
)
REVISE_ALL = Direct(
    "WITH due AS (SELECT customer_key FROM customers WHERE customer_key = ANY(:customer_keys) "
    "ORDER BY customer_key FOR NO KEY UPDATE) UPDATE customers c SET revision = c.revision + 1 FROM due "
    "WHERE c.customer_key = due.customer_key RETURNING c.customer_key, c.revision"
)
REVISE = Direct("UPDATE customers SET revision = revision + 1 WHERE customer_key = :customer_key RETURNING revision")
RESOLVE = text(
    "SELECT kind, customer_key FROM customer_ids WHERE (kind, id) IN (('user', :user), ('anonymous', :anonymous))"
)
RESOLVE_ALL = Direct("SELECT kind, id, customer_key FROM customer_ids WHERE kind = :kind AND id = ANY(:ids)")
LATEST_FIRST = (
    "stated_at DESC, (state = 'opted_out') DESC, (state = 'opted_in') DESC, expires_at NULLS LAST, basis, source"
)
"""Which statement about a topic on a channel holds, whatever order they arrived in: docs/rules.md#lawful-basis."""

SERVED = "unnest(CASE channel WHEN 'sms' THEN ARRAY['sms', 'call'] ELSE ARRAY[channel] END) AS channel"
"""The channels that an address serves, for a statement over `addresses`: a number is kept once, for texts and calls."""


def details(key: str) -> str:
    """Return the columns that make a customer's facts, for a statement that knows the customer as `key`.

    Each statement that needs them embeds them, so that a decision reads everything at one instant. Amounts travel as
    text: JSON numbers would lose cents.
    """
    return f"""
    (SELECT jsonb_agg(jsonb_build_array(a.channel, a.address))
       FROM (SELECT {SERVED}, address FROM addresses
              WHERE customer_key = {key} AND replaced_at IS NULL) a) AS addresses,
    (SELECT jsonb_agg(jsonb_build_array(t.channel, t.topic, t.state, t.stated_at, t.expires_at, t.revision, t.basis,
                                        t.source))
       FROM (SELECT DISTINCT ON (channel, topic) * FROM consents
              WHERE customer_key = {key}
              ORDER BY channel, topic, {LATEST_FIRST}) t) AS consents,
    (SELECT jsonb_agg(jsonb_build_array(s.kind, s.reason, s.channel, s.address, s.topic, s.expires_at))
       FROM suppressions s WHERE (s.customer_key = {key}
         OR (s.customer_key IS NULL AND (s.channel, s.address) IN
             (SELECT {SERVED}, address FROM addresses WHERE customer_key = {key} AND replaced_at IS NULL)))
         AND NOT EXISTS (SELECT 1 FROM suppression_lifts l WHERE l.suppression_no = s.suppression_no)
    ) AS suppressions,
    (SELECT jsonb_agg(jsonb_build_array(o.placed_at, o.total::text, o.currency) ORDER BY o.placed_at DESC)
       FROM (SELECT * FROM orders WHERE customer_key = {key}
              ORDER BY placed_at DESC LIMIT {MOST_ORDERS}) o) AS orders,
    (SELECT jsonb_agg(jsonb_build_array(e.name, e.occurred_at) ORDER BY e.occurred_at DESC)
       FROM (SELECT name, occurred_at FROM events
              WHERE customer_key = {key} AND name IN (SELECT name FROM watched_events)
              ORDER BY occurred_at DESC LIMIT {MOST_EVENTS}) e) AS events
    """  # noqa: S608 - nothing but our own names and constants is put in


FACTS = Direct(f"SELECT {details(':customer_key')}")


def instant(value: str | datetime | None) -> datetime | None:
    """Return an instant that came inside JSON as a datetime; None where there was none."""
    return known_instant(value) if value is not None else None


def known_instant(value: str | datetime) -> datetime:
    """Return an instant that came inside JSON and cannot be missing."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def find(conn: Connection, who: Who) -> dict[str, UUID]:
    """Return the customer keys that the ids in `who` point to, by kind of id."""
    rows = conn.execute(RESOLVE, {"user": who.user_id, "anonymous": who.anonymous_id})
    return {row.kind: row.customer_key for row in rows}


def resolve(conn: Connection, who: Who) -> UUID:
    """Return the customer that `who` names; the user id wins.

    Raises:
        UnknownCustomerError: nobody has been identified by that id yet.
    """
    found = find(conn, who)
    key = found.get("user") or (found.get("anonymous") if who.user_id is None else None)
    if key is None:
        raise UnknownCustomerError(who)
    return key


def resolve_many(conn: Connection, many: Collection[Who]) -> dict[Who, UUID]:
    """Return the customers that each of `many` names, as `resolve` does; those that are unknown are left out."""
    if not many:
        return {}
    ids = {"user": {who.user_id for who in many}, "anonymous": {who.anonymous_id for who in many if not who.user_id}}
    found = {
        (row["kind"], row["id"]): row["customer_key"]
        for kind, said in ids.items()
        for row in RESOLVE_ALL.rows(conn, kind=kind, ids=sorted(one for one in said if one is not None))
    }
    named = {who: ("anonymous", who.anonymous_id) if who.user_id is None else ("user", who.user_id) for who in many}
    return {who: found[id_] for who, id_ in named.items() if id_ in found}


def lock(conn: Connection, customer_key: UUID) -> Facts:
    """Return the customer's row with its new revision; until this transaction ends nobody else changes the customer.

    Raises:
        UnknownCustomerError: there is no such customer.
    """
    row = LOCK.row(conn, customer_key=customer_key)
    if row is None:
        raise UnknownCustomerError(customer_key)
    return row


def lock_all(conn: Connection, customer_keys: Collection[UUID]) -> dict[UUID, Facts]:
    """Lock several customers as `lock` does; return their rows by key. Those that are unknown are left out."""
    if len(customer_keys) == 1:
        rows = LOCK.rows(conn, customer_key=next(iter(customer_keys)))
    else:
        rows = LOCK_ALL.rows(conn, customer_keys=list(customer_keys))
    return {row["customer_key"]: row for row in rows}


def revise(conn: Connection, customer_key: UUID) -> int:
    """Lock the customer as `lock` does, for those who need no more of them than the new revision.

    Raises:
        UnknownCustomerError: there is no such customer.
    """
    row = REVISE.row(conn, customer_key=customer_key)
    if row is None:
        raise UnknownCustomerError(customer_key)
    return int(row["revision"])


def revise_all(conn: Connection, customer_keys: Collection[UUID]) -> dict[UUID, int]:
    """Lock several customers as `lock_all` does; return their new revisions by key."""
    if len(customer_keys) == 1:
        (key,) = customer_keys
        return {key: revise(conn, key)}
    rows = REVISE_ALL.rows(conn, customer_keys=list(customer_keys))
    return {row["customer_key"]: row["revision"] for row in rows}


def read_facts(conn: Connection, row: Facts) -> Customer:
    """Return everything known of a locked customer; of events only those that some strategy watches."""
    found = FACTS.row(conn, customer_key=row["customer_key"])
    assert found is not None
    return customer_from(row, found)


def customer_from(row: Facts, found: Facts) -> Customer:
    """Return the frozen customer from its row and the columns of `details`."""
    events: dict[str, tuple[datetime, ...]] = {}
    for name, at in found["events"] or ():
        events[name] = (*events.get(name, ()), known_instant(at))
    return Customer(
        customer_key=row["customer_key"],
        revision=row["revision"],
        active=row["status"] == "active",
        registered_at=row["registered_at"],
        time_zone=row["time_zone"],
        language=row["language"],
        country=row["country"],
        properties=row["properties"],
        orders=tuple(
            Order(known_instant(at), Decimal(total) if total is not None else None, currency)
            for at, total, currency in found["orders"] or ()
        ),
        events=events,
        addresses=tuple(Address(Channel(channel), address) for channel, address in found["addresses"] or ()),
        consents=tuple(
            Consent(Channel(channel), topic, ConsentState(state), known_instant(stated), instant(expires), *proof)
            for channel, topic, state, stated, expires, *proof in found["consents"] or ()
        ),
        suppressions=tuple(
            Suppression(
                SuppressionClass(kind), reason, Channel(channel) if channel else None, address, topic, instant(expires)
            )
            for kind, reason, channel, address, topic, expires in found["suppressions"] or ()
        ),
        preferred=tuple(Channel(channel) for channel in row["preferred"]),
    )


def set_segment(conn: Connection, customer_key: UUID, segment: str | None) -> None:
    """Keep the segment a customer is in now, for pages and reports."""
    conn.execute(
        sa.text("UPDATE customers SET segment = :segment WHERE customer_key = :customer_key"),
        {"segment": segment, "customer_key": customer_key},
    )
