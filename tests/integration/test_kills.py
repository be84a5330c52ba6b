"""Nobody is lost and nobody is contacted twice, whatever is killed and when.

Real processes: a worker that is shot at every named point of a send, PostgreSQL and Temporal that are shot while
customers wait.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.words import Channel
from tests.integration.rig import FILES, Rig

POINTS = ("before_claim", "after_claim", "request_out", "after_accept", "after_record")


@pytest.mark.integration
@pytest.mark.timeout(420)
def test_whatever_is_killed_and_when_everybody_gets_what_was_due_once(
    tmp_path: Path, own_postgres_server: PostgresServer, own_temporal_server: TemporalServer
) -> None:
    """Ten kills inside a send, then PostgreSQL, Temporal and the worker while customers wait.

    PostgreSQL stays away long enough for the worker to stop polling, and to begin again by itself.
    """
    rig = Rig(tmp_path, own_postgres_server, own_temporal_server)
    rig.publish(FILES)
    with rig.sink():
        for point in POINTS:
            for channel in (Channel.PUSH, Channel.EMAIL):
                rig.register(f"{point}-{channel}", channel)
                with rig.worker(TACTFUL_CRASH_AT=point) as worker:
                    assert worker.wait(timeout=60) == -signal.SIGKILL
        with rig.worker():
            rig.register("calm-push", Channel.PUSH)
            rig.register("calm-email", Channel.EMAIL)
            rig.wait_for("the calm are greeted", lambda: _sent(rig, "hello") >= len(POINTS), 60)
            own_postgres_server.kill()
            rig.database.close()
            rig.wait_for_log("worker.paused", 90)
            own_postgres_server.start()
            rig.wait_for_log("worker.resumed", 60)
            own_temporal_server.kill()
            own_temporal_server.start()
        with rig.worker():
            rig.wait_for("everything is settled", lambda: not _open(rig), 240)
    # Unknown at most one for each kill between claim and record of a mail.
    rig.judge(contacts=2 * 2 * (len(POINTS) + 1), unknown_at_most=len(POINTS))
    rig.database.close()


def _sent(rig: Rig, communication: str) -> int:
    (row,) = rig.rows(f"SELECT count(*) AS n FROM contacts WHERE state = 'sent' AND communication = '{communication}'")
    return int(str(row.n))


def _open(rig: Rig) -> int:
    (row,) = rig.rows("SELECT count(*) AS n FROM contacts WHERE state IN ('planned', 'claimed')")
    (waiting,) = rig.rows("SELECT count(*) AS n FROM outbox")
    return int(str(row.n)) + int(str(waiting.n))
