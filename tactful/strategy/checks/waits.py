"""Times that cannot be: before the start, after the end, past the expiry.

Months are of 28 to 31 days. A wait that can never work is an error; one that works for some customers only is a
warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tactful.strategy.checks.places import Places
from tactful.strategy.forms import WHEN
from tactful.strategy.model import CampaignEntry, Communication, DateEntry, Span, Step, Strategy, When
from tactful.strategy.phrases import PhraseFault, understand
from tactful.strategy.problems import Problem
from tactful.strategy.tree import Mark
from tactful.strategy.wording import say_lasts


@dataclass(frozen=True)
class Length:
    """The least and the most that a span of time can be, whatever months it falls on."""

    least: timedelta
    most: timedelta

    @classmethod
    def of(cls, span: Span) -> Length:
        """Return the length of a span."""
        years, months = divmod(span.months, 12)
        sure = timedelta(days=span.days, seconds=span.seconds)
        least, most = years * 365 + months * 28, years * 366 + months * 31
        return cls(sure + timedelta(days=least), sure + timedelta(days=most))

    def __sub__(self, other: Length) -> Length:
        return Length(self.least - other.most, self.most - other.least)

    def __add__(self, other: Length) -> Length:
        return Length(self.least + other.least, self.most + other.most)


def check_waits(strategy: Strategy, places: Places) -> Iterator[Problem]:
    """Yield the times of all steps that cannot be, or cannot be for everybody."""
    for step in strategy.steps.values():
        if step.lasts and step.lasts.anchor == "due" and not step.due:
            expected = "`after start`, or a `due` in the step"
            yield places.problem(places.of_step(step, "lasts"), "`after due` in a step without `due`", expected)
            continue
        for said in step.communications:
            yield from _check_when(step, said.when, places.of_said(said, "when"), places)
            yield from _check_arms(step, said, places)
            yield from _check_expiry(step, said, places)


def _check_arms(step: Step, said: Communication, places: Places) -> Iterator[Problem]:
    for arm, changes in said.test.changes.items() if said.test else ():
        try:
            when = understand(WHEN, changes["when"]).value
        except (KeyError, PhraseFault):  # no other time, or one that was noted when it was read
            continue
        yield from _check_when(step, when, places.of_said(said, "test", arm, "when"), places)


def _check_when(step: Step, when: When, mark: Mark, places: Places) -> Iterator[Problem]:
    quote = f"`{when.text}`"
    if isinstance(step.entry, DateEntry) and (when.at_once or when.anchor == "start"):
        found, day = f"{quote} in a step that begins by a date", step.entry.property
        yield places.problem(mark, found, f"a time counted from it, as in `7 days before {day}` or `on {day}`")
    elif when.anchor == "start" and not when.at_once and when.offset == Span():
        yield places.problem(mark, quote, "`at once`: the start is not a day but a moment")
    elif when.anchor == "start" and when.before:
        yield places.problem(mark, f"{quote}, before anybody is in the step", "a time after start")
    elif when.anchor == "due" and not step.due:
        yield places.problem(mark, f"{quote} in a step without `due`", "a time after start, or a `due` in the step")
    elif when.anchor in {"start", "due"} and not when.at_once:
        yield from _check_inside(step, when, mark, places)


def _check_inside(step: Step, when: When, mark: Mark, places: Places) -> Iterator[Problem]:
    """Yield a problem where a time falls before the start or after the end of the step."""
    offset, quote = Length.of(when.offset), f"`{when.text}`"
    interval = Length.of(step.due.otherwise) if step.due else None
    if interval and when.before and (offset.least >= interval.most or offset == interval):
        yield places.problem(mark, f"{quote}, which is before the last order", "less than the interval of `due`")
        return
    lasts = step.lasts
    if lasts is None or (when.before and lasts.anchor == "due"):
        return
    end, reached = Length.of(lasts.span), offset
    if when.anchor != lasts.anchor and interval:
        if when.anchor == "due":
            reached = interval - offset if when.before else interval + offset
        else:
            end = interval + end
    if reached.least > end.most:
        expected = f"a time within the step: it lasts {say_lasts(lasts)}"
        yield places.problem(mark, f"{quote}, when the step is over", expected)
    elif reached.most >= end.least:
        found, expected = f"{quote}, about when the step ends", f"an earlier time: the step lasts {say_lasts(lasts)}"
        yield places.problem(mark, found, expected, "Some customers would not hear it.", severity="warning")


def _check_expiry(step: Step, said: Communication, places: Places) -> Iterator[Problem]:
    """Yield a communication of a campaign that expires before it is due."""
    if not isinstance(step.entry, CampaignEntry) or said.expires.at is None or said.when.anchor != "start":
        return
    due = step.entry.at + Length.of(said.when.offset).least
    if said.when.at is not None:
        due = datetime.combine(due.date(), said.when.at)
    if said.expires.at <= due:
        found = f"an expiry before it is due, {due:%Y-%m-%d at %H:%M}"
        yield places.problem(places.of_said(said, "expires"), found, "a later one")
