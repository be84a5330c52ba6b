"""Everything put together: from settings to a worker that runs until it is told to stop.

A worker is four things side by side: the Temporal worker, the relay of the outbox, the caretaker (one of all workers at
a time), and a watch on the database. While the database is gone the Temporal worker does not poll, so that no activity
burns its attempts on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities import contract
from activities.contacts import Contacts
from activities.lots import Lots
from database import calls, holds, mailbox, migrate
from database.engine import Database
from database.errors import DatabaseError
from database.freezing import Sending
from service.caretaker import Caretaker
from service.connectors import Connectors, read_connectors
from service.equipping import Equipping
from service.handing_on import HandingOn
from service.plugin import tactful_plugin
from service.polling import Polling
from service.recalling import Recalling
from service.relay import Relay
from service.settings import Settings
from tactful.connector import Lookup, Message, NativeKey, Ports, Stopping, Stops
from tactful.errors import TactfulError
from tactful.links import Links

GRACE: Final = contract.CONTACT_TIMEOUT + timedelta(seconds=10)
DATABASE_PATIENCE: Final = timedelta(seconds=30)
SPARE_THREADS: Final = 4
LOOK_EVERY: Final = timedelta(seconds=3)

log = structlog.get_logger()


class TemporalDownError(TactfulError):
    """Temporal cannot be reached at start."""


@dataclass(frozen=True)
class House:
    """What a worker works with."""

    settings: Settings
    database: Database
    connectors: Connectors
    sending: Sending

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncGenerator[House]:
        """Give the house to a block, and close what it holds afterwards."""
        try:
            yield self
        finally:
            await self.connectors.aclose()
            self.database.close()


def build(settings: Settings) -> House:
    """Return the house as the settings describe it; nothing is connected yet.

    Raises:
        TactfulError: the connectors' configuration is wrong.
    """
    database = Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size)

    connectors = _read(settings, database)
    return House(settings, database, connectors, sending(connectors, Links(settings.public_url, settings.secret)))


def _read(settings: Settings, database: Database) -> Connectors:
    """Return the connectors as the file configures them now."""

    def deliver(message: Message) -> str:
        return database.run(lambda c: mailbox.deliver(c, message, now=datetime.now(UTC)))

    return read_connectors(settings.config, Ports(deliver=deliver, calls=ListOfCalls(database)))


class ListOfCalls:
    """The list of calls that people make, in the database."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    def put(self, message: Message, /) -> str:
        """Put a call on the list."""
        return self._database.run(lambda c: calls.put(c, message, now=self._clock()))

    def withdraw(self, task: str, /) -> Stopping:
        """Take a call off the list."""
        return self._database.run(lambda c: calls.withdraw(c, UUID(task), now=self._clock()))


def sending(connectors: Connectors, links: Links) -> Sending:
    """Return what deciding has to know of the connectors."""
    declared = {name: connector.capabilities for name, connector in connectors.by_name.items()}
    return Sending(
        by_channel=connectors.by_channel,
        windows=_windows(connectors),
        links=links,
        settling={
            name: each.idempotency.settles_after
            for name, each in declared.items()
            if isinstance(each.idempotency, Lookup)
        },
        receipts=frozenset(name for name, each in connectors.by_name.items() if each.receipts_come),
        in_home=connectors.in_home,
        unit_costs=connectors.unit_costs,
    )


def _windows(connectors: Connectors) -> Mapping[str, timedelta | None]:
    found: dict[str, timedelta | None] = {}
    for name, connector in connectors.by_name.items():
        key = connector.capabilities.idempotency
        found[name] = key.window if isinstance(key, NativeKey) else None
    return found


async def connect(settings: Settings, contacts: Contacts | None) -> Client:
    """Return a client of Temporal that carries our plugin, and what makes contacts where a worker is to run.

    Raises:
        TemporalDownError: it cannot be reached; says where it was looked for.
    """
    found = ClientConfig.load_client_connect_config()
    where = found.setdefault("target_host", "127.0.0.1:7233")
    lots = Lots(contacts, at_once=settings.contacts_at_once) if contacts is not None else None
    try:
        return await Client.connect(**found, plugins=[tactful_plugin(contacts, lots, sandbox=settings.sandbox)])
    except RuntimeError as error:
        msg = f"Temporal cannot be reached at {where}; start it, or set TEMPORAL_ADDRESS ({type(error).__name__})"
        raise TemporalDownError(msg) from error


