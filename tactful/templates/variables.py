"""What a template may say: the vocabulary of a communication, and its values for one message.

`variables_for` lists the names, for checking and for the documents; `message_variables` builds the mapping that
`Templates.render` takes, from plain values. Both read the same declarations, so what is checked is what is there. No
I/O, no clock. The names are documented in docs/templates.md; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import cast

from tactful.strategy.model import Communication, DateEntry, FieldType, Money, Offer, Step, Strategy, Trigger
from tactful.templates.journeys import FIELDS, JourneyTold
from tactful.words import Purpose

ALWAYS_KNOWN = {
    "email": "the customer's email address",
    "language": "the customer's language tag",
    "time_zone": "the customer's time zone",
}
STANDARD_TRAITS = {
    "first_name": "the customer's first name, as in Segment's traits",
    "last_name": "the customer's last name, as in Segment's traits",
}
LINKS = {
    "unsubscribe": "one click and the topic is off",
    "preferences": "the page where topics and channels are chosen",
    "question": "the page where the question of `ask` is answered",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One name a template may use.

    Attributes:
        type: A field type of the strategy language; `list` may be looped over.
        says: What it is, for people.
        always: False where a customer may have no value, so that the template needs `| default: …` or an `if`.
        declared: False for standard traits, which nobody promised.
        fields: What each item of a list has, where that is known.
    """

    type: FieldType
    says: str
    always: bool = True
    declared: bool = True
    fields: tuple[str, ...] = ()


def variables_for(strategy: Strategy, step: Step, communication: Communication) -> dict[str, Variable]:
    """Return every variable the templates of a communication may use, by its dotted name."""
    found = {f"customer.{name}": Variable("text", says, always=name != "email") for name, says in ALWAYS_KNOWN.items()}
    found |= {
        f"customer.{name}": Variable("text", says, always=False, declared=False)
        for name, says in STANDARD_TRAITS.items()
    }
    entered_by = step.entry.property if isinstance(step.entry, DateEntry) else None
    for name, declared in strategy.customer.items():
        found[f"customer.{name}"] = Variable(declared.type, f"the customer's {name}", always=name == entered_by)
    for name, type_ in _event_fields(strategy, step).items():
        found[f"event.{name}"] = Variable(type_, f"{name} of the event that began the step")
    found |= _offer_variables(strategy, communication)
    if step.due is not None:
        found["due_on"] = Variable("date", "the day on which the next order is due")
    if step.per is not None:
        found["key"] = Variable("text", f"the {step.per} this journey is about")
    found["topic.says"] = Variable("text", "what the customer said yes to")
    found["sender.name"] = Variable("text", "the sender's name")
    for name in ("email", "address"):
        if getattr(strategy.sender, name):
            found[f"sender.{name}"] = Variable("text", f"the sender's {name}")
    for name, says in LINKS.items():
        if name != "question" or communication.ask:
            found[f"links.{name}"] = Variable("text", says)
    if strategy.topics[communication.topic].purpose is Purpose.SERVICE:
        found["journeys"] = Variable("list", "the journeys the customer is on", fields=tuple(FIELDS))
    return found


def offers_of(strategy: Strategy, communication: Communication) -> list[Offer]:
    """Return the offers a communication can carry: its own first, then those of its test arms."""
    arms = communication.test.changes.values() if communication.test else ()
    names = [communication.offer, *(arm.get("offer") for arm in arms)]
    return [strategy.offers[name] for name in dict.fromkeys(names) if name is not None and name in strategy.offers]


def _offer_variables(strategy: Strategy, communication: Communication) -> dict[str, Variable]:
    offers = offers_of(strategy, communication)
    if not offers:
        return {}
    own = communication.offer is not None
    found = {
        "offer.name": Variable("text", "the offer's name in the strategy", always=own),
        "offer.says": Variable("text", "what is offered", always=own),
    }
    if any(offer.code or offer.codes for offer in offers):
        every = all(offer.code or offer.codes for offer in offers)
        found["offer.code"] = Variable("text", "the code to order with", always=own and every)
    if any(offer.lasts for offer in offers):
        every = all(offer.lasts for offer in offers)
        found["offer.ends_on"] = Variable("date", "the last day of the offer", always=own and every)
    return found


