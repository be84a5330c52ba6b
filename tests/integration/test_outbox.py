"""Words for Temporal: in order for each customer, told until they are told, and telling twice does no harm."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from database import outbox
from database.engine import Database
from database.outbox import Word
from service.embedded.temporal import TemporalServer
from service.plugin import tactful_plugin
from service.relay import Relay
from tactful.temporal import RESOLVE_CONTACT
from tests.integration.ledger import NOON, Ledger, at_once

pytestmark = pytest.mark.integration
T = TypeVar("T")


def write(ledger: Ledger, customer_key: UUID, workflow_id: str = "w") -> None:
    """Leave word of a start."""
    ledger.run(lambda c: outbox.start(c, workflow_id, "WelcomeStep", uuid4(), customer_key, now=NOON))


def take(ledger: Ledger, most: int = 100) -> tuple[Word, ...]:
    """Take words as the relay does."""
    return ledger.run(lambda c: outbox.take(c, most=most))


def settle(ledger: Ledger, told: list[Word], untold: list[Word] | None = None) -> None:
    """Settle words as the relay does."""
    numbers = [[word.outbox_no for word in words] for words in (told, untold or [])]
    ledger.run(lambda c: outbox.settle(c, *numbers))


def let_leases_lapse(ledger: Ledger) -> None:
    """Let every lease have ended a second ago."""
    ledger.run(lambda c: c.execute(sa.text("UPDATE outbox SET lease_until = now() - interval '1 second'")))


def test_only_the_oldest_word_of_a_customer_is_out_at_a_time(ledger: Ledger) -> None:
    ada, bob = ledger.identify("ada"), ledger.identify("bob")
    for workflow_id, customer_key in (("a1", ada), ("a2", ada), ("b1", bob), ("a3", ada)):
        write(ledger, customer_key, workflow_id)
    first = take(ledger)
    assert [word.workflow_id for word in first] == ["a1", "b1"]
    assert take(ledger) == (), "the next word waits for the one before it"
    settle(ledger, list(first))
    assert [word.workflow_id for word in take(ledger)] == ["a2"]


def test_a_batch_is_as_long_as_asked_for(ledger: Ledger) -> None:
    for i in range(7):
        write(ledger, ledger.identify(f"user-{i}"), f"w{i}")
    assert [word.workflow_id for word in take(ledger, 3)] == ["w0", "w1", "w2"]
    assert [word.workflow_id for word in take(ledger, 3)] == ["w3", "w4", "w5"]


def test_a_word_whose_lease_lapsed_is_taken_again(ledger: Ledger) -> None:
    write(ledger, ledger.identify("ada"))
    (first,) = take(ledger)
    assert take(ledger) == ()
    let_leases_lapse(ledger)
    (again,) = take(ledger)
    assert (again.outbox_no, first.attempts, again.attempts) == (first.outbox_no, 1, 2)


def test_what_was_told_is_gone_and_what_was_not_comes_again_a_little_later(ledger: Ledger) -> None:
    for user in ("ada", "bob"):
        write(ledger, ledger.identify(user), user)
    ada, bob = take(ledger)
    settle(ledger, [ada], [bob])
    assert take(ledger) == (), "not at once: a word that cannot be told must not keep the relay busy"
    (left,) = ledger.rows("SELECT workflow_id, lease_until <= now() + interval '1 second' AS soon FROM outbox")
    assert (left.workflow_id, left.soon) == ("bob", True)
    let_leases_lapse(ledger)
    assert [word.workflow_id for word in take(ledger)] == ["bob"]


def test_the_backlog_says_how_many_wait_and_since_when(ledger: Ledger) -> None:
    assert ledger.run(outbox.backlog) == outbox.Backlog(0, None)
    write(ledger, ledger.identify("ada"))
    assert ledger.run(outbox.backlog) == outbox.Backlog(1, NOON)


def test_several_takers_in_parallel_tell_each_word_once_and_each_customers_in_order(ledger: Ledger) -> None:
    """Four relays, twelve customers, ten words each; words are being written meanwhile."""
    customers = [ledger.identify(f"user-{i}") for i in range(12)]
    for i in range(5):
        for customer_key in customers:
            write(ledger, customer_key, f"early-{i}")
    told: dict[UUID | None, list[int]] = defaultdict(list)
    out: set[UUID | None] = set()
    clashes: list[UUID | None] = []
    watch = threading.Lock()
    writing = threading.Event()

    def relay() -> None:
        while True:
            done = writing.is_set()
            words = take(ledger, 3)
            with watch:
                clashes.extend(word.customer_key for word in words if word.customer_key in out)
                out.update(word.customer_key for word in words)
            ledger.run(outbox.backlog)  # telling takes its time: others take meanwhile
            with watch:
                for word in words:
                    told[word.customer_key].append(word.outbox_no)
                    out.discard(word.customer_key)
                settle(ledger, list(words))
            if done and not words and not ledger.run(outbox.backlog).waiting:
                return

    def writer() -> None:
        for i in range(5):
            for customer_key in customers:
                write(ledger, customer_key, f"late-{i}")
        writing.set()

    at_once(writer, relay, relay, relay, relay)
    assert clashes == []
    assert all(numbers == sorted(numbers) and len(set(numbers)) == len(numbers) == 10 for numbers in told.values())
    assert len(told) == 12


# ------------------------------------------------------------------------------------------------------ with a Temporal


@pytest.fixture
async def client(temporal_dev_server: TemporalServer) -> Client:
    """A client of a real Temporal; nobody works on the task queue, so that what was started stays as it is."""
    return await Client.connect(temporal_dev_server.address, plugins=[tactful_plugin(None)])


@pytest.fixture
def relay(ledger: Ledger, client: Client) -> Relay:
    """A relay from the ledger to that Temporal."""
    return Relay(ledger.database, client, f"nobody-{uuid4()}")


async def begun(ledger: Ledger, user: str = "ada") -> str:
    """Begin a journey and return its workflow's id."""

    def work() -> str:
        ledger.reachable(user)
        ledger.track(user, "customer.registered")
        return str(ledger.rows("SELECT workflow_id FROM outbox ORDER BY outbox_no DESC LIMIT 1")[0].workflow_id)

    return await asyncio.to_thread(work)


