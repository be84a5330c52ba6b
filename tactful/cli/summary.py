"""What a sound strategy holds, in a few lines: for people, and as plain values for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from rich.console import Console
from rich.text import Text

from tactful.strategy import Strategy, not_yet, version_hash
from tactful.templates.folder import read_name
from tactful.words import Channel, Purpose


class Summary(TypedDict):
    """How much of what is in a strategy."""

    strategy: str
    stages: list[str]
    steps: list[str]
    drafts: list[str]
    communications: int
    channels: list[str]
    segments: list[str]
    topics: list[str]
    offers: list[str]
    languages: list[str]


def summarise(strategy: Strategy, files: Mapping[str, str]) -> Summary:
    """Return what a strategy holds; names in the order of the file, topics by priority."""
    said = [communication for step in strategy.steps.values() for communication in step.communications]
    used = {channel for communication in said for route in communication.by for channel in route.channels}
    translated = {name.language for path in files if (name := read_name(path)) and name.language}
    return {
        "strategy": strategy.name,
        "stages": list(dict.fromkeys(step.stage for step in strategy.steps.values())),
        "steps": list(strategy.steps),
        "drafts": [step.name for step in strategy.steps.values() if step.draft],
        "communications": len(said),
        "channels": [channel.value for channel in Channel if channel in used],
        "segments": [segment.name for segment in strategy.segments],
        "topics": [topic.name for topic in sorted(strategy.topics.values(), key=lambda topic: topic.rank)],
        "offers": list(strategy.offers),
        "languages": [strategy.language, *sorted(translated - {strategy.language})],
    }


def print_summary(console: Console, strategy: Strategy, files: Mapping[str, str]) -> None:
    """Print what a strategy holds, and what of it waits for a later version."""
    held = summarise(strategy, files)
    console.print(Text.assemble((strategy.name, "bold"), " is sound", style="green"))
    lines = {
        "steps": f"{len(held['steps'])} in {_counted(held['stages'], 'stage')}: {_listed(held['steps'])}",
        "drafts": _listed(held["drafts"]),
        "communications": f"{held['communications']} by {_listed(held['channels'])}",
        "segments": _listed(held["segments"]),
        "topics": _listed([_topic(strategy, name) for name in held["topics"]]),
        "offers": _listed(held["offers"]),
        "languages": _listed(held["languages"]),
        "version": version_hash(files)[:12],
    }
    for label, said in lines.items():
        if said:
            console.print(Text.assemble((f"  {label:<15}", "dim"), said))
    waiting = not_yet(strategy)
    if waiting:
        console.print(Text("\nChecked, but waiting for a later version of Tactful:", style="yellow"))
        for one in waiting:
            console.print(Text(f"  {one}"))


def _counted(things: list[str], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _topic(strategy: Strategy, name: str) -> str:
    topic = strategy.topics[name]
    if topic.purpose == Purpose.SERVICE:
        return f"{name} (service)"
    return f"{name} ({'double' if topic.double_opt_in else 'single'} opt-in)"


def _listed(names: list[str]) -> str:
    return ", ".join(names)
