"""Campaigns as the API takes and answers them: what is to be sent, what it would come to, how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from tactful.wire.answers import Answer
from tactful.wire.bodies import Body, Words
from tactful.wire.costs import SumAnswer

FASTEST = 10_000


class CampaignBody(Body):
    """Send a campaign step to its audience."""

    strategy: Words
    step: Words
    at: Words | None = None
    """When it begins: `2027-02-26 10:00` on every customer's own clock, an instant with an offset for all at once, or
    `now`. Missing: the moment that the strategy names."""

    request_key: Words | None = None
    """Without one, a campaign is sent once for each moment that the strategy names. With another one, a further lot
    goes to whoever is in the audience by now and was not before."""

    asked_by: Words = "api"
    """Who wants it."""

    rate: Annotated[int, Field(ge=1, le=FASTEST)] | None = None
    """Most contacts a second. Missing: as fast as the connectors allow."""


class ForeseenAnswer(Answer):
    """What would become of one communication for some customers."""

    communication: str
    verdict: str
    """`send`, `later`, `skip`, `control` or `expired`."""

    reason: str | None = None
    sentence: str | None = None
    channels: list[str] = Field(default_factory=list[str])
    customers: int


class CampaignPreview(Answer):
    """What a campaign would come to as things stand; nothing has been begun."""

    strategy: str
    step: str
    version: int
    moment: str
    """When it begins, in words."""

    writes_at: datetime
    """From when on the audience is written down."""

    brake: str | None = None
    """What stops it by itself, as the step says: `40000 people or 0.2% complaints`."""

    audience: int
    already_in: int
    """How many of them are in it already, for the same moment."""

    segments: dict[str, int]
    languages: dict[str, int]
    looked_at: int
    """How many customers were decided about for `foreseen`; where the audience is larger, they were drawn from it."""

    foreseen: list[ForeseenAnswer]
    lot_key: UUID | None = None
    """The lot, where this campaign has been sent already."""


class CountAnswer(Answer):
    """How many contacts of a campaign stand alike."""

    communication: str
    state: str
    reason: str | None = None
    sentence: str
    contacts: int


class CampaignAnswer(Answer):
    """A campaign on its way, or done."""

    lot_key: UUID
    strategy: str
    step: str
    version: int
    state: str
    """`open`, `stopped` or `done`."""

    sentence: str
    moment: str
    asked_by: str
    rate: int | None = None
    created_at: datetime
    frozen_at: datetime | None = None
    """When the whole audience was written down."""

    ended_at: datetime | None = None
    customers: int
    contacts: int
    settled: int
    next_at: datetime | None = None
    """When the next of its contacts is due."""

    counts: list[CountAnswer] = Field(default_factory=list[CountAnswer])
    costs: list[SumAnswer] = Field(default_factory=list[SumAnswer])
    """What its messages cost, each currency by itself; left out where several campaigns are answered."""

    new: bool = False
    """Whether this very request has begun it."""


class CampaignsAnswer(Answer):
    """The newest campaigns, the newest first."""

    campaigns: list[CampaignAnswer]
