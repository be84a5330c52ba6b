"""The names a strategy declares, gathered before anything refers to them.

Every reference is looked up here, so that a typo becomes a "did you mean" wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tactful.strategy.model import FieldType, Property
from tactful.strategy.tree import Entry, Node
from tactful.strategy.tree import Mapping as Keys

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
    root: Mapping[str, Entry],
    paths: Iterable[str],
    properties: Mapping[str, Property],
    events: Mapping[str, Mapping[str, FieldType]],
) -> Names:
    """Return the names that the entries of the strategy and the folder's files declare."""

    def keys(block: str) -> tuple[str, ...]:
        return tuple(entry.key.text for entry in _entries(root[block].value)) if block in root else ()

    stages = _entries(root["stages"].value) if "stages" in root else ()
    steps = [step.key.text for stage in stages for step in _entries(stage.value)]
    folders = [path.split("/")[1] for path in sorted(paths) if path.startswith(TEMPLATES) and path.count("/") > 1]
    folders = [folder for folder in folders if folder != PARTIALS]
    kinds = {
        "event": tuple(events),
        "property": keys("customer"),
        "segment": keys("segments"),
        "topic": keys("topics"),
        "offer": keys("offers"),
        "stage": tuple(stage.key.text for stage in stages),
        "step": tuple(dict.fromkeys(steps)),
        "template": tuple(dict.fromkeys(folders)),
    }
    return Names(kinds, properties, events)


def _entries(node: Node) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, Keys) else ()
