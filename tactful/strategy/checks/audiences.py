"""Audiences of nobody: who is let into a step and to whom its communications are said must have somebody in common."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.strategy.checks.places import Places
from tactful.strategy.model import Communication, SegmentEntry, Step, Strategy
from tactful.strategy.problems import Problem
from tactful.strategy.spelling import listed


def check_audiences(strategy: Strategy, places: Places) -> Iterator[Problem]:
    """Yield steps and communications that are for nobody, and templates that nobody would get."""
    for step in strategy.steps.values():
        entry = step.entry
        if isinstance(entry, SegmentEntry) and step.for_segments and entry.segment not in step.for_segments:
            found = f'a step for {listed(step.for_segments)} that "{entry.segment}" comes into'
            yield places.problem(places.of_step(step, "for"), found, f'"{entry.segment}" among them, or no `for`')
        for said in step.communications:
            yield from _check_said(step, said, places)


def _check_said(step: Step, said: Communication, places: Places) -> Iterator[Problem]:
    inside, wanted = step.for_segments, said.for_segments
    if inside and wanted and not set(inside) & set(wanted):
        found = f"a communication for {listed(wanted)} in a step for {listed(inside)}"
        yield places.problem(places.of_said(said, "for"), found, f"one of {listed(inside)}")
    reached = wanted or inside
    for segment in said.instead if reached else ():
        if segment not in reached:
            mark = places.of_said(said, "instead")
            found, expected = f'a template for "{segment}", who never get this', f"one of {listed(reached)}"
            yield places.problem(mark, found, expected, severity="warning")
