# ruff: noqa: ANN401 - whatever decide() takes and returns
"""Shorter times for the soak: the same rules by a faster clock, and races that stay open longer.

Only the soak's own worker entry calls this; production has no setting for it. A name that is not found any more is an
error, so that a renamed constant cannot silently bring the long times back.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import text

from database import outbox
from service import recalling

SECONDS = {
    "CALL_DEADLINE": 2.0,
    "CONTACT_TIMEOUT": 3.0,
    "RECORD_WITHIN": 4.0,
    "ASKED_WITHIN": 4.0,
    "LEASE": 5.0,
    "FIRST_PAUSE": 1.0,
    "AFTER_AN_OUTAGE": 5.0,
    "BEAT": 0.5,
    "WORK_HEARTBEAT": 2.0,
    "SHORTEST_SLEEP": 1.0,
    "HELD_FOR": 2.0,
    "OUTAGE_FOR": 2.0,
}
"""In the order that must hold: call deadline < start-to-close < record < lease."""
DAWDLES_ONE_IN = 3
DAWDLE_SECONDS = 0.15
_OURS = ("activities", "database", "workflows")


def hurry() -> None:
    """Shorten every wait of this process to seconds."""
    for name, seconds in SECONDS.items():
        places = [module for module in _modules() if isinstance(getattr(module, name, None), timedelta)]
        if not places:
            raise LookupError(f"no module of ours has {name} any more: tests/soak/hurry.py must follow")
        for module in places:
            setattr(module, name, timedelta(seconds=seconds))
    if not hasattr(recalling, "LOOK_EVERY"):
        raise LookupError("letters to be stopped are looked for differently now: tests/soak/hurry.py must follow")
    recalling.LOOK_EVERY = timedelta(seconds=1)
    take = str(outbox.TAKE)
    if "30 seconds" not in take:
        raise LookupError("the outbox is leased differently now: tests/soak/hurry.py must follow")
    outbox.TAKE = text(take.replace("30 seconds", "3 seconds"))


def dawdle(one_in: int = DAWDLES_ONE_IN, seconds: float = DAWDLE_SECONDS) -> None:
    """Keep transactions open a little after they have decided: a race that is possible becomes likely.

    With the customer locked nobody can come in between, so this takes nothing away.
    """
    places = [module for module in _modules() if module.__name__.startswith("database") and hasattr(module, "decide")]
    if not places:
        raise LookupError("nobody in database/ decides any more: tests/soak/hurry.py must follow")
    for module in places:
        vars(module)["decide"] = _slowly(vars(module)["decide"], one_in, seconds)


def _slowly(decide: Callable[..., Any], one_in: int, seconds: float) -> Callable[..., Any]:
    def decide_slowly(*situation: Any, **more: Any) -> Any:
        verdict = decide(*situation, **more)
        if random.randrange(one_in) == 0:
            time.sleep(random.random() * seconds)
        return verdict

    return decide_slowly


def _modules() -> Iterator[ModuleType]:
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in _OURS:
            yield module
