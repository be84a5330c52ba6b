"""The contact strategy as frozen values: what `strategy.yaml` says, with every default filled in.

Everything that decides, plans, draws or documents works on these values. They are made by `read_strategy` only;
this module parses nothing and does no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from tactful.words import Channel, Purpose, Shape

FieldType = Literal["text", "date", "number", "money", "list", "yes or no"]


class Frozen(BaseModel):
    """Base of every value of a strategy: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Frozen):
    """A length of time as people say it: months and days follow the calendar, seconds the clock."""

    months: int = 0
    days: int = 0
    seconds: int = 0


class Money(Frozen):
    """An amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


class Sender(Frozen):
    """Who the company is on each channel."""

    name: str
    email: str | None = None
    sms: str | None = None
    push: str | None = None
    address: str | None = None
    call: str | None = None


class Property(Frozen):
    """A declared fact about a customer; `source` names where outside data come from."""

    name: str
    type: FieldType
    source: str | None = None


class Condition(Frozen):
    """One plain line: fact, window, operator, value.

    `fact` is one of: orders, spent (in `window`, or ever) · since_registered, since_last_order (value is a Span) ·
    event (how many of event `name` in `window`, or ever) · known (whether property `name` has a value: True or False) ·
    property (`name` compared; of a list, `=` asks whether the value is in it).
    """

    text: str
    fact: Literal["orders", "spent", "since_registered", "since_last_order", "event", "known", "property"]
    name: str | None = None
    window: Span | None = None
    operator: Literal[">=", "<=", ">", "<", "=", "is not"] = ">="
    value: int | Decimal | Money | Span | str | date | bool = 1


class Topic(Frozen):
    """What a customer opts in to. `rank` 0 is the highest priority."""

    name: str
    says: str
    purpose: Purpose
    double_opt_in: bool
    rank: int


class Offer(Frozen):
    """Something given: a fixed `code` for all, or one each from the file `codes`."""

    name: str
    kind: Literal["incentive", "reward", "service"]
    says: str
    code: str | None = None
    codes: str | None = None
    lasts: Span | None = None
    costs: Money | None = None


class Cap(Frozen):
    """At most `count` contacts in any rolling `window`: of one channel, topic or stage, or of all if none is named."""

    count: int
    window: Span
    channel: Channel | None = None
    topic: str | None = None
    stage: str | None = None

    def covers(self, channels: Sequence[Channel], topic: str, stage: str) -> bool:
        """Say whether a contact by these channels, about this topic, in this stage takes a place under the cap."""
        if self.channel is not None and self.channel not in channels:
            return False
        return (self.topic is None or self.topic == topic) and (self.stage is None or self.stage == stage)


class Segment(Frozen):
    """A named condition; the first that fits is the customer's.

    `at_most` are caps of its own, instead of those of the rules on the same thing.
    """

    name: str
    owner: str | None
    conditions: tuple[Condition, ...]
    at_most: tuple[Cap, ...] = ()


class QuietHours(Frozen):
    """When channels keep quiet, in the customer's zone: daily from `start` to `end` (may cross midnight).

    `start` and `end` are both None where only days are named. `weekdays` count from Monday, 0. With `topic`, only
    contacts about it keep quiet, on all channels.
    """

    channels: tuple[Channel, ...]
    start: time | None
    end: time | None
    weekdays: tuple[int, ...] = ()
    holidays: bool = False
    topic: str | None = None


class Hold(Frozen):
    """Contacts are held after `event` until `until` happens or `lasts` has gone by."""

    name: str
    event: str
    until: str | None = None
    lasts: Span | None = None


class Rules(Frozen):
    """The contact rules that hold for everything the strategy says."""

    at_most: tuple[Cap, ...] = ()
    apart: Span | None = None
    quiet: tuple[QuietHours, ...] = ()
    hold_while: tuple[Hold, ...] = ()
    look_ahead: Span | None = None
    holdout: Decimal = Decimal(0)


class When(Frozen):
    """When a communication is due, from a named anchor.

    `anchor` is `start`, `due` or the name of a date property. `at` is the local hour for offsets in days and months;
    None when the offset is in hours (elapsed time) or `at_once`.
    """

    text: str
    anchor: str = "start"
    before: bool = False
    offset: Span = Span()
    at: time | None = None
    at_once: bool = False


class Route(Frozen):
    """Channels used together; `after` is how long to wait for the route before it to reach the customer."""

    channels: tuple[Channel, ...]
    after: Span | None = None


class Expiry(Frozen):
    """How long a contact stays worth making: a span after it was due, or a local moment."""

    after: Span | None = None
    at: datetime | None = None


class Arm(Frozen):
    """What one arm of a test says otherwise than the communication it is in; None leaves that as it is."""

    template: str | None = None
    offer: str | None = None
    by: tuple[Route, ...] | None = None
    when: When | None = None


class Test(Frozen):
    """A question put to customers: arms by share (percent), what each arm changes, what is measured.

    The arms `as written` and `nothing` change nothing and are in `split` only. `changes` are phrases as they were
    written, by key: template, offer, by, when, at; `arms` is what they say.
    """

    __test__: ClassVar[bool] = False  # pytest would collect it for its name
    asks: str
    split: dict[str, Decimal]
    changes: dict[str, dict[str, str]]
    arms: dict[str, Arm] = {}
    measure: str
    measure_within: Span | None


class Communication(Frozen):
    """One thing to say. For a milestone, `done` is what makes saying it needless.

    Its own template has its name, but in a test arm with a `template`; `instead` names another for customers of a
    segment. It is not said where all lines of `unless` hold. `raised` is 1 before the others of its topic, -1 behind
    them.
    """

    name: str
    step: str
    stage: str
    topic: str
    when: When
    by: tuple[Route, ...]
    expires: Expiry
    template: str | None = None
    offer: str | None = None
    instead: dict[str, str] = {}
    test: Test | None = None
    for_segments: tuple[str, ...] = ()
    unless: tuple[Condition, ...] = ()
    at_most: tuple[Cap, ...] = ()
    ask: str | None = None
    done: Condition | None = None
    raised: int = 0


class Trigger(Frozen):
    """Entry by a behaviour; with `silent_event`, only after that has not happened for `silent_for`."""

    kind: Literal["trigger"] = "trigger"
    event: str
    silent_event: str | None = None
    silent_for: Span | None = None


class DateEntry(Frozen):
    """Entry by a date in the customer's life."""

    kind: Literal["date"] = "date"
    property: str


