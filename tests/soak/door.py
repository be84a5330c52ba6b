"""The web process of the soak: the production one, in a fork, shot while it takes what providers tell.

What is different from `python -m web` is done here and only here: storing takes a little longer, so that a shot falls
into it; and it may be told to crash with something stored and not committed, or committed and not answered.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from database import heard
from tests.soak.sabotage import Sabotage, sabotage_web
from tests.soak.worker import become
from web import hooks, serve

POINTS = ("hook_stored", "hook_committed")
"""Stored in a transaction that is not committed; committed, and the provider not answered."""
DAWDLE_SECONDS = 0.15


def run(told: Mapping[str, str], log: str, what: Sabotage | None) -> None:
    """Be the doors, that know only what they are told, and log into a file."""
    become(told, log)
    point, _, times = told.get("SOAK_CRASH_AT", "").partition(":")
    sabotage_web(what)
    for module, name, where in ((heard, "keep", POINTS[0]), (hooks, "_answer", POINTS[1])):
        if not hasattr(module, name):
            raise LookupError(f"{module.__name__}.{name} is no more: tests/soak/door.py must follow")
        does = _then(getattr(module, name), int(times) if point == where else 0, slow=module is heard)
        setattr(module, name, does)
    sys.exit(serve.main())


def _then(does: Callable[..., Any], crash_at: int, *, slow: bool) -> Callable[..., Any]:
    """Return the same, which dawdles afterwards if it is slow, and crashes afterwards at the time it is told to."""
    passes, lock = count(1), threading.Lock()

    def done_and_then(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
        answer = does(*arguments, **more)
        with lock:
            number = next(passes)
        if number == crash_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if slow:
            time.sleep(random.random() * DAWDLE_SECONDS)
        return answer

    return done_and_then
