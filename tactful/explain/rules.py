"""One rule's answer as a sentence: why not, or why it passed. Each reason and each rule has its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from tactful.explain.clock import time_text
from tactful.rules import (
    arms,
    channels,
    connector,
    customer,
    eligibility,
    expiry,
    holdout,
    journey,
    permission,
    pressure,
    priority,
    protection,
    question,
    quiet,
    suppression,
)
from tactful.verdict import Line, Number
from tactful.words import Channel, Purpose, Reason

_CHANNELS: Mapping[str, str] = {
    Channel.EMAIL.value: "email",
    Channel.SMS.value: "text message",
    Channel.PUSH.value: "app",
    Channel.LETTER.value: "letter",
    Channel.CALL.value: "call",
}
Said = Mapping[str, Number]


def sentence(
    said: Line | Reason,
    numbers: Said | None = None,
    passes_at: datetime | None = None,
    zone: tzinfo = UTC,
    language: str = "en",
) -> str:
    """Return one rule's answer as a sentence.

    Args:
        said: A line of a trace, or a reason alone.
        numbers: What the rule counted; a line brings its own.
        passes_at: The earliest instant that would pass; a line brings its own.
        zone: The customer's zone, in which times are told.
        language: Of the sentence. English is all there is; every other language gets it too.

    Returns:
        A sentence, or two when there is an instant to tell.
    """
    del language
    if isinstance(said, Line):
        if said.rule == expiry.LIFE:
            return _life(said, zone)
        if said.reason is None:
            return _PASSED.get(said.rule, lambda _: f"The rule “{said.rule}” passed.")(said.numbers)
        said, numbers, passes_at = said.reason, said.numbers, said.passes_at
    told = _WHY[said](_Numbers(numbers or {}, zone))
    return f"{told} It can go from {time_text(passes_at, zone)}." if passes_at is not None else told


def sentences(trace: Iterable[Line], zone: tzinfo = UTC, language: str = "en") -> tuple[str, ...]:
    """Return a trace as sentences, one a rule, in order."""
    return tuple(sentence(line, zone=zone, language=language) for line in trace)


def channel_words(channels: Iterable[str]) -> str:
    """Return channels as people call them: `email and letter`."""
    return " and ".join(_CHANNELS.get(channel, channel) for channel in channels)


_BESIDE_CAPS = frozenset({"segment", pressure.COUNTS_AT})
"""What the numbers of caps say besides the caps."""


class _Numbers:
    """What a rule counted, as words: a missing number leaves the sentence whole."""

    def __init__(self, said: Said, zone: tzinfo) -> None:
        self._said, self._zone = said, zone

    def word(self, name: str, otherwise: str) -> str:
        value = self._said.get(name)
        return otherwise if value is None else str(value)

    def quoted(self, name: str, otherwise: str) -> str:
        value = self._said.get(name)
        return otherwise if value is None else f"“{value}”"

    def time(self, name: str, otherwise: str) -> str:
        value = self._said.get(name)
        try:
            return time_text(datetime.fromisoformat(str(value)), self._zone)
        except ValueError:
            return otherwise

    def of_channels(self, *reasons: str) -> str:
        """Return the channels said with one of these reasons, or with any: `email or letter`."""
        named = [_CHANNELS.get(c, c) for c, why in self._said.items() if not reasons or why in reasons]
        return " or ".join(named) or "any channel"

    def guessed_zone(self) -> str:
        """Return how the customer's zone is known where it is not their own."""
        guessed = _ZONE_FROM.get(str(self._said.get("zone_from")))
        return f" ({self._said.get('zone')}, {guessed})" if guessed else ""

    def listed(self, form: str) -> str:
        counted = ((name, value) for name, value in self._said.items() if name not in _BESIDE_CAPS)
        return "; ".join(form.format(name=name, value=value) for name, value in counted) + self.whose() + self.arrives()

    def arrives(self) -> str:
        """Return when a contact counts that takes days to arrive."""
        at = self.time(pressure.COUNTS_AT, "")
        return f", on the day it should arrive ({at})" if at else ""

    def whose(self) -> str:
        """Return of which segment the caps are, where they are not everybody's."""
        segment = self._said.get("segment")
        return f" (the caps of {segment})" if segment is not None else ""


def _detail(text: str, detail: str) -> str:
    return f"{text}: {detail}." if detail else f"{text}."