def _contacts(house: House) -> Contacts:
    return Contacts(house.database, house.connectors.by_name, house.sending, house.connectors.rates)


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then let what is being sent finish.

    Raises:
        TactfulError: settings, database or Temporal are not as they must be at start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    loop.set_default_executor(ThreadPoolExecutor(settings.pool_size + SPARE_THREADS, "tactful"))
    async with build(settings).opened() as house:
        await asyncio.to_thread(house.database.run, migrate.check)
        await asyncio.to_thread(house.database.run, lambda c: _register(c, house.connectors))
        contacts = _contacts(house)
        client = await connect(settings, contacts)
        log.info("worker.started", task_queue=settings.task_queue, connectors=sorted(house.connectors.by_name))
        relay = Relay(house.database, client, settings.task_queue)
        caretaker = Caretaker(house.database, client, house.connectors.rates)
        recalling = Recalling(house.database, house.connectors.by_name)
        polling = Polling(house.database, house.connectors.by_name)
        handing_on = HandingOn(house.database, house.connectors.by_name, house.connectors.by_channel)
        links = Links(settings.public_url, settings.secret)

        def equip(connectors: Connectors) -> None:
            house.database.run(lambda c: _register(c, connectors))
            contacts.equip(connectors.by_name, sending(connectors, links), connectors.rates)
            caretaker.rates = connectors.rates
            recalling.equip(connectors.by_name)
            polling.equip(connectors.by_name)
            handing_on.equip(connectors.by_name, connectors.by_channel)

        equipping = Equipping(settings.config, house.connectors, lambda: _read(settings, house.database), equip)
        async with (
            _in_background(equipping.run(), stop),
            _in_background(handing_on.run(), stop),
            _in_background(relay.run(), stop),
            _in_background(caretaker.run(), stop),
            _in_background(recalling.run(), stop),
            _in_background(polling.run(), stop),
        ):
            while not stop.is_set():
                await _work(house, client, stop)
    log.info("worker.stopped")


async def _work(house: House, client: Client, stop: asyncio.Event) -> None:
    """Run the Temporal worker until told to stop or the database has been gone for too long; then wait for it."""
    worker = Worker(
        client,
        task_queue=house.settings.task_queue,
        deployment_config=_deployment(house.settings),
        max_concurrent_activities=house.settings.contacts_at_once,
        max_concurrent_local_activities=house.settings.contacts_at_once,
        graceful_shutdown_timeout=GRACE,
    )
    async with worker:
        await _first_of(stop.wait(), _database_gone(house.database))
    if not stop.is_set():
        log.error("worker.paused", reason="database gone", polls_again="when it is back")
        await _first_of(stop.wait(), _database_back(house.database))
        log.info("worker.resumed")


def _register(conn: Connection, connectors: Connectors) -> None:
    used = {
        name: [channel for channel, names in connectors.by_channel.items() if name in names]
        for name in connectors.by_name
    }
    stops = {
        name: connector.cancels_within()
        for name, connector in connectors.by_name.items()
        if isinstance(connector, Stops)
    }
    holds.register(conn, used, now=datetime.now(UTC), cancels_within=stops)


def _deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return which build of which deployment this worker is; steps go on under newer builds by themselves."""
    if settings.deployment is None or settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def _database_gone(database: Database) -> None:
    """Return when the database has not answered for as long as patience lasts."""
    loop = asyncio.get_running_loop()
    answered = loop.time()
    while loop.time() - answered < DATABASE_PATIENCE.total_seconds():
        await asyncio.sleep(LOOK_EVERY.total_seconds())
        if await _answers(database):
            answered = loop.time()


async def _database_back(database: Database) -> None:
    while not await _answers(database):  # noqa: ASYNC110 - nobody tells us when a database is back
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def _answers(database: Database) -> bool:
    try:
        await asyncio.to_thread(database.run, migrate.check)
    except DatabaseError:
        return False
    return True


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    """Wait until one is done and cancel the others; an exception of the first is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, open_ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in open_:
        task.cancel()
    await asyncio.gather(*open_, return_exceptions=True)
    for task in done:
        task.result()


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[object, object, None], stop: asyncio.Event) -> AsyncGenerator[None]:
    """Run `work` beside a block; should it ever fail, everything stops and its exception is raised."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
