"""From the files of a strategy's folder to the Strategy, with all that is wrong noted on the way.

Reading is pure and total: any text whatsoever gives a reading, in bounded time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tactful.strategy import tree
from tactful.strategy.checks import check_whole
from tactful.strategy.limits import LARGEST_FILE_BYTES, LARGEST_STRATEGY_BYTES, LONGEST_TEXT, MOST_FILES, MOST_PROBLEMS
from tactful.strategy.model import Strategy
from tactful.strategy.problems import Problem, errors_in, in_reading_order
from tactful.strategy.reading.audience import Shelf, read_offers, read_segments, read_topics
from tactful.strategy.reading.company import (
    read_country,
    read_customer,
    read_events,
    read_language,
    read_sender,
    read_time_zone,
)
from tactful.strategy.reading.contact_rules import read_rules
from tactful.strategy.reading.defaults import BUILT_IN, read_defaults
from tactful.strategy.reading.desk import Desk, TooManyProblemsError
from tactful.strategy.reading.names import STRATEGY_FILE, Names, gather
from tactful.strategy.reading.steps import read_steps
from tactful.strategy.tree import Mark

_ENOUGH = Problem(STRATEGY_FILE, 1, 1, f"more than {MOST_PROBLEMS} problems", "these to be put right first")


@dataclass(frozen=True)
class Reading:
    """What came of reading: the strategy, if nothing in it is an error, and every problem in reading order."""

    strategy: Strategy | None
    problems: tuple[Problem, ...]


def examine(files: Mapping[str, str]) -> Reading:
    """Return the strategy that a folder's files hold, and everything that is wrong with it.

    Args:
        files: Texts by their path in the folder, with forward slashes: strategy.yaml, templates/…, codes/….

    Returns:
        The reading; its strategy is None where a problem is an error. Templates are checked by `tactful.templates`.
    """
    too_much = _too_much(files)
    if too_much:
        return Reading(None, in_reading_order(too_much))
    grown = tree.read_tree(STRATEGY_FILE, files[STRATEGY_FILE])
    problems = list(grown.problems[:MOST_PROBLEMS])
    if not isinstance(grown.root, tree.Mapping):
        if not problems:
            mark = grown.root.mark if grown.root else Mark(1, 1)
            found, expected = "a file without keys", "a strategy, beginning with `strategy: <its name>`"
            problems.append(Problem(STRATEGY_FILE, *mark, found, expected))
        return Reading(None, in_reading_order(problems))
    try:
        strategy = _read(grown, files, problems)
        problems.extend(check_whole(strategy, grown))
    except TooManyProblemsError:
        return Reading(None, in_reading_order([_ENOUGH, *problems]))
    return Reading(None if errors_in(problems) else strategy, in_reading_order(problems))


def _too_much(files: Mapping[str, str]) -> list[Problem]:
    """Return what keeps the files from being read at all."""
    if STRATEGY_FILE not in files:
        found = f"no {STRATEGY_FILE} in the folder"
        return [Problem(STRATEGY_FILE, 1, 1, found, "the strategy in a file of this name")]
    problems: list[Problem] = []
    if len(files) > MOST_FILES:
        problems.append(Problem(STRATEGY_FILE, 1, 1, f"a folder of {len(files):,} files", f"at most {MOST_FILES:,}"))
    for path, text in files.items():
        most = LARGEST_STRATEGY_BYTES if path == STRATEGY_FILE else LARGEST_FILE_BYTES
        if len(text) > most:
            problems.append(Problem(path, 1, 1, f"a file of {len(text):,} characters", f"at most {most:,}"))
    return problems


def _read(grown: tree.Tree, files: Mapping[str, str], problems: list[Problem]) -> Strategy:
    first = Desk(STRATEGY_FILE, Names(), problems)
    assert isinstance(grown.root, tree.Mapping)
    root = first.fields(grown.root, grown.root.mark, "strategy")
    customer, events = read_customer(first, root), read_events(first, root)
    desk = Desk(STRATEGY_FILE, gather(root.entries, files, customer, events), problems)
    defaults = desk.fields(root.node("defaults"), root.mark("defaults"), "defaults")
    _check_own_name(desk, grown.root)
    time_zone = read_time_zone(desk, defaults.node("time_zone"))
    return Strategy(
        name=desk.text(root.node("strategy")),
        vision=desk.text(root.node("vision"), LONGEST_TEXT),
        sender=read_sender(desk, root),
        time_zone=time_zone,
        country=read_country(desk, defaults.node("country"), time_zone),
        language=read_language(desk, defaults.node("language")),
        customer=customer,
        events=events,
        segments=read_segments(desk, root),
        topics=read_topics(desk, root),
        offers=read_offers(desk, root, Shelf(files, problems)),
        rules=read_rules(desk, root),
        steps=read_steps(desk, root, read_defaults(desk, defaults).or_else(BUILT_IN)),
    )


def _check_own_name(desk: Desk, root: tree.Mapping) -> None:
    found = root.find("strategy")
    if found and isinstance(found.value, tree.Scalar) and not found.value.empty:
        desk.check_name(found.value, "strategy")
