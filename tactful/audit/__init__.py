"""The audit: from the rows of the ledger alone, proof that every promise was kept, or the rows where it was not.

It shares nothing with `decide` but the words and the strategy itself: its own calendar, its own counting, its own
reading of statements. What is wrong in one of the two is then seen by the other. Pure: one customer at a time, as
`database.audit` reads them.
"""

from tactful.audit.ledger import (
    Audited,
    AuditedContact,
    AuditedCustomer,
    AuditedDecision,
    AuditedJourney,
    AuditedMessage,
    AuditedRefusal,
    AuditedStatement,
    Rulebook,
)
from tactful.audit.promises import CHECKS, check_customer

__all__ = [
    "CHECKS",
    "Audited",
    "AuditedContact",
    "AuditedCustomer",
    "AuditedDecision",
    "AuditedJourney",
    "AuditedMessage",
    "AuditedRefusal",
    "AuditedStatement",
    "Rulebook",
    "check_customer",
]
