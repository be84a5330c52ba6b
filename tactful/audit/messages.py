"""What was sent is kept as it was sent, once; what was kept back was not made; no journey says the same thing twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tactful.audit.ledger import Audited, AuditedContact, AuditedCustomer, Rulebook
from tactful.wire.audit import CheckName, FindingLine
from tactful.words import ContactState

SENT = "sent"


def unfrozen(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many contacts were sent or kept back, and those with no message, or with one though kept back."""
    del rulebook
    looked, findings = 0, list[FindingLine]()
    for contact in customer.contacts:
        made = contact.state in {ContactState.SENT, ContactState.CLAIMED}
        if not (made or contact.state is ContactState.CONTROL) or not about.judges(contact, _when(contact)):
            continue
        looked += 1
        if contact.state is ContactState.CLAIMED and not contact.messages:
            findings.append(_finding("frozen", customer, contact, "is claimed, and no message was frozen for it"))
        if contact.state is ContactState.SENT and not any(one.state == SENT for one in contact.messages):
            findings.append(_finding("frozen", customer, contact, "was sent, and no message of it is kept as sent"))
        if contact.state is ContactState.CONTROL and contact.messages:
            findings.append(_finding("frozen", customer, contact, "was kept back, and yet a message was made for it"))
    return looked, findings


def said_twice(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many contacts were sent, and those that a journey said twice in the same cycle."""
    del rulebook
    sent = [one for one in customer.contacts if any(message.state == SENT for message in one.messages)]
    judged = [one for one in sent if about.judges(one, _when(one))]
    times = Counter(_place(one) for one in sent if one.journey_key is not None)
    said = "was sent twice in one journey"
    return len(judged), [_finding("doubled", customer, one, said) for one in judged if times[_place(one)] > 1]


def _place(contact: AuditedContact) -> tuple[object, ...]:
    return (contact.journey_key, contact.step, contact.communication, contact.cycle)


def _when(contact: AuditedContact) -> datetime:
    return contact.sent_at or contact.counts_at or contact.due_at


def _finding(check: CheckName, customer: AuditedCustomer, contact: AuditedContact, said: str) -> FindingLine:
    return FindingLine(
        check=check,
        sentence=f"{contact.name} {said}.",
        customer_key=customer.customer_key,
        contact_key=contact.contact_key,
        journey_key=contact.journey_key,
        at=_when(contact),
    )
