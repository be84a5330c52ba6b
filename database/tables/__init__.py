"""The tables of the customer database and the ledger, as SQLAlchemy Core knows them.

One file for people, one for what they do, one for the contact strategy at work, one for the plumbing. The migrations
in `database/migrations` are the truth about a running database; a test holds the two together.
"""

from database.tables.base import SCHEMA, metadata
from database.tables.ledger import (
    contacts,
    decisions,
    failed_attempts,
    inbound,
    journeys,
    lots,
    messages,
    offer_codes,
    recalls,
    receipts,
)
from database.tables.people import (
    addresses,
    consents,
    customer_ids,
    customers,
    soft_bounces,
    suppression_lifts,
    suppressions,
)
from database.tables.plumbing import (
    call_tasks,
    connector_holds,
    connector_polls,
    connector_rates,
    connectors,
    mailbox,
    outbox,
    served_versions,
    sweeps,
)
from database.tables.story import events, orders, strategies, strategy_versions, watched_events

__all__ = [
    "SCHEMA",
    "addresses",
    "call_tasks",
    "connector_holds",
    "connector_polls",
    "connector_rates",
    "connectors",
    "consents",
    "contacts",
    "customer_ids",
    "customers",
    "decisions",
    "events",
    "failed_attempts",
    "inbound",
    "journeys",
    "lots",
    "mailbox",
    "messages",
    "metadata",
    "offer_codes",
    "orders",
    "outbox",
    "recalls",
    "receipts",
    "served_versions",
    "soft_bounces",
    "strategies",
    "strategy_versions",
    "suppression_lifts",
    "suppressions",
    "sweeps",
    "watched_events",
]
