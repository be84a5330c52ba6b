"""Every contact that was due is accounted for: decided, on its way, or put off to an instant that is still to come."""

from __future__ import annotations

from tactful.audit.ledger import Audited, AuditedContact, AuditedCustomer, AuditedJourney, Rulebook
from tactful.wire.audit import FindingLine
from tactful.words import ContactState, JourneyState, Reason

DECIDED = frozenset({ContactState.CLAIMED, ContactState.SENT, ContactState.CONTROL, ContactState.PARKED})
AS_PLANNED = frozenset({Reason.NOT_YET.value})
"""What planning itself skips, before anything is decided."""


def lost_sight_of(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many contacts and open journeys there are, and those that nobody seems to look after."""
    del rulebook
    findings = list[FindingLine]()
    contacts = [one for one in customer.contacts if about.strategy in {None, one.strategy}]
    for contact in contacts:
        said = _contact(contact, about)
        if said is not None:
            findings.append(
                FindingLine(
                    check="accounted",
                    sentence=f"{contact.name} {said}.",
                    customer_key=customer.customer_key,
                    contact_key=contact.contact_key,
                    journey_key=contact.journey_key,
                    at=contact.due_at,
                )
            )
    unsettled = {one.journey_key for one in customer.contacts if not one.state.settled}
    for journey in customer.journeys:
        said = _journey(journey, about, busy=journey.journey_key in unsettled)
        if said is not None:
            findings.append(
                FindingLine(
                    check="accounted",
                    sentence=f"A journey through {journey.step} {said}.",
                    customer_key=customer.customer_key,
                    journey_key=journey.journey_key,
                    at=journey.told_at,
                )
            )
    return len(contacts) + len(customer.journeys), findings


def _contact(contact: AuditedContact, about: Audited) -> str | None:
    """Return how a contact was lost sight of, or None."""
    late = about.now - about.patience
    if contact.state is ContactState.PLANNED and contact.due_at < late and not contact.in_lot:
        return "was due and has not been decided"
    if contact.state is ContactState.CLAIMED and (contact.lease_until is None or contact.lease_until < late):
        return "was claimed, and nobody has said what became of it"
    if contact.state is ContactState.SENT and contact.again_at is not None and contact.again_at < late:
        return "was sent in part, and what is left of it was not looked at again"
    return _undecided(contact, about)


def _undecided(contact: AuditedContact, about: Audited) -> str | None:
    """Return that what a contact has become was never decided, or None."""
    if contact.decisions or not about.judges(contact, contact.counts_at or contact.due_at):
        return None
    if contact.state in DECIDED:
        return f"is {contact.state.value}, and no decision about it is kept"
    if contact.state is ContactState.SKIPPED and contact.reason not in AS_PLANNED:
        return "was skipped, and no decision about it is kept"
    return None


def _journey(journey: AuditedJourney, about: Audited, *, busy: bool) -> str | None:
    """Return how an open journey was lost sight of, or None."""
    late = about.now - about.patience
    if journey.state != JourneyState.OPEN:
        return None
    if journey.planned_cycle < journey.cycle:
        return "has begun and nothing was planned for it" if journey.told_at < late else None
    over = journey.ends_at is not None and journey.ends_at < late
    return "is over and has not been left" if over and not busy else None
