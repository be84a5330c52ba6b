"""A connector that was held for everybody comes back: best first, at its rate, over two workers together.

Real processes and a real SMTP server, whose log says when each message came in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from database import holds, intake
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.integration.rig import FILES, Rig, most_within
from tests.virtual import yes

RATE = 5
SECONDS = 5
BILLS, NEWS, MORE = 10, 15, 50
INVOICE = """\
    invoice:
      why: You need it for your books.
      trigger: invoice.issued
      say:
        bill: { when: at once, topic: orders }
"""


def files() -> dict[str, str]:
    """Return the strategy of the kills, with bills that are mandatory."""
    text = FILES["strategy.yaml"].replace("        later: { when: 1 minute after start }\n", "") + INVOICE
    text = text.replace("customer.registered: {} }", "customer.registered: {}, invoice.issued: {} }")
    text = text.replace("opt_in: single } }", "opt_in: single }, orders: { says: Your orders, purpose: service } }")
    text = text.replace("priorities: [news]", "priorities: [orders, news]")
    kept = {name: template for name, template in FILES.items() if "later" not in name}
    bills = {name.replace("hello", "bill"): template for name, template in kept.items() if "hello" in name}
    return kept | bills | {"strategy.yaml": text}


def begin(rig: Rig, user: str, event: str) -> None:
    """Have somebody who can be reached by email do something that begins a step."""
    now = datetime.now(UTC)
    said = Identify(
        Who(user),
        f"i-{user}",
        now,
        addresses={Channel.EMAIL: f"{user}@example.com"},
        statements=yes("news:email", at=now),
    )
    rig.database.run(lambda c: intake.identify(c, said, now=now))
    rig.database.run(lambda c: intake.track(c, Track(Who(user), event, f"t-{user}", now), now=now))


def counted(rig: Rig, state: str) -> int:
    (row,) = rig.rows(f"SELECT count(*) AS n FROM contacts WHERE state = '{state}'")
    return int(str(row.n))


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_what_waited_for_a_connector_drains_by_rank_and_two_workers_keep_its_rate_together(
    tmp_path: Path, own_postgres_server: PostgresServer, own_temporal_server: TemporalServer
) -> None:
    rig = Rig(tmp_path, own_postgres_server, own_temporal_server)
    config = tmp_path / "tactful.toml"
    config.write_text(config.read_text().replace("[connectors.smtp]\n", f"[connectors.smtp]\nrate = {RATE}\n"))
    rig.publish(files())
    now = datetime.now(UTC)
    rig.database.run(lambda c: holds.hold(c, "smtp", why="by us", by="maya", until=None, now=now))
    for n in range(NEWS):
        begin(rig, f"news-{n}", "customer.registered")
    for n in range(BILLS):
        begin(rig, f"bill-{n}", "invoice.issued")
    waiting = NEWS + BILLS
    with rig.sink(), rig.worker(), rig.worker():
        rig.wait_for("everybody waits", lambda: counted(rig, "held") == waiting, 90)
        assert rig.mailed_at() == []
        rig.database.run(lambda c: holds.resume(c, "smtp", now=datetime.now(UTC)))
        rig.wait_for("everybody is reached", lambda: counted(rig, "sent") == waiting, 90)
        for n in range(MORE):
            begin(rig, f"more-{n}", "customer.registered")
        rig.wait_for("the others too", lambda: counted(rig, "sent") == waiting + MORE, 120)
    let_go = rig.rows(
        "SELECT c.purpose, d.decided_at FROM decisions d JOIN contacts c USING (contact_key) "
        "WHERE d.verdict = 'resume' ORDER BY d.decided_at, c.purpose DESC"
    )
    assert [row.purpose for row in let_go] == ["service"] * BILLS + ["marketing"] * NEWS, "each once, the best first"
    assert len({row.decided_at for row in let_go}) > waiting / RATE / 2, "page by page"
    assert let_go[0].decided_at < let_go[1].decided_at, "one alone tried"
    assert len(rig.mails()) == waiting + MORE
    assert max(rig.mails().values()) == 1
    # What had its turn a little before the window may arrive in it.
    assert most_within(rig.mailed_at(), SECONDS) <= RATE * SECONDS + 2 * RATE
    rig.database.close()
