"""The sweep: what is overdue, orphaned or without a workflow is found, seen, and started again when a person asks."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from database import lots, restarts, sends, sweep
from database.alone import Alone
from database.attempts import Claimed
from database.lots import Lot
from database.restarts import RestartRequest
from database.sends import Asking
from database.sweep import Found
from service.caretaker import CARETAKER, Caretaker
from service.embedded.temporal import TemporalServer
from service.plugin import tactful_plugin
from service.relay import Relay
from tactful.connector import Fault
from tactful.intake import Person, Which
from tests.integration.hasty import Hasty
from tests.integration.ledger import DAY, Ledger, fault

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)


@pytest.fixture
async def client(temporal_dev_server: TemporalServer) -> Client:
    return await Client.connect(temporal_dev_server.address, plugins=[tactful_plugin(None)])


@pytest.fixture
def caretaker(ledger: Ledger, client: Client) -> Caretaker:
    return Caretaker(ledger.database, client, {})


def relay(ledger: Ledger, client: Client) -> Relay:
    return Relay(ledger.database, client, f"nobody-works-{uuid4()}")


async def told(ledger: Ledger, client: Client) -> int:
    """Tell Temporal everything that is to be told; return how many words."""
    one, words = relay(ledger, client), 0
    while (now := await one.carry()) > 0:
        words += now
    return words


async def ran_through(ledger: Ledger, temporal: TemporalServer, client: Client) -> None:
    """Tell Temporal everything that is to be told, and have each workflow end at once."""
    queue = f"hasty-{uuid4()}"
    ids = [row.workflow_id for row in ledger.rows("SELECT workflow_id FROM outbox WHERE kind <> 'wake'")]
    async with Worker(await Client.connect(temporal.address), task_queue=queue, workflows=[Hasty]):
        while await Relay(ledger.database, client, queue).carry():
            pass
        for id_ in ids:
            await client.get_workflow_handle(id_).result()


def restart(ledger: Ledger) -> Lot:
    asked = RestartRequest(Which(ledger.now), Person("maya"), str(uuid4()))
    return ledger.run(lambda c: restarts.begin(c, asked, now=ledger.now))


async def status(client: Client, id_: str) -> WorkflowExecutionStatus | None:
    return (await client.get_workflow_handle(id_).describe()).status


def begin(ledger: Ledger, user: str = "ada") -> str:
    """Begin a journey with a contact that is due; return its workflow's id."""
    ledger.planned(user)
    journey = ledger.journey(user)
    return f"{journey.strategy}/{journey.first_step}/{journey.journey_key}"


