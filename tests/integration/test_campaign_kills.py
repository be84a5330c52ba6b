"""A worker that is shot in the middle of a batch loses nobody and doubles nobody.

Real processes. Half the customers are reached through a provider that takes our key (the mailbox), half through one
that does not (SMTP, with its fsynced log as judge): of these, what was in flight may end as *unknown*, and no more.
"""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import campaigns, strategies
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.campaign import CampaignRequest
from tactful.words import Channel
from tests.integration.rig import FILES, Rig

EACH = 30
AT_ONCE = 10
CAMPAIGN = """\
    spring:
      why: To be counted.
      campaign: 2027-03-25 at 10:00
      say:
        hello: { when: at once }
"""


def files() -> dict[str, str]:
    """Return the strategy of the kills with a campaign in place of its step."""
    before, _, _ = FILES["strategy.yaml"].partition("    welcome:\n")
    return {name: text for name, text in FILES.items() if "later" not in name} | {"strategy.yaml": before + CAMPAIGN}


def send(rig: Rig) -> None:
    """Send the campaign now, clicking twice."""
    now = datetime.now(UTC)
    moment = datetime(2027, 3, 25, 10)  # noqa: DTZ001 - on everybody's own clock
    asked = CampaignRequest("kills", "spring", moment, now, "", "tests")

    def work(conn: sa.Connection) -> None:
        (loaded,) = strategies.published(conn)
        campaigns.begin(conn, asked, loaded, now=now)

    for _ in range(2):
        rig.database.run(work)


def left(rig: Rig) -> int:
    """Return how many contacts are not settled; one while nothing is written down."""
    (row,) = rig.rows(
        "SELECT count(*) FILTER (WHERE state IN ('planned', 'claimed', 'held')) AS open, count(*) AS n FROM contacts"
    )
    return int(str(row.open)) if row.n else 1


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_a_worker_shot_in_the_middle_of_a_batch_loses_and_doubles_nobody(
    tmp_path: Path, own_postgres_server: PostgresServer, own_temporal_server: TemporalServer
) -> None:
    rig = Rig(tmp_path, own_postgres_server, own_temporal_server)
    rig.publish(files())
    for n in range(EACH):
        rig.know(f"mailed-{n}", Channel.EMAIL)
        rig.know(f"pushed-{n}", Channel.PUSH)
    send(rig)
    with rig.sink():
        with rig.worker(TACTFUL_CRASH_AT="mid_batch:23", TACTFUL_CONTACTS_AT_ONCE=str(AT_ONCE)) as worker:
            assert worker.wait(timeout=90) == -signal.SIGKILL
        assert 0 < left(rig) < 2 * EACH
        with rig.worker(TACTFUL_CONTACTS_AT_ONCE=str(AT_ONCE)):
            rig.wait_for("everybody is settled", lambda: not left(rig), 180)
            rig.wait_for("the campaign is done", lambda: bool(rig.rows("SELECT 1 FROM lots WHERE state = 'done'")), 60)
    rig.judge(contacts=2 * EACH, unknown_at_most=AT_ONCE)  # no more than what was in flight
    rig.database.close()
