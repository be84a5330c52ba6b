"""Places in a list that grows while it is read: an instant and a key, as one opaque word."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

from tactful.errors import TactfulError

LONGEST = 400
NONE_OF_OURS = "this place in the list is not one that was given out; begin again without it"


class BadCursorError(TactfulError):
    """A place in a list is named by a word that was not given out here."""


def cursor(at: datetime, ref: str) -> str:
    """Return the word for a place."""
    return urlsafe_b64encode(f"{at.isoformat()}|{ref}".encode()).rstrip(b"=").decode()


def read_key_cursor(word: str) -> tuple[datetime, UUID]:
    """Return the place that a word names in a list whose keys are our own; no key is the least of all.

    Raises:
        BadCursorError: It names none.
    """
    at, ref = read_cursor(word)
    try:
        return at, UUID(ref) if ref else UUID(int=0)
    except ValueError:
        raise BadCursorError(NONE_OF_OURS) from None


def read_cursor(word: str) -> tuple[datetime, str]:
    """Return the place that a word names.

    Raises:
        BadCursorError: It names none.
    """
    try:
        text = urlsafe_b64decode(word[:LONGEST] + "=" * (-len(word) % 4)).decode()
        said, _, ref = text.partition("|")
        at = datetime.fromisoformat(said)
    except ValueError:
        raise BadCursorError(NONE_OF_OURS) from None
    if "\x00" in ref:
        raise BadCursorError(NONE_OF_OURS)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), ref
