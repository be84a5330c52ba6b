"""Pages of customers with everything the audit looks at, and the rules of every version they were decided by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from tactful.audit import (
    AuditedContact,
    AuditedCustomer,
    AuditedDecision,
    AuditedJourney,
    AuditedMessage,
    AuditedRefusal,
    AuditedStatement,
)
from tactful.errors import TactfulError
from tactful.strategy import Strategy, read_strategy
from tactful.words import ContactState

CUSTOMERS_A_PAGE = 200

ONE_INSTANT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
COUNT = text("SELECT count(*) FROM customers")
CUSTOMERS = text(
    "SELECT customer_key, time_zone FROM customers WHERE customer_key > :after ORDER BY customer_key LIMIT :most"
)
CONTACTS = text("""
SELECT c.contact_key, c.customer_key, c.strategy, c.step, c.communication, c.stage, c.topic, c.purpose, c.channels,
       c.state, c.reason, c.due_at, c.counts_at, c.lease_until, c.sent_at, c.again_at, c.journey_key, c.cycle,
       c.lot_key IS NOT NULL AND EXISTS (SELECT 1 FROM lots l WHERE l.lot_key = c.lot_key AND l.state <> 'done')
         AS in_lot
  FROM contacts c WHERE c.customer_key = ANY(:keys) ORDER BY c.contact_key
""")
DECISIONS = text("""
SELECT d.contact_key, d.decision_no, d.decided_at, d.verdict, d.reason, d.version, d.revision,
       (SELECT line -> 2 ->> 'zone' FROM jsonb_array_elements(d.trace) line
         WHERE d.verdict = 'send' AND line -> 2 ? 'zone' LIMIT 1) AS zone,
       (SELECT line -> 2 ->> 'segment' FROM jsonb_array_elements(d.trace) line
         WHERE d.verdict = 'send' AND line ->> 0 = 'caps' LIMIT 1) AS segment
  FROM decisions d JOIN contacts c ON c.contact_key = d.contact_key
 WHERE c.customer_key = ANY(:keys) ORDER BY d.decision_no
""")
MESSAGES = text(
    "SELECT m.contact_key, m.channel, m.state, m.frozen_at, m.content ->> 'to' AS to FROM messages m "
    "JOIN contacts c ON c.contact_key = m.contact_key WHERE c.customer_key = ANY(:keys) ORDER BY m.channel"
)
STATEMENTS = text(
    "SELECT customer_key, consent_no AS number, channel, topic, state, stated_at, expires_at, revision, basis "
    "FROM consents WHERE customer_key = ANY(:keys) ORDER BY consent_no"
)
REFUSALS = text("""
SELECT s.customer_key, s.kind, s.channel, s.address, s.topic, s.stated_at,
       s.expires_at, s.revision, true AS own, l.lifted_at, l.revision AS lifted_revision
  FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no) WHERE s.customer_key = ANY(:keys)
UNION ALL
SELECT a.customer_key, s.kind, s.channel, s.address, s.topic, s.stated_at,
       s.expires_at, s.revision, false, l.lifted_at, NULL
  FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no)
  JOIN (SELECT DISTINCT customer_key, unnest(CASE channel WHEN 'sms' THEN ARRAY['sms', 'call'] ELSE ARRAY[channel] END)
                AS channel, address FROM addresses WHERE customer_key = ANY(:keys)) a
    ON (s.channel, s.address) = (a.channel, a.address)
 WHERE s.customer_key IS NULL
""")
JOURNEYS = text("""
SELECT j.customer_key, j.journey_key, j.step, j.state, j.cycle, j.planned_cycle, j.ends_at,
       coalesce(e.received_at, j.started_at) AS told_at
  FROM journeys j LEFT JOIN events e ON e.event_key = j.event_key
 WHERE j.customer_key = ANY(:keys) AND j.state = 'open' AND (CAST(:strategy AS text) IS NULL OR j.strategy = :strategy)
 ORDER BY j.journey_key
