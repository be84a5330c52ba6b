"""The words of the ledger: channels, purposes, states and reasons, spelled once for code, rows, pages and docs.

This module holds names only. It decides nothing and imports nothing but the standard enum.
"""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a customer."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    LETTER = "letter"
    CALL = "call"

    @property
    def kept_as(self) -> Channel:
        """The channel under which its address is kept: one telephone number serves texts and calls."""
        return Channel.SMS if self is Channel.CALL else self


class Purpose(StrEnum):
    """What a topic is for: *service* contacts are mandatory, *marketing* contacts need a yes."""

    MARKETING = "marketing"
    SERVICE = "service"


class Shape(StrEnum):
    """How a step says what it says."""

    SEQUENCE = "sequence"
    MILESTONES = "milestones"
    CLOCK = "clock"


class ContactState(StrEnum):
    """Where a contact stands in its life (design part 6)."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SENT = "sent"
    SKIPPED = "skipped"
    CONTROL = "control"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    HELD = "held"
    PARKED = "parked"

    @property
    def settled(self) -> bool:
        """Say whether nothing more will happen to the contact without a person."""
        return self not in {ContactState.PLANNED, ContactState.CLAIMED, ContactState.HELD}


class PartState(StrEnum):
    """Where one part of a contact stands: a message on one channel."""

    CLAIMED = "claimed"
    WAITING = "waiting"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    SKIPPED = "skipped"


class ReceiptKind(StrEnum):
    """What a provider tells later of a message it took, in our words."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    PRINTED = "printed"
    MAILED = "mailed"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    REPLIED = "replied"
    UNKNOWN = "unknown"
    """The provider said something that we have no word for; what it said is kept."""

    @property
    def arrived(self) -> bool:
        """Say whether it proves that the message reached the customer: whoever opens or answers it has it."""
        return self in _ARRIVED

    @property
    def failed(self) -> bool:
        """Say whether it proves that the message did not, and will not, reach the customer."""
        return self in _FAILED


_ARRIVED = frozenset(
    {
        ReceiptKind.DELIVERED,
        ReceiptKind.OPENED,
        ReceiptKind.CLICKED,
        ReceiptKind.COMPLAINED,
        ReceiptKind.REPLIED,
    }
)
_FAILED = frozenset({ReceiptKind.BOUNCED, ReceiptKind.REJECTED, ReceiptKind.RETURNED, ReceiptKind.CANCELLED})


class JourneyState(StrEnum):
    """Where a journey stands. Everything but *open* and *paused* is an end."""

    OPEN = "open"
    PAUSED = "paused"
    GOAL = "goal"
    COMPLETED = "completed"
    EXITED = "exited"
    TIMED_OUT = "timed_out"

    @property
    def ended(self) -> bool:
        """Say whether the journey is over."""
        return self not in {JourneyState.OPEN, JourneyState.PAUSED}


class ConsentState(StrEnum):
    """What a customer last said about a topic on a channel. *pending* waits for a double opt-in's second yes."""

    OPTED_IN = "opted_in"
    PENDING = "pending"
    OPTED_OUT = "opted_out"


class SuppressionClass(StrEnum):
    """*undeliverable* stops everything; *marketing* stops marketing only."""

    UNDELIVERABLE = "undeliverable"
    MARKETING = "marketing"


class Basis(StrEnum):
    """On what ground a customer may be contacted about a topic on a channel."""

    EXPRESS = "express"
    SOFT_OPT_IN = "soft_opt_in"
    IMPLIED = "implied"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Reason(StrEnum):
    """Why a contact was not sent now. A code, short and stable; the sentence is made when it is read."""

    # journey still wants it
    JOURNEY_PAUSED = "journey_paused"
    GOAL_REACHED = "goal_reached"
    JOURNEY_ENDED = "journey_ended"
    MOVED_AWAY = "moved_away"
    MILESTONE_REACHED = "milestone_reached"
    ANCHOR_MOVED = "anchor_moved"
    OVERTAKEN = "overtaken"
    QUESTION_OPEN = "question_open"
    ALREADY_KNOWN = "already_known"
    NOT_YET_DUE = "not_yet_due"
    # customer, permission, address
    CUSTOMER_INACTIVE = "customer_inactive"
    NO_ADDRESS = "no_address"
    ARRIVED = "arrived"
    NO_OPT_IN = "no_opt_in"
    OPTED_OUT = "opted_out"
    OPT_IN_PENDING = "opt_in_pending"
    OPT_IN_EXPIRED = "opt_in_expired"
    SUPPRESSED = "suppressed"
    # eligibility
    NOT_IN_SEGMENT = "not_in_segment"
    UNLESS = "unless"
    ALREADY_HAD = "already_had"
    # kept back to measure
    TEST_CONTROL = "test_control"
    HELD_OUT = "held_out"
    # protection
    UNDISTURBED = "undisturbed"
    ON_HOLD = "on_hold"
    # time and pressure
    EXPIRED = "expired"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"
    GAP = "gap"
    OUTRANKED = "outranked"
    # connectors and faults
    NO_CONNECTOR = "no_connector"
    CONNECTOR_HELD = "connector_held"
    CONNECTOR_BUSY = "connector_busy"
    IN_FLIGHT = "in_flight"
    RETRYING = "retrying"
    BAD_RECIPIENT = "bad_recipient"
    BAD_MESSAGE = "bad_message"
    FAILED = "failed"
    UNKNOWN = "unknown"
    # a person
    BY_HAND = "by_hand"
    # the software itself
    NOT_YET = "not_yet"
    STEP_GONE = "step_gone"

    @property
    def keeps_back(self) -> bool:
        """Say whether it keeps a contact back only to measure what it would have done."""
        return self in {Reason.TEST_CONTROL, Reason.HELD_OUT}
