"""A worker of the soak: the production worker, started in a fork that has imported everything already.

What is different from `worker.py` is done here and only here: shorter times, dawdling transactions, sabotage.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping

import worker
from activities import contacts
from tests.soak import connector as _connector  # noqa: F401 - imported before the fork, for speed
from tests.soak.hurry import dawdle, hurry
from tests.soak.sabotage import Sabotage, sabotage_worker

_PR_SET_PDEATHSIG = 1


def run(told: Mapping[str, str], log: str, hurried: bool, what: Sabotage | None) -> None:  # noqa: FBT001
    """Be a worker that knows only what it is told, and log into a file."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(opened, 1)
    os.dup2(opened, 2)
    for name in [name for name in os.environ if name.startswith(("TACTFUL_", "TEMPORAL_"))]:
        del os.environ[name]
    os.environ.update(told)
    # Read when the module was imported, which was before the fork.
    contacts._CRASH_AT, _, contacts._CRASH_TIMES = told.get("TACTFUL_CRASH_AT", "").partition(":")
    if hurried:
        hurry()
    if what is not None and what.a_race:
        dawdle(one_in=1, seconds=0.5)  # a race that is open for so long is seen in a small run too
    else:
        dawdle()
    sabotage_worker(what)
    sys.exit(worker.main())
