"""Four thousand parked contacts taken up again, started twice: exactly the right ones go, and how long it takes.

Real PostgreSQL, real Temporal, two workers as processes, a connector that accepts at once. Of the customers some have
opted out since and some have reached the goal, some contacts have expired and some were overtaken by a later message of
their step. A contact that is claimed twice would have gone twice: the fences tell.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from benchmarks import batch, journeys
from database import forecasts, intake, migrate, plans, restarts, strategies
from database.engine import Database
from database.restarts import RestartRequest
from database.sends import Asking
from database.views.restarts import restart
from tactful.intake import Identify, Person, Track, Which, Who
from tactful.words import Channel
from tests.servers import own_postgres, own_temporal
from tests.small_strategy import files
from tests.virtual import no, yes

PARKED: Final = 4_000
SINCE: Final = (("opted_out", 0.1), ("goal_reached", 0.05), ("expired", 0.025), ("overtaken", 0.0125))
"""Shares of the parked: 400, 200, 100 and 50 of 4,000."""
PATIENCE: Final = timedelta(minutes=15)
PARK: Final = sa.text(
    "UPDATE contacts SET state = 'parked', reason = 'failed', attempts = 8, updated_at = :now "
    "WHERE communication = 'hello'"
)
KEYS: Final = sa.text(
    "SELECT i.id, j.journey_key, j.customer_key FROM journeys j JOIN customer_ids i USING (customer_key)"
)
EXPIRE: Final = sa.text(
    "UPDATE contacts SET expires_at = :now WHERE communication = 'hello' AND customer_key = ANY(:customers)"
)
OVERTAKE: Final = sa.text(
    "UPDATE contacts SET state = 'sent', counts_at = :now, sent_at = :now "
    "WHERE communication = 'story' AND customer_key = ANY(:customers)"
)
# As if all journeys had ended long ago but for what is parked: the restart alone is to send, not their workflows.
SILENCE: Final = sa.text("DELETE FROM outbox")
BECAME: Final = sa.text(
    "SELECT coalesce(reason, state) AS became, count(*) AS n FROM contacts WHERE communication = 'hello' GROUP BY 1"
)
WHO: Final = sa.text(
    "SELECT i.id, coalesce(c.reason, c.state) AS became FROM contacts c JOIN customer_ids i USING (customer_key) "
    "WHERE c.communication = 'hello'"
)


def main(parked: int = PARKED) -> bool:
    """Do it and print what became of whom; return whether anything is not as it should be."""
    with ExitStack() as stack:
        temporal, postgres = stack.enter_context(own_temporal(kept=False)), stack.enter_context(own_postgres())
        database = Database(postgres.database_url)
        stack.callback(database.close)
        meant = _prepare(database, parked)
        wanted = Counter(meant.values())
        foreseen = _foreseen(database)
        began = time.monotonic()
        begun = _start_twice(database)
        workers = [stack.enter_context(journeys.own_worker(postgres, temporal, Channel.EMAIL)) for _ in range(2)]
        _wait(database, begun, workers)
        took = time.monotonic() - began
        became = {row.id: row.became for row in database.run(lambda c: c.execute(WHO).all())}
        attempts = database.run(
            lambda c: c.execute(sa.text("SELECT max(fence) AS most, count(*) AS n FROM contacts WHERE fence > 0")).one()
        )
        lots = [database.run(lambda c, key=key: restart(c, key)) for key in begun]
    wrong = [user for user, should in meant.items() if became[user] != should]
    print(f"{'':<14}{'meant':>8}{'foreseen':>10}{'became':>8}  (of many, a dry run looks at some)")
    for what in wanted:
        print(f"{what:<14}{wanted[what]:>8}{foreseen[what]:>10}{Counter(became.values())[what]:>8}")
    print(f"wrong: {len(wrong)} of {parked} · most claims of one contact: {attempts.most} · claimed: {attempts.n}")
    print(f"asked for four times by two people: {len(lots)} restarts of {[lot.contacts for lot in lots]} contacts")
    print(f"{took:.0f} s with the start of two workers, {parked / took:.0f} contacts/s · {batch.load()}")
    return bool(wrong) or attempts.most > 1


def _prepare(database: Database, parked: int) -> dict[str, str]:
    """Park a greeting to each customer, then have happen what happened since; return what is to become of each."""
    database.run(migrate.upgrade)
    began = datetime.now(UTC) - timedelta(minutes=5)
    database.run(lambda c: strategies.publish(c, files(), now=began))
    users = [f"u{number}" for number in range(parked)]
    for user in users:
        addresses = {Channel.EMAIL: f"{user}@example.com"}
        known = Identify(Who(user), f"i-{user}", began, addresses=addresses, statements=yes("news:email", at=began))
        came = Track(Who(user), "customer.registered", f"t-{user}", began)
        database.run(lambda c: intake.identify(c, known, now=began))  # noqa: B023 - run now
        database.run(lambda c: intake.track(c, came, now=began))  # noqa: B023 - run now
    customers: dict[str, UUID] = {}
    for row in database.run(lambda c: c.execute(KEYS).all()):
        customers[row.id] = row.customer_key
        database.run(lambda c: plans.enter_step(c, row.customer_key, row.journey_key, now=began))  # noqa: B023 - run now
    database.run(lambda c: c.execute(PARK, {"now": began + timedelta(minutes=1)}))
    return _since(database, users, customers)


def _since(database: Database, users: list[str], customers: dict[str, UUID]) -> dict[str, str]:
    now, meant, first = datetime.now(UTC), dict.fromkeys(users, "sent"), 0
    for what, share in SINCE:
        some = users[first : first + int(len(users) * share)]
        first += len(some)
        meant |= dict.fromkeys(some, what)
    for user, what in meant.items():
        said = Identify(Who(user), f"no-{user}", now, statements=no("news:email", at=now))
        order = Track(Who(user), "order.placed", f"o-{user}", now, {"occasion": "birthday"})
        if what == "opted_out":
            database.run(lambda c: intake.identify(c, said, now=now))  # noqa: B023 - run now
        elif what == "goal_reached":
            database.run(lambda c: intake.track(c, order, now=now))  # noqa: B023 - run now
    for what, statement in (("expired", EXPIRE), ("overtaken", OVERTAKE)):
        whose = [customers[user] for user, should in meant.items() if should == what]
        database.run(lambda c: c.execute(statement, {"now": now, "customers": whose}))  # noqa: B023 - run now
    database.run(lambda c: c.execute(SILENCE))
    return meant


def _foreseen(database: Database) -> Counter[str]:
    """Return what the dry run says would happen."""
    now = datetime.now(UTC)
    asking = Asking("retry", Which(now), Person("maya"))
    said = database.run(lambda c: forecasts.forecast(c, asking, {Channel.EMAIL: ("accepts",)}, now=now))
    return Counter({"sent": said.at_once} | {each.reason: each.contacts for each in said.not_sent})


def _start_twice(database: Database) -> tuple[UUID, ...]:
    """Have two people start it at the same moment, each by a double click; return the restarts."""
    now = datetime.now(UTC)

    def click(name: str) -> UUID:
        asked = RestartRequest(Which(now), Person(name, "the key is renewed"), name)
        return database.run(lambda c: restarts.begin(c, asked, now=now)).lot_key

    with ThreadPoolExecutor(4) as threads:
        return tuple(dict.fromkeys(threads.map(click, ("maya", "maya", "tom", "tom"))))


def _wait(database: Database, begun: tuple[UUID, ...], workers: list[Popen[bytes]]) -> None:
    until = time.monotonic() + PATIENCE.total_seconds()
    while {database.run(lambda c, key=key: restart(c, key)).state for key in begun} != {"done"}:
        if time.monotonic() > until or any(worker.poll() is not None for worker in workers):
            msg = "the restarts do not end, or a worker has"
            raise RuntimeError(msg)
        time.sleep(0.5)
