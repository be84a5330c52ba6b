"""The soak in its short form: more than five hundred calls in a storm, each run with a seed of its own.

`make soak` is the long form, and takes each safeguard away to see that it is missed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_storm_loses_nobody_doubles_nothing_and_overrules_no_refusal(tmp_path: Path) -> None:
    """If this is red, its output names the seed by which it can be run again."""
    command = [sys.executable, "-m", "tests.soak", "--short", "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
