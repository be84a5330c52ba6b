"""What an audit answers, line by line: how far it is, what it found, and at the end what each check looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from tactful.wire.answers import Answer

CheckName = Literal["caps", "gap", "opt_in", "suppressed", "mandatory", "doubled", "accounted", "frozen"]


class ProgressLine(Answer):
    """How many customers have been looked at, of how many there are."""

    kind: Literal["progress"] = "progress"
    done: int
    of: int


class FindingLine(Answer):
    """One row that breaks a promise: which promise, in a sentence, and where to look."""

    kind: Literal["finding"] = "finding"
    check: CheckName
    sentence: str
    customer_key: UUID | None = None
    contact_key: UUID | None = None
    journey_key: UUID | None = None
    at: datetime | None = None
    """The instant it happened, or should have."""


class CheckedLine(Answer):
    """One check as a whole."""

    check: CheckName
    looked_at: int
    """How many rows it looked at: contacts, claims, decisions or journeys, whichever it is about."""

    found: int
    """How many of them break the promise, also those that were not told one by one."""


class SummaryLine(Answer):
    """The last line: every check, and whether all is as promised."""

    kind: Literal["summary"] = "summary"
    ok: bool
    customers: int
    contacts: int
    checks: list[CheckedLine]
    since: datetime | None = None
    strategy: str | None = None


class BrokenOffLine(Answer):
    """The last line of an audit that could not go on."""

    kind: Literal["broken_off"] = "broken_off"
    message: str


AuditLine = Annotated[ProgressLine | FindingLine | SummaryLine | BrokenOffLine, Field(discriminator="kind")]
AUDIT_LINE: TypeAdapter[AuditLine] = TypeAdapter(AuditLine)