""")
FILES = text("SELECT files FROM strategy_versions WHERE strategy = :strategy AND version = :version")
KNOWN = text("SELECT EXISTS (SELECT 1 FROM strategies WHERE strategy = :strategy)")


class UnreadableVersionError(TactfulError):
    """A version of the strategy that contacts were decided by cannot be read any more."""


@dataclass(frozen=True)
class Page:
    """Customers in the order of their keys, and the strategy versions that they were decided by."""

    customers: tuple[AuditedCustomer, ...]
    versions: frozenset[tuple[str, int]]
    last: UUID | None
    """The key to go on after; None when there are no more."""


def count_customers(conn: Connection) -> int:
    """Return how many customers there are."""
    return conn.execute(COUNT).scalar_one()


def has_strategy(conn: Connection, strategy: str) -> bool:
    """Say whether there is a strategy of that name."""
    return conn.execute(KNOWN, {"strategy": strategy}).scalar_one()


def read_page(conn: Connection, after: UUID | None, *, strategy: str | None, most: int = CUSTOMERS_A_PAGE) -> Page:
    """Return the customers that come after a key, all of them as they were at one instant.

    Args:
        conn: A transaction in which nothing has happened yet.
        after: The last key of the page before; None for the first page.
        strategy: Only its journeys are read. None: of all.
        most: Customers on the page.
    """
    conn.execute(ONE_INSTANT)
    people = conn.execute(CUSTOMERS, {"after": after or UUID(int=0), "most": most}).mappings().all()
    keys: dict[str, Any] = {"keys": [row["customer_key"] for row in people]}
    if not people:
        return Page((), frozenset(), None)
    decisions = _grouped(conn.execute(DECISIONS, keys).mappings(), "contact_key")
    messages = _grouped(conn.execute(MESSAGES, keys).mappings(), "contact_key")
    contacts: dict[UUID, list[AuditedContact]] = {}
    for row in conn.execute(CONTACTS, keys).mappings():
        key = row["contact_key"]
        made = _contact(dict(row), decisions.get(key, ()), messages.get(key, ()))
        contacts.setdefault(row["customer_key"], []).append(made)
    statements = _grouped(conn.execute(STATEMENTS, keys).mappings(), "customer_key")
    refusals = _grouped(conn.execute(REFUSALS, keys).mappings(), "customer_key")
    journeys = _grouped(conn.execute(JOURNEYS, keys | {"strategy": strategy}).mappings(), "customer_key")
    found = tuple(
        AuditedCustomer(
            row["customer_key"],
            row["time_zone"],
            tuple(contacts.get(row["customer_key"], ())),
            tuple(AuditedStatement(**one) for one in statements.get(row["customer_key"], ())),
            tuple(AuditedRefusal(**one) for one in refusals.get(row["customer_key"], ())),
            tuple(AuditedJourney(**one) for one in journeys.get(row["customer_key"], ())),
        )
        for row in people
    )
    versions = frozenset((c.strategy, d.version) for one in found for c in one.contacts for d in c.decisions)
    return Page(found, versions, found[-1].customer_key if len(people) == most else None)


def read_rules(conn: Connection, versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Strategy]:
    """Return versions of strategies, each read from its files.

    Raises:
        UnreadableVersionError: this version of the software cannot read one of them.
    """
    found: dict[tuple[str, int], Strategy] = {}
    for strategy, version in sorted(versions):
        files = conn.execute(FILES, {"strategy": strategy, "version": version}).scalar_one_or_none()
        try:
            if files is not None:
                found[strategy, version] = read_strategy(files)
        except TactfulError as error:
            msg = f"version {version} of {strategy} cannot be read by this version of Tactful"
            raise UnreadableVersionError(msg) from error
    return found


def _grouped(rows: Iterable[RowMapping], by: str) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        one = dict(row)
        found.setdefault(one.pop(by), []).append(one)
    return found


def _contact(
    row: Mapping[str, Any], decisions: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> AuditedContact:
    columns = {name: value for name, value in row.items() if name != "customer_key"}
    columns |= {"channels": tuple(row["channels"]), "state": ContactState(row["state"])}
    return AuditedContact(
        **columns,
        decisions=tuple(AuditedDecision(**one) for one in decisions),
        messages=tuple(AuditedMessage(**one) for one in messages),
    )
