"""Every key of the language, said once: where it may stand, what it takes, what it is for.

The reader asks this table which keys there are; the JSON Schema for editors is made from it; a test holds the reference
in the documentation against it. It reads nothing and checks nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from tactful.strategy.forms import (
    AGAIN,
    BRAKE,
    BY,
    CAP,
    CONDITION,
    DUE,
    EXPIRES,
    HOLD,
    LASTS,
    MEASURE,
    MOMENT,
    MONEY,
    PERCENT,
    PROPERTY,
    QUIET,
    SPAN,
    TIME,
    TRIGGER,
    WHEN,
    Form,
)
from tactful.strategy.limits import LONGEST_LABEL, LONGEST_TEXT, MOST_LINES, MOST_NAMES, MOST_SEGMENTS


@dataclass(frozen=True)
class Phrase:
    """Takes a phrase."""

    form: Form[object]


@dataclass(frozen=True)
class Text:
    """Takes prose or a label, of at most so many characters."""

    most: int = LONGEST_LABEL


@dataclass(frozen=True)
class Choice:
    """Takes one of some words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Flag:
    """Takes yes or no (or true or false)."""


@dataclass(frozen=True)
class Reference:
    """Takes a name declared elsewhere in the strategy."""

    kind: str


@dataclass(frozen=True)
class Many:
    """Takes a list, or one thing without brackets."""

    of: Takes
    most: int = MOST_LINES


@dataclass(frozen=True)
class Named:
    """Takes keys of the author's own choice, each with the same kind of thing behind it."""

    of: Takes
    most: int = MOST_NAMES


@dataclass(frozen=True)
class Inside:
    """Takes the keys of a block."""

    block: str


Takes = Phrase | Text | Choice | Flag | Reference | Many | Named | Inside


@dataclass(frozen=True)
class Key:
    """One key: what it takes, what it is for in one line, whether it may be left out."""

    name: str
    takes: Takes
    says: str
    required: bool = False


Block = dict[str, Key]


def _block(*keys: Key) -> Block:
    return {key.name: key for key in keys}


_TOPIC = Key("topic", Reference("topic"), "What it is about: decides the opt-in it needs and its priority.")
_BY = Key("by", Phrase(BY), "The channels: `a or b` is a fallback, `a and b` is one combined contact.")
_AT = Key("at", Phrase(TIME), "The hour of the day, where the customer lives, for what is due after days or months.")
_EXPIRES = Key("expires", Phrase(EXPIRES), "How long it stays worth saying; after that it is not said at all.")
_FOR = Key("for", Many(Reference("segment")), "Only for customers of these segments.")
_OFFER = Key("offer", Reference("offer"), "The offer that goes with it.")

