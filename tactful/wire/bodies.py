"""The bodies of requests: Segment's `identify`, `track` and `batch`, and Tactful's own.

Names are accepted as Segment writes them (`userId`) and as Python does (`user_id`); an unknown name is refused. Values
are checked here for their shape alone, so an email address is still any text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

MOST_ITEMS = 500


def _number_as_text(value: object) -> object:
    """Accept a whole number as an id: many senders keep ids as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


OtherId = Annotated[str, BeforeValidator(_number_as_text), Field(min_length=1, max_length=255)]
Words = Annotated[str, Field(min_length=1, max_length=255)]
Values = dict[str, object]


class Body(BaseModel):
    """Base of every body: unknown names are refused, both spellings of a name are taken."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="forbid", frozen=True
    )


class SegmentMessage(Body):
    """What every message of Segment's tracking API carries.

    `context`, `integrations` and the instants other than `timestamp` are taken so that Segment's own libraries can
    send here; of the context only time zone, locale and the device's push token are used, where traits lack them.
    """

    user_id: OtherId | None = None
    """The customer's id in your systems."""

    anonymous_id: OtherId | None = None
    """An id from before the customer was known, such as a cookie's. One of the two is needed."""

    message_id: Words | None = None
    """Your own id of this message: sent twice, it is taken once. Made up and answered where it is missing."""

    timestamp: str | None = None
    """When it happened, ISO 8601 with an offset. Missing: now."""

    context: Values = Field(default_factory=dict)
    integrations: Values = Field(default_factory=dict)
    channel: str | None = None
    sent_at: str | None = None
    received_at: str | None = None
    original_timestamp: str | None = None
    version: object = None
    write_key: str | None = None


class OptIn(Body):
    """What a customer said about a topic on a channel, with the proof of it."""

    topic: str
    channel: str
    state: Literal["opted_in", "pending", "opted_out"] | None = None
    """Missing: `opted_in`; for a topic with double opt-in `pending`, until the second yes is told."""

    basis: Words = "express"
    """The lawful basis: `express`, `soft opt-in`, `implied`, `contract` or `legitimate interest`; `consent` is express.
    Soft opt-in and implied run out 24 months after `at`, or sooner."""

    source: Words = "api"
    """Where they said so: the form, the shop, the call."""

    evidence: Values | str | None = None
    """The proof: the wording shown, the address of the page, the id of the form."""

    at: str | None = None
    """When they said so, ISO 8601 with an offset. Missing: the message's timestamp."""

    expires_at: str | None = None


class IdentifyBody(SegmentMessage):
    """Facts about a customer."""

    type: Literal["identify"] = "identify"
    traits: Values = Field(default_factory=dict)
    """What is known: email, phone, timezone, locale, address, push_token, country, preferred_channels, created_at,
    first and last name, and the properties your strategy declares. `null` takes a value away."""

    opt_ins: list[OptIn] = Field(default_factory=list[OptIn], max_length=200)


class TrackBody(SegmentMessage):
    """Something a customer did."""

    type: Literal["track"] = "track"
    event: Words
    """A name your strategy declares, such as `order.placed`."""

    properties: Values = Field(default_factory=dict)
    """The fields your strategy declares for the event. `order.placed` may also have order_id, total, currency."""


class BatchBody(Body):
    """Up to 500 messages of type `identify` and `track`, taken in order; each has its own result."""

    batch: list[object] = Field(min_length=1, max_length=MOST_ITEMS)
    context: Values = Field(default_factory=dict)
    integrations: Values = Field(default_factory=dict)
    message_id: Words | None = None
    sent_at: str | None = None
    write_key: str | None = None


class ImportBody(Body):
    """A batch that tells the past, or brings many customers at once."""

    batch: list[object] = Field(min_length=1, max_length=MOST_ITEMS)
    historical: bool = False
    """Events tell the past: they set clocks (a repurchase falls due) but begin nothing else."""

    create_customers: bool = False
    """Register customers that an event names and nobody knows yet."""

    dry_run: bool = False
    """Check everything, store nothing."""


class ContactBody(Body):
    """Make this contact for this customer."""

    user_id: OtherId | None = None
    anonymous_id: OtherId | None = None
    communication: Words
    step: Words | None = None
    strategy: Words | None = None
    properties: Values = Field(default_factory=dict)
    """What the template needs, as an event's properties would bring it."""

    request_key: Words | None = None
    """Your own id of this request: sent twice, it is one contact. The header `Idempotency-Key` does the same."""


class PublishBody(Body):
    """A strategy folder as text: `strategy.yaml`, `templates/…`, `codes/…`."""

    files: dict[str, str] = Field(min_length=1, max_length=2000)
    note: Annotated[str, Field(max_length=500)] | None = None
