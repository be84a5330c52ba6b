"""What is known when a contact is decided: frozen values, read under the customer's lock, handed to `decide`.

These say nothing about where they came from and decide nothing. All instants are aware and UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from tactful.words import (
    Basis,
    Channel,
    ConsentState,
    ContactState,
    JourneyState,
    PartState,
    Purpose,
    ReceiptKind,
    SuppressionClass,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One order: when, and what it was worth (None where the shop did not say)."""

    placed_at: datetime
    total: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer can be reached on one channel."""

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The latest statement of a customer about one topic on one channel: on what basis, and where it was made."""

    channel: Channel
    topic: str
    state: ConsentState
    stated_at: datetime
    expires_at: datetime | None = None
    revision: int = 0
    basis: str = Basis.EXPRESS
    source: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A standing no. None for `channel`, `address` or `topic` means all of them."""

    kind: SuppressionClass
    reason: str
    channel: Channel | None = None
    address: str | None = None
    topic: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer as known at this revision. `orders` are newest first, at most 1,000."""

    customer_key: UUID
    revision: int
    active: bool
    registered_at: datetime
    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
    orders: tuple[Order, ...] = ()
    events: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict[str, tuple[datetime, ...]])
    addresses: tuple[Address, ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    preferred: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """The journey a contact belongs to. `cycle` counts the anchors of a clock, from 1.

    `moved_to` is the segment that the customer has moved to inside the step, where it says that they leave by that.
    """

    journey_key: UUID
    step: str
    state: JourneyState
    started_at: datetime
    cycle: int = 1
    due_at: datetime | None = None
    ends_at: datetime | None = None
    key: str | None = None
    milestones: tuple[str, ...] = ()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step of the contact's strategy in which the customer is, and until when at most; None where nobody knows."""

    step: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The contact to be decided.

    `cycle` is the journey's cycle it was planned in, `arm` its arm of a test; `planned_for` is when it was first due,
    if it was deferred since.
    """

    contact_key: UUID
    communication: str
    state: ContactState
    due_at: datetime
    expires_at: datetime | None = None
    cycle: int = 1
    attempts: int = 0
    fence: int = 0
    arm: str | None = None
    planned_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """What has happened since, to a contact that was parked and that a person takes up again.

    `goal_at` is when the goal of its step was reached after the contact was planned, also if its journey had ended by
    then; `later` is what was said after it in the same step, at `later_at`.
    """

    goal_at: datetime | None = None
    later: str | None = None
    later_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastContact:
    """A contact that takes a place: claimed, sent or not known, at `counts_at`. `question` marks one that asked."""

    contact_key: UUID
    counts_at: datetime
    channels: tuple[Channel, ...]
    topic: str
    stage: str
    purpose: Purpose
    communication: str
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another planned contact of the customer, of an open journey, which may want the same place.

    With `step`, its own communication can be looked up, so that one its customer is not eligible for keeps no place.
    `planned_for` is when it was first due, where it has been deferred since.
    """

    contact_key: UUID
    communication: str
    due_at: datetime
    expires_at: datetime | None
    topic: str
    channels: tuple[Channel, ...]
    raised: int = 0
    step: str | None = None
    planned_for: datetime | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Whether a connector is there for a channel, until when it is held, and how long it takes to the customer."""

    channel: Channel
    connector: str
    held_until: datetime | None = None
    held_why: str | None = None
    in_home: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Tried:
    """A part of the contact that was made before: where it stands, and the last that its provider told of it."""

    channel: Channel
    state: PartState
    receipt: ReceiptKind | None = None

    @property
    def arrived(self) -> bool:
        """Say whether the provider told that it reached the customer."""
        return self.receipt is not None and self.receipt.arrived


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything `decide` may look at for one contact. `past` is kept newest first, in whatever order it is given.

    `tried` has the parts of the contact itself that were made before: it is then decided about what is left of it.

    `restart` is there for a contact that a person has taken up again, and for no other. `marketing` are those of the
    past that were no mandatory ones.
    """

    contact: Contact
    customer: Customer
    journey: Journey | None = None
    past: tuple[PastContact, ...] = ()
    rivals: tuple[Rival, ...] = ()
    channels: tuple[ChannelState, ...] = ()
    tried: tuple[Tried, ...] = ()
    restart: Restart | None = None
    inside: tuple[OpenStep, ...] = ()
    marketing: tuple[PastContact, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the past contacts in order, newest first: the caps count on it, and on the marketing among them."""
        ordered = tuple(sorted(self.past, key=attrgetter("counts_at"), reverse=True))
        object.__setattr__(self, "past", ordered)
        object.__setattr__(self, "marketing", tuple(row for row in ordered if row.purpose is Purpose.MARKETING))
