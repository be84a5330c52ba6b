"""A contact's story as it is read from the rows: frozen, complete, and not yet in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tactful.strategy.model import Cap
from tactful.verdict import Line
from tactful.wire.answers import CostAnswer
from tactful.words import ContactState, Reason


@dataclass(frozen=True, slots=True)
class Who:
    """Whose story: the ids by which people know them, and the zone in which their times are told."""

    customer_key: UUID
    user_id: str | None
    zone: ZoneInfo
    own_zone: bool = True


@dataclass(frozen=True, slots=True)
class What:
    """What was, or was not, said."""

    strategy: str
    step: str
    communication: str


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as it is kept, or as it would be made now."""

    at: datetime
    verdict: str
    version: int
    reason: Reason | None = None
    until: datetime | None = None
    lines: tuple[Line, ...] = ()
    asked_by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One channel's message: by which connector, when it was frozen, what the provider answered."""

    channel: str
    connector: str
    state: str
    frozen_at: datetime
    provider_id: str | None = None
    fault: str | None = None
    detail: str | None = None
    cost: CostAnswer | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that did not come to a yes."""

    channel: str
    connector: str
    at: datetime
    fault: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider told us later."""

    kind: str
    at: datetime
    connector: str
    permanent: bool = False
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """Another contact of the customer."""

    contact_key: UUID
    step: str
    communication: str
    topic: str
    purpose: str
    channels: tuple[str, ...]
    state: ContactState
    due_at: datetime
    counts_at: datetime | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """The journey that a contact belongs to; `event` is what began it."""

    step: str
    state: str
    started_at: datetime
    event: str | None = None
    about: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one contact.

    Attributes:
        who: Whose contact.
        what: What was to be said.
        contact_key: Which contact.
        state: Where it stands.
        reason: Why, where it was not sent.
        planned_for: What it was planned for at first.
        due_at: When it is looked at next.
        created_at: When it was planned.
        pinned: The version that wrote it.
        published: When each version named here was published.
        journey: Its journey; None where another system asked for it.
        expires_at: Until when it is worth saying.
        sent_at: When it was sent.
        decided: Its decisions, the last one last.
        left_out: How many decisions before those are not among them.
        parts: Its messages.
        failed: Calls that did not come to a yes, in order.
        told: What providers told us later.
        past: The customer's contacts that take or took a place, the newest first.
        named: The customer's contacts that a decision names as its rivals.
        caps: The caps by how a trace names them.
        afresh: What would be decided if it were due now; None where it is settled.
        same: Other contacts of the same communication, the newest first.
    """

    who: Who
    what: What
    contact_key: UUID
    state: ContactState
    reason: Reason | None
    planned_for: datetime
    due_at: datetime
    created_at: datetime
    pinned: int
    published: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    journey: Passage | None = None
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    decided: tuple[Decided, ...] = ()
    left_out: int = 0
    parts: tuple[Part, ...] = ()
    failed: tuple[Failed, ...] = ()
    told: tuple[Told, ...] = ()
    past: tuple[Other, ...] = ()
    named: tuple[Other, ...] = ()
    caps: Mapping[str, Cap] = field(default_factory=dict[str, Cap])
    afresh: Decided | None = None
    same: tuple[Other, ...] = ()
