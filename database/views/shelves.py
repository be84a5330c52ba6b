"""The lists of the console: customers, found by id or address, and the mailbox of frozen messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database.views.cursors import cursor, read_key_cursor

T = TypeVar("T")
PAGE = 50

_ID = (
    "SELECT i.id FROM customer_ids i WHERE i.customer_key = c.customer_key ORDER BY i.kind DESC, i.since, i.id LIMIT 1"
)
_LINE = (
    "c.customer_key, c.registered_at, c.segment, c.status, "  # noqa: S608 - our own constants
    "c.properties ->> 'first_name' AS first_name, "
    "c.properties ->> 'last_name' AS last_name, "
    f"({_ID}) AS id, (SELECT jsonb_agg(j.step ORDER BY j.started_at) FROM journeys j "
    "WHERE j.customer_key = c.customer_key AND j.state IN ('open', 'paused')) AS journeys, "
    "(SELECT max(k.sent_at) FROM contacts k WHERE k.customer_key = c.customer_key AND k.counts_at IS NOT NULL) "
    "AS last_contact_at"
)
NEWEST = text(
    f"SELECT {_LINE} FROM customers c "  # noqa: S608 - our own constant
    "WHERE CAST(:at AS timestamptz) IS NULL OR (c.registered_at, c.customer_key) < (:at, CAST(:ref AS uuid)) "
    "ORDER BY c.registered_at DESC, c.customer_key DESC LIMIT :most"
)
# An exact address or key, or ids that begin with what was typed: each by an index, whatever the number of customers.
FOUND = text(
    "WITH found AS ("  # noqa: S608 - our own constants
    " SELECT customer_key FROM (SELECT customer_key FROM customer_ids WHERE kind = 'user' AND id >= :typed"
    "  AND id < :beyond AND starts_with(id, :typed) ORDER BY id LIMIT :most) u"
    " UNION SELECT customer_key FROM (SELECT customer_key FROM customer_ids WHERE kind = 'anonymous' AND id >= :typed"
    "  AND id < :beyond AND starts_with(id, :typed) ORDER BY id LIMIT :most) a"
    " UNION SELECT customer_key FROM (SELECT customer_key FROM addresses WHERE replaced_at IS NULL"
    "  AND (channel, address) IN (('email', lower(:typed)), ('sms', :number)) LIMIT :most) d"
    " UNION SELECT customer_key FROM customers WHERE customer_key::text = :typed AND :is_key"
    f") SELECT {_LINE} FROM customers c JOIN found ON found.customer_key = c.customer_key ORDER BY id LIMIT :most"
)
MAIL = text(
    "SELECT m.part_key, m.contact_key, m.channel, m.connector, m.state, m.frozen_at, "  # noqa: S608 - our own constants
    "m.content ->> 'subject' AS subject, "
    "m.content ->> 'title' AS title, left(m.content ->> 'text', 160) AS text, m.content ->> 'to' AS \"to\", "
    "c.customer_key, c.step, c.communication, c.topic, c.purpose, "
    f"({_ID}) AS customer_id FROM messages m JOIN contacts c ON c.contact_key = m.contact_key "
    "WHERE (CAST(:channel AS text) IS NULL OR m.channel = :channel) "
    "AND (CAST(:key AS uuid) IS NULL OR c.customer_key = :key) "
    "AND (CAST(:at AS timestamptz) IS NULL OR (m.frozen_at, m.part_key) < (:at, CAST(:ref AS uuid))) "
    "ORDER BY m.frozen_at DESC, m.part_key DESC LIMIT :most"
)


@dataclass(frozen=True)
class CustomerLine:
    """A customer as one line of a list."""

    customer_key: UUID
    id: str | None
    name: str
    status: str
    segment: str | None
    registered_at: datetime
    journeys: tuple[str, ...]
    last_contact_at: datetime | None


@dataclass(frozen=True)
class MailLine:
    """A frozen message as one line of a list."""

    contact_key: UUID
    customer_key: UUID
    customer_id: str | None
    channel: str
    connector: str
    state: str
    frozen_at: datetime
    step: str
    communication: str
    topic: str
    purpose: str
    to: str | None
    subject: str | None
    title: str | None
    text: str | None

    @property
    def heading(self) -> str:
        """The line's heading: subject or title, else how the text begins."""
        return self.subject or self.title or (self.text or "").strip().partition("\n")[0] or self.communication


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, and the word for the next one."""

    lines: tuple[T, ...]
    next: str | None = None


def customer_lines(conn: Connection, *, before: str | None = None, most: int = PAGE) -> Page[CustomerLine]:
    """Return customers, the newest first.

    Raises:
        BadCursorError: `before` is none of ours.
    """
    at, ref = read_key_cursor(before) if before else (None, None)
    rows = conn.execute(NEWEST, {"at": at, "ref": ref, "most": most}).mappings().all()
    following = cursor(rows[-1]["registered_at"], str(rows[-1]["customer_key"])) if len(rows) == most else None
    return Page(tuple(_customer(row) for row in rows), following)


def customers_found(conn: Connection, typed: str, *, most: int = PAGE) -> Page[CustomerLine]:
    """Return the customers whose id begins with what was typed, or whose address or key it is."""
    number = "".join(c for c in typed if c.isdigit() or c == "+")
    asked: dict[str, Any] = {"typed": typed, "beyond": f"{typed}\U0010fffd", "number": number, "most": most}
    rows = conn.execute(FOUND, asked | {"is_key": _is_key(typed)}).mappings().all()
    return Page(tuple(_customer(row) for row in rows))


def mail_lines(
    conn: Connection,
    *,
    channel: str | None = None,
    customer_key: UUID | None = None,
    before: str | None = None,
    most: int = PAGE,
) -> Page[MailLine]:
    """Return frozen messages, the newest first, of one channel or customer or of all.

    Raises:
        BadCursorError: `before` is none of ours.
    """
    at, ref = read_key_cursor(before) if before else (None, None)
    asked: dict[str, Any] = {"channel": channel, "key": customer_key, "at": at, "ref": ref, "most": most}
    rows: Sequence[RowMapping] = conn.execute(MAIL, asked).mappings().all()
    following = cursor(rows[-1]["frozen_at"], str(rows[-1]["part_key"])) if len(rows) == most else None
    return Page(tuple(_mail(row) for row in rows), following)


def _customer(row: RowMapping) -> CustomerLine:
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return CustomerLine(
        customer_key=row["customer_key"],
        id=row["id"],
        name=name,
        status=row["status"],
        segment=row["segment"],
        registered_at=row["registered_at"],
        journeys=tuple(row["journeys"] or ()),
        last_contact_at=row["last_contact_at"],
    )


def _mail(row: RowMapping) -> MailLine:
    return MailLine(**{str(name): value for name, value in row.items() if name != "part_key"})


def _is_key(typed: str) -> bool:
    try:
        UUID(typed)
    except ValueError:
        return False
    return True
