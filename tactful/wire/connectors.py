"""Connectors over the wire: how each stands, and what a person asks of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tactful.wire.answers import Answer
from tactful.wire.bodies import Body, Words


class HoldBody(Body):
    """Hold a connector: nothing goes out by it until it is resumed."""

    why: Annotated[str, Field(min_length=1, max_length=500)]
    """For those who find it held."""

    asked_by: Words = "api"
    until: str | None = None
    """When it is tried again, ISO 8601 with an offset. Missing: when somebody resumes it."""


class ResumeBody(Body):
    """Have a held connector tried again now."""

    asked_by: Words = "api"


class ConnectorAnswer(Answer):
    """How a connector stands."""

    connector: str
    channels: list[str]
    state: Literal["open", "held", "trying"]
    """*trying*: its hold is over; one contact tries first, the others follow when it went well."""

    fault: str | None = None
    why: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    held_by: str | None = None
    """Who held it; none where a provider's answer did."""

    waiting: int = 0
    """How many contacts wait for it, counted up to 100,000."""


class ConnectorsAnswer(Answer):
    """Every connector that a worker has been started with."""

    connectors: list[ConnectorAnswer]
