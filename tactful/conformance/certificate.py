"""What the kit found out about a connector: check by check, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["passed", "failed", "left out"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried.

    Attributes:
        group: The group of the kit it belongs to.
        name: What is promised, as a sentence.
        outcome: How it went.
        why: What was seen instead, or why it was left out.
    """

    group: str
    name: str
    outcome: Outcome
    why: str = ""


@dataclass
class Certificate:
    """All that was tried on one connector."""

    use: str
    declared: dict[str, Any] = field(default_factory=dict[str, Any])
    oracles: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def failed(self) -> list[Check]:
        """What was not as promised."""
        return [check for check in self.checks if check.outcome == "failed"]

    @property
    def passed(self) -> bool:
        """Whether it keeps the contract: nothing failed, something passed, and something not ours stands behind it."""
        return not self.failed and bool(self.oracles) and any(check.outcome == "passed" for check in self.checks)

    def groups(self) -> Iterator[tuple[str, list[Check]]]:
        """Yield each group with its checks, in the order in which they were tried."""
        names = list(dict.fromkeys(check.group for check in self.checks))
        for name in names:
            yield name, [check for check in self.checks if check.group == name]

    def document(self) -> dict[str, Any]:
        """Return it as JSON: the same for the same connector and kit, so that it can be kept beside the code."""
        return {
            "connector": self.use,
            "passed": self.passed,
            "declared": self.declared,
            "oracles": self.oracles,
            "groups": {
                name: {
                    "passed": sum(check.outcome == "passed" for check in checks),
                    "failed": [f"{check.name}: {check.why}" for check in checks if check.outcome == "failed"],
                    "left out": [f"{check.name}: {check.why}" for check in checks if check.outcome == "left out"],
                }
                for name, checks in self.groups()
            },
        }
