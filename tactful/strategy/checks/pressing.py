"""Contact rules that cannot mean what they say: holidays of no country."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.strategy.checks.places import Places
from tactful.strategy.model import Strategy
from tactful.strategy.problems import Problem


def check_pressing(strategy: Strategy, places: Places) -> Iterator[Problem]:
    """Yield quiet hours on holidays where nobody could say whose holidays those are."""
    if strategy.country is None and any(quiet.holidays for quiet in strategy.rules.quiet):
        found = "`holidays`, and no country of customers whose country is not known"
        expected = "`country:` in `defaults`, such as GB or GB-ENG"
        hint = "Without it, they have no holidays."
        yield places.problem(places.of_key("rules", "quiet"), found, expected, hint, severity="warning")