async def runs_of(client: Client, workflow_id: str) -> int:
    """Return how many runs a workflow id has had."""
    return (await client.count_workflows(f'WorkflowId = "{workflow_id}"')).count


async def events_of(client: Client, workflow_id: str) -> list[str]:
    """Return the kinds of events in a workflow's history."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    kinds = [event.WhichOneof("attributes") or "" for event in history.events]
    return [kind.removesuffix("_event_attributes") for kind in kinds]


async def test_a_start_and_the_wake_up_after_it_arrive_in_that_order(
    ledger: Ledger, relay: Relay, client: Client
) -> None:
    workflow_id = await begun(ledger)
    await asyncio.to_thread(ledger.track, "ada", "order.placed")
    told = 0
    while carried := await relay.carry():
        told += carried
    kinds = await events_of(client, workflow_id)
    assert kinds.index("workflow_execution_started") < kinds.index("workflow_execution_signaled")
    assert kinds.count("workflow_execution_signaled") == 1
    assert told == 2 + 1, "welcome's start and wake-up, and onboarding's start"
    assert ledger.count("outbox") == 0


async def test_a_start_told_twice_is_one_workflow(ledger: Ledger, relay: Relay, client: Client) -> None:
    workflow_id = await begun(ledger)
    (word,) = take(ledger)
    await relay._tell(word)
    await relay._tell(word)
    assert (await events_of(client, workflow_id)).count("workflow_execution_started") == 1


async def test_a_start_of_a_journey_that_has_ended_begins_it_no_second_time(
    ledger: Ledger, relay: Relay, client: Client
) -> None:
    workflow_id = await begun(ledger)
    (word,) = take(ledger)
    await relay._tell(word)
    await client.get_workflow_handle(workflow_id).terminate()
    await relay._tell(word)
    description = await client.get_workflow_handle(workflow_id).describe()
    assert description.status is WorkflowExecutionStatus.TERMINATED


async def test_a_wake_up_of_a_workflow_that_has_ended_or_never_was_is_told(
    ledger: Ledger, relay: Relay, client: Client
) -> None:
    workflow_id = await begun(ledger)
    await relay.carry()
    await client.get_workflow_handle(workflow_id).terminate()
    await asyncio.to_thread(ledger.identify, "ada", time_zone="America/New_York")
    ledger.run(
        lambda c: c.execute(
            sa.text(
                "INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at) "
                "SELECT customer_key, 'wake', 'never/was', '', customer_key, :now FROM customers"
            ),
            {"now": NOON},
        )
    )
    assert await relay.carry() + await relay.carry() == 2
    assert ledger.count("outbox") == 0


async def test_nothing_is_lost_when_a_relay_dies_between_telling_and_deleting(
    ledger: Ledger, relay: Relay, client: Client
) -> None:
    """The word is taken again when its lease has lapsed; Temporal refuses the second start."""
    workflow_id = await begun(ledger)
    (word,) = take(ledger)
    await relay._tell(word)
    assert await relay.carry() == 0, "leased by the dead relay"
    let_leases_lapse(ledger)
    assert await relay.carry() == 1
    assert ledger.count("outbox") == 0
    assert (await events_of(client, workflow_id)).count("workflow_execution_started") == 1


async def test_a_contact_asked_for_starts_the_workflow_that_settles_it(
    ledger: Ledger, relay: Relay, client: Client
) -> None:
    ada, contact_key = ledger.identify("ada"), uuid4()
    workflow_id = f"contact/{contact_key}"
    ledger.run(lambda c: outbox.start(c, workflow_id, RESOLVE_CONTACT, contact_key, ada, now=NOON))
    await relay.carry()
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    told = history.events[0].workflow_execution_started_event_attributes.input.payloads[0].data.decode()
    assert str(contact_key) in told
    assert "ada" not in told


async def test_an_outage_of_temporal_loses_no_word(ledger: Ledger, own_temporal_server: TemporalServer) -> None:
    workflow_id = await begun(ledger)
    client = await Client.connect(own_temporal_server.address, plugins=[tactful_plugin(None)])
    relay = Relay(ledger.database, client, "nobody")
    own_temporal_server.kill()
    with pytest.raises(RPCError):
        await relay.carry()
    assert ledger.count("outbox") == 1
    own_temporal_server.start()
    let_leases_lapse(ledger)
    assert await relay.carry() == 1
    assert "workflow_execution_started" in await events_of(client, workflow_id)


async def test_one_word_that_cannot_be_told_stops_nobody_elses(ledger: Ledger, relay: Relay, client: Client) -> None:
    """An id that Temporal refuses: it stays, is logged, and the next customer's word is told."""
    write(ledger, ledger.identify("ada"), "x" * 2000)
    write(ledger, ledger.identify("bob"), f"bob/{uuid4()}")
    assert await relay.carry() == 1
    assert [len(row.workflow_id) for row in ledger.rows("SELECT workflow_id FROM outbox")] == [2000]
    assert await relay.carry() == 0, "it does not keep the relay busy"


class SlowToSettle(Database):
    """A database that lets a test act while words are being settled."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.calls = 0
        self.settling = threading.Event()
        self.go_on = threading.Event()

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Wait before the second transaction, which settles."""
        self.calls += 1
        if self.calls == 2:
            self.settling.set()
            assert self.go_on.wait(30)
        return super().run(work)


async def test_a_relay_that_is_told_to_stop_while_it_settles_settles_and_stops(
    ledger: Ledger, client: Client, database_url: str
) -> None:
    await begun(ledger)
    slow = SlowToSettle(database_url)
    running = asyncio.ensure_future(Relay(slow, client, "nobody").run())
    await asyncio.to_thread(partial(slow.settling.wait, 30))
    running.cancel()
    await asyncio.sleep(0)
    slow.go_on.set()
    done, _ = await asyncio.wait([running], timeout=20)
    assert done, "it must not go on"
    assert running.cancelled()
    assert ledger.count("outbox") == 0
    slow.close()
