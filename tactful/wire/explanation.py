"""What became of a contact, or why there is none: sentences that a person reads out, and the codes behind them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from tactful.wire.answers import Answer, CostAnswer, LineAnswer


class RuleAnswer(LineAnswer):
    """One rule's answer; `details` name what it counted: which contacts took the places, who came first."""

    details: list[str] = Field(default_factory=list[str])


class DecisionAnswer(Answer):
    """One decision, or several alike in a row, in a sentence; with every rule that was asked."""

    at: datetime
    sentence: str
    verdict: str
    reason: str | None = None
    version: int
    """The version whose rules governed it."""

    asked_by: str | None = None
    """Who, where a person did it."""

    rules: list[RuleAnswer] = Field(default_factory=list[RuleAnswer])


class AttemptAnswer(Answer):
    """One attempt to send, by one connector, and what was answered."""

    at: datetime
    sentence: str
    channel: str | None = None
    connector: str | None = None
    code: str | None = None
    """What went wrong, as the connector classified it, and what the provider said."""

    cost: CostAnswer | None = None
    """What it cost, or may have, where that is known; not a thing to read out to the customer."""


class ExplanationAnswer(Answer):
    """What became of a contact, in one sentence first; then everything that led to it. Times are the customer's own."""

    sentence: str
    customer_key: UUID
    user_id: str | None = None
    strategy: str
    step: str
    communication: str
    contact_key: UUID | None = None
    """None where there is no contact: the sentence says why."""

    state: str | None = None
    reason: str | None = None
    passes_at: datetime | None = None
    """The earliest instant at which what stands against it would pass."""

    zone: str
    """The zone in which times are told."""

    background: list[str] = Field(default_factory=list[str])
    """How it came about: what it was planned for, by which version it was written, until when it was worth saying."""

    decisions: list[DecisionAnswer] = Field(default_factory=list[DecisionAnswer])
    """In order, the last one last."""

    attempts: list[AttemptAnswer] = Field(default_factory=list[AttemptAnswer])
    receipts: list[str] = Field(default_factory=list[str])
    if_due_now: DecisionAnswer | None = None
    """For a contact that is still planned: what would be decided if it were due now. Nothing is written."""

    others: list[str] = Field(default_factory=list[str])
    """Other contacts of the same communication, the newest first."""