async def test_where_all_is_as_it_should_be_nothing_is_found(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    begin(ledger)
    await told(ledger, client)
    assert (await caretaker.sweep(now=ledger.now)).well
    found = await caretaker.sweep(now=ledger.now + timedelta(minutes=30))
    assert (found.well, found.looked_at, found.without_workflow) == (True, 1, 0)


async def test_a_contact_late_by_more_than_an_hour_is_found_though_its_workflow_is_there(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    begin(ledger)
    await told(ledger, client)
    found = await caretaker.sweep(now=ledger.now + 2 * HOUR)
    assert (found.overdue, found.without_workflow, found.well) == (1, 0, False)


async def test_a_journey_without_a_workflow_is_found_and_started_again_once_however_often_it_is_asked(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    id_ = begin(ledger)
    ledger.run(lambda c: c.execute(sa.text("DELETE FROM outbox")))
    later = ledger.now + 2 * HOUR
    seen = await caretaker.sweep(now=later)
    assert (seen.without_workflow, seen.restarted, seen.well) == (1, 0, False)
    assert ledger.words() == [], "looking repairs nothing"
    for _ in range(2):
        repaired = await caretaker.sweep(now=later, repairs=True)
        assert (repaired.without_workflow, repaired.restarted) in {(1, 1), (0, 0)}
    assert ledger.words() == [("restart", "WelcomeStep")]
    await told(ledger, client)
    found = await client.get_workflow_handle(id_).describe()
    assert (found.status, found.workflow_type) == (WorkflowExecutionStatus.RUNNING, "WelcomeStep")
    assert (await caretaker.sweep(now=later)).without_workflow == 0


async def test_a_workflow_that_was_ended_from_outside_is_started_again(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    ended, later = begin(ledger), ledger.now + 2 * HOUR
    await told(ledger, client)
    await client.get_workflow_handle(ended).terminate()
    assert (await caretaker.sweep(now=later, repairs=True)).restarted == 1
    await told(ledger, client)
    assert (await client.get_workflow_handle(ended).describe()).status == WorkflowExecutionStatus.RUNNING


async def test_a_journey_whose_workflow_ran_to_its_end_before_it_is_started_again_once(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer
) -> None:
    id_, later = begin(ledger), ledger.now + 2 * HOUR
    await ran_through(ledger, temporal_dev_server, client)
    assert await status(client, id_) == WorkflowExecutionStatus.COMPLETED
    for _ in range(2):
        await caretaker.sweep(now=later, repairs=True)
    assert ledger.words() == [("again", "WelcomeStep")]
    await told(ledger, client)
    assert await status(client, id_) == WorkflowExecutionStatus.RUNNING
    assert (await caretaker.sweep(now=later, repairs=True)).restarted == 0


async def test_a_journey_that_has_ended_with_its_workflow_is_not_started_again(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer
) -> None:
    begin(ledger)
    await ran_through(ledger, temporal_dev_server, client)
    ledger.track("ada", "order.placed")
    await told(ledger, client)
    found = await caretaker.sweep(now=ledger.now + DAY, repairs=True)
    assert (found.without_workflow, found.restarted) == (0, 0), found


async def test_what_settles_while_its_workflow_is_looked_for_is_not_missing(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer
) -> None:
    begin(ledger)
    await ran_through(ledger, temporal_dev_server, client)
    later = ledger.now + 2 * HOUR
    suspected = ledger.run(lambda c: sweep.suspects(c, after=str(sweep.NO_KEY), now=later))
    assert len(suspected) == 1
    ledger.track("ada", "order.placed")
    assert ledger.run(lambda c: sweep.still(c, suspected, after=str(sweep.NO_KEY), now=later)) == ()


async def test_what_an_ended_journey_has_in_flight_is_still_seen_to(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer
) -> None:
    contact = ledger.planned()
    assert isinstance(ledger.claim(contact), Claimed)
    await ran_through(ledger, temporal_dev_server, client)
    ledger.track("ada", "order.placed")
    await told(ledger, client)
    assert ledger.journey("ada", "welcome").state == "goal"
    found = await caretaker.sweep(now=ledger.now + 2 * HOUR, repairs=True)
    assert (found.overdue, found.restarted) == (1, 1)
    assert ledger.words() == [("again", "WelcomeStep")]


async def test_a_contact_that_a_person_took_up_again_has_a_workflow_of_its_own_to_be_looked_for(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer
) -> None:
    contact = ledger.planned()
    claimed = ledger.claim(contact)
    assert isinstance(claimed, Claimed)
    ledger.record(contact, claimed, fault(Fault.BAD_CONTENT))
    retried = Asking("retry", Which(ledger.now), Person("maya"))
    assert ledger.run(lambda c: sends.do_page(c, retried, now=ledger.now)).done == 1
    await ran_through(ledger, temporal_dev_server, client)
    ledger.track("ada", "order.placed")
    await told(ledger, client)
    later = ledger.now + 2 * HOUR
    assert (await caretaker.sweep(now=later, repairs=True)).restarted == 1
    assert ledger.words() == [("again", "ResolveContact")]
    await told(ledger, client)
    assert await status(client, f"contact/{contact.contact_key}/1") == WorkflowExecutionStatus.RUNNING
    assert ledger.run(lambda c: sweep.count(c, now=later + DAY)).orphaned == 0, "its journey is none of its business"


@pytest.mark.parametrize("how", ["never told", "terminated", "ran to its end"])
async def test_a_lot_without_a_running_workflow_is_found_and_started_again_once(
    ledger: Ledger, client: Client, caretaker: Caretaker, temporal_dev_server: TemporalServer, how: str
) -> None:
    lot, later = restart(ledger), ledger.now + HOUR
    if how == "ran to its end":
        await ran_through(ledger, temporal_dev_server, client)
    elif how == "terminated":
        await told(ledger, client)
        await client.get_workflow_handle(lot.workflow_id).terminate()
    else:
        ledger.run(lambda c: c.execute(sa.text("DELETE FROM outbox")))
    seen = await caretaker.sweep(now=later)
    assert (seen.without_workflow, seen.well) == (1, False)
    for _ in range(2):
        await caretaker.sweep(now=later, repairs=True)
    assert ledger.words() == [("again" if how == "ran to its end" else "restart", "RestartSends")]
    await told(ledger, client)
    assert await status(client, lot.workflow_id) == WorkflowExecutionStatus.RUNNING
    assert (await caretaker.sweep(now=later)).well


async def test_a_stopped_restart_has_a_workflow_until_the_rest_is_parked_and_none_is_looked_for_afterwards(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    lot, later = restart(ledger), ledger.now + HOUR
    ledger.run(lambda c: restarts.stop(c, lot.lot_key, Person("tom"), now=ledger.now))
    ledger.run(lambda c: c.execute(sa.text("DELETE FROM outbox")))
    assert (await caretaker.sweep(now=later)).without_workflow == 1
    ledger.run(lambda c: restarts.end(c, lot.lot_key, now=ledger.now))
    assert (await caretaker.sweep(now=later)).looked_at == 0
    done = restart(ledger)
    ledger.run(lambda c: lots.finish(c, done.lot_key, now=ledger.now))
    ledger.run(lambda c: c.execute(sa.text("DELETE FROM outbox")))
    assert (await caretaker.sweep(now=later)).looked_at == 0


async def test_a_contact_asked_for_that_lost_its_workflow_is_found_too(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    ledger.planned()
    ledger.run(lambda c: c.execute(sa.text("UPDATE contacts SET journey_key = NULL; DELETE FROM outbox")))
    ledger.run(lambda c: c.execute(sa.text("UPDATE journeys SET state = 'completed'")))
    found = await caretaker.sweep(now=ledger.now + 2 * HOUR, repairs=True)
    assert found.restarted == 1
    assert ledger.words() == [("restart", "ResolveContact")]


async def test_what_is_still_to_be_told_is_stuck_and_not_missing(
    ledger: Ledger, client: Client, caretaker: Caretaker
) -> None:
    begin(ledger)
    found = await caretaker.sweep(now=ledger.now + 2 * HOUR)
    assert (found.untold, found.without_workflow) == (1, 0)


def test_a_planned_contact_of_a_journey_that_has_ended_is_an_orphan(ledger: Ledger) -> None:
    begin(ledger)
    ledger.run(
        lambda c: c.execute(sa.text("UPDATE journeys SET state = 'completed', ended_at = :at"), {"at": ledger.now})
    )
    assert ledger.run(lambda c: sweep.count(c, now=ledger.now)) == Found()
    orphaned = ledger.run(lambda c: sweep.count(c, now=ledger.now + DAY)).orphaned
    assert orphaned == len([row for row in ledger.contacts("ada") if row.state == "planned"]) > 0


def test_one_worker_at_a_time_takes_care(ledger: Ledger) -> None:
    first, second = (Alone(ledger.database, CARETAKER) for _ in range(2))
    assert (first.holds(), second.holds(), first.holds()) == (True, False, True)
    first.let_go()
    assert second.holds()
    second.let_go()
