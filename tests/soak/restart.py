"""After the storm: two people take up again what was parked, at the same moment, and a worker is shot meanwhile.

What is unknown is left alone, as the house itself leaves it alone until somebody insists.
"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from database import sends
from database.sends import Asking
from tactful.intake import Person, Which
from tests.soak.rig import Rig

PEOPLE = ("ann", "ben")


def restart(rig: Rig) -> int:
    """Have two people restart everything that may be restarted; return how many contacts were taken up."""
    now = datetime.now(UTC)
    with ThreadPoolExecutor(len(PEOPLE)) as threads:
        taken_up = sum(threads.map(lambda name: _restart(rig, name, now), PEOPLE))
    slot = rig.slots[0]
    slot.shot = True
    slot.signal(signal.SIGKILL)
    return taken_up


def _restart(rig: Rig, name: str, now: datetime) -> int:
    asking = Asking("retry", Which(parked_by=now), Person(name, "the storm is over"))
    taken_up = 0
    while (page := rig.run(lambda c: sends.do_page(c, asking, now=datetime.now(UTC)))).found:
        taken_up += page.done
    return taken_up
