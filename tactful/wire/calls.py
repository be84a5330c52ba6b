"""Calls over the wire: what people are to call whom about, and what came of it. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from tactful.wire.answers import Answer
from tactful.wire.bodies import Body, Words

Outcome = Literal["reached", "no_answer", "wrong_number", "not_again"]
"""*not again*: asked not to be called any more."""

Which = Literal["all", "open", "taken"]
LONGEST_NOTE: Final = 2_000


class TakeBody(Body):
    """Take a call, which is yours for an hour; or give it back."""

    by: Words


class FinishBody(Body):
    """Say what came of a call."""

    by: Words
    outcome: Outcome
    note: str | None = Field(default=None, max_length=LONGEST_NOTE)
    """What whoever called has to say of it; it stands in the customer's story."""


class CallAnswer(Answer):
    """One call to be made."""

    task_key: UUID
    state: Literal["open", "taken", "done", "withdrawn"]
    wanted: bool = True
    """False where the goal was reached, or the customer wants no call any more, since somebody took it."""

    phone: str
    call_from: str | None = None
    """The number to call from; the company's name where the strategy's sender has none for calls."""

    about: str | None = None
    says: str | None = None
    """What to say, as the communication's template has it."""

    language: str
    time_zone: str | None = None
    customer: str | None = None
    customer_key: UUID
    contact_key: UUID
    strategy: str
    step: str
    communication: str
    put_at: datetime
    expires_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    taken_until: datetime | None = None
    """Until when it is theirs; then it is open again."""

    outcome: Outcome | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    note: str | None = None


class CallsAnswer(Answer):
    """The calls to be made, those that wait longest first, 200 at most; `next` is where the following ones begin."""

    calls: list[CallAnswer]
    next: str | None = None
