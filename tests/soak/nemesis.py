"""What is done to the processes, from the main thread: crashes are refilled, and the plan's nuisances carried out.

The main thread, because servers die with the thread that started them.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import repeat

from tests.soak import door, restart
from tests.soak.hurry import SECONDS
from tests.soak.life import Life
from tests.soak.plan import Nuisance, Plan
from tests.soak.rig import Rig, Slot

POINTS = ("before_claim", "after_claim", "request_out", "after_accept", "after_record")
LOT_POINTS = ("mid_batch",)
LOOK_EVERY_SECONDS = 0.05
HARDLY_ANYTHING = 0.06
"""Of all calls: with no more than that left to be made, the storm is over."""
LATE_AT_ONCE = 2
AIM_SECONDS = 30.0


@dataclass
class Nemesis:
    """Shoots, and counts what it shot."""

    rig: Rig
    plan: Plan
    life: Life
    done: Counter[Nuisance] = field(default_factory=Counter[Nuisance])
    aimed: Counter[str] = field(default_factory=Counter[str])
    woken_at: list[float] = field(default_factory=list[float])
    _stopped: dict[int, float] = field(default_factory=dict[int, float])

    def rage(self) -> None:
        """Go on until every customer has come, the plan is carried out, and hardly anything is left to be made."""
        left = list(self.plan.nuisances)
        while left or not self._nearly_done():
            self.rig.fill_all()
            self._wake_the_stopped()
            if left and (self._progress() >= left[0][0] or self._nearly_done()):
                self._do(left.pop(0)[1])
            time.sleep(LOOK_EVERY_SECONDS)
        while self._stopped:
            self._wake_the_stopped()
            time.sleep(LOOK_EVERY_SECONDS)

    def aim(self, hits: int) -> None:
        """Crash workers at the points that were hit too seldom: each of them, the first time that it comes there."""
        for point in self.points:
            while self.rig.crashed[point] < hits:
                self._aim_at(point)

    @property
    def points(self) -> tuple[str, ...]:
        """Return where processes of this run crash."""
        return (*POINTS, *LOT_POINTS, *(door.POINTS if self.rig.doors is not None else ()))

    def _aim_at(self, point: str) -> None:
        before, until = self.rig.crashed[point], time.monotonic() + AIM_SECONDS
        self.aimed[point] += 1
        self.life.come_late(LATE_AT_ONCE)
        if self.rig.doors is not None and point in door.POINTS:
            self.rig.doors.crashes = repeat(f"{point}:1")
            self.rig.shoot(self.rig.doors)
        else:
            self.rig.replace_all(repeat(f"{point}:1"))
        while self.life.lingering or (self.rig.crashed[point] == before and time.monotonic() < until):
            self.life.linger()
            if self.rig.crashed[point] > before:
                self.rig.crash_no_more()
            self.rig.fill_all()
            time.sleep(LOOK_EVERY_SECONDS)

    def _nearly_done(self) -> bool:
        return self.life.over and self.life.waiting() <= HARDLY_ANYTHING * self.plan.calls

    def _progress(self) -> float:
        return self.rig.calls_so_far() / self.plan.calls

    def _do(self, nuisance: Nuisance) -> None:
        self.done[nuisance] += 1
        match nuisance:
            case Nuisance.WORKER_KILLED:
                self.rig.shoot(self._slot())
            case Nuisance.WORKER_STOPPED:
                slot = self._slot()
                slot.signal(signal.SIGSTOP)
                self._stopped[self.rig.slots.index(slot)] = time.monotonic() + self._beyond_the_lease()
            case Nuisance.POSTGRES_KILLED:
                self.rig.postgres.kill()
                self.rig.postgres.start()
            case Nuisance.TEMPORAL_KILLED:
                self.rig.temporal.kill()
                self.rig.temporal.start()
            case Nuisance.DOORS_KILLED:
                if self.rig.doors is not None:
                    self.rig.shoot(self.rig.doors)
            case Nuisance.RESTARTED:
                restart.in_flight(self.rig, self.done[nuisance])
                self.rig.shoot(self._slot())

    def _slot(self) -> Slot:
        free = [slot for number, slot in enumerate(self.rig.slots) if slot.alive and number not in self._stopped]
        return free[self.done.total() % len(free)] if free else self.rig.slots[0]

    def _beyond_the_lease(self) -> float:
        return SECONDS["LEASE"] + 2

    def _wake_the_stopped(self) -> None:
        for number, until in list(self._stopped.items()):
            if time.monotonic() > until:
                self.rig.slots[number].signal(signal.SIGCONT)
                self.woken_at.append(time.time())
                del self._stopped[number]
