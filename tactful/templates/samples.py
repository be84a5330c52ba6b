"""Made-up values for a communication: what `check` fills templates with to see that they fill, and previews show."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tactful.strategy.model import Communication, FieldType, Money, Step, Strategy
from tactful.templates.journeys import JourneyTold
from tactful.templates.variables import LINKS, STANDARD_TRAITS, message_variables, offers_of

SAMPLE_DAY = date(2027, 3, 7)
SAMPLES: dict[FieldType, object] = {
    "text": "Example",
    "date": SAMPLE_DAY,
    "number": 3,
    "money": Money(amount=Decimal("34.00"), currency="GBP"),
    "list": [{"name": "Example", "quantity": 1}],
    "yes or no": True,
}
TRAITS = dict(zip(STANDARD_TRAITS, ("Maya", "Okafor"), strict=True))
LINK = "https://links.example/a1b2c3d4e5f6g7h8"


def sample_variables(strategy: Strategy, step: Step, communication: Communication, language: str) -> dict[str, object]:
    """Return a value for every variable of a communication, as `message_variables` would."""
    fields = {name: SAMPLES[type_] for event in strategy.events.values() for name, type_ in event.items()}
    offers = offers_of(strategy, communication)
    return message_variables(
        strategy,
        step,
        communication,
        customer={
            **{name: SAMPLES[declared.type] for name, declared in strategy.customer.items()},
            **TRAITS,
            "email": "maya@customer.example",
            "time_zone": strategy.time_zone,
        },
        event=fields,
        key="Example",
        due_on=SAMPLE_DAY,
        offer_code="EXAMPLE24",
        offer_ends_on=SAMPLE_DAY,
        links=dict.fromkeys(LINKS, LINK),
        journeys=[JourneyTold(step.name, step.name, "open", SAMPLE_DAY, said=1, to_come=1, reached=0)],
        language=language,
        offer=offers[0].name if offers else None,
    )
