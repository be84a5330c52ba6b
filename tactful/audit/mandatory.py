"""Mandatory contacts were never held up, kept back or refused by a rule that is there for marketing."""

from __future__ import annotations

from tactful.audit.ledger import Audited, AuditedCustomer, Rulebook, is_marketing
from tactful.wire.audit import FindingLine
from tactful.words import Reason

FOR_MARKETING_ONLY = frozenset(
    reason.value
    for reason in (
        Reason.NO_OPT_IN,
        Reason.OPTED_OUT,
        Reason.OPT_IN_PENDING,
        Reason.OPT_IN_EXPIRED,
        Reason.QUESTION_OPEN,
        Reason.TEST_CONTROL,
        Reason.HELD_OUT,
        Reason.UNDISTURBED,
        Reason.ON_HOLD,
        Reason.QUIET_HOURS,
        Reason.CAP,
        Reason.GAP,
        Reason.OUTRANKED,
    )
)


def held_by_marketing(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many decisions about mandatory contacts there were, and those that a marketing rule made."""
    looked, findings = 0, list[FindingLine]()
    for contact in customer.contacts:
        for decision in contact.decisions:
            if not about.judges(contact, decision.decided_at) or is_marketing(contact, decision.version, rulebook):
                continue
            looked += 1
            if decision.reason in FOR_MARKETING_ONLY or decision.verdict == "control":
                why = (decision.reason or decision.verdict).replace("_", " ")
                findings.append(
                    FindingLine(
                        check="mandatory",
                        sentence=f"{contact.name} is mandatory and was held up by a rule for marketing ({why}).",
                        customer_key=customer.customer_key,
                        contact_key=contact.contact_key,
                        journey_key=contact.journey_key,
                        at=decision.decided_at,
                    )
                )
    return looked, findings
