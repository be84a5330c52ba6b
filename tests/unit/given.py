# ruff: noqa: ANN401 - what is changed in a value can be of any type
"""What the pure tests are given: small, complete values to vary one thing at a time.

The strategy is the florist's rules in short; the customer lives in London, has said yes to everything and can be
reached everywhere; it is Tuesday 24 March 2026, noon.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from tactful.facts import (
    Address,
    ChannelState,
    Consent,
    Contact,
    Customer,
    Journey,
    PastContact,
    Rival,
    Situation,
)
from tactful.strategy.model import (
    Again,
    Cap,
    Communication,
    Expiry,
    QuietHours,
    Route,
    Rules,
    Segment,
    Sender,
    Span,
    Step,
    Strategy,
    Topic,
    Trigger,
    When,
)
from tactful.words import Channel, ConsentState, ContactState, JourneyState, Purpose, Shape

EMAIL, SMS, PUSH, LETTER = Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.LETTER
NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_RULES = Rules()
TOPICS = {
    "orders": Topic(name="orders", says="About an order", purpose=Purpose.SERVICE, double_opt_in=False, rank=0),
    "reminders": Topic(name="reminders", says="Reminders", purpose=Purpose.MARKETING, double_opt_in=False, rank=1),
    "ideas": Topic(name="ideas", says="Ideas and offers", purpose=Purpose.MARKETING, double_opt_in=True, rank=2),
}
RULES = Rules(
    at_most=(
        Cap(count=2, window=Span(days=7)),
        Cap(count=1, window=Span(days=7), channel=SMS),
        Cap(count=4, window=Span(days=365), channel=LETTER),
    ),
    apart=Span(seconds=20 * 3600),
    quiet=(
        QuietHours(channels=(SMS, PUSH), start=time(20), end=time(9), weekdays=(6,), holidays=True),
        QuietHours(channels=(EMAIL,), start=time(22), end=time(7)),
    ),
)


def key(number: int) -> UUID:
    """Return the key of this number: readable in a failure."""
    return UUID(int=number)


def by(*routes: tuple[Channel, ...] | Channel) -> tuple[Route, ...]:
    """Return alternative routes; a tuple of channels is a combined one."""
    return tuple(Route(channels=route if isinstance(route, tuple) else (route,)) for route in routes)


def communication(name: str = "hello", **changes: Any) -> Communication:
    given: dict[str, Any] = {
        "name": name,
        "step": "welcome",
        "stage": "nurture",
        "topic": "ideas",
        "when": When(text="at once", at_once=True),
        "by": by(EMAIL),
        "expires": Expiry(after=Span(days=3)),
    }
    return Communication(**given | changes)


def step(*communications: Communication, **changes: Any) -> Step:
    given: dict[str, Any] = {
        "name": "welcome",
        "stage": "nurture",
        "shape": Shape.SEQUENCE,
        "why": "You have just met us.",
        "entry": Trigger(event="customer.registered"),
        "again": Again(kind="never"),
        "communications": communications or (communication(),),
    }
    return Step(**given | changes)


def strategy(*steps: Step, rules: Rules = NO_RULES, segments: tuple[Segment, ...] = (), **changes: Any) -> Strategy:
    given: dict[str, Any] = {
        "name": "florist",
        "vision": "Nobody we look after forgets a day that matters.",
        "sender": Sender(name="Fleur & Fils"),
        "time_zone": "Europe/London",
        "language": "en",
        "customer": {},
        "events": {},
        "segments": segments,
        "topics": TOPICS,
        "offers": {},
        "rules": rules,
        "steps": {one.name: one for one in steps or (step(),)},
    }
    return Strategy(**given | changes)


def opted_in(channel: Channel, topic: str, **changes: Any) -> Consent:
    given: dict[str, Any] = {"state": ConsentState.OPTED_IN, "stated_at": NOON - 30 * DAY}
    return Consent(channel, topic, **given | changes)


def customer(**changes: Any) -> Customer:
    given: dict[str, Any] = {
        "customer_key": key(1),
        "revision": 1,
        "active": True,
        "registered_at": NOON - 30 * DAY,
        "time_zone": "Europe/London",
        "addresses": tuple(Address(channel, f"{channel.value} address") for channel in Channel),
        "consents": tuple(opted_in(channel, topic) for channel in Channel for topic in TOPICS),
    }
    return Customer(**given | changes)


def journey(**changes: Any) -> Journey:
    given: dict[str, Any] = {
        "journey_key": key(2),
        "step": "welcome",
        "state": JourneyState.OPEN,
        "started_at": NOON - DAY,
    }
    return Journey(**given | changes)


def contact(**changes: Any) -> Contact:
    given: dict[str, Any] = {
        "contact_key": key(100),
        "communication": "hello",
        "state": ContactState.PLANNED,
        "due_at": NOON,
        "expires_at": NOON + 3 * DAY,
    }
    return Contact(**given | changes)


def made(counts_at: datetime, number: int = 500, **changes: Any) -> PastContact:
    given: dict[str, Any] = {
        "contact_key": key(number),
        "counts_at": counts_at,
        "channels": (EMAIL,),
        "topic": "ideas",
        "stage": "nurture",
        "purpose": Purpose.MARKETING,
        "communication": "our-story",
    }
    return PastContact(**given | changes)


def rival(number: int = 900, **changes: Any) -> Rival:
    given: dict[str, Any] = {
        "contact_key": key(number),
        "communication": "early-bird",
        "due_at": NOON,
        "expires_at": NOON + 3 * DAY,
        "topic": "reminders",
        "channels": (EMAIL,),
    }
    return Rival(**given | changes)


def situation(**changes: Any) -> Situation:
    given: dict[str, Any] = {
        "contact": contact(),
        "customer": customer(),
        "journey": journey(),
        "channels": tuple(ChannelState(channel, f"mailbox-{channel.value}") for channel in Channel),
    }
    return Situation(**given | changes)
