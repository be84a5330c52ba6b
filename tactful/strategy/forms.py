"""The kinds of phrase, each with examples and the value it stands for.

A form says *what* may be said; the grammar says how, `phrases` reads it. Examples are shown to people who got a phrase
wrong, in the documentation and to editors: every one of them parses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Generic, TypeVar

from tactful.strategy.model import (
    Again,
    Brake,
    Cap,
    Condition,
    Due,
    Expiry,
    FieldType,
    Hold,
    Lasts,
    Money,
    QuietHours,
    Route,
    Span,
    Trigger,
    When,
)
from tactful.words import Channel

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Form(Generic[T_co]):
    """One kind of phrase.

    Attributes:
        rule: The rule of the grammar it begins at.
        says: What such a phrase is, with its article: `a length of time`.
        examples: Phrases that are right.
        blank: A harmless value that stands in while the problems of a file are being collected.
    """

    rule: str
    says: str
    examples: tuple[str, ...]
    blank: T_co


@dataclass(frozen=True)
class QuietFor:
    """Whom a line of quiet hours is for: some channels, or one topic on all of them."""

    channels: tuple[Channel, ...]
    topic: str | None = None


@dataclass(frozen=True)
class Typed:
    """The type of a property, and where it comes from if from outside."""

    type: FieldType
    source: str | None = None


@dataclass(frozen=True)
class Measured:
    """What a test measures, and how long after the contact."""

    event: str
    within: Span | None = None


_NO_TIME = Span()
_LONGEST = Span(months=120)

SPAN = Form("span", "a length of time", ("4 hours", "3 days", "2 weeks", "6 months"), _NO_TIME)
TIME = Form("time", "a time of the day", ("10:00",), time(10))
MOMENT = Form("moment", "a day and an hour", ("2027-02-26 at 10:00",), datetime(1900, 1, 1))  # noqa: DTZ001  local, as the language has it
PERCENT = Form("percent", "a percentage", ("2%", "0.5%"), Decimal(0))
MONEY = Form("money", "an amount and its currency", ("10 GBP", "12.50 EUR"), Money(amount=Decimal(0), currency="XXX"))
PROPERTY = Form[Typed](
    "property",
    "a type: text, date, number, money, list, yes or no",
    ("text", "date", "yes or no", "text from Acme Data"),
    Typed("text"),
)
WHEN = Form(
    "when",
    "when it is due",
    ("at once", "3 days after start", "14 days before due", "on birthday"),
    When(text="at once", at_once=True),
)
BY = Form[tuple[Route, ...]](
    "by",
    "the channels",
    ("email", "push or email", "call or letter after 2 days", "letter and email"),
    (Route(channels=(Channel.EMAIL,)),),
)
EXPIRES = Form("expires", "how long it stays worth saying", ("3 days", "2027-03-04 at 18:00"), Expiry())
CAP = Form(
    "cap",
    "how many in how long",
    ("2 in 7 days", "1 sms in 7 days", "4 letters in 365 days"),
    Cap(count=1, window=_NO_TIME),
)
QUIET = Form(
    "quiet",
    "when it is quiet",
    ("20:00 to 09:00", "22:00 to 07:00, sunday", "saturday, sunday, holidays"),
    QuietHours(channels=(), start=None, end=None),
)
QUIET_FOR = Form("quiet_for", "channels, or a topic", ("email", "sms or push", "calls", "ideas"), QuietFor(()))
HOLD = Form(
    "hold",
    "from when to when contacts are held",
    ("complaint.opened until complaint.closed", "bereavement.told for 12 months"),
    Hold(name="", event=""),
)
TRIGGER = Form(
    "trigger",
    "the behaviour that lets customers in",
    ("customer.registered", "basket.updated, then no order.placed for 4 hours"),
    Trigger(event=""),
)
LASTS = Form(
    "lasts",
    "how long the step lasts",
    ("21 days", "21 days after start", "30 days after due"),
    Lasts(span=_LONGEST),
)
AGAIN = Form("again", "whether one may come in again", ("never", "always", "after 14 days"), Again(kind="never"))
DUE = Form(
    "due",
    "when the next order is due",
    ("usual interval, else 12 months", "30 days"),
    Due(usual_interval=True, otherwise=_LONGEST),
)
BRAKE = Form(
    "brake",
    "what stops the campaign",
    ("40000 people", "0.2% complaints", "40000 people or 0.2% complaints"),
    Brake(people=None, complaints=None),
)
MEASURE = Form("measure", "what counts as an answer", ("order.placed in 30 days", "order.placed"), Measured(""))
CONDITION = Form(
    "condition",
    "a condition",
    (
        "orders >= 1",
        "orders in 12 months >= 6",
        "spent in 12 months >= 300 GBP",
        "since registered <= 6 months",
        "since last order > 18 months",
        "guide.opened",
        "guide.opened in 30 days >= 2",
        "birthday is known",
        "birthday is not known",
        "favourite = roses",
        'favourite is not "red roses"',
        "points >= 100",
    ),
    Condition(text="", fact="orders", operator=">=", value=0),
)

FORMS: tuple[Form[object], ...] = (
    SPAN,
    TIME,
    MOMENT,
    PERCENT,
    MONEY,
    PROPERTY,
    WHEN,
    BY,
    EXPIRES,
    CAP,
    QUIET,
    QUIET_FOR,
    HOLD,
    TRIGGER,
    LASTS,
    AGAIN,
    DUE,
    BRAKE,
    MEASURE,
    CONDITION,
)
