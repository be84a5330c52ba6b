"""The vocabulary: every name that the published strategies declare, in one place to look it up.

With several strategies published, whatever one of them declares is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tactful.strategy.model import FieldType, Property, Strategy, Topic

ORDER_PLACED = "order.placed"
NOTHING_DECLARED = "nothing yet: publish a strategy first, with `tactful publish FOLDER`"
# Known without being declared: what every order has, and what every letter begins with.
ORDER_FIELDS: Mapping[str, FieldType] = {"order_id": "text", "total": "money", "currency": "text"}


@dataclass(frozen=True)
class Vocabulary:
    """The declared events with their fields, customer properties, topics and communications by step."""

    events: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict[str, Mapping[str, FieldType]])
    properties: Mapping[str, Property] = field(default_factory=dict[str, Property])
    topics: Mapping[str, Topic] = field(default_factory=dict[str, Topic])
    strategies: tuple[Strategy, ...] = ()

    @classmethod
    def of(cls, strategies: Iterable[Strategy]) -> Vocabulary:
        """Return what these strategies declare together; the first to declare a name says what it is."""
        events: dict[str, dict[str, FieldType]] = {}
        properties: dict[str, Property] = {}
        topics: dict[str, Topic] = {}
        named = tuple(strategies)
        for strategy in named:
            for event, fields in strategy.events.items():
                events[event] = fields | events.get(event, {})
            properties = strategy.customer | properties
            topics = strategy.topics | topics
        if ORDER_PLACED in events:
            events[ORDER_PLACED] = {**ORDER_FIELDS, **events[ORDER_PLACED]}
        return cls(events, properties, topics, named)
