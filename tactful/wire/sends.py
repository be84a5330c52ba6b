"""What waits for a person, as the API takes and answers it: filters and acts, causes and forecasts, restarts under way.

Shapes only, shared by the server, the client and the command line.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from tactful.wire.answers import Answer, ContactAnswer
from tactful.wire.bodies import Body, OtherId, Words

MOST_KEYS = 500
FASTEST = 10_000
Why = Annotated[str, Field(max_length=500)]


class SendsFilter(Body):
    """Which of the contacts that wait for a person are meant. Every line given must hold; none means all of them."""

    connector: Words | None = None
    """The connector that a part of it was handed to."""

    fault: Words | None = None
    """What the connector said: its kind (`transient`, `bad_content`, …), alone or with the provider's code."""

    reason: Literal["failed", "bad_message", "unknown"] | None = None
    strategy: Words | None = None
    step: Words | None = None
    communication: Words | None = None
    customer: OtherId | None = None
    """The customer's id in your systems, or our customer_key."""

    since: str | None = None
    """Parked at this instant or later, ISO 8601 with an offset."""

    until: str | None = None
    """Parked before this instant."""

    contacts: Annotated[list[UUID], Field(max_length=MOST_KEYS)] | None = None
    """These contacts, by key."""


class SettleBody(Body):
    """What a person does about contacts, and who it is."""

    filter: SendsFilter = Field(default_factory=SendsFilter)
    all: bool = False
    """Without a filter nothing is done, unless this says that everything is meant."""

    asked_by: Words = "api"
    """Who wants it: kept with every contact, and told in its timeline."""

    why: Why | None = None


class RetryBody(SettleBody):
    """Take contacts up again: each is decided afresh."""

    even_unknown: bool = False
    """Also those of which nobody knows whether they arrived: **some customers may hear it twice**."""

    rate: Annotated[int, Field(ge=1, le=FASTEST)] | None = None
    """Most contacts a second; as fast as the connectors go, where it is left out."""

    request_key: Words | None = None
    """Your own id of this request: sent twice, it is one restart."""

    dry_run: bool = False
    """Change nothing: answer what a retry would do now."""


class OneBody(Body):
    """What a person does about one contact."""

    asked_by: Words = "api"
    why: Why | None = None
    even_unknown: bool = False
    """For a retry: also if nobody knows whether it arrived."""


class WaitAnswer(Answer):
    """How many would wait until an instant, and for what."""

    until: datetime
    reason: str
    contacts: int


class NotSentAnswer(Answer):
    """How many would not be sent at all, and why."""

    reason: str
    contacts: int
    sentence: str


class ForecastAnswer(Answer):
    """What would happen if they were taken up again now: decided afresh, without writing anything."""

    contacts: int
    looked_at: int
    """How many were decided. Fewer than there are: a sample by chance, and the other numbers are scaled up."""

    exact: bool
    at_once: int
    waits: list[WaitAnswer] = Field(default_factory=list[WaitAnswer])
    """Nearest first."""

    not_sent: list[NotSentAnswer] = Field(default_factory=list[NotSentAnswer])
    untouched: int = 0
    """Unknown ones: a retry passes them over."""


class CauseAnswer(Answer):
    """Contacts that wait for a person for one and the same cause."""

    reason: str
    """`failed`, `bad_message`, `unknown`: parked. `connector_held`: they wait for a connector. `overdue`: they should
    have been looked at an hour ago."""

    connector: str | None = None
    fault: str | None = None
    strategy: str
    step: str
    communication: str
    contacts: int
    since: datetime
    """When the first of them came to this."""

    sentence: str
    """What happened, in the words of the newest of them."""

    example: UUID
    """The newest of them."""

    forecast: ForecastAnswer | None = None


class LotCount(Answer):
    """How many contacts of a restart stand alike."""

    state: str
    reason: str | None = None
    contacts: int


class RestartAnswer(Answer):
    """A restart: what was asked for, how far it is."""

    lot_key: UUID
    state: Literal["open", "stopped", "done"]
    asked_by: str
    why: str | None = None
    filter: SendsFilter
    rate: int | None = None
    created_at: datetime
    ended_at: datetime | None = None
    frozen: bool
    """Whether all of its contacts have been taken up; before that, `contacts` grows."""

    contacts: int
    settled: int
    """How many of them are through: sent or not."""

    next_at: datetime | None = None
    """When the next of them is due."""

    counts: list[LotCount] = Field(default_factory=list[LotCount])


class SendsAnswer(Answer):
    """Everything that waits for a person, causes first, and the restarts under way."""

    causes: list[CauseAnswer]
    restarts: list[RestartAnswer] = Field(default_factory=list[RestartAnswer])


class SendsListAnswer(Answer):
    """A page of the contacts themselves, the newest first; `next` leads to the page after it."""

    contacts: list[ContactAnswer]
    next: str | None = None


class ActAnswer(Answer):
    """What was done to contacts. With `left`, ask again: one request takes so many and no more."""

    contacts: int
    passed_over: int = 0
    """Contacts of the filter to which this cannot be done: unknown ones that were to be skipped, and the like."""

    left: int = 0


class RetryAnswer(Answer):
    """A restart that has begun, or what one would do (`dry_run`)."""

    restart: RestartAnswer | None = None
    forecast: ForecastAnswer | None = None
