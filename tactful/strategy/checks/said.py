"""What is said, over all steps: each communication has a name of its own, and a sender for each channel it uses."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.strategy.checks.places import Places
from tactful.strategy.model import Communication, Strategy
from tactful.strategy.problems import Problem
from tactful.words import Channel


def check_said(strategy: Strategy, places: Places) -> Iterator[Problem]:
    """Yield communications with the name of another, and channels without a sender."""
    said = [communication for step in strategy.steps.values() for communication in step.communications]
    yield from _check_names(said, places)
    if not strategy.sender.email and any(_uses(one, Channel.EMAIL) for one in said):
        first = next(one for one in said if _uses(one, Channel.EMAIL))
        found = f'no `email` for the sender, and "{first.name}" goes by email'
        yield places.problem(places.of_key("sender"), found, "`email:` with the address emails come from")


def _check_names(said: list[Communication], places: Places) -> Iterator[Problem]:
    first: dict[str, Communication] = {}
    for one in said:
        other = first.setdefault(one.name, one)
        if other is not one:
            found = f'the communication "{one.name}" a second time'
            expected = f'another name: "{other.step}" says it in line {places.of_said(other).line}'
            yield places.problem(places.of_said(one), found, expected)


def _uses(said: Communication, channel: Channel) -> bool:
    return any(channel in route.channels for route in said.by)
