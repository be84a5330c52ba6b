"""A whole house in virtual time: real PostgreSQL, real workers, the time-skipping Temporal server, mailbox connectors.

Time stands still except inside `pass_time`, which one test drives: days go by in milliseconds, and what was due on
them happens at its instant. Words to Temporal are carried by the relay as in production.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.contacts import Contacts
from activities.lots import Lots
from connectors.mailbox import Mailbox, MailboxConfig
from database import intake, mailbox, outbox, requests, strategies
from database.engine import Database
from database.freezing import Sending
from service.plugin import tactful_plugin
from service.relay import Relay
from tactful.connector import Message, Ports, SendFault
from tactful.intake import Identify, Request, Statement, Track, Who
from tactful.links import Links
from tactful.words import Channel, ConsentState

T = TypeVar("T")
TASK_QUEUE = "tactful"
LONDON = ZoneInfo("Europe/London")
LINKS = Links("https://fleur.example", SecretStr("a secret for tests only"))


@dataclass
class VirtualHouse:
    """The house as a test sees it."""

    env: WorkflowEnvironment
    database: Database
    relay: Relay
    told: int = field(default=0)
    fails: list[SendFault] = field(default_factory=list[SendFault])
    """What the connector answers for as long as it stands here."""
    calls: Counter[UUID] = field(default_factory=Counter[UUID])
    """How often the connector was called with each message."""

    async def now(self) -> datetime:
        """Return the virtual instant."""
        return await self.env.get_current_time()

    async def publish(self, files: dict[str, str]) -> None:
        """Publish a strategy."""
        now = await self.now()
        await self._run(lambda c: strategies.publish(c, files, now=now))

    async def identify(self, user: str, **said: object) -> UUID:
        """Tell facts about a customer: any field of `Identify`."""
        now = await self.now()
        self.told += 1
        message = Identify(Who(user), f"identify-{user}-{self.told}", now, **cast("dict[str, Any]", said))
        return await self._run(lambda c: intake.identify(c, message, now=now))

    async def track(self, user: str, event: str, *, at: datetime | None = None, **properties: object) -> None:
        """Tell of something a customer did, and let what follows begin."""
        await self.store(user, event, properties, at=at)
        await self.carry()

    async def store(
        self,
        user: str,
        event: str,
        properties: Mapping[str, object],
        *,
        at: datetime | None = None,
        historical: bool = False,
    ) -> None:
        """Store an event without carrying word of it to Temporal."""
        now = await self.now()
        self.told += 1
        done = Track(Who(user), event, f"{event}-{user}-{self.told}", at or now, properties, historical)
        await self._run(lambda c: intake.track(c, done, now=now))

    async def ask(self, request: Request) -> UUID:
        """Ask for a contact, as the API does."""
        now = await self.now()
        key = await self._run(lambda c: requests.request_contact(c, request, now=now))
        await self.carry()
        return key

    async def carry(self) -> None:
        """Carry every word to Temporal."""
        while await self.relay.carry():
            pass

    async def pass_time(self, span: timedelta, *, step: timedelta | None = None) -> None:
        """Let virtual time go by; with `step`, in pieces."""
        left = span
        while left > timedelta(0):
            piece = min(left, step or left)
            await self.env.sleep(piece)
            await self.carry()
            left -= piece

    async def until(self, moment: datetime) -> None:
        """Let virtual time go by until `moment`."""
        await self.pass_time(moment - await self.now())

    async def until_monday(self, hour: int = 9) -> datetime:
        """Let time go by until the next Monday at a full hour in London, and return that instant."""
        here = (await self.now()).astimezone(LONDON)
        day = here.date() + timedelta(days=7 - here.weekday())
        await self.until(datetime.combine(day, time(hour), LONDON))
        return await self.now()

    async def rows(self, query: str, **parameters: object) -> list[Any]:
        """Return the rows of a query."""
        return await self._run(lambda c: list(c.execute(sa.text(query), parameters)))

    async def contacts(self, user: str) -> list[tuple[str, str, str | None]]:
        """Return (communication, state, reason) of a customer's contacts, in the order of their planning."""
        found = await self.rows(
            "SELECT communication, state, reason FROM contacts JOIN customer_ids USING (customer_key) "
            "WHERE id = :user ORDER BY cycle, planned_for, communication",
            user=user,
        )
        return [tuple(row) for row in found]

    async def sent(self, user: str) -> list[tuple[str, datetime]]:
        """Return (communication, when) of what was sent to a customer, in order."""
        found = await self.rows(
            "SELECT communication, sent_at FROM contacts JOIN customer_ids USING (customer_key) "
            "WHERE id = :user AND state = 'sent' ORDER BY sent_at",
            user=user,
        )
        return [tuple(row) for row in found]

    async def settled(self) -> None:
        """Wait until no workflow has anything to do at this instant: time passes by a hair's breadth."""
        await self.env.sleep(timedelta(milliseconds=1))
        words = await self._run(outbox.backlog)
        assert not words.waiting

    async def _run(self, work: Callable[[sa.Connection], T]) -> T:
        return await asyncio.to_thread(self.database.run, work)


def for_everybody(files: Mapping[str, str]) -> dict[str, str]:
    """Return the florist's folder without holdout and test: what a random customer hears is not left to chance."""
    text = re.sub(r"\n  holdout: [^\n]*", "", files["strategy.yaml"])
    return {**files, "strategy.yaml": re.sub(r"\n          test:\n(?: {12}[^\n]*\n)+", "\n", text)}


@contextlib.asynccontextmanager
async def virtual_house(test_server: Path, database_url: str) -> AsyncGenerator[VirtualHouse]:
    """Open a house in virtual time on an empty database."""
    database = Database(database_url)

    fails: list[SendFault] = []
    calls: Counter[UUID] = Counter()

    def deliver(message: Message) -> str:
        calls[message.key] += 1
        if fails:
            raise fails[0]
        return database.run(lambda c: mailbox.deliver(c, message, now=message.written_at))

    connector = Mailbox(MailboxConfig(), Ports(deliver=deliver))
    sending = Sending(dict.fromkeys(Channel, ("mailbox",)), {"mailbox": timedelta(days=36_500)}, LINKS)
    contacts = Contacts(database, {"mailbox": connector}, sending)
    plugin = tactful_plugin(contacts, Lots(contacts))
    env = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(test_server), plugins=[plugin])
    async with env:
        with env.auto_time_skipping_disabled():
            async with Worker(env.client, task_queue=TASK_QUEUE):
                relay = Relay(database, env.client, TASK_QUEUE)
                yield VirtualHouse(env, database, relay, fails=fails, calls=calls)
    database.close()


def yes(*wanted: str, at: datetime) -> tuple[Statement, ...]:
    """Return confirmed opt-ins, each written `topic:channel`."""
    return tuple(_statement(each, ConsentState.OPTED_IN, at) for each in wanted)


def no(*unwanted: str, at: datetime) -> tuple[Statement, ...]:
    """Return opt-outs, each written `topic:channel`."""
    return tuple(_statement(each, ConsentState.OPTED_OUT, at) for each in unwanted)


def _statement(said: str, state: ConsentState, at: datetime) -> Statement:
    topic, channel = said.split(":")
    return Statement(Channel(channel), topic, state, "express", "form", at)
