"""The ways between steps: every step can be reached, and none leads back to itself."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.strategy.checks.places import Places
from tactful.strategy.keys import ENTRIES
from tactful.strategy.model import Step, Strategy
from tactful.strategy.problems import Problem
from tactful.strategy.spelling import listed
from tactful.words import Shape


def check_ways(strategy: Strategy, places: Places) -> Iterator[Problem]:
    """Yield steps that nobody can come into, and rings of steps."""
    led_to = {step.then for step in strategy.steps.values()}
    for step in strategy.steps.values():
        if step.entry is None and step.name not in led_to:
            found = f'the step "{step.name}", which nobody can come into'
            yield places.problem(
                places.of_step(step), found, f"{listed(ENTRIES)}, or another step's `then: {step.name}`"
            )
        yield from _to_a_clock(strategy, step, places)
    for ring in _rings(strategy):
        last = max((strategy.steps[name] for name in ring), key=lambda step: places.of_step(step, "then"))
        way = " → ".join([*ring, ring[0]])
        expected = "a way that ends: a step never leads back to itself"
        yield places.problem(places.of_step(last, "then"), f"steps that lead in a ring: {way}", expected)


def _to_a_clock(strategy: Strategy, step: Step, places: Places) -> Iterator[Problem]:
    """Yield a way into a clock: only an event sets one, so that nothing would ever be due."""
    following = strategy.steps.get(step.then) if step.then else None
    if following is not None and following.shape is Shape.CLOCK:
        expected = f'a step without `due`; "{following.name}" begins by its own trigger whenever that happens'
        yield places.problem(places.of_step(step, "then"), f'`then` into the clock "{following.name}"', expected)


def _rings(strategy: Strategy) -> Iterator[tuple[str, ...]]:
    """Yield each ring of steps once, beginning with its first step in the file."""
    done: set[str] = set()
    for name in strategy.steps:
        path: list[str] = []
        here: str | None = name
        while here in strategy.steps and here not in done and here not in path:
            path.append(here)
            here = strategy.steps[here].then
        if here in path:
            yield tuple(path[path.index(here) :])
        done.update(path)
