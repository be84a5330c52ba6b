"""How many segments a text message takes.

Source: 3GPP TS 23.038 (the 7-bit default alphabet and its extension table) and TS 23.040 (concatenated messages).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""Characters that take two places."""
SEVEN_BIT = (160, 153)
UCS2 = (70, 67)
"""Places in a message of one segment, and in each of several."""


@dataclass(frozen=True, slots=True)
class Length:
    """A message's segments, and the characters that made it need the costlier alphabet, each once, in order."""

    segments: int
    costly: tuple[str, ...]


def sms_length(text: str) -> Length:
    """Return how many segments a text takes."""
    costly = tuple(dict.fromkeys(char for char in text if char not in BASIC and char not in EXTENDED))
    if costly:
        places, (alone, each) = len(text.encode("utf-16-le")) // 2, UCS2
    else:
        places, (alone, each) = len(text) + sum(char in EXTENDED for char in text), SEVEN_BIT
    return Length(1 if places <= alone else ceil(places / each), costly)
