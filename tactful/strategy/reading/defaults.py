"""Defaults: what holds where a communication says nothing. Its own line wins, then the step's, then the strategy's.

What is built in when nobody says anything: 10:00 and 3 days. Topic and channels must be said somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from tactful.strategy.forms import BY, EXPIRES, TIME
from tactful.strategy.model import Expiry, Route, Span
from tactful.strategy.reading.desk import Desk, Fields

BUILT_IN_AT = time(10)
BUILT_IN_EXPIRES = Expiry(after=Span(days=3))


@dataclass(frozen=True)
class Defaults:
    """What is said of every communication below; None where nothing is."""

    topic: str | None = None
    by: tuple[Route, ...] | None = None
    at: time | None = None
    expires: Expiry | None = None

    def or_else(self, wider: Defaults) -> Defaults:
        """Return these, with what they leave open from wider ones."""
        return Defaults(
            topic=self.topic if self.topic is not None else wider.topic,
            by=self.by or wider.by,
            at=self.at if self.at is not None else wider.at,
            expires=self.expires or wider.expires,
        )


BUILT_IN = Defaults(at=BUILT_IN_AT, expires=BUILT_IN_EXPIRES)


def read_defaults(desk: Desk, fields: Fields) -> Defaults:
    """Return what a block says of topic, channels, hour and expiry."""
    by, at, expires = fields.node("by"), fields.node("at"), fields.node("expires")
    return Defaults(
        topic=desk.reference(fields.node("topic"), "topic"),
        by=desk.phrase(BY, by) if by is not None else None,
        at=desk.phrase(TIME, at) if at is not None else None,
        expires=desk.phrase(EXPIRES, expires) if expires is not None else None,
    )
