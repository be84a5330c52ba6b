"""What strangers send, made fit for PostgreSQL.

No NUL, no half character, no number that is none, no id longer than an index can hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar, cast

T = TypeVar("T")


def storable(value: T, *, most: int | None = None) -> T:
    """Return a text, or everything within a JSON value, without what PostgreSQL cannot keep.

    Args:
        value: A text, or anything that JSON can say.
        most: Most characters of a text; what is longer becomes its digest, still the same for the same text.
    """
    return cast("T", _storable(value, most))


def _storable(value: Any, most: int | None) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        clean = value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        return clean if most is None or len(clean) <= most else sha256(clean.encode()).hexdigest()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # Python reads NaN and Infinity in JSON, and PostgreSQL does not
    if isinstance(value, Mapping):
        found = cast("Mapping[object, object]", value)
        return {_storable(str(key), None): _storable(each, None) for key, each in found.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_storable(each, None) for each in cast("Sequence[object]", value)]
    return value
