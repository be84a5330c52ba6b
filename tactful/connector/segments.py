"""How long a text message is on the air: its alphabet, and the segments it takes and is paid by.

Pure. It counts what GSM 03.38 says; whether a provider swaps letters to save segments is the provider's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.connector.faults import Fault, SendFault

Alphabet = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
# Units in a text of one segment, and in each segment of a longer one: six octets then say which part it is.
_GSM_7 = (160, 153)
_UCS_2 = (70, 67)


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text goes over the air.

    Attributes:
        alphabet: GSM-7 where every letter is in it, else UCS-2.
        count: The segments it takes; an empty text takes one.
    """

    alphabet: Alphabet
    count: int


def segments(text: str) -> Segments:
    """Return how a text goes over the air: a letter that takes two units is never split between segments."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return Segments("GSM-7", _count([2 if letter in _EXTENDED else 1 for letter in text], *_GSM_7))
    return Segments("UCS-2", _count([len(letter.encode("utf-16-le")) // 2 for letter in text], *_UCS_2))


def require_segments(text: str | None, most: int) -> Segments:
    """Return how a text goes over the air, if there is one and it takes no more than `most` segments.

    Raises:
        SendFault: BAD_CONTENT, it takes more, or there is nothing to send.
    """
    if not text:
        raise SendFault(Fault.BAD_CONTENT, "empty", "there is no text to send")
    found = segments(text)
    if found.count > most:
        detail = f"the text takes {found.count:,} segments in {found.alphabet}; at most {most} are allowed"
        raise SendFault(Fault.BAD_CONTENT, "segments", detail)
    return found


def _count(units: list[int], alone: int, each: int) -> int:
    if sum(units) <= alone:
        return 1
    count, filled = 1, 0
    for unit in units:
        if filled + unit > each:
            count, filled = count + 1, 0
        filled += unit
    return count
