"""Run a soak: plan it from a seed, live it, let it settle, judge it, report.

python -m tests.soak                        # 5,000 sends that go wrong
python -m tests.soak --short --seed 7       # what `make test` does
python -m tests.soak --vendors --short      # by the house's own connectors for Twilio, SendGrid and Lob
python -m tests.soak --sabotage claim       # must end red
python -m tests.soak --bites                # all of them
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.soak import door
from tests.soak.afterwards import Told
from tests.soak.judge import Evidence, Ledger, audited, judge
from tests.soak.life import Life
from tests.soak.nemesis import LOT_POINTS, POINTS, Nemesis
from tests.soak.plan import Nuisance, Plan, make_plan
from tests.soak.postman import Postman
from tests.soak.report import Report, Wanted
from tests.soak.restart import restart
from tests.soak.rig import CONFIG, WORKERS, Rig, rigged
from tests.soak.sabotage import Sabotage
from tests.soak.vendors import CONFIG as VENDORS_CONFIG

SHORT_SENDS, LONG_SENDS, VENDORS_SENDS = 500, 5_000, 2_500
"""How many sends must go wrong at the provider; by vendors so many that there are more than 5,000 contacts."""
SHORT_HITS, LONG_HITS = 1, 10
"""How often each point must be crashed at; what the storm has missed is aimed at when it is over."""
PASSES, LOT_PASSES = (15, 50), (1, 5)
"""How often a worker may come to its point before it crashes there."""
SHORT_DOOR_PASSES, LONG_DOOR_PASSES = (5, 25), (20, 80)
"""The same for the doors; in a long run seldom enough that what is told does not pile up before them."""
SABOTAGED_SENDS, RACE_SENDS, TRIES = 190, 400, 3
SETTLE_SECONDS, SABOTAGED_SETTLE_SECONDS = 240.0, 45.0
_OPEN = (
    "SELECT (SELECT count(*) FROM contacts WHERE state IN ('planned', 'claimed', 'held') "
    "AND NOT (state = 'planned' AND due_at > now() + interval '1 hour')) "
    "+ (SELECT count(*) FROM outbox) + (SELECT count(*) FROM lots WHERE kind = 'restart' AND state = 'open') "
    "+ (SELECT count(*) FROM journeys j WHERE state = 'open' AND planned_cycle < cycle) "
    "+ (SELECT count(*) FROM recalls WHERE state = 'wanted') "
    "+ (SELECT count(*) FROM recalls r JOIN customers u USING (customer_key) "
    "   WHERE r.state = 'open' AND u.revision > r.seen_revision) AS n"
)


def run(folder: Path, plan: Plan, wanted: Wanted, *, sabotage: Sabotage | None, config: str = CONFIG) -> Report:
    """Live a plan and judge it."""
    began = time.monotonic()
    with rigged(folder, plan.seed, sabotage=sabotage, config=config) as rig:
        if sabotage is not None and sabotage.a_race:
            rig.calm()
        else:
            *single, batch = rig.slots
            batch.crashes = plan.crashes(LOT_POINTS, LOT_PASSES)
            crashes = plan.crashes(POINTS, PASSES)
            for slot in single:
                slot.crashes = crashes
            if rig.doors is not None:
                rig.doors.crashes = plan.crashes(
                    door.POINTS, LONG_DOOR_PASSES if wanted.hits > SHORT_HITS else SHORT_DOOR_PASSES
                )
        life, postman = Life(rig, plan), Postman(rig, plan.seed)
        nemesis = Nemesis(rig, plan, life)
        life.start()
        nemesis.rage()
        nemesis.aim(wanted.hits)
        stormed = time.monotonic()
        rig.calm()
        _settle(rig, postman)
        _say(f"storm {stormed - began:.0f} s, settled in {time.monotonic() - stormed:.0f} s")
        _say(f"{restart(rig)} contacts taken up again by two people at once")
        _settle(rig, postman)
        names = {key: name for name, key in life.keys.items()}
        interruptions = (
            rig.crashed.total()
            + nemesis.done[Nuisance.WORKER_KILLED]
            + nemesis.done[Nuisance.WORKER_STOPPED]
            + nemesis.done[Nuisance.RESTARTED]
            + 1
            + WORKERS * (1 + nemesis.aimed.total())
            + WORKERS * (1 + nemesis.done[Nuisance.POSTGRES_KILLED])
        )
        evidence = Evidence(
            rig,
            (*plan.people, *plan.latecomers),
            life.deeds,
            rig.calls(),
            Told(postman.told, postman.turned_away, postman.believed),
            rig.stops(),
            Ledger.read(rig, names),
            interruptions,
            nemesis.woken_at,
            audited(rig),
        )
        return Report(plan, rig, nemesis, postman, evidence, judge(evidence), wanted, time.monotonic() - began)


def _settle(rig: Rig, postman: Postman) -> None:
    """Wait until nothing is open any more; what still is then counts as lost."""
    until = time.monotonic() + (SETTLE_SECONDS if rig.sabotage is None else SABOTAGED_SETTLE_SECONDS)
    while (postman.waiting or int(rig.rows(_OPEN)[0]["n"])) and time.monotonic() < until:
        rig.fill_all()
        time.sleep(0.3)


def _nuisances(sends: int) -> dict[Nuisance, int]:
    many = max(sends // 1_000, 1)
    return {
        Nuisance.WORKER_KILLED: 2 * many,
        Nuisance.WORKER_STOPPED: many,
        Nuisance.POSTGRES_KILLED: many,
        Nuisance.TEMPORAL_KILLED: many,
        Nuisance.DOORS_KILLED: 2 * many,
        Nuisance.RESTARTED: 2 * many,
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def soak(
    seed: int, sends: int, folder: Path | None, *, sabotage: Sabotage | None = None, config: str = CONFIG
) -> Report:
    """Plan, live and judge a run, and print its report."""
    race = sabotage is not None and sabotage.a_race
    plan = make_plan(seed, sends, {} if race else _nuisances(sends))
    wanted = Wanted(0, 0) if sabotage else Wanted(SHORT_HITS if sends < LONG_SENDS // 2 else LONG_HITS, sends)
    with tempfile.TemporaryDirectory(prefix="tactful-soak-") as temporary:
        report = run(folder or Path(temporary), plan, wanted, sabotage=sabotage, config=config)
    _say("\n".join(report.lines()))
    return report


def bites(seed: int) -> bool:
    """Take each safeguard away in turn; say whether each was missed by the zero it guards."""
    missed: dict[Sabotage, str | None] = {}
    for sabotage in Sabotage:
        config = VENDORS_CONFIG if sabotage.of_vendors else CONFIG
        sends = RACE_SENDS if sabotage.a_race else SABOTAGED_SENDS
        for again in range(TRIES):
            _say(f"\n== without its safeguard: {sabotage}, seed {seed + again}")
            found = soak(seed + again, sends, None, sabotage=sabotage, config=config).judgement.zeros[sabotage.breaks]
            missed[sabotage] = f"{sabotage.breaks} {len(found)}" if found else None
            if found:
                break
    _say("\nSAFEGUARDS TAKEN AWAY")
    for sabotage, how in missed.items():
        _say(f"  {sabotage:<14}{how or 'NOT NOTICED'}")
    return all(missed.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 1 if it ends red."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Contacts in a storm; sets are compared")
    parser.add_argument("--seed", type=int, help="the plan of a run; drawn and shown if left out")
    parser.add_argument(
        "--sends",
        type=int,
        help=f"how many sends are to go wrong (default {LONG_SENDS:,}; {VENDORS_SENDS:,} with --vendors)",
    )
    parser.add_argument("--short", action="store_true", help=f"{SHORT_SENDS} of them, and fewer crashes wanted")
    parser.add_argument("--vendors", action="store_true", help="by the connectors for Twilio, SendGrid and Lob")
    parser.add_argument("--sabotage", type=Sabotage, choices=list(Sabotage), help="take one safeguard away: ends red")
    parser.add_argument("--bites", action="store_true", help="take each safeguard away in turn: green if all end red")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and the provider's book, kept afterwards")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        if any(asked.keep.iterdir()):
            parser.error(f"{asked.keep} is not empty: one book, one run")
    if asked.bites and asked.vendors:
        parser.error("--bites goes by itself to the vendors where they are needed: leave out --vendors")
    if asked.sabotage is not None and asked.sabotage.of_vendors and not asked.vendors:
        parser.error(f"--sabotage {asked.sabotage} shows with --vendors only")
    if asked.bites:
        return 0 if bites(seed) else 1
    sends = asked.sends or (SHORT_SENDS if asked.short else VENDORS_SENDS if asked.vendors else LONG_SENDS)
    vendors = " --vendors" if asked.vendors else ""
    _say(f"seed {seed}: python -m tests.soak --seed {seed} --sends {sends}{vendors}")
    config = VENDORS_CONFIG if asked.vendors else CONFIG
    report = soak(seed, sends, asked.keep, sabotage=asked.sabotage, config=config)
    return 0 if report.green else 1


if __name__ == "__main__":
    sys.exit(main())