_WHY: Mapping[Reason, Callable[[_Numbers], str]] = {
    Reason.JOURNEY_PAUSED: lambda _: "The journey is paused; this goes on when somebody resumes it.",
    Reason.GOAL_REACHED: lambda _: "The goal of this step was reached, so there was nothing left to say.",
    Reason.JOURNEY_ENDED: lambda _: "The customer's journey through this step has ended.",
    Reason.MOVED_AWAY: lambda n: (
        f"The customer has moved to {n.quoted('segment', 'another segment')}, and who moves there leaves this step."
    ),
    Reason.MILESTONE_REACHED: lambda n: (
        f"The customer had already done what this would have suggested ({n.word('milestone', 'its milestone')})."
    ),
    Reason.ANCHOR_MOVED: lambda _: "A newer order set the clock anew; this belonged to the date before.",
    Reason.OVERTAKEN: lambda n: (
        f"What comes after it in the same step, {n.quoted('by', 'another message')}, was said already."
    ),
    Reason.QUESTION_OPEN: lambda n: (
        f"We ask one question at a time, and the one about {n.word('open', 'something else')} was not answered yet."
    ),
    Reason.ALREADY_KNOWN: lambda n: f"We already knew what this asks for ({n.word('asks', 'the answer')}).",
    Reason.NOT_YET_DUE: lambda _: "It was not due yet.",
    Reason.CUSTOMER_INACTIVE: lambda _: "The customer is not active with us.",
    Reason.NO_ADDRESS: lambda n: f"We had no address to reach the customer by {n.of_channels(Reason.NO_ADDRESS)}.",
    Reason.NO_OPT_IN: lambda n: (
        f"The customer has not said yes to this topic by {n.of_channels(Reason.NO_OPT_IN)}, and marketing needs a yes."
    ),
    Reason.OPTED_OUT: lambda n: f"The customer said no to this topic by {n.of_channels(Reason.OPTED_OUT)}.",
    Reason.OPT_IN_PENDING: lambda n: (
        f"The customer has not confirmed the yes to this topic by {n.of_channels(Reason.OPT_IN_PENDING)} yet."
    ),
    Reason.OPT_IN_EXPIRED: lambda n: (
        f"The customer's yes to this topic by {n.of_channels(Reason.OPT_IN_EXPIRED)} has run out."
    ),
    Reason.SUPPRESSED: lambda n: _detail(
        "The customer must not be contacted this way", n.listed("{name} is stopped as {value}")
    ),
    Reason.NOT_IN_SEGMENT: lambda n: (
        f"This is for {n.word('for', 'other segments')}, and the customer was in {n.word('segment', 'no segment')}."
    ),
    Reason.UNLESS: lambda n: _detail("An exception to this held", n.listed("“{name}”, where we counted {value}")),
    Reason.ALREADY_HAD: lambda n: _detail(
        "The customer has had this as often as we allow", n.listed("{value} made, at most {name}")
    ),
    Reason.TEST_CONTROL: lambda _: (
        "The customer is in the part of a test that hears nothing, so that we learn what saying it brings."
    ),
    Reason.HELD_OUT: lambda n: (
        f"The customer is one of the {n.word('holdout', 'few')} whom marketing leaves alone, so that we learn what it"
        " brings."
    ),
    Reason.UNDISTURBED: lambda n: (
        f"The customer is in {n.quoted('step', 'another step')}, which this topic does not interrupt."
    ),
    Reason.ON_HOLD: lambda n: (
        f"Marketing is on hold ({n.word('hold', 'something has happened')}) since {n.time('since', 'some time')}."
    ),
    Reason.EXPIRED: lambda n: f"It was worth saying only until {n.time('expires_at', 'its time was over')}.",
    Reason.QUIET_HOURS: lambda n: (
        f"It was {n.word('local', 'the time of quiet hours')} for the customer{n.guessed_zone()}: quiet hours."
    ),
    Reason.CAP: lambda n: _detail(
        "The customer has heard from us as often as we allow", n.listed("{value} made, at most {name}")
    ),
    Reason.GAP: lambda n: (
        f"We keep {n.word('apart', 'some time')} between two contacts, and the last one was"
        f" {n.time('last_at', 'too close')}."
    ),
    Reason.OUTRANKED: lambda n: (
        f"{n.quoted('by', 'Another contact')} matters more, and the place is kept for it: it is due"
        f" {n.time('due_at', 'at the same time')}."
    ),
    Reason.ARRIVED: lambda n: _detail(
        "It has gone out already, and there is nothing left to try", n.listed("{name}: {value}")
    ),
    Reason.CONNECTOR_BUSY: lambda n: _detail(
        "More is to be sent than the provider takes at a time", n.listed("{value}")
    ),
    Reason.NO_CONNECTOR: lambda n: f"Nothing is set up here to reach anybody by {n.of_channels(Reason.NO_CONNECTOR)}.",
    Reason.CONNECTOR_HELD: lambda n: _detail("Sending is on hold for everybody", n.listed("{name} is {value}")),
    Reason.IN_FLIGHT: lambda _: "It was just being sent.",
    Reason.RETRYING: lambda _: "Sending failed for a passing reason; it is tried again.",
    Reason.BAD_RECIPIENT: lambda _: "The provider refused the customer's address.",
    Reason.BAD_MESSAGE: lambda n: _detail("The message could not be made or was refused", n.word("why", "")),
    Reason.FAILED: lambda _: "Sending failed as often as we try; a person has to look at it.",
    Reason.UNKNOWN: lambda _: "It was handed over, but whether it was sent is not known; a person has to settle it.",
    Reason.BY_HAND: lambda n: _detail("A person decided that this is not to be sent", n.word("why", "")),
    Reason.NOT_YET: lambda n: (
        f"It asks for something this version does not do yet ({n.word('asks_for', 'see check')})."
    ),
    Reason.STEP_GONE: lambda _: "The published strategy no longer has what this was about.",
}


