"""Lengths of time as people write them into `tactful.toml`: `4 hours`, `90 seconds`."""

from __future__ import annotations

import re
from datetime import timedelta

_SPAN = re.compile(r"(\d{1,9}) (second|minute|hour|day|week)s?", re.ASCII)


def as_span(given: object) -> object:
    """Return the length that a text such as `4 hours` is; everything else as it was given."""
    said = _SPAN.fullmatch(given.strip()) if isinstance(given, str) else None
    try:
        return timedelta(**{f"{said[2]}s": int(said[1])}) if said else given
    except OverflowError:  # longer than a length of time can be: no such thing
        return given
