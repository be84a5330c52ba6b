"""What is asked of a transaction that claims, and what it answers: the words that claim, call and record share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from database.freezing import Part
from database.leaving import Ahead
from tactful.words import ContactState, Reason

LEASE: Final = timedelta(seconds=45)
LOOK_AFTER: Final = timedelta(minutes=15)
"""How long after a hold is over a contact looks for itself, should nobody have let it go."""
NOTHING_AHEAD: Final = Ahead()


@dataclass(frozen=True)
class Ask:
    """Make this contact.

    Attributes:
        customer_key: Whose.
        contact_key: Which.
        leaves: Whether its journey asks: where nothing is left to say, its step is left in the same transaction.
        looks_up: Whether the caller can ask providers what became of an earlier attempt.
    """

    customer_key: UUID
    contact_key: UUID
    leaves: bool = False
    looks_up: bool = False


@dataclass(frozen=True)
class Claimed:
    """The place is taken: make these calls, then record them under this fence.

    Attributes:
        contact_key: Which contact.
        fence: Guards what is recorded.
        attempt: Which attempt this is, from 1.
        parts: The messages, each to be handed to its connector.
        keyed: Whether every provider takes our key, so that what is not known may be tried again with the same bytes.
        repeats: Whether an earlier attempt with these bytes was cut off: it may have reached the customer.
        leaves: Whether its journey asked.
        follows: Whether a part of it has gone out before: whatever this attempt brings, the contact is sent.
        follow_up_at: When the next way has its turn, if nobody has told by then that it arrived.
        settling: Connectors that can be asked what became of a call, and how long after it.
        probes: Connectors that this contact tries for all others.
        waits: Whether another part, refused for now, has its turn when this attempt has ended.
    """

    contact_key: UUID
    fence: int
    attempt: int
    parts: tuple[Part, ...]
    keyed: bool
    repeats: bool
    leaves: bool = False
    follows: bool = False
    follow_up_at: datetime | None = None
    settling: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    probes: tuple[str, ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class Asking:
    """An attempt was cut off, and its provider can be asked what became of it: ask, then settle it under this fence.

    Attributes:
        contact_key: Which contact.
        fence: Guards what is settled.
        parts: What to ask about.
        asked: How often the most patient of them was asked before.
        sent: Whether another part has gone out.
        waits: Whether another part, refused for now, has its turn afterwards.
        others_open: Whether there are further parts of which nobody knows, and that nobody can be asked about.
        leaves: Whether its journey asked.
    """

    contact_key: UUID
    fence: int
    parts: tuple[Part, ...]
    asked: int
    sent: bool
    waits: bool
    others_open: bool
    leaves: bool = False


@dataclass(frozen=True)
class NotClaimed:
    """Nothing more is to be sent by this attempt.

    Attributes:
        state: What the contact is now.
        reason: Why, where it was not sent.
        again_at: When to look at this contact again; None when it is settled.
        ahead: What its journey does next.
    """

    state: ContactState
    reason: Reason | None
    again_at: datetime | None = None
    ahead: Ahead = NOTHING_AHEAD
