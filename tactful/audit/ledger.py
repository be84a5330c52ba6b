"""One customer's part of the ledger as the audit looks at it: frozen rows, nothing worked out yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tactful.strategy.model import Strategy
from tactful.words import ContactState, Purpose

SEND = "send"
"""The verdict by which a place was taken."""


@dataclass(frozen=True, slots=True)
class AuditedDecision:
    """One row of `decisions`.

    `zone` is the customer's zone as the trace says it, where a rule asked for it; `segment` theirs, where it had caps
    of its own.
    """

    decision_no: int
    decided_at: datetime
    verdict: str
    reason: str | None
    version: int
    revision: int
    zone: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class AuditedMessage:
    """One row of `messages`, without its content but for where it went."""

    channel: str
    state: str
    frozen_at: datetime
    to: str


@dataclass(frozen=True, slots=True)
class AuditedContact:
    """One row of `contacts`, with its decisions in order and its messages."""

    contact_key: UUID
    strategy: str
    step: str
    communication: str
    stage: str
    topic: str
    purpose: str
    channels: tuple[str, ...]
    state: ContactState
    reason: str | None
    due_at: datetime
    counts_at: datetime | None = None
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    again_at: datetime | None = None
    journey_key: UUID | None = None
    cycle: int = 1
    in_lot: bool = False
    decisions: tuple[AuditedDecision, ...] = ()
    messages: tuple[AuditedMessage, ...] = ()

    @property
    def claims(self) -> tuple[AuditedDecision, ...]:
        """The decisions by which it took its place, first to last."""
        return tuple(one for one in self.decisions if one.verdict == SEND)

    @property
    def name(self) -> str:
        """What it is called in a finding."""
        return f"{self.step} / {self.communication}"


@dataclass(frozen=True, slots=True)
class AuditedStatement:
    """One row of `consents`; `number` orders statements of the same instant."""

    number: int
    channel: str
    topic: str
    state: str
    stated_at: datetime
    expires_at: datetime | None
    revision: int
    basis: str = "express"


@dataclass(frozen=True, slots=True)
class AuditedRefusal:
    """One row of `suppressions`, and its lift. `own`: it names the customer, so its revisions are theirs."""

    kind: str
    channel: str | None
    address: str | None
    topic: str | None
    stated_at: datetime
    expires_at: datetime | None
    revision: int
    own: bool
    lifted_at: datetime | None = None
    lifted_revision: int | None = None


@dataclass(frozen=True, slots=True)
class AuditedJourney:
    """One row of `journeys`; `told_at` is when we heard of what began its present cycle."""

    journey_key: UUID
    step: str
    state: str
    cycle: int
    planned_cycle: int
    told_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditedCustomer:
    """Everything the audit looks at of one customer."""

    customer_key: UUID
    time_zone: str | None
    contacts: tuple[AuditedContact, ...] = ()
    statements: tuple[AuditedStatement, ...] = ()
    refusals: tuple[AuditedRefusal, ...] = ()
    journeys: tuple[AuditedJourney, ...] = ()


Rulebook = Mapping[tuple[str, int], Strategy]
"""Strategies by name and version: every version that some decision was made by."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit is about.

    Attributes:
        now: Aware UTC instant.
        since: Only claims and decisions from this instant on are judged; what came before still counts. None: all.
        strategy: Only contacts of this strategy are judged. None: of all.
        patience: How long something may be overdue before it counts as lost sight of.
    """

    now: datetime
    since: datetime | None = None
    strategy: str | None = None
    patience: timedelta = timedelta(hours=1)

    def judges(self, contact: AuditedContact, at: datetime) -> bool:
        """Say whether what happened to a contact at an instant is judged."""
        return self.strategy in {None, contact.strategy} and (self.since is None or at >= self.since)


def is_marketing(contact: AuditedContact, version: int, rulebook: Rulebook) -> bool:
    """Say whether a contact was marketing by the strategy that governed a decision about it."""
    strategy = rulebook.get((contact.strategy, version))
    topic = strategy.topics.get(contact.topic) if strategy is not None else None
    return (topic.purpose if topic is not None else contact.purpose) != Purpose.SERVICE
