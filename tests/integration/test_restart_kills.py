"""A restart whose worker is shot in the middle loses nobody, doubles nobody, and keeps its rate before and after.

Real processes, as in the kills of a campaign: half the customers are reached through a provider that takes our key, the
others through one that does not.
"""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import plans, restarts
from database.restarts import RestartRequest
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.intake import Person, Which
from tactful.words import Channel
from tests.integration.rig import FILES, Rig, most_within
from tests.integration.test_campaign_kills import AT_ONCE, EACH, left

RATE = 5
SECONDS = 3
STEP = {
    name: text.replace("        later: { when: 1 minute after start }\n", "")
    for name, text in FILES.items()
    if "later" not in name
}
PARK = sa.text("UPDATE contacts SET state = 'parked', reason = 'failed', attempts = 13, updated_at = :now")


def park_everybody(rig: Rig) -> None:
    """Have everybody's greeting planned, and parked; no journey has a workflow, so that only the restart works."""
    now = datetime.now(UTC)

    def work(conn: sa.Connection) -> None:
        for row in conn.execute(sa.text("SELECT journey_key, customer_key FROM journeys ORDER BY customer_key")):
            plans.enter_step(conn, row.customer_key, row.journey_key, now=now)
        conn.execute(PARK, {"now": now})
        conn.execute(sa.text("DELETE FROM outbox"))

    rig.database.run(work)


def restart(rig: Rig) -> None:
    """Restart all of it, clicking twice."""
    now = datetime.now(UTC)
    asked = RestartRequest(Which(now), Person("maya", "the key is renewed"), "once", rate=RATE)
    for _ in range(2):
        rig.database.run(lambda c: restarts.begin(c, asked, now=now))


def begun_at(rig: Rig) -> list[float]:
    """Return when each contact was claimed."""
    rows = rig.rows("SELECT extract(epoch FROM decided_at) AS at FROM decisions WHERE verdict = 'send' ORDER BY 1")
    return [float(str(row.at)) for row in rows]


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_a_restart_whose_worker_is_shot_in_the_middle_loses_and_doubles_nobody_and_keeps_its_rate(
    tmp_path: Path, own_postgres_server: PostgresServer, own_temporal_server: TemporalServer
) -> None:
    rig = Rig(tmp_path, own_postgres_server, own_temporal_server)
    rig.publish(STEP)
    for n in range(EACH):
        rig.register(f"mailed-{n}", Channel.EMAIL)
        rig.register(f"pushed-{n}", Channel.PUSH)
    park_everybody(rig)
    restart(rig)
    with rig.sink():
        with rig.worker(TACTFUL_CRASH_AT="mid_batch:23", TACTFUL_CONTACTS_AT_ONCE=str(AT_ONCE)) as worker:
            assert worker.wait(timeout=90) == -signal.SIGKILL
        assert 0 < left(rig) < 2 * EACH
        with rig.worker(TACTFUL_CONTACTS_AT_ONCE=str(AT_ONCE)):
            rig.wait_for("the restart is done", lambda: bool(rig.rows("SELECT 1 FROM lots WHERE state = 'done'")), 180)
    assert left(rig) == 0
    rig.judge(contacts=2 * EACH, unknown_at_most=AT_ONCE)
    (taken_up,) = rig.rows("SELECT count(*) AS n FROM decisions WHERE verdict = 'retry'")
    assert taken_up.n == 2 * EACH, "each once, though a page may have been written when the worker died"
    # What is begun together, at most a second's worth, may fall on the edge of the window.
    assert most_within(begun_at(rig), SECONDS) <= RATE * SECONDS + RATE
    # The provider gets what was begun in the window, and what was on its way to it.
    assert most_within(rig.mailed_at(), SECONDS) <= RATE * SECONDS + 2 * RATE
    rig.database.close()
