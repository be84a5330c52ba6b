"""Calls over the wire: what people are to call whom about, and what came of it. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from tactful.wire.answers import Answer
from tactful.wire.bodies import Body, Words

Outcome = Literal["reached", "no_answer", "wrong_number", "not_again"]
"""*not again*: asked not to be called any more."""


class TakeBody(Body):
    """Take a call: it is yours for an hour."""

    by: Words


class FinishBody(Body):
    """Say what came of a call."""

    by: Words
    outcome: Outcome


class CallAnswer(Answer):
    """One call to be made."""

    task_key: UUID
    state: Literal["open", "taken", "done", "withdrawn"]
    phone: str
    says: str | None = None
    """What to say, as the communication's template has it."""

    language: str
    customer: str | None = None
    contact_key: UUID
    strategy: str
    step: str
    communication: str
    put_at: datetime
    expires_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    outcome: Outcome | None = None
    done_by: str | None = None
    done_at: datetime | None = None


class CallsAnswer(Answer):
    """The calls to be made, those that wait longest first, 200 at most."""

    calls: list[CallAnswer]