class CampaignEntry(Frozen):
    """Entry of a whole audience at a local moment: `at` has no zone, each customer's own is meant."""

    kind: Literal["campaign"] = "campaign"
    at: datetime


class SegmentEntry(Frozen):
    """Entry by joining a segment."""

    kind: Literal["segment"] = "segment"
    segment: str


class Again(Frozen):
    """Re-entry: `never`, `always`, or `after` a span since the last entry. Counted per customer and key of the step."""

    kind: Literal["never", "always", "after"]
    after: Span | None = None


class Due(Frozen):
    """When a repurchase is due after an order: the customer's own usual interval, else `otherwise`."""

    usual_interval: bool
    otherwise: Span


class Lasts(Frozen):
    """How long a step may last after its anchor (`start` or `due`)."""

    span: Span
    anchor: Literal["start", "due"] = "start"


class Brake(Frozen):
    """What stops a campaign by itself."""

    people: int | None
    complaints: Decimal | None


class Step(Frozen):
    """One step of a customer's journey."""

    name: str
    stage: str
    shape: Shape
    why: str
    entry: Trigger | DateEntry | CampaignEntry | SegmentEntry | None
    then: str | None = None
    until: str | None = None
    lasts: Lasts | None = None
    again: Again
    per: str | None = None
    due: Due | None = None
    undisturbed_by: tuple[str, ...] = ()
    for_segments: tuple[str, ...] = ()
    when_moved: dict[str, Literal["leave", "stay"]] = {}
    brake: Brake | None = None
    draft: bool = False
    communications: tuple[Communication, ...]


class Strategy(Frozen):
    """The whole contact strategy. `country` is where its customers live, for holidays: `GB`, or a region, `GB-ENG`."""

    name: str
    vision: str
    sender: Sender
    time_zone: str
    country: str | None = None
    language: str
    customer: dict[str, Property]
    events: dict[str, dict[str, FieldType]]
    segments: tuple[Segment, ...]
    topics: dict[str, Topic]
    offers: dict[str, Offer]
    rules: Rules
    steps: dict[str, Step]

    def communication(self, step: str, name: str) -> Communication | None:
        """Return the communication `name` of `step`, or None where the strategy no longer has it."""
        found = self.steps.get(step)
        return next((c for c in found.communications if c.name == name), None) if found else None
