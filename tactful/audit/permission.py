"""A valid opt-in at every claim of marketing, nothing standing against any claim: ordered by customers' revisions.

A claim saw every statement of a lower revision. Among those, the one made last holds, whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tactful.audit.ledger import (
    Audited,
    AuditedContact,
    AuditedCustomer,
    AuditedDecision,
    AuditedRefusal,
    AuditedStatement,
    Rulebook,
    is_marketing,
)
from tactful.audit.spans import window_end, zone_called
from tactful.strategy.model import Span
from tactful.wire.audit import FindingLine
from tactful.words import Basis, ConsentState, SuppressionClass

ANOTHERS_CLOCK = timedelta(minutes=5)
"""A refusal of an address has no revision of this customer's: it counts when it surely stood at the claim."""
UTC = zone_called("UTC")
PRESUMED = frozenset({Basis.IMPLIED, Basis.SOFT_OPT_IN})
PRESUMED_FOR = Span(months=24)
"""How long a yes may be presumed that nobody has said."""
_LACKS = {
    ConsentState.OPTED_OUT: "after the customer had said no to {topic} by {channel}",
    ConsentState.PENDING: "though the yes to {topic} by {channel} was not confirmed",
    ConsentState.OPTED_IN: "though the yes to {topic} by {channel} had run out",
    None: "though the customer had never said yes to {topic} by {channel}",
}


def without_opt_in(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many claims of marketing there were, and those without a yes that held."""
    looked, findings = 0, list[FindingLine]()
    for contact, claim in _claims(customer, about):
        if is_marketing(contact, claim.version, rulebook):
            looked += 1
            for channel in _channels(contact, claim):
                lack = _lack(customer.statements, contact.topic, channel, claim)
                if lack is not None:
                    findings.append(_finding("opt_in", customer, contact, claim, lack))
    return looked, findings


def against_refusals(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many claims there were, and those that went where a suppression stood."""
    looked, findings = 0, list[FindingLine]()
    for contact, claim in _claims(customer, about):
        looked += 1
        marketing = is_marketing(contact, claim.version, rulebook)
        for channel in _channels(contact, claim):
            to = next((one.to for one in contact.messages if one.channel == channel), None)
            standing = (one for one in customer.refusals if marketing or one.kind == SuppressionClass.UNDELIVERABLE)
            if any(_stands(one, contact.topic, channel, to, claim) for one in standing):
                said = f"where a suppression stood against {channel}"
                findings.append(_finding("suppressed", customer, contact, claim, said))
    return looked, findings


def _claims(customer: AuditedCustomer, about: Audited) -> Iterator[tuple[AuditedContact, AuditedDecision]]:
    for contact in customer.contacts:
        for claim in contact.claims:
            if about.judges(contact, claim.decided_at):
                yield contact, claim


def _channels(contact: AuditedContact, claim: AuditedDecision) -> tuple[str, ...]:
    """Return the channels a claim took: those frozen with it; where it sent the same bytes again, the contact's."""
    frozen = tuple(one.channel for one in contact.messages if one.frozen_at == claim.decided_at)
    return frozen or contact.channels


def _lateness(one: AuditedStatement) -> tuple[datetime, bool, bool, bool, float, int]:
    """Sort statements: of one instant a no comes last, before it a yes; of two alike, the one that ends sooner."""
    ends = -one.expires_at.timestamp() if one.expires_at is not None else 0.0
    yes = one.state == ConsentState.OPTED_IN
    return one.stated_at, one.state == ConsentState.OPTED_OUT, yes, one.expires_at is not None, ends, one.number


def _lack(statements: Iterable[AuditedStatement], topic: str, channel: str, claim: AuditedDecision) -> str | None:
    """Return what was missing at a claim, or None where the last statement before it was a yes that held."""
    known = [
        one for one in statements if one.topic == topic and one.channel == channel and one.revision <= claim.revision
    ]
    last = max(known, key=_lateness, default=None)
    if last is None:
        return _LACKS[None].format(topic=topic, channel=channel)
    presumed_until = window_end(last.stated_at, PRESUMED_FOR, UTC) if last.basis in PRESUMED else None
    ran_out = any(end is not None and end <= claim.decided_at for end in (last.expires_at, presumed_until))
    if last.state == ConsentState.OPTED_IN and not ran_out:
        return None
    return _LACKS[ConsentState(last.state)].format(topic=topic, channel=channel)


def _stands(refusal: AuditedRefusal, topic: str, channel: str, to: str | None, claim: AuditedDecision) -> bool:
    if refusal.channel not in {None, channel} or refusal.topic not in {None, topic}:
        return False
    if refusal.address is not None and (to is None or refusal.address.casefold() != to.casefold()):
        return False
    if refusal.expires_at is not None and refusal.expires_at <= claim.decided_at:
        return False
    if refusal.own:
        return refusal.revision <= claim.revision and not _lifted(refusal, claim)
    surely_there = refusal.stated_at + ANOTHERS_CLOCK <= claim.decided_at
    return surely_there and (refusal.lifted_at is None or claim.decided_at + ANOTHERS_CLOCK <= refusal.lifted_at)


def _lifted(refusal: AuditedRefusal, claim: AuditedDecision) -> bool:
    """Say whether a customer's own refusal was lifted when a claim was made: by revision, where the lift has one."""
    if refusal.lifted_revision is not None:
        return refusal.lifted_revision < claim.revision
    return refusal.lifted_at is not None and refusal.lifted_at <= claim.decided_at


def _finding(
    check: str, customer: AuditedCustomer, contact: AuditedContact, claim: AuditedDecision, said: str
) -> FindingLine:
    return FindingLine.model_validate(
        {
            "check": check,
            "sentence": f"{contact.name} was claimed {said} (revision {claim.revision}).",
            "customer_key": customer.customer_key,
            "contact_key": contact.contact_key,
            "journey_key": contact.journey_key,
            "at": claim.decided_at,
        }
    )
