"""What comes in through the doors, already checked: statements about a customer, events, requests, acts of people.

Frozen values between whoever checked them (the API, an import) and the database. No I/O, no parsing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tactful.words import Channel, ConsentState, SuppressionClass


@dataclass(frozen=True, slots=True)
class Who:
    """A customer by other people's ids; at least one is given."""

    user_id: str | None = None
    anonymous_id: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a customer said about one topic on one channel, with the proof of it. `basis` is a word of `Basis`."""

    channel: Channel
    topic: str
    state: ConsentState
    basis: str
    source: str
    stated_at: datetime
    evidence: Mapping[str, object] = field(default_factory=dict[str, object])
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suppress:
    """A standing no to a customer, or to an address whoever has it; what it does not name, it holds for all of."""

    kind: SuppressionClass
    reason: str
    source: str
    stated_at: datetime
    who: Who | None = None
    channel: Channel | None = None
    address: str | None = None
    topic: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """Lift what stands against a customer or an address, as far as it is named; `by` is who says so, and `why`."""

    by: str
    why: str
    who: Who | None = None
    channel: Channel | None = None
    address: str | None = None
    topic: str | None = None
    kind: SuppressionClass | None = None


@dataclass(frozen=True, slots=True)
class Identify:
    """Facts about a customer as of `occurred_at`. None in `addresses` takes the address away."""

    who: Who
    message_id: str
    occurred_at: datetime
    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
    addresses: Mapping[Channel, str | None] = field(default_factory=dict[Channel, "str | None"])
    preferred: tuple[Channel, ...] | None = None
    statements: tuple[Statement, ...] = ()
    registered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """Something a customer did at `occurred_at`. A *historical* one tells the past: it opens no journey but a clock."""

    who: Who
    name: str
    message_id: str
    occurred_at: datetime
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
    historical: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Make this contact for this customer; `request_key` is the caller's own idempotency key."""

    who: Who
    communication: str
    request_key: str
    step: str | None = None
    strategy: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the contacts that wait for a person are meant; what is None is not asked. `parked_by` bounds them all.

    A contact that is parked again after `parked_by` is none of them, so that nothing is taken up twice by one request.
    """

    parked_by: datetime
    connector: str | None = None
    fault: str | None = None
    reason: str | None = None
    strategy: str | None = None
    step: str | None = None
    communication: str | None = None
    customer_key: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    contacts: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something, and why: kept with every contact it is done to."""

    name: str
    why: str | None = None