def _life(line: Line, zone: tzinfo) -> str:
    told = _Numbers(line.numbers, zone)
    ends = told.time("ends_at", "before that")
    if line.passes_at is None:
        return f"It could not have gone at all before its life ended ({ends})."
    return f"It could have gone from {time_text(line.passes_at, zone)}, but it was worth saying only until {ends}."


def _taken(said: Said) -> str:
    counted = "; ".join(f"{count} of {cap}" for cap, count in said.items() if cap not in _BESIDE_CAPS)
    whose = f" (the caps of {said['segment']})" if "segment" in said else ""
    return f"{counted}{whose}{', on the day it should arrive' if pressure.COUNTS_AT in said else ''}"


_ZONE_FROM: Mapping[str, str] = {
    "country": "the zone of their country",
    "phone": "the zone of their phone number",
    "strategy": "the company's zone, for want of a better",
    "nothing": "for want of any zone",
}


def _hour(said: Said) -> str:
    """Return how the customer's zone is known where it is not their own, and whose holidays were looked up."""
    guessed = _ZONE_FROM.get(str(said.get("zone_from")))
    shown = [f"{said.get('zone')}, {guessed}"] if guessed else []
    shown += [f"holidays: {said['holidays']}"] if said.get("holidays") is not None else []
    return f" ({'; '.join(shown)})" if shown else ""


def _basis(said: Said) -> str:
    if said.get("purpose") == Purpose.SERVICE.value:
        return "It is a service message, which needs no opt-in."
    agreed = " and ".join(_CHANNELS.get(c, c) + _proof(said, c) for c, state in said.items() if state == "opted_in")
    return f"We may contact the customer about this topic by {agreed or 'this channel'}."


def _proof(said: Said, channel: str) -> str:
    """Return on what basis, and where that was said: ` (express, checkout)`."""
    known = [str(said[name]).replace("_", " ") for name in (f"{channel} basis", f"{channel} source") if said.get(name)]
    return f" ({', '.join(known)})" if known else ""


def _ways(said: Said) -> str:
    out = "; ".join(f"not by {_CHANNELS.get(c, c)} ({str(why).replace('_', ' ')})" for c, why in said.items())
    return f"The customer can be reached; {out}." if out else "The customer can be reached."


def _plain(text: str) -> Callable[[Said], str]:
    return lambda _: text


_PASSED: Mapping[str, Callable[[Said], str]] = {
    journey.JOURNEY: _plain("The journey is open."),
    journey.ANCHOR: _plain("The date it hangs on still stands."),
    journey.MILESTONE: _plain("There is still something to say."),
    journey.OVERTAKEN: _plain("Nothing that comes after it was said before it."),
    journey.DUE: _plain("It is due."),
    question.QUESTION: _plain("No other question is open."),
    customer.CUSTOMER: _plain("The customer is active."),
    eligibility.SEGMENT: _plain("It is meant for the customer's segment."),
    eligibility.UNLESS: _plain("No exception to it holds."),
    eligibility.HAD: _plain("The customer may have it once more."),
    arms.ARM: lambda said: f"The customer is in the arm “{said['arm']}” of a test." if "arm" in said else "No test.",
    holdout.HOLDOUT: _plain("The customer is not one of those whom marketing leaves alone to measure itself."),
    expiry.EXPIRY: _plain("It is still worth saying."),
    protection.UNDISTURBED: _plain("It interrupts nothing that wants to be undisturbed."),
    protection.HOLD: _plain("Nothing holds marketing back: no complaint, no loss."),
    permission.LAWFUL_BASIS: _basis,
    suppression.SUPPRESSION: _plain("Nothing stands against contacting the customer."),
    channels.CHANNEL: _ways,
    quiet.QUIET_HOURS: lambda said: f"It is outside quiet hours{_hour(said)}.",
    pressure.CAPS: lambda said: f"There is room: {_taken(said)}." if said else "No cap concerns it.",
    pressure.GAP: _plain("No other contact is too close."),
    priority.PRIORITY: _plain("Nothing that matters more wants the place."),
    connector.CONNECTOR: _plain("The connector is open."),
}
