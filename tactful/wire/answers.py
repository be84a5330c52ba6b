"""What the API answers. Every instant is UTC, every amount text with its currency, every error of one shape."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of every answer. A newer server may add fields: a client reads past them."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Refusal(Answer):
    """One thing that was wrong: what, where, what would be right."""

    code: str
    """Short and stable, for programs: `unknown_event`, `bad_email`, …"""

    message: str
    field: str | None = None
    """Where in the body, as a path: `traits.email`, `batch[3].event`."""

    expected: str | None = None
    hint: str | None = None


class ErrorAnswer(Answer):
    """The one shape of every error. With several things wrong, `problems` has them all and `error` the first."""

    error: Refusal
    problems: list[Refusal] = Field(default_factory=list[Refusal])


class Taken(Answer):
    """A message is committed. `duplicate`: it had been taken before, and changed nothing now."""

    success: Literal[True] = True
    message_id: str
    customer_key: UUID
    event_key: UUID | None = None
    duplicate: bool = False


class ItemAnswer(Answer):
    """What became of one item of a batch."""

    status: Literal["stored", "duplicate", "refused"]
    message_id: str | None = None
    error: Refusal | None = None


class BatchAnswer(Answer):
    """What became of each item, in their order. `success` is true when none was refused."""

    success: bool
    stored: int
    duplicates: int
    refused: int
    results: list[ItemAnswer]


class AddressAnswer(Answer):
    """Where a customer can be reached on one channel."""

    channel: str
    address: str
    since: datetime


class ConsentAnswer(Answer):
    """The latest statement about one topic on one channel."""

    channel: str
    topic: str
    state: str
    basis: str
    source: str
    stated_at: datetime
    expires_at: datetime | None = None


class SuppressionAnswer(Answer):
    """A standing no."""

    kind: str
    reason: str
    source: str
    stated_at: datetime
    channel: str | None = None
    address: str | None = None
    """The address that is suppressed, whoever has it; none where the customer is."""

    topic: str | None = None
    expires_at: datetime | None = None


class JourneyAnswer(Answer):
    """A journey: which, how far, how long."""

    journey_key: UUID
    workflow_id: str
    strategy: str
    version: int
    step: str
    stage: str | None = None
    key: str = ""
    """What the journey is about where a step has one per occasion, product line, …"""

    state: str
    started_at: datetime
    due_at: datetime | None = None
    ended_at: datetime | None = None
    days: int
    """How long: whole days from the start to now, or to its end."""

    said: int
    """How far: contacts made in it."""

    planned: int
    """Contacts still planned."""

    next_at: datetime | None = None
    """When the next planned contact is due."""

    milestones: list[str] = Field(default_factory=list[str])
    """Milestones reached."""

    milestones_of: int = 0
    """Milestones there are."""

    sentence: str


class OrdersAnswer(Answer):
    """A customer's orders, added up; `spent` by currency."""

    count: int = 0
    last_at: datetime | None = None
    spent: dict[str, str] = Field(default_factory=dict[str, str])


class CustomerAnswer(Answer):
    """A customer: profile, consents, journeys."""

    customer_key: UUID
    user_ids: list[str]
    anonymous_ids: list[str]
    status: str
    registered_at: datetime
    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    segment: str | None = None
    properties: dict[str, object]
    preferred_channels: list[str]
    addresses: list[AddressAnswer]
    consents: list[ConsentAnswer]
    suppressions: list[SuppressionAnswer]
    orders: OrdersAnswer
    journeys: list[JourneyAnswer]


class LineAnswer(Answer):
    """One rule's answer inside a verdict."""

    rule: str
    passed: bool
    reason: str | None = None
    sentence: str
    passes_at: datetime | None = None
    numbers: dict[str, object] = Field(default_factory=dict[str, object])


class VerdictAnswer(Answer):
    """What was decided about a contact, when, and every rule that was asked."""

    verdict: str
    reason: str | None = None
    until: datetime | None = None
    decided_at: datetime
    version: int
    trace: list[LineAnswer]
    asked_by: str | None = None
    """Who did it, where it was a person: `retry`, `skip`, `mark_sent`; `park` where they stopped a restart."""

    why: str | None = None


