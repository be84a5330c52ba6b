"""What single tokens of a phrase stand for: numbers, percentages, times, days, channels. Each within its limits.

A token that cannot stand for anything raises MeaningFault, which carries its place and what would be right.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from lark import Token

from tactful.words import Channel

MOST_DIGITS = 9
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class MeaningFault(Exception):  # noqa: N818  a fault of the phrase, not of the program; it never leaves `phrases`
    """A phrase is well formed, and yet part of it, from `offset` on, means nothing."""

    def __init__(self, token: Token, expected: str, hint: str | None = None) -> None:
        super().__init__(f"{token}; expected {expected}")
        self.offset = token.start_pos or 0
        self.found = str(token)
        self.expected = expected
        self.hint = hint


def whole(token: Token) -> int:
    """Return the whole number a token stands for."""
    if len(token) > MOST_DIGITS:
        raise MeaningFault(token, f"a number of at most {MOST_DIGITS} digits")
    return int(token)


def decimal(token: Token) -> Decimal:
    """Return the number a token stands for, with its decimals."""
    if len(token) > MOST_DIGITS + 5:
        raise MeaningFault(token, f"a number of at most {MOST_DIGITS} digits and 4 decimals")
    return Decimal(str(token))


def percentage(token: Token) -> Decimal:
    """Return the percentage a token stands for, from 0 to 100."""
    number = token.removesuffix("%")
    if len(number) > MOST_DIGITS or Decimal(number) > 100:  # noqa: PLR2004  a percentage
        raise MeaningFault(token, "from 0% to 100%")
    return Decimal(number)


def time_of_day(token: Token) -> time:
    """Return the time of the day a token stands for."""
    hour, minute = (int(part) for part in token.split(":"))
    if hour > 23 or minute > 59:  # noqa: PLR2004  a clock
        hint = "Midnight is 00:00." if (hour, minute) == (24, 0) else None
        raise MeaningFault(token, "a time from 00:00 to 23:59", hint)
    return time(hour, minute)


def calendar_day(token: Token) -> date:
    """Return the day a token stands for."""
    year, month, day = (int(part) for part in token.split("-"))
    try:
        found = date(year, month, day)
    except ValueError:
        raise MeaningFault(token, "a day of the calendar, as year-month-day") from None
    if not 1900 <= year <= 2199:  # noqa: PLR2004  nobody alive was born before, no strategy plans behind
        raise MeaningFault(token, "a year from 1900 to 2199")
    return found


def channel_named(token: Token) -> Channel:
    """Return the channel a token names, in singular or plural."""
    name = str(token)
    return Channel(name if name in set(Channel) else name.removesuffix("s"))


def channels(tokens: list[Token]) -> tuple[Channel, ...]:
    """Return the channels that tokens name, each of which may be named once."""
    named = [channel_named(token) for token in tokens]
    for place, token in enumerate(tokens):
        if named[place] in named[:place]:
            raise MeaningFault(token, "each channel once")
    return tuple(named)
