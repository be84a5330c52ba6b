"""A customer as pages and the API show one: profile, consents, orders, journeys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import customers
from database.strategies import load
from tactful.intake import Who
from tactful.temporal import journey_workflow_id
from tactful.wire.answers import (
    AddressAnswer,
    ConsentAnswer,
    CustomerAnswer,
    JourneyAnswer,
    OrdersAnswer,
    SuppressionAnswer,
)
from tactful.words import ConsentState, JourneyState, Shape

MOST_IDS = 100
MOST_JOURNEYS = 200
NEAR = 12

FIND = text(
    "SELECT customer_key FROM customer_ids WHERE id = :id ORDER BY kind DESC LIMIT 1"  # 'user' before 'anonymous'
)
EXISTS = text("SELECT customer_key FROM customers WHERE customer_key = :key")
IDS = text("SELECT kind, id FROM customer_ids WHERE customer_key = :key ORDER BY kind DESC, since, id LIMIT :most")
BEFORE = text("SELECT id FROM customer_ids WHERE kind = 'user' AND id < :id ORDER BY id DESC LIMIT :near")
AFTER = text("SELECT id FROM customer_ids WHERE kind = 'user' AND id > :id ORDER BY id LIMIT :near")
PROFILE = text("SELECT * FROM customers WHERE customer_key = :key")
ADDRESSES = text(
    f"SELECT {customers.SERVED}, address, since FROM addresses "  # noqa: S608 - our own constant
    "WHERE customer_key = :key AND replaced_at IS NULL ORDER BY channel"
)
CONSENTS = text(
    "SELECT DISTINCT ON (topic, channel) topic, channel, state, basis, source, stated_at, expires_at FROM consents "  # noqa: S608 - our own constant
    f"WHERE customer_key = :key ORDER BY topic, channel, {customers.LATEST_FIRST}"
)
SUPPRESSIONS = text(
    "SELECT kind, reason, source, stated_at, channel, address, topic, expires_at FROM suppressions s "  # noqa: S608 - so is this
    "WHERE NOT EXISTS (SELECT 1 FROM suppression_lifts l WHERE l.suppression_no = s.suppression_no) "
    "AND (expires_at IS NULL OR expires_at > :now) AND (customer_key = :key "
    f"OR (customer_key IS NULL AND (channel, address) IN (SELECT {customers.SERVED}, address FROM addresses "
    "WHERE customer_key = :key AND replaced_at IS NULL))) ORDER BY stated_at DESC LIMIT 200"
)
ORDERS = text(
    "SELECT currency, count(*) AS orders, max(placed_at) AS last_at, sum(total) AS spent FROM orders "
    "WHERE customer_key = :key GROUP BY currency ORDER BY currency"
)
JOURNEYS = text(
    "SELECT j.*, count(c.contact_key) FILTER (WHERE c.state IN ('claimed', 'sent')) AS said, "
    "count(c.contact_key) FILTER (WHERE c.state IN ('planned', 'held')) AS planned, "
    "min(c.due_at) FILTER (WHERE c.state IN ('planned', 'held')) AS next_at "
    "FROM journeys j LEFT JOIN contacts c ON c.journey_key = j.journey_key WHERE j.customer_key = :key "
    "GROUP BY j.journey_key ORDER BY j.state IN ('open', 'paused') DESC, j.started_at DESC, j.journey_key LIMIT :most"
)


def find_customer(conn: Connection, id_: str) -> UUID | None:
    """Return the customer known by a user id, else by an anonymous id, else by our own key."""
    found = conn.execute(FIND, {"id": id_}).scalar_one_or_none()
    if found is not None:
        return found
    try:
        key = UUID(id_)
    except ValueError:
        return None
    return conn.execute(EXISTS, {"key": key}).scalar_one_or_none()


def near_ids(conn: Connection, id_: str) -> list[str]:
    """Return user ids next to `id_` in order, and as it might have been meant: other case, other leading zeros."""
    meant = {id_.strip(), id_.lower(), id_.upper(), id_.lstrip("0"), *(id_.zfill(n) for n in range(2, 13))} - {"", id_}
    same = text("SELECT id FROM customer_ids WHERE kind = 'user' AND id = ANY(:ids) ORDER BY id")
    found = list(conn.execute(same, {"ids": sorted(meant)}).scalars())
    for statement in (BEFORE, AFTER):
        found += conn.execute(statement, {"id": id_, "near": NEAR}).scalars()
    return list(dict.fromkeys(found))


def ids_of(conn: Connection, customer_key: UUID) -> Who | None:
    """Return ids by which a customer can be named; None where there is no such customer."""
    rows = conn.execute(IDS, {"key": customer_key, "most": MOST_IDS}).all()
    users = [row.id for row in rows if row.kind == "user"]
    anonymous = [row.id for row in rows if row.kind == "anonymous"]
    if not users and not anonymous:
        return None
    return Who(users[0]) if users else Who(None, anonymous[0])


def statements_of(conn: Connection, customer_key: UUID, channel: str) -> Mapping[str, ConsentState]:
    """Return what a customer last said about each topic on a channel."""
    rows = conn.execute(CONSENTS, {"key": customer_key})
    return {row.topic: ConsentState(row.state) for row in rows if row.channel == channel}


def customer(conn: Connection, customer_key: UUID, *, now: datetime) -> CustomerAnswer | None:
    """Return everything about a customer; None where there is none of that key."""
    asked: dict[str, Any] = {"key": customer_key, "now": now}
    row = conn.execute(PROFILE, asked).mappings().one_or_none()
    if row is None:
        return None
    ids = conn.execute(IDS, asked | {"most": MOST_IDS}).all()
    return CustomerAnswer(
        customer_key=customer_key,
        user_ids=[id_.id for id_ in ids if id_.kind == "user"],
        anonymous_ids=[id_.id for id_ in ids if id_.kind == "anonymous"],
        status=row["status"],
        registered_at=row["registered_at"],
        time_zone=row["time_zone"],
        language=row["language"],
        country=row["country"],
        segment=row["segment"],
        properties=row["properties"],
        preferred_channels=row["preferred"],
        addresses=[AddressAnswer.model_validate(dict(a)) for a in conn.execute(ADDRESSES, asked).mappings()],
        consents=[ConsentAnswer.model_validate(dict(c)) for c in conn.execute(CONSENTS, asked).mappings()],
        suppressions=[SuppressionAnswer.model_validate(dict(s)) for s in conn.execute(SUPPRESSIONS, asked).mappings()],
        orders=_orders(conn, asked),
        journeys=[
            _journey(conn, journey, now)
            for journey in conn.execute(JOURNEYS, asked | {"most": MOST_JOURNEYS}).mappings()
        ],
    )


def _orders(conn: Connection, asked: Mapping[str, Any]) -> OrdersAnswer:
    rows = conn.execute(ORDERS, asked).all()
    spent: dict[str, Decimal] = {}
    for row in rows:
        if row.spent is not None:
            spent[row.currency or "—"] = row.spent
    last = max((row.last_at for row in rows), default=None)
    return OrdersAnswer(
        count=sum(int(row.orders) for row in rows),
        last_at=last,
        spent={currency: str(amount) for currency, amount in spent.items()},
    )


def _journey(conn: Connection, row: RowMapping, now: datetime) -> JourneyAnswer:
    step = load(conn, row["strategy"], row["version"]).strategy.steps.get(row["step"])
    milestones = len(step.communications) if step is not None and step.shape is Shape.MILESTONES else 0
    days = max(((row["ended_at"] or now) - row["started_at"]).days, 0)
    return JourneyAnswer(
        journey_key=row["journey_key"],
        workflow_id=journey_workflow_id(row["strategy"], row["first_step"], row["journey_key"]),
        strategy=row["strategy"],
        version=row["version"],
        step=row["step"],
        stage=step.stage if step is not None else None,
        key=row["key"],
        state=row["state"],
        started_at=row["started_at"],
        due_at=row["due_at"],
        ended_at=row["ended_at"],
        days=days,
        said=row["said"],
        planned=row["planned"],
        next_at=row["next_at"],
        milestones=row["milestones"],
        milestones_of=milestones,
        sentence=_journey_sentence(row, days, milestones),
    )


_ENDS = {
    JourneyState.GOAL: "reached its goal",
    JourneyState.COMPLETED: "was completed",
    JourneyState.EXITED: "was left",
    JourneyState.TIMED_OUT: "ran out of time",
    JourneyState.PAUSED: "is paused",
}


def _journey_sentence(row: RowMapping, days: int, milestones: int) -> str:
    """Return which journey, how far, how long, in one line."""
    about = f" ({row['key']})" if row["key"] else ""
    said = f"{row['said']} said"
    planned = f", {row['planned']} planned" if row["planned"] else ""
    reached = f", {len(row['milestones'])} of {milestones} milestones reached" if milestones else ""
    state = JourneyState(row["state"])
    if state is JourneyState.OPEN:
        return f"{row['step']}{about}: day {days + 1}, {said}{planned}{reached}"
    after = "on the first day" if days == 0 else "after 1 day" if days == 1 else f"after {days} days"
    return f"{row['step']}{about}: {_ENDS[state]} {after}, {said}{planned}{reached}"
