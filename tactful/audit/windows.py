"""Caps and gap: no stretch of a window's length, wherever it begins, held more than the rules of its time allowed.

Whoever was claimed last in a stretch should have seen the others; it is their claim that is judged, by the version
that governed it. Contacts kept back as a control take a place as if they had been sent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.audit.ledger import Audited, AuditedContact, AuditedCustomer, AuditedDecision, Rulebook
from tactful.audit.spans import window_end, zone_called
from tactful.strategy.model import Cap, Span, Strategy
from tactful.wire.audit import CheckName, FindingLine
from tactful.words import Purpose


@dataclass(frozen=True, slots=True)
class _Placed:
    """A contact that takes a place, and the claim that took it; None where a person said that it was sent."""

    contact: AuditedContact
    counts_at: datetime
    claim: AuditedDecision | None

    @property
    def order(self) -> int:
        return self.claim.decision_no if self.claim is not None else 0


def over_caps(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many claims were judged by the caps, and those that broke one."""
    return _judged(customer, rulebook, about, "caps")


def too_close(customer: AuditedCustomer, rulebook: Rulebook, about: Audited) -> tuple[int, list[FindingLine]]:
    """Return how many claims were judged by the gap, and those that came too close to another contact."""
    return _judged(customer, rulebook, about, "gap")


def _judged(
    customer: AuditedCustomer, rulebook: Rulebook, about: Audited, check: CheckName
) -> tuple[int, list[FindingLine]]:
    placed = _placed(customer)
    judged: dict[tuple[str, int, ZoneInfo, str | None], set[UUID]] = {}
    for one in placed:
        if one.claim is not None and about.judges(one.contact, one.claim.decided_at):
            strategy = rulebook.get((one.contact.strategy, one.claim.version))
            if strategy is not None:
                zone = zone_called(one.claim.zone, customer.time_zone, strategy.time_zone)
                alike = (one.contact.strategy, one.claim.version, zone, one.claim.segment)
                judged.setdefault(alike, set()).add(one.contact.contact_key)
    findings: dict[tuple[UUID, str], FindingLine] = {}
    for (name, version, zone, segment), keys in judged.items():
        for cap in _limits(rulebook[name, version], segment, check):
            for guilty, others in _crowded([one for one in placed if _concerns(cap, one.contact)], cap, zone):
                if guilty.contact.contact_key in keys:
                    said = _sentence(check, guilty, others, cap, version)
                    line = _finding(check, customer, guilty, said)
                    findings.setdefault((guilty.contact.contact_key, cap.model_dump_json()), line)
    return sum(len(keys) for keys in judged.values()), list(findings.values())


def _limits(strategy: Strategy, segment: str | None, check: CheckName) -> list[Cap]:
    """Return what held for customers of a segment: its own caps go before the rules' on the same thing."""
    if check == "gap":
        return [Cap(count=1, window=strategy.rules.apart)] if strategy.rules.apart else []
    own = [cap for one in strategy.segments if one.name == segment for cap in one.at_most]
    replaced = {(cap.channel, cap.topic, cap.stage) for cap in own}
    return own + [cap for cap in strategy.rules.at_most if (cap.channel, cap.topic, cap.stage) not in replaced]


def _placed(customer: AuditedCustomer) -> list[_Placed]:
    """Return the marketing contacts that take a place, by when they count."""
    found = [
        _Placed(contact, contact.counts_at, contact.claims[-1] if contact.claims else None)
        for contact in customer.contacts
        if contact.counts_at is not None and contact.purpose == Purpose.MARKETING
    ]
    return sorted(found, key=attrgetter("counts_at", "order"))


def _concerns(cap: Cap, contact: AuditedContact) -> bool:
    on_channel = cap.channel is None or cap.channel in contact.channels
    return on_channel and cap.topic in {None, contact.topic} and cap.stage in {None, contact.stage}


def _crowded(placed: Sequence[_Placed], cap: Cap, zone: ZoneInfo) -> Iterator[tuple[_Placed, int]]:
    """Yield the contacts that were claimed although a stretch of the window was full, with how many it holds."""
    times = [one.counts_at for one in placed]
    for i, start in enumerate(times):
        ends_before = bisect_left(times, window_end(start, cap.window, zone), lo=i)
        if ends_before - i > cap.count:
            stretch = sorted(placed[i:ends_before], key=attrgetter("order"))
            for late in stretch[cap.count :]:
                yield late, len(stretch)


def _sentence(check: CheckName, guilty: _Placed, held: int, cap: Cap, version: int) -> str:
    window = _span(cap.window)
    if check == "gap":
        return f"{guilty.contact.name} came less than {window} from another contact (rules of version {version})."
    counted = cap.channel or cap.topic or cap.stage
    scope = f" {counted}" if counted else ""
    allowed = f"at most {cap.count}{scope} in {window}"
    return f"{guilty.contact.name} was one too many: {held} in a window, {allowed} (rules of version {version})."


def _finding(check: CheckName, customer: AuditedCustomer, guilty: _Placed, sentence: str) -> FindingLine:
    contact = guilty.contact
    return FindingLine(
        check=check,
        sentence=sentence,
        customer_key=customer.customer_key,
        contact_key=contact.contact_key,
        journey_key=contact.journey_key,
        at=guilty.counts_at,
    )


def _span(span: Span) -> str:
    parts = ((span.months, "month"), (span.days, "day"), (span.seconds, "second"))
    return " and ".join(f"{number} {unit}{'s' * (number != 1)}" for number, unit in parts if number)
