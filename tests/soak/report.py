"""The report of a soak: what was tried, what became of it, and the zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.soak.afterwards import by_letter, how_stopping_ended
from tests.soak.faults import Misdeed
from tests.soak.judge import Evidence, Judgement, faults_by_kind
from tests.soak.letters import SOON_SECONDS
from tests.soak.nemesis import Nemesis
from tests.soak.plan import Nuisance, Plan
from tests.soak.postman import Postman
from tests.soak.provider import Call
from tests.soak.rig import Rig

SHOWN = 12
FOUR = ("lost", "doubled", "opted-out", "over-cap")
"""The zeros that the promise of the house is about; the others are what it would be worth nothing without."""


@dataclass(frozen=True)
class Wanted:
    """What a run must have tried to prove anything: crashes at each point, sends that went wrong."""

    hits: int
    faulted: int


@dataclass(frozen=True)
class Report:
    """What a run proved or refuted."""

    plan: Plan
    rig: Rig
    nemesis: Nemesis
    postman: Postman
    evidence: Evidence
    judgement: Judgement
    wanted: Wanted
    seconds: float

    @property
    def faulted(self) -> int:
        """Return how many sends went wrong in the storm: at the provider, not counting what a crash did to them."""
        return sum(call.misdeed is not Misdeed.NONE for call in self.evidence.calls)

    @property
    def unmet(self) -> list[str]:
        """Return what makes this run no proof, whatever its zeros say."""
        few = [
            f"{point}: {self.rig.crashed[point]} crashes"
            for point in self.nemesis.points
            if self.rig.crashed[point] < self.wanted.hits
        ]
        if self.faulted < self.wanted.faulted:
            few.append(f"only {self.faulted} faulted sends, of {self.wanted.faulted}")
        if self.rig.doors is not None and self.wanted.faulted:
            few += [] if self.postman.forged else ["nothing forged was refused"]
            few += [] if any(stop.stopped for stop in self.evidence.stops) else ["no letter was stopped"]
        return few + [f"a worker ended with {code}" for code in self.rig.died_otherwise]

    @property
    def green(self) -> bool:
        """Say whether every zero is zero, and everything was tried."""
        return not self.judgement.broken and not self.unmet

    def _crashes(self, point: str) -> str:
        aimed = self.nemesis.aimed[point]
        return f"{self.rig.crashed[point]}" + (f" (aimed at {aimed} times)" if aimed else "")

    def lines(self) -> list[str]:
        """Return the report as people read it."""
        calls, judgement, ledger = self.evidence.calls, self.judgement, self.evidence.ledger
        letters, zeros = self.evidence.told.letters, judgement.zeros
        stopping = how_stopping_ended(by_letter(self.evidence.stops))
        rows = [
            ("seed", self.plan.seed),
            ("minutes", f"{self.seconds / 60:.1f}"),
            ("people / intents", f"{len(self.plan.people)} / {judgement.endings.total() + len(judgement.lost)}"),
            ("calls / deliveries", _counted(calls)),
            *((f"  by {each}", _counted(_by(calls, each))) for each in sorted({call.personality for call in calls})),
            ("  while all went wrong", sum(call.at < self.rig.calmed_at for call in calls)),
            ("faulted sends", self.faulted),
            *((f"  {kind}", number) for kind, number in sorted(faults_by_kind(calls).items())),
            ("crashes", self.rig.crashed.total()),
            *((f"  {point}", self._crashes(point)) for point in self.nemesis.points),
            *((kind.value, self.nemesis.done[kind]) for kind in Nuisance),
            ("campaign lots", self.plan.lots),
            ("receipts told", len(letters)),
            ("  the same again", len(letters) - len({(each.of.personality, each.letter_id) for each in letters})),
            ("  of strangers", sum(each.of_a_stranger for each in letters)),
            ("  late by seconds", sum(each.at - each.happened_at > SOON_SECONDS for each in letters)),
            ("  kept", sum(ledger.kept.times.values())),
            ("  which settled what was not known", ledger.settled_by_receipt),
            *((f"  doors answered {what}", number) for what, number in sorted(self.postman.answers.items())),
            *((f"  forged, {what}: refused", number) for what, number in sorted(self.postman.forged.items())),
            *((f"letters to be stopped: {what}", number) for what, number in sorted(stopping.items())),
            ("parked contacts taken up again", ledger.taken_up),
            ("endings", judgement.endings.total()),
            *((f"  {ending}", number) for ending, number in sorted(judgement.endings.items())),
            ("unknown, at most", judgement.unknown_most),
            *((f"residual: {what}", number) for what, number in sorted(judgement.residual.items()) if number),
            *((f"ZERO {name}", len(found)) for name, found in zeros.items()),
            (f"FOUR ZEROS ({', '.join(FOUR)})", ", ".join(str(len(zeros[name])) for name in FOUR)),
        ]
        width = max(len(name) for name, _ in rows) + 2
        shown = [f"{name:<{width}}{value}" for name, value in rows]
        for name, found in zeros.items():
            shown += [f"  {name}: {each}" for each in found[:SHOWN]]
        return [*shown, *(f"NOT PROVED: {each}" for each in self.unmet), "GREEN" if self.green else "RED"]


def _counted(calls: Sequence[Call]) -> str:
    return f"{len(calls)} / {sum(call.delivered for call in calls)}"


def _by(calls: Sequence[Call], personality: str) -> list[Call]:
    return [call for call in calls if call.personality == personality]
