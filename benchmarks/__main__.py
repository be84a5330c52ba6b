"""`make bench`: every figure of the budgets that can be measured here, beside its budget.

python -m benchmarks            everything (about twelve minutes)
python -m benchmarks decide     decisions per second
python -m benchmarks batch      the batch lane beside the single lane: contacts a second, CPU, SQL [CONTACTS]
python -m benchmarks journeys   history, actions, SQL, CPU beside the floor [JOURNEYS]
python -m benchmarks ledger     claims and records a second on PostgreSQL, single and in sets [CONTACTS]
python -m benchmarks scale      the cost of a contact with 1,000 and with 200,000 customers
python -m benchmarks restart    4,000 parked contacts taken up again, started twice [CONTACTS]
python -m benchmarks receipts   10,000 receipts, each twice, shuffled, some forged, through the real door [RECEIPTS]
"""

from __future__ import annotations

import sys

from benchmarks import batch, decide, journeys, ledger, receipts, restart, scale
from tests.servers import own_postgres

BUDGET_RATIO = {1: 1.5, 4: 1.25}
BUDGET_STATEMENTS = 8
BUDGET_EVENTS_BESIDES = 8
BUDGET_ACTIONS = 2
BUDGET_BATCH_STATEMENTS = 4
BUDGET_BATCH_RATE = 150
BUDGET_BATCH_TIMES = 6
BUDGET_GROWTH = 1.5
JOURNEYS = 300


def main(arguments: list[str]) -> int:
    """Measure what is asked for; return 1 if a budget is exceeded."""
    missed = 0
    which = arguments[0] if arguments else "all"
    if which in {"all", "decide"}:
        missed += decide.main()
    if which in {"all", "journeys"}:
        missed += _statements()
        for contacts in BUDGET_RATIO:
            missed += _journeys(int(arguments[1]) if len(arguments) > 1 else JOURNEYS, contacts)
    if which in {"all", "batch"}:
        missed += _batch(int(arguments[1]) if which == "batch" and len(arguments) > 1 else batch.BATCH)
    if which in {"all", "ledger"}:
        ledger.main(int(arguments[1]) if which == "ledger" and len(arguments) > 1 else ledger.CONTACTS)
    if which in {"all", "scale"}:
        missed += _say("a contact with 200 times the customers, against one", scale.main(), BUDGET_GROWTH, "x")
    if which in {"all", "restart"}:
        missed += restart.main(int(arguments[1]) if which == "restart" and len(arguments) > 1 else restart.PARKED)
    if which in {"all", "receipts"}:
        missed += receipts.main(int(arguments[1]) if which == "receipts" and len(arguments) > 1 else receipts.RECEIPTS)
    return 1 if missed else 0


def _say(what: str, figure: float, budget: float, unit: str = "") -> bool:
    """Print one figure beside its budget; return whether it is over."""
    over = figure > budget
    print(f"{what:<64} {figure:>8.2f} {unit:<3} budget {budget:g}{'  OVER' if over else ''}")
    return over


def _say_at_least(what: str, figure: float, budget: float, unit: str = "") -> bool:
    """Print one figure that must not be less than its budget; return whether it is."""
    under = figure < budget
    print(f"{what:<64} {figure:>8.2f} {unit:<3} budget {budget:g} or more{'  UNDER' if under else ''}")
    return under


def _batch(many: int) -> int:
    with own_postgres() as server:
        statements, together = batch.statements(server.database_url)
    single, lane = batch.lanes(batch=many)
    for name, each in (("single lane", single), ("batch lane", lane)):
        print(
            f"{name}: {each.contacts} contacts · {each.per_second:.1f}/s · CPU {each.total_ms:.1f} ms each: worker ",
            end="",
        )
        print(
            f"{each.worker_ms:.1f} + Temporal {each.server_ms:.1f} + PostgreSQL {each.postgres_ms:.1f} · {batch.load()}"
        )
    print(f"batch lane: {statements} SQL statements for a set of {together} contacts")
    return (
        _say("batch lane: SQL statements per contact", statements / together, BUDGET_BATCH_STATEMENTS)
        + _say_at_least("batch lane: contacts a second", lane.per_second, BUDGET_BATCH_RATE)
        + _say_at_least(
            "batch lane: rate against the single lane", lane.per_second / single.per_second, BUDGET_BATCH_TIMES, "x"
        )
    )


def _statements() -> int:
    with own_postgres() as server:
        seen = journeys.statements(server.database_url)
    return _say("SQL statements per contact, in two transactions", len(seen), BUDGET_STATEMENTS)


def _journeys(many: int, contacts: int) -> int:
    ours, floor, counts = journeys.costs(many, contacts)
    label = f"journey of {contacts} contact{'s' if contacts > 1 else ''}"
    print(f"{label}: worker {ours.worker_ms:.1f} + Temporal {ours.server_ms:.1f} = {ours.total_ms:.1f} ms CPU", end="")
    print(f" · floor {floor.worker_ms:.1f} + {floor.server_ms:.1f} = {floor.total_ms:.1f} ms", end="")
    print(f" · PostgreSQL apart {ours.postgres_ms:.1f} ms · {many} journeys on each side at once")
    return (
        _say(f"{label}: CPU against the floor", ours.total_ms / floor.total_ms, BUDGET_RATIO[contacts], "x")
        + _say(f"{label}: events besides 11 per contact", counts["events_besides"], BUDGET_EVENTS_BESIDES)
        + _say(f"{label}: actions per contact", counts["actions_per_contact"], BUDGET_ACTIONS)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
