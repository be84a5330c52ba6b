"""Contacts as pages and the API show them: where each stands and why, its parts, what providers told us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database.views import wording
from database.views.costs import cost_answer
from database.views.cursors import cursor, read_key_cursor
from tactful.wire.answers import (
    ContactAnswer,
    FeedAnswer,
    PartAnswer,
    ReceiptAnswer,
    VerdictAnswer,
)
from tactful.words import ContactState

# Changes are told again for this long after they were, so that one committed late is not passed over.
OVERLAP = timedelta(seconds=5)
THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS = (
    "c.*, (SELECT i.id FROM customer_ids i WHERE i.customer_key = c.customer_key AND i.kind = 'user' "
    "ORDER BY i.since, i.id LIMIT 1) AS user_id, "
    "(SELECT u.time_zone FROM customers u WHERE u.customer_key = c.customer_key) AS time_zone"
)
ONE = text(f"SELECT {_COLUMNS} FROM contacts c WHERE contact_key = :key")  # noqa: S608 - our own constant
SEVERAL = text(f"SELECT {_COLUMNS} FROM contacts c WHERE contact_key = ANY(:keys)")  # noqa: S608 - our own constant
CHANGED = text(
    f"SELECT {_COLUMNS} FROM contacts c "  # noqa: S608 - our own constant
    "WHERE (c.updated_at, c.contact_key) > (:at, :key) ORDER BY c.updated_at, c.contact_key LIMIT :most"
)
# The newest decision of each contact, in one statement for a page of them.
DECISIONS = text(
    "SELECT DISTINCT ON (contact_key) contact_key, decided_at, verdict, reason, until, trace, version, asked_by, why "
    "FROM decisions "
    "WHERE contact_key = ANY(:keys) ORDER BY contact_key, decision_no DESC"
)
PARTS = text(
    "SELECT contact_key, channel, connector, state, frozen_at, content ->> 'subject' AS subject, provider_id, fault, "
    "detail, cost, currency, cost_told_at FROM messages WHERE contact_key = ANY(:keys) ORDER BY contact_key, channel"
)
RECEIPTS = text(
    "SELECT contact_key, kind, occurred_at, connector, channel, permanent, machine, reason FROM receipts "
    "WHERE contact_key = ANY(:keys) "
    "ORDER BY contact_key, occurred_at, receipt_no LIMIT 1000"
)
MESSAGE = text(
    "SELECT m.channel, m.connector, m.content, m.frozen_at, m.state, m.provider_id, c.contact_key, c.customer_key, "
    "c.communication, c.step, c.strategy, c.version, c.topic FROM messages m "
    "JOIN contacts c ON c.contact_key = m.contact_key WHERE m.contact_key = :key AND m.channel = :channel"
)


@dataclass(frozen=True)
class FrozenMessage:
    """A message exactly as it was frozen, and which contact it is of."""

    contact_key: UUID
    customer_key: UUID
    channel: str
    connector: str
    state: str
    frozen_at: datetime
    provider_id: str | None
    strategy: str
    version: int
    step: str
    communication: str
    topic: str
    content: Mapping[str, Any]


def contact(conn: Connection, contact_key: UUID) -> ContactAnswer | None:
    """Return a contact with its verdict, parts and receipts; None where there is none of that key."""
    row = conn.execute(ONE, {"key": contact_key}).mappings().one_or_none()
    return None if row is None else _answers(conn, [row])[0]


def contact_rows(conn: Connection, keys: Sequence[UUID]) -> dict[UUID, ContactAnswer]:
    """Return several contacts by key; unknown keys are left out."""
    if not keys:
        return {}
    rows = conn.execute(SEVERAL, {"keys": list(keys)}).mappings().all()
    return {answer.contact_key: answer for answer in _answers(conn, rows)}


def contacts_after(conn: Connection, after: str | None, *, most: int) -> FeedAnswer:
    """Return the contacts that changed after the place `after` names, oldest change first.

    Raises:
        BadCursorError: `after` is none of ours.
    """
    at, key = read_key_cursor(after) if after is not None else (THE_BEGINNING, UUID(int=0))
    rows = conn.execute(CHANGED, {"at": at, "key": key, "most": most}).mappings().all()
    if not rows:
        return FeedAnswer(contacts=[], next=after)
    last = rows[-1]
    overlapping = last["updated_at"] - OVERLAP
    if len(rows) == most:
        following = cursor(last["updated_at"], str(last["contact_key"]))
    else:
        following = cursor(overlapping, "") if overlapping >= at else cursor(at, str(key))
    return FeedAnswer(contacts=_answers(conn, rows), next=following)


def frozen_message(conn: Connection, contact_key: UUID, channel: str) -> FrozenMessage | None:
    """Return the message of one part of a contact; None where there is none."""
    row = conn.execute(MESSAGE, {"key": contact_key, "channel": channel}).mappings().one_or_none()
    return None if row is None else FrozenMessage(**row)


def _answers(conn: Connection, rows: Sequence[RowMapping]) -> list[ContactAnswer]:
    asked = {"keys": [row["contact_key"] for row in rows]}
    zones = {row["contact_key"]: wording.zone_named(row["time_zone"]) for row in rows}
    decisions = {
        row["contact_key"]: _verdict(row, zones[row["contact_key"]])
        for row in conn.execute(DECISIONS, asked).mappings()
    }
    parts: dict[UUID, list[PartAnswer]] = {}
    for part in conn.execute(PARTS, asked).mappings():
        cost = cost_answer(part["cost"], part["currency"], part["cost_told_at"])
        answer = PartAnswer.model_validate(dict(part) | {"cost": cost})
        parts.setdefault(part["contact_key"], []).append(answer)
    receipts: dict[UUID, list[ReceiptAnswer]] = {}
    for told in conn.execute(RECEIPTS, asked).mappings():
        receipts.setdefault(told["contact_key"], []).append(ReceiptAnswer.model_validate(dict(told)))
    return [
        _answer(
            row,
            decisions.get(row["contact_key"]),
            parts.get(row["contact_key"], []),
            receipts.get(row["contact_key"], []),
            zones[row["contact_key"]],
        )
        for row in rows
    ]


def _answer(
    row: RowMapping,
    verdict: VerdictAnswer | None,
    parts: list[PartAnswer],
    receipts: list[ReceiptAnswer],
    zone: tzinfo,
) -> ContactAnswer:
    state = ContactState(row["state"])
    later = state is ContactState.PLANNED and verdict is not None and verdict.verdict != "retry"
    return ContactAnswer(
        contact_key=row["contact_key"],
        customer_key=row["customer_key"],
        user_id=row["user_id"],
        journey_key=row["journey_key"],
        strategy=row["strategy"],
        version=row["version"],
        stage=row["stage"],
        step=row["step"],
        communication=row["communication"],
        topic=row["topic"],
        purpose=row["purpose"],
        channels=row["channels"],
        state=state.value,
        reason=row["reason"],
        sentence=wording.contact_sentence(row, verdict, zone),
        decided=state.settled or state is ContactState.HELD or later,
        planned_for=row["planned_for"],
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        sent_at=row["sent_at"],
        updated_at=row["updated_at"],
        attempts=row["attempts"],
        revision=row["revision"],
        verdict=verdict,
        parts=parts,
        receipts=receipts,
    )


def _verdict(row: RowMapping, zone: tzinfo) -> VerdictAnswer:
    return VerdictAnswer(
        verdict=row["verdict"],
        reason=row["reason"],
        until=row["until"],
        decided_at=row["decided_at"],
        version=row["version"],
        asked_by=row["asked_by"],
        why=row["why"],
        trace=[wording.line_of(short, zone) for short in row["trace"]],
    )