def _event_fields(strategy: Strategy, step: Step) -> dict[str, FieldType]:
    """Return the fields of the event that began the journey; a step reached by `then` inherits what all ways bring."""
    if isinstance(step.entry, Trigger):
        return strategy.events.get(step.entry.event, {})
    if step.entry is not None:
        return {}
    brought: list[dict[str, FieldType]] = []
    waiting, seen = [step], {step.name}
    while waiting:
        goal = waiting.pop()
        for before in strategy.steps.values():
            if before.then != goal.name or before.name in seen:
                continue
            seen.add(before.name)
            if before.entry is None:
                waiting.append(before)
            else:
                brought.append(strategy.events.get(before.entry.event, {}) if isinstance(before.entry, Trigger) else {})
    first = brought[0] if brought else {}
    return {name: type_ for name, type_ in first.items() if all(fields.get(name) == type_ for fields in brought)}


def message_variables(
    strategy: Strategy,
    step: Step,
    communication: Communication,
    *,
    customer: Mapping[str, object],
    event: Mapping[str, object],
    key: str | None,
    due_on: date | None,
    offer_code: str | None,
    offer_ends_on: date | None,
    links: Mapping[str, str],
    journeys: Sequence[JourneyTold],
    language: str,
    offer: str | None = None,
) -> dict[str, object]:
    """Return the variables of one message, nested as templates name them (`{"customer": {"email": …}, …}`).

    Only names of `variables_for` come through. A value that is None, blank or not of its declared type is left out: the
    template then meets a missing variable, with or without a `default`.

    Args:
        strategy: The version the content is pinned to.
        step: The communication's step.
        communication: What is being said.
        customer: Standard traits and properties by name, as kept: dates as `date` or ISO text.
        event: Fields of the event that began the journey, as kept: money as `Money`, `{"amount", "currency"}`, a text
            such as `34.00 GBP`, or a number beside a field `currency`.
        key: The journey's key (`per`), or None.
        due_on: The due day of a clock step, or None.
        offer_code: The customer's own or the offer's common code, or None.
        offer_ends_on: The last day of the offer, or None.
        links: Addresses by the names of `links.…`.
        journeys: The journeys the customer is on; reaches service communications only.
        language: The customer's language tag.
        offer: Name of the offer where a test arm gives another than the communication's own.
    """
    given = strategy.offers.get(offer or communication.offer or "")
    flat: dict[str, object] = {f"customer.{name}": value for name, value in customer.items()}
    flat |= {f"event.{name}": value for name, value in event.items()}
    flat |= {f"links.{name}": value for name, value in links.items()}
    flat |= {f"sender.{name}": getattr(strategy.sender, name) for name in ("name", "email", "address")}
    flat |= {"topic.says": strategy.topics[communication.topic].says, "customer.language": language}
    flat |= {"key": key, "due_on": due_on, "journeys": list(journeys)}
    if given is not None:
        flat |= {"offer.name": given.name, "offer.says": given.says}
        flat |= {"offer.code": offer_code or given.code, "offer.ends_on": offer_ends_on}
    return _nested(variables_for(strategy, step, communication), flat, event.get("currency"))


def _nested(names: Mapping[str, Variable], flat: Mapping[str, object], currency: object) -> dict[str, object]:
    nested: dict[str, object] = {}
    for name, variable in names.items():
        value = typed(flat.get(name), variable.type, currency)
        if value is None:
            continue
        root, _, leaf = name.partition(".")
        if leaf:
            cast("dict[str, object]", nested.setdefault(root, {}))[leaf] = value
        else:
            nested[root] = value
    return nested


def typed(value: object, type_: FieldType, currency: object = None) -> object | None:
    """Return a kept value as its declared type, or None where there is none or it does not fit.

    Args:
        value: As kept, from JSON or the database.
        type_: The declared type.
        currency: ISO code for money kept as a bare number.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if type_ == "money":
        return _money(value, currency)
    readers: dict[FieldType, Callable[[object], object | None]] = {
        "text": lambda given: str(given) if isinstance(given, str | int | float | Decimal) else None,
        "date": _day,
        "number": _number,
        "list": lambda given: cast("list[object]", given) if isinstance(given, list) else None,
        "yes or no": lambda given: given if isinstance(given, bool) else None,
    }
    return readers[type_](value)


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _number(value: object) -> int | float | Decimal | None:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _money(value: object, currency: object) -> Money | None:
    if isinstance(value, Money):
        return value
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, object]", value)
        value, currency = parts.get("amount"), parts.get("currency")
    elif isinstance(value, str) and " " in value.strip():
        value, _, currency = value.strip().partition(" ")
    amount = _number(value) if value is not None else None
    if amount is None or not isinstance(currency, str) or not currency.strip():
        return None
    return Money(amount=Decimal(str(amount)), currency=currency.strip())
