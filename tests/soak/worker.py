"""A worker of the soak: the production worker, started in a fork that has imported everything already.

What is different from `worker.py` is done here and only here: shorter times, dawdling transactions, sabotage.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping

import worker
from activities import contacts
from tests.soak import connector as _connector  # noqa: F401 - imported before the fork, for speed
from tests.soak.hurry import dawdle, hurry
from tests.soak.sabotage import Sabotage, sabotage_worker


def become(told: Mapping[str, str], log: str) -> None:
    """Be a process that knows only what it is told, logs into a file, and ends with the soak."""
    threading.Thread(target=_end_with_the_soak, daemon=True).start()
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(opened, 1)
    os.dup2(opened, 2)
    for name in [name for name in os.environ if name.startswith(("TACTFUL_", "TEMPORAL_"))]:
        del os.environ[name]
    os.environ.update(told)


def run(told: Mapping[str, str], log: str, what: Sabotage | None) -> None:
    """Be a worker that knows only what it is told, and log into a file."""
    become(told, log)
    # Read when the module was imported, which was before the fork.
    contacts._CRASH_AT, _, contacts._CRASH_TIMES = told.get("TACTFUL_CRASH_AT", "").partition(":")
    hurry()
    if what is not None and what.a_race:
        dawdle(one_in=1, seconds=1.0)  # a race that is open for so long is seen in a small run too
    else:
        dawdle()
    sabotage_worker(what)
    sys.exit(worker.main())


def _end_with_the_soak() -> None:
    """End at once when whoever started this process has ended, however."""
    soak = multiprocessing.parent_process()
    if soak is not None:
        soak.join()
        os._exit(1)
