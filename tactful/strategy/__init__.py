"""The strategy language: a folder of text becomes one frozen Strategy, or a list of everything that is wrong with it.

`read_strategy` is pure: it takes the folder's files as text. Reading a folder from disk is `tactful.strategy.folder`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tactful.strategy.model import Strategy
from tactful.strategy.not_yet import NotYet, not_yet
from tactful.strategy.problems import Problem, StrategyErrors
from tactful.strategy.reading import Reading, examine
from tactful.strategy.version import version_hash

__all__ = [
    "NotYet",
    "Problem",
    "Reading",
    "Strategy",
    "StrategyErrors",
    "examine",
    "not_yet",
    "read_strategy",
    "version_hash",
]


def read_strategy(files: Mapping[str, str]) -> Strategy:
    """Return the strategy that the files of a folder hold.

    Args:
        files: Texts by their path in the folder, with forward slashes: strategy.yaml, templates/…, codes/….

    Raises:
        StrategyErrors: It cannot be used; carries every problem at once. Warnings alone do not raise.
    """
    reading = examine(files)
    if reading.strategy is None:
        raise StrategyErrors(reading.problems)
    return reading.strategy
