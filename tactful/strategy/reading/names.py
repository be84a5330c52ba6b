"""The names a strategy declares, gathered before anything refers to them.

Every reference is looked up here, so that a typo becomes a "did you mean" wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tactful.strategy.model import FieldType, Property
from tactful.strategy.tree import Tree

TEMPLATES = "templates/"
PARTIALS = "partials"
STRATEGY_FILE = "strategy.yaml"


@dataclass(frozen=True)
class Names:
    """All declared names; `kinds` has them by kind, in the order of the file."""

    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    properties: Mapping[str, Property] = field(default_factory=dict[str, Property])
    events: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict[str, Mapping[str, FieldType]])

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the declared names of a kind: event, property, segment, topic, offer, step, template."""
        return self.kinds.get(kind, ())

    def dates(self) -> tuple[str, ...]:
        """Return the properties that are dates."""
        return tuple(name for name, declared in self.properties.items() if declared.type == "date")


def gather(
    tree: Tree,
    paths: Iterable[str],
    properties: Mapping[str, Property],
    events: Mapping[str, Mapping[str, FieldType]],
) -> Names:
    """Return the names that a tree and the folder's files declare."""

    def keys(*path: str) -> tuple[str, ...]:
        return tuple(entry.key.text for entry in tree.entries(*path))

    steps = [step for stage in keys("stages") for step in keys("stages", stage)]
    folders = [path.split("/")[1] for path in sorted(paths) if path.startswith(TEMPLATES) and path.count("/") > 1]
    folders = [folder for folder in folders if folder != PARTIALS]
    kinds = {
        "event": tuple(events),
        "property": tuple(properties),
        "segment": keys("segments"),
        "topic": keys("topics"),
        "offer": keys("offers"),
        "step": tuple(dict.fromkeys(steps)),
        "template": tuple(dict.fromkeys(folders)),
    }
    return Names(kinds, properties, events)
