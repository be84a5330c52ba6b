"""From the parse of a phrase to the value it stands for, and the names it mentions, with their places.

Numbers, times, dates and currencies are checked here, because a phrase alone shows whether they can be; whether a name
is declared is for the reader, which knows the declarations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Literal, cast

from lark import Token, Tree

from tactful.strategy.amounts import (
    MOST_DIGITS,
    WEEKDAYS,
    MeaningFault,
    calendar_day,
    channel_named,
    channels,
    decimal,
    percentage,
    time_of_day,
    whole,
)
from tactful.strategy.condition_meanings import ConditionMeanings, Mention
from tactful.strategy.forms import Measured, QuietFor, Typed
from tactful.strategy.model import (
    Again,
    Brake,
    Cap,
    Due,
    Expiry,
    FieldType,
    Hold,
    Lasts,
    Money,
    QuietHours,
    Route,
    Span,
    Trigger,
    When,
)
from tactful.strategy.spelling import did_you_mean
from tactful.strategy.standards import COMMON_CURRENCIES, CURRENCIES
from tactful.words import Channel

LONGEST_YEARS = 10
_SPANS = {
    "minute": (Span(seconds=60), LONGEST_YEARS * 366 * 24 * 60),
    "hour": (Span(seconds=3600), LONGEST_YEARS * 366 * 24),
    "day": (Span(days=1), LONGEST_YEARS * 366),
    "week": (Span(days=7), LONGEST_YEARS * 52),
    "month": (Span(months=1), LONGEST_YEARS * 12),
    "year": (Span(months=12), LONGEST_YEARS),
}


@dataclass(frozen=True)
class Way:
    """Channels used together, as they were said, and how long the way before them is given."""

    tokens: tuple[Token, ...]
    after: Span | None = None


@dataclass(frozen=True)
class Lull:
    """One part of a line of quiet hours: a daily span, a weekday or the holidays."""

    token: Token
    start: time | None = None
    end: time | None = None
    weekday: int | None = None
    holidays: bool = False


def meaning(parsed: Tree[Token], text: str) -> tuple[object, tuple[Mention, ...]]:
    """Return the value a parsed phrase stands for, and the names it mentions.

    Raises:
        lark.exceptions.VisitError: Around a MeaningFault, where a part of the phrase means nothing.
    """
    meanings = _Meanings(" ".join(text.split()))
    return meanings.transform(parsed), tuple(meanings.mentions)


class _Meanings(ConditionMeanings):
    """Turns the parse of one phrase into its value; `mentions` fills up on the way."""

    # lengths of time, times of day, amounts

    def span(self, parts: list[Token]) -> Span:
        number, unit = parts
        one, most = _SPANS[str(unit).removesuffix("s")]
        if len(number) > MOST_DIGITS or not 0 < int(number) <= most:
            raise MeaningFault(number, f"from 1 to {most:,} {unit}: at most {LONGEST_YEARS} years")
        count = int(number)
        return Span(months=one.months * count, days=one.days * count, seconds=one.seconds * count)

    def time(self, parts: list[Token]) -> time:
        return time_of_day(parts[0])

    def moment(self, parts: list[Token]) -> datetime:
        return datetime.combine(calendar_day(parts[0]), time_of_day(parts[1]))

    def percent(self, parts: list[Token]) -> Decimal:
        return percentage(parts[0])

    def money(self, parts: list[Token]) -> Money:
        amount, currency = parts
        if currency.upper() not in CURRENCIES or currency != currency.upper():
            hint = did_you_mean(currency.upper(), COMMON_CURRENCIES) or did_you_mean(currency.upper(), CURRENCIES)
            raise MeaningFault(currency, "a currency by its three letters, such as GBP, EUR or USD", hint)
        return Money(amount=decimal(amount), currency=str(currency))

    def property(self, parts: list[Token | None]) -> Typed:
        kind, source = parts
        return Typed(cast("FieldType", str(kind)), str(source).strip() if source else None)

    # when, by, until when

    def at_once(self, _: list[Token]) -> When:
        return When(text=self.text, at_once=True)

    def after(self, parts: list[object]) -> When:
        return When(text=self.text, offset=cast("Span", parts[0]), anchor=cast("str", parts[1]))

    def before(self, parts: list[object]) -> When:
        return When(text=self.text, offset=cast("Span", parts[0]), anchor=cast("str", parts[1]), before=True)

    def on(self, parts: list[object]) -> When:
        return When(text=self.text, anchor=cast("str", parts[0]))

    def anchor(self, parts: list[Token]) -> str:
        return self.mention("anchor", parts[0])

    def by(self, parts: list[Way]) -> tuple[Route, ...]:
        routes = [Route(channels=channels(list(way.tokens)), after=way.after) for way in parts]
        for place, (way, route) in enumerate(zip(parts, routes, strict=True)):
            if route.channels in [earlier.channels for earlier in routes[:place]]:
                raise MeaningFault(way.tokens[0], "another channel than those before it")
        return tuple(routes)

    def route(self, parts: list[Token]) -> Way:
        return Way(tuple(parts))

    def fallback(self, parts: list[object]) -> Way:
        return Way(cast("Way", parts[0]).tokens, cast("Span | None", parts[1]))

    def expires(self, parts: list[Span | datetime]) -> Expiry:
        (until,) = parts
        return Expiry(after=until) if isinstance(until, Span) else Expiry(at=until)

    # contact rules

    def cap(self, parts: list[object]) -> Cap:
        count = cast("Token", parts[0])
        channel, topic = cast("tuple[Channel | None, str | None]", parts[1] or (None, None))
        if whole(count) == 0:
            raise MeaningFault(count, "1 or more: a topic or channel that is never used is left out")
        return Cap(count=whole(count), window=cast("Span", parts[2]), channel=channel, topic=topic)

    def scope(self, parts: list[Token]) -> tuple[Channel | None, str | None]:
        (token,) = parts
        return (channel_named(token), None) if token.type == "CHANNEL" else (None, self.mention("scope", token))

    def quiet(self, parts: list[Lull]) -> QuietHours:
        daily = [part for part in parts if part.start is not None]
        days = {part.weekday for part in parts if part.weekday is not None}
        if len(daily) > 1:
            raise MeaningFault(
                daily[1].token, "one span of hours in a line: from when to when, across midnight if need be"
            )
        if len(days) == len(WEEKDAYS):
            raise MeaningFault(parts[-1].token, "at least one day of the week that is not quiet")
        start, end = (daily[0].start, daily[0].end) if daily else (None, None)
        holidays = any(part.holidays for part in parts)
        return QuietHours(channels=(), start=start, end=end, weekdays=tuple(sorted(days)), holidays=holidays)

    def daily(self, parts: list[Token]) -> Lull:
        start, end = time_of_day(parts[0]), time_of_day(parts[1])
        if start == end:
            raise MeaningFault(parts[1], "another time than the first: from an hour to itself is no time or all day")
        return Lull(parts[0], start, end)

    def weekday(self, parts: list[Token]) -> Lull:
        return Lull(parts[0], weekday=WEEKDAYS.index(str(parts[0])))

    def holidays(self, parts: list[Token]) -> Lull:
        return Lull(parts[0], holidays=True)

    def quiet_for(self, parts: list[Token]) -> QuietFor:
        if parts[0].type == "TOPIC":
            return QuietFor((), self.mention("topic", parts[0]))
        return QuietFor(channels(parts))

    def hold_until(self, parts: list[str]) -> Hold:
        return Hold(name="", event=parts[0], until=parts[1])

    def hold_for(self, parts: list[object]) -> Hold:
        return Hold(name="", event=cast("str", parts[0]), lasts=cast("Span", parts[1]))

    # steps

    def event(self, parts: list[Token]) -> str:
        return self.mention("event", parts[0])

    def trigger(self, parts: list[object]) -> Trigger:
        event, silent, span = cast("tuple[str, str | None, Span | None]", tuple(parts))
        return Trigger(event=event, silent_event=silent, silent_for=span)

    def lasts(self, parts: list[object]) -> Lasts:
        anchor = cast('Literal["start", "due"]', str(parts[1] or "start"))
        return Lasts(span=cast("Span", parts[0]), anchor=anchor)

    def never(self, _: list[Token]) -> Again:
        return Again(kind="never")

    def always(self, _: list[Token]) -> Again:
        return Again(kind="always")

    def again_after(self, parts: list[Span]) -> Again:
        return Again(kind="after", after=parts[0])

    def usual_interval(self, parts: list[Span]) -> Due:
        return Due(usual_interval=True, otherwise=parts[0])

    def fixed_interval(self, parts: list[Span]) -> Due:
        return Due(usual_interval=False, otherwise=parts[0])

    def brake(self, parts: list[int | Decimal | None]) -> Brake:
        people = next((part for part in parts if isinstance(part, int)), None)
        return Brake(people=people, complaints=next((part for part in parts if isinstance(part, Decimal)), None))

    def people(self, parts: list[Token]) -> int:
        if whole(parts[0]) == 0:
            raise MeaningFault(parts[0], "1 or more people: a campaign for nobody is a draft")
        return whole(parts[0])

    def complaints(self, parts: list[Token]) -> Decimal:
        return percentage(parts[0])

    def measure(self, parts: list[object]) -> Measured:
        return Measured(cast("str", parts[0]), cast("Span | None", parts[1]))
