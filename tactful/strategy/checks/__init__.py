"""What only the whole strategy shows to be wrong: ways that lead nowhere, waits that never end, audiences of nobody.

Checks look at the values that were read and at the tree for places. They note; they change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tactful.strategy.checks.audiences import check_audiences
from tactful.strategy.checks.places import Places
from tactful.strategy.checks.pressing import check_pressing
from tactful.strategy.checks.said import check_said
from tactful.strategy.checks.waits import check_waits
from tactful.strategy.checks.ways import check_ways
from tactful.strategy.model import Strategy
from tactful.strategy.problems import Problem
from tactful.strategy.tree import Tree


def check_whole(strategy: Strategy, tree: Tree) -> Iterator[Problem]:
    """Yield the problems of a strategy that no single line shows."""
    places = Places(tree)
    checks = (check_ways, check_waits, check_audiences, check_said, check_pressing)
    return chain.from_iterable(check(strategy, places) for check in checks)
