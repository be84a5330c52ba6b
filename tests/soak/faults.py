"""What the fake provider does wrong, how often, and what each fault leaves unsaid. Drawn from a seed, call by call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum


class Misdeed(StrEnum):
    """One way for a call to go wrong; `NONE` for one that goes well."""

    NONE = "none"
    SLOW_DRIP = "slow_drip"
    """Delivered; the answer comes in drops, whole and in time."""
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    ACCEPT_THEN_500 = "accept_then_500"
    TRUNCATED = "truncated"
    """Delivered; the answer ends before its own length."""
    RESET_AFTER_BODY = "reset_after_body"
    """Delivered; the connection is reset instead of an answer."""
    RESET_BEFORE_BODY = "reset_before_body"
    """Not delivered, which nobody can tell from the one before."""
    TIMEOUT_UNHEARD = "timeout_unheard"
    THROTTLED = "429"
    THROTTLED_SECONDS = "429_seconds"
    THROTTLED_DATE = "429_date"
    UNAVAILABLE = "503"
    REFUSED = "422"
    GONE = "410"

    @property
    def delivers(self) -> bool:
        """Say whether the message goes out."""
        return self in _DELIVERS

    @property
    def ambiguous(self) -> bool:
        """Say whether who called cannot know whether it went out."""
        return self in _AMBIGUOUS


_AMBIGUOUS = frozenset(
    {
        Misdeed.TIMEOUT_AFTER_ACCEPT,
        Misdeed.ACCEPT_THEN_500,
        Misdeed.TRUNCATED,
        Misdeed.RESET_AFTER_BODY,
        Misdeed.RESET_BEFORE_BODY,
        Misdeed.TIMEOUT_UNHEARD,
    }
)
_DELIVERS = frozenset(
    {
        Misdeed.NONE,
        Misdeed.SLOW_DRIP,
        Misdeed.TIMEOUT_AFTER_ACCEPT,
        Misdeed.ACCEPT_THEN_500,
        Misdeed.TRUNCATED,
        Misdeed.RESET_AFTER_BODY,
    }
)
# In thousandths of first calls. What is left goes well.
SHARES: Mapping[Misdeed, int] = {
    Misdeed.SLOW_DRIP: 70,
    Misdeed.TIMEOUT_AFTER_ACCEPT: 40,
    Misdeed.ACCEPT_THEN_500: 90,
    Misdeed.TRUNCATED: 80,
    Misdeed.RESET_AFTER_BODY: 90,
    Misdeed.RESET_BEFORE_BODY: 90,
    Misdeed.TIMEOUT_UNHEARD: 30,
    Misdeed.THROTTLED: 60,
    Misdeed.THROTTLED_SECONDS: 50,
    Misdeed.THROTTLED_DATE: 40,
    Misdeed.UNAVAILABLE: 110,
    Misdeed.REFUSED: 40,
    Misdeed.GONE: 6,
}
_MILLE = 1000


def draw(seed: int, to: str, text: str, call_no: int) -> Misdeed:
    """Return what goes wrong with the call: the same for the same seed, address, text and number of the call.

    The first calls for a message are the worst off, later ones ever less, so that everything comes to an end.
    """
    digest = hashlib.sha256(f"{seed}\n{to}\n{text}\n{call_no}".encode()).digest()
    left = int.from_bytes(digest[:8]) % (_MILLE * call_no)
    for misdeed, share in SHARES.items():
        if left < share:
            return misdeed
        left -= share
    return Misdeed.NONE
