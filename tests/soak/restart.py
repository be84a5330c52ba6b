"""People take up again what was parked, at the same moment, and a worker is shot meanwhile.

In the storm as lots, each asked for twice: beside live attempts, and while contacts are parked. After it as lots and
one by one at once. What is unknown is left alone, as the house itself leaves it alone until somebody insists.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from database import restarts, sends
from database.restarts import RestartRequest
from database.sends import Asking
from tactful.intake import Person, Which
from tests.soak.rig import Rig

RATE = 10


def in_flight(rig: Rig, number: int) -> None:
    """Have two people restart everything as a lot, one of them by a double click."""
    now = datetime.now(UTC)
    clicks = ((name, f"{name}-{number}") for name in ("ann", "ann", "ben"))
    _at_once([partial(_as_a_lot, rig, name, key, now) for name, key in clicks])


def restart(rig: Rig) -> int:
    """Have four people restart everything that may be, two as lots; return how many contacts have been taken up."""
    now = datetime.now(UTC)
    one_by_one = [partial(_one_by_one, rig, name, now) for name in ("ann", "ben")]
    as_lots = [partial(_as_a_lot, rig, name, f"{name}-at-last", now) for name in ("cyd", "cyd", "dan")]
    _at_once([*one_by_one, *as_lots])
    rig.shoot(rig.slots[0])
    return int(rig.rows("SELECT count(*) AS n FROM decisions WHERE verdict = 'retry'")[0]["n"])


def _at_once(doing: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(doing)) as threads:
        for done in [threads.submit(do) for do in doing]:
            done.result()


def _as_a_lot(rig: Rig, name: str, key: str, now: datetime) -> None:
    asked = RestartRequest(Which(parked_by=now), Person(name, "it is better now"), key, rate=RATE)
    rig.run(lambda c: restarts.begin(c, asked, now=now))


def _one_by_one(rig: Rig, name: str, now: datetime) -> None:
    asking = Asking("retry", Which(parked_by=now), Person(name, "the storm is over"))
    while rig.run(lambda c: sends.do_page(c, asking, now=datetime.now(UTC))).found:
        pass