BLOCKS: dict[str, Block] = {
    "strategy": _block(
        Key("strategy", Text(), "The name of the strategy: small letters, digits and hyphens.", required=True),
        Key("vision", Text(LONGEST_TEXT), "What the company wants to be for its customers, in one sentence."),
        Key("sender", Inside("sender"), "Who the company is on each channel.", required=True),
        Key("defaults", Inside("defaults"), "What holds where a step or communication says nothing.", required=True),
        Key("customer", Named(Phrase(PROPERTY)), "What is known about a customer: a name and a type each."),
        Key("events", Named(Named(Phrase(PROPERTY))), "What happens: a name each, with the fields that come along."),
        Key("segments", Named(Inside("segment"), MOST_SEGMENTS), "Who: the first segment that fits is the customer's."),
        Key("topics", Named(Inside("topic")), "About what: customers say yes or no to topics.", required=True),
        Key("priorities", Many(Reference("topic"), MOST_NAMES), "All topics, the most important first."),
        Key("offers", Named(Inside("offer")), "What is given: incentives, rewards, services."),
        Key("rules", Inside("rules"), "The contact rules that hold for everything."),
        Key("stages", Named(Named(Inside("step"))), "The steps of the journey, grouped by stage.", required=True),
    ),
    "sender": _block(
        Key("name", Text(), "The name customers know the company by.", required=True),
        Key("email", Text(), "The address that emails come from and answers go to."),
        Key("sms", Text(), "The sender of text messages: up to 11 letters, or a number as +441225000000."),
        Key("push", Text(), "The title that push messages come from."),
        Key("call", Text(), "The number that calls come from, as +441225000000: what the callee's display shows."),
        Key("address", Text(LONGEST_TEXT), "The postal address, for letters and the foot of emails."),
    ),
    "defaults": _block(
        _TOPIC,
        _BY,
        _AT,
        _EXPIRES,
        Key("time_zone", Text(), "Where customers live of whom nothing else is known.", required=True),
        Key("country", Text(), "Whose public holidays hold: `GB`, or one of its regions, `GB-ENG`."),
        Key("language", Text(), "The language of templates without a language in their name."),
    ),
    "step defaults": _block(_TOPIC, _BY, _AT, _EXPIRES),
    "segment": _block(
        Key("owner", Text(), "Who answers for the segment in the company."),
        Key("if", Many(Phrase(CONDITION)), "The conditions, all of which must hold.", required=True),
        Key("at_most", Many(Phrase(CAP)), "Caps of its own, instead of those of the rules on the same thing."),
    ),
    "topic": _block(
        Key("says", Text(), "What customers read where they choose their topics.", required=True),
        Key("purpose", Choice(("marketing", "service")), "Marketing needs an opt-in, service does not.", required=True),
        Key("opt_in", Choice(("single", "double")), "Whether one yes is enough or is asked to be confirmed."),
    ),
    "offer": _block(
        Key("kind", Choice(("incentive", "reward", "service")), "What sort of offer it is.", required=True),
        Key("says", Text(), "The offer in the customer's words.", required=True),
        Key("code", Text(), "One code for everybody."),
        Key("codes", Text(), "A file of codes in the strategy's folder: one each."),
        Key("lasts", Phrase(SPAN), "How long the offer holds from the contact on."),
        Key("costs", Phrase(MONEY), "What one redemption costs the company."),
    ),
    "rules": _block(
        Key(
            "at_most",
            Many(Phrase(CAP)),
            "How many in how long: of all, of a channel, a topic or a stage.",
        ),
        Key("apart", Phrase(SPAN), "The least time between two contacts that are not service."),
        Key("quiet", Named(Phrase(QUIET)), "When channels keep quiet, where the customer lives."),
        Key("hold_while", Named(Phrase(HOLD)), "When marketing is held back, and until when."),
        Key("look_ahead", Phrase(SPAN), "How far ahead room is kept for what matters more."),
        Key("holdout", Phrase(PERCENT), "The share of customers never contacted by marketing, to measure by."),
    ),
    "step": _block(
        Key("why", Text(LONGEST_TEXT), "The value proposition: what the customer has of it.", required=True),
        Key("trigger", Phrase(TRIGGER), "Entry by a behaviour."),
        Key("date", Reference("property"), "Entry by a date in the customer's life."),
        Key("campaign", Phrase(MOMENT), "Entry of a whole audience on a day, at an hour where the customer lives."),
        Key("segment", Reference("segment"), "Entry by joining a segment."),
        Key("then", Reference("step"), "The step that follows when this one ends."),
        Key("until", Reference("event"), "The goal: ends the step at once."),
        Key("lasts", Phrase(LASTS), "How long the step lasts at most."),
        Key("again", Phrase(AGAIN), "Whether customers may come in again, and when."),
        Key("per", Reference("field"), "A field of the trigger's event: one journey for each of its values."),
        Key("due", Phrase(DUE), "Makes the step a clock: when the next order is due after the last."),
        Key("undisturbed_by", Many(Reference("topic")), "Topics that wait while a customer is in this step."),
        _FOR,
        Key(
            "when_moved",
            Named(Choice(("leave", "stay"))),
            "What becomes of who moves to a segment while inside: `leave` ends their journey; `stay` if not named.",
        ),
        Key("brake", Phrase(BRAKE), "What stops the campaign by itself."),
        Key("draft", Flag(), "Checked, but nobody enters."),
        Key("defaults", Inside("step defaults"), "What holds in this step where a communication says nothing."),
        Key("say", Named(Inside("communication")), "What is said, one communication a line."),
        Key("milestones", Named(Inside("milestone")), "What should be reached, and the nudge if it is not."),
    ),
    "milestone": _block(
        Key("done", Phrase(CONDITION), "When it is reached.", required=True),
        Key("nudge", Inside("communication"), "What is said if it is not reached by then.", required=True),
    ),
    "communication": _block(
        Key("when", Phrase(WHEN), "When it is due, counted from a named anchor.", required=True),
        _TOPIC,
        _BY,
        _AT,
        _EXPIRES,
        _OFFER,
        Key("ask", Reference("property"), "The one small question it asks: the property that the answer fills."),
        _FOR,
        Key("unless", Many(Phrase(CONDITION)), "Not said to customers for whom all of these lines hold."),
        Key("at_most", Many(Phrase(CAP)), "How often one customer gets this communication."),
        Key("instead", Named(Reference("template")), "Another template for customers of a segment."),
        Key("priority", Choice(("raised", "lowered")), "Before or behind the other communications of its topic."),
        Key("test", Inside("test"), "A question put to customers: shares, changes, measure."),
    ),
    "test": _block(
        Key("asks", Text(LONGEST_TEXT), "The question the test answers.", required=True),
        Key("split", Named(Phrase(PERCENT)), "The share of each arm; together 100%.", required=True),
        Key("measure", Phrase(MEASURE), "What counts as success, and within how long.", required=True),
    ),
    "arm": _block(
        Key("template", Reference("template"), "Another template."),
        _OFFER,
        _BY,
        Key("when", Phrase(WHEN), "Another time."),
        _AT,
    ),
}
ARMS_WITHOUT_BLOCK = ("as written", "nothing")
ENTRIES = ("trigger", "date", "campaign", "segment")