class CostAnswer(Answer):
    """What one message costs, or would."""

    amount: str
    currency: str
    told: bool
    """Whether the provider told it; otherwise it is as configured when the message was frozen."""


class PartAnswer(Answer):
    """One channel's part of a contact, as it was frozen and what became of it."""

    channel: str
    connector: str
    state: str
    frozen_at: datetime
    subject: str | None = None
    provider_id: str | None = None
    fault: str | None = None
    detail: str | None = None
    cost: CostAnswer | None = None
    """None where no price is known. It is spent where `state` is `sent`, and may be where that is not known."""


class ReceiptAnswer(Answer):
    """What a provider told us later. Of a bounce, whether it is for good; of an opening, whether a program did it."""

    kind: str
    occurred_at: datetime
    connector: str
    channel: str | None = None
    permanent: bool = False
    machine: bool = False
    reason: str = ""


class ContactAnswer(Answer):
    """A contact: what, where it stands, and why, in a sentence."""

    contact_key: UUID
    customer_key: UUID
    user_id: str | None = None
    journey_key: UUID | None = None
    strategy: str
    version: int
    stage: str
    step: str
    communication: str
    topic: str
    purpose: str
    channels: list[str]
    state: str
    reason: str | None = None
    sentence: str
    decided: bool
    """Whether there is a verdict: made, not made, or later and why."""

    planned_for: datetime
    due_at: datetime
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    updated_at: datetime
    attempts: int
    revision: int
    verdict: VerdictAnswer | None = None
    parts: list[PartAnswer] = Field(default_factory=list[PartAnswer])
    receipts: list[ReceiptAnswer] = Field(default_factory=list[ReceiptAnswer])


class FeedAnswer(Answer):
    """Contacts that changed, oldest change first. Ask again with `after=next`; a change may come twice."""

    contacts: list[ContactAnswer]
    next: str | None = None


class TimelineEntry(Answer):
    """One line of a customer's story."""

    at: datetime
    kind: Literal["registered", "event", "consent", "journey", "contact", "receipt", "reply", "act"]
    title: str
    sentence: str
    contact_key: UUID | None = None
    journey_key: UUID | None = None
    state: str | None = None
    planned: bool = False
    """Whether it is still to come."""

    costs: list[CostAnswer] = Field(default_factory=list[CostAnswer])
    """Of a contact that is sent: what each message of it cost, where that is known."""


class TimelineAnswer(Answer):
    """A customer's story, newest first; what is still planned comes before it. `next` leads to what is older."""

    customer_key: UUID
    entries: list[TimelineEntry]
    next: str | None = None


class StrategyAnswer(Answer):
    """A published strategy, and what it declares."""

    strategy: str
    version: int
    hash: str
    published_at: datetime
    note: str | None = None
    vision: str
    time_zone: str = "UTC"
    """The zone of customers whose own is not known."""

    steps: dict[str, list[str]]
    """Communications by step."""

    events: dict[str, dict[str, str]]
    properties: dict[str, str]
    topics: dict[str, str]
    waits_for_later: list[str] = Field(default_factory=list[str])
    """What is checked but not executed yet by this version of Tactful."""


class StrategiesAnswer(Answer):
    """The published version of every strategy."""

    strategies: list[StrategyAnswer]


class PublishAnswer(Answer):
    """The outcome of publishing. `unchanged`: the same content is the published version already."""

    strategy: str
    version: int
    hash: str
    unchanged: bool
    waits_for_later: list[str] = Field(default_factory=list[str])
    warnings: list[Refusal] = Field(default_factory=list[Refusal])


class PartOfHealth(Answer):
    """How one part is doing; `what_to_do` when it is not well."""

    name: str
    ok: bool
    sentence: str
    what_to_do: str | None = None


class HealthAnswer(Answer):
    """How everything is doing: `ok` is 200, anything else 503."""

    ok: bool
    version: str
    parts: list[PartOfHealth]
    outbox_waiting: int | None = None
    outbox_oldest_at: datetime | None = None
