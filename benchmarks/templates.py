"""Messages made from templates per second: an email of three parts, a text message; and what a version costs once.

python -m benchmarks.templates
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tactful.strategy.folder import read_folder
from tactful.strategy.reading import examine
from tactful.templates import Templates, check_templates, sample_variables
from tactful.words import Channel

FLORIST = Path(__file__).parents[1] / "strategies" / "florist"
ROUNDS = 5


def main() -> int:
    """Print the figures: CPU time, the best of five rounds."""
    files = read_folder(FLORIST)
    strategy = examine(files).strategy
    assert strategy is not None
    templates = Templates.compile(strategy, files)
    for name, channel in (("early-bird", Channel.EMAIL), ("last-call", Channel.SMS)):
        step = strategy.steps["repurchase"]
        communication = strategy.communication(step.name, name)
        assert communication is not None
        variables = sample_variables(strategy, step, communication, "en")
        seconds = _seconds(lambda: templates.render(name, channel, "en", variables), 300)  # noqa: B023 - called at once
        print(f"{name} by {channel}: {1 / seconds:,.0f} messages per second of CPU")
    print(
        f"compile the florist: {_seconds(lambda: Templates.compile(strategy, files), 1) * 1000:.0f} ms once per version"
    )
    print(f"check the florist: {_seconds(lambda: check_templates(strategy, files), 1) * 1000:.0f} ms")
    return 0


def _seconds(work: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - began)
    return best / times


if __name__ == "__main__":
    raise SystemExit(main())
