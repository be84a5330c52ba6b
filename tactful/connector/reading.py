"""Where something stands in what a provider says: by a path such as `messages.0.status`, in answers and hooks alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

_ABSENT = object()


def text_at(value: object, path: str) -> str:
    """Return the text or number at `path` inside objects and lists; empty where there is none."""
    found = _at(value, path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def _at(value: object, path: str) -> object:
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(part, _ABSENT)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(cast("list[object]", value)):
            value = cast("list[object]", value)[int(part)]
        else:
            return _ABSENT
    return value
