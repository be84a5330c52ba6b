"""What is asked of a transaction that claims, and what it answers: the words that claim, call and record share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from database.freezing import Part
from database.leaving import Ahead
from tactful.words import ContactState, Reason

LEASE: Final = timedelta(seconds=45)
HELD_FOR: Final = timedelta(minutes=10)
"""When a connector that is held is looked at again, where its provider named no time."""
NOTHING_AHEAD: Final = Ahead()


@dataclass(frozen=True)
class Ask:
    """Make this contact.

    Attributes:
        customer_key: Whose.
        contact_key: Which.
        leaves: Whether its journey asks: where nothing is left to say, its step is left in the same transaction.
    """

    customer_key: UUID
    contact_key: UUID
    leaves: bool = False


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
    """

    contact_key: UUID
    fence: int
    attempt: int
    parts: tuple[Part, ...]
    keyed: bool
    repeats: bool
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
