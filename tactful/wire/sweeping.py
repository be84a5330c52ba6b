"""The sweep over the wire: what it found, and asking for one."""

from __future__ import annotations

from datetime import datetime

from tactful.wire.answers import Answer
from tactful.wire.bodies import Body, Words


class SweepBody(Body):
    """Sweep now."""

    repairs: bool = False
    """Whether workflows that should be there are started again, and those with something late told to look."""

    asked_by: Words = "api"


class SweepAnswer(Answer):
    """The last sweep. Numbers are counted up to 10,000."""

    swept_at: datetime | None = None
    """Missing before the first, a few seconds after the first worker has started."""

    well: bool = True
    overdue: int = 0
    """Contacts that are late by more than an hour."""
    orphaned: int = 0
    """Contacts planned though their journey has ended."""
    untold: int = 0
    """Words to Temporal that have waited for more than ten minutes."""
    without_workflow: int = 0
    """Open journeys, contacts and lots, of those looked at, that no workflow looks after."""
    looked_at: int = 0
    restarted: int = 0
