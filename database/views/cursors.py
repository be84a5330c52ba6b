"""Places in a list that grows while it is read: an instant and a key, as one opaque word."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from tactful.errors import TactfulError

LONGEST = 400


class BadCursorError(TactfulError):
    """A place in a list is named by a word that was not given out here."""


def cursor(at: datetime, ref: str) -> str:
    """Return the word for a place."""
    return urlsafe_b64encode(f"{at.isoformat()}|{ref}".encode()).rstrip(b"=").decode()


def read_cursor(word: str) -> tuple[datetime, str]:
    """Return the place that a word names.

    Raises:
        BadCursorError: It names none.
    """
    try:
        text = urlsafe_b64decode(word[:LONGEST] + "=" * (-len(word) % 4)).decode()
        at, _, ref = text.partition("|")
        return datetime.fromisoformat(at), ref
    except ValueError:
        raise BadCursorError("this place in the list is not one that was given out; begin again without it") from None
