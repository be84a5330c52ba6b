# ruff: noqa: ANN401 - rows and what is said of a customer can be anything
"""The ledger as its tests see it: a database of their own, an instant that they set, and every way in, in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr

from database import attempts, claims, intake, leaving, plans, records, strategies
from database.attempts import Claimed, NotClaimed
from database.engine import Database
from database.freezing import Sending
from database.intake import Tracked
from database.leaving import Left
from database.plans import StepPlan
from database.records import Outcome
from tactful.connector import Accepted, Fault, SendFault
from tactful.intake import Identify, Statement, Track, Who
from tactful.links import Links
from tactful.words import Channel
from tests.small_strategy import files
from tests.virtual import no, yes

T = TypeVar("T")

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LINKS = Links("https://fleur.example", SecretStr("a secret for tests only"))
EVERYWHERE = dict.fromkeys(Channel, ("post",))
KEYED = Sending(EVERYWHERE, {"post": DAY}, LINKS)
"""A provider that takes our key and remembers it for a day."""
KEYLESS = Sending(EVERYWHERE, {"post": None}, LINKS)
"""A provider that takes no key: what is not known stays so."""


class Ledger:
    """A database with its clock."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, pool_size=24)
        self.now = NOON
        self._told = 0

    def publish(self, **different: Any) -> None:
        """Publish the small strategy."""
        self.run(lambda c: strategies.publish(c, files(**different), now=self.now))

    def identify(
        self, user: str | None, *, anonymous: str | None = None, at: datetime | None = None, **said: Any
    ) -> UUID:
        """Tell facts about a customer."""
        message = Identify(Who(user, anonymous), self._message_id(), at or self.now, **said)
        return self.run(lambda c: intake.identify(c, message, now=self.now))

    def reachable(self, user: str, *channels: Channel, **said: Any) -> UUID:
        """Make somebody known who can be reached and wants news on the channels given, else by email."""
        wanted = channels or (Channel.EMAIL,)
        addresses = {channel: f"{user}@{channel.value}.example" for channel in wanted}
        return self.identify(user, addresses=addresses, statements=yes(*_news(wanted), at=self.now), **said)

    def say(self, user: str, *statements: Statement) -> None:
        """Tell what a customer stated."""
        self.identify(user, statements=statements)

    def opt_out(self, user: str, *channels: Channel) -> None:
        """Tell that a customer wants no more news on the channels given, else by email."""
        self.say(user, *no(*_news(channels or (Channel.EMAIL,)), at=self.now))

    def track(
        self,
        user: str,
        event: str,
        *,
        at: datetime | None = None,
        message_id: str | None = None,
        historical: bool = False,
        **properties: object,
    ) -> Tracked:
        """Tell of something a customer did."""
        done = self.told(user, event, at=at, message_id=message_id, historical=historical, **properties)
        return self.run(lambda c: intake.track(c, done, now=self.now))

    def told(
        self,
        user: str,
        event: str,
        *,
        at: datetime | None = None,
        message_id: str | None = None,
        historical: bool = False,
        **properties: object,
    ) -> Track:
        """Return an event as the doors would hand it on."""
        return Track(Who(user), event, message_id or self._message_id(), at or self.now, properties, historical)

    def enter(self, journey: Any) -> StepPlan:
        """Enter a journey's step, or look again."""
        return self.run(lambda c: plans.enter_step(c, journey.customer_key, journey.journey_key, now=self.now))

    def leave(self, journey: Any, *, step: str | None = None) -> Left:
        """Leave a journey's step."""
        return self.run(
            lambda c: leaving.leave_step(
                c, journey.customer_key, journey.journey_key, step or journey.step, now=self.now
            )
        )

    def claim(self, contact: Any, sending: Sending = KEYED) -> Claimed | NotClaimed:
        """Make the first transaction of a contact."""
        return self.run(self.claiming(contact, sending))

    def record(self, contact: Any, claimed: Claimed, *answers: Accepted | SendFault) -> NotClaimed:
        """Make the second transaction of a contact: one answer for all parts, or one each."""
        each = answers if len(answers) > 1 else answers * len(claimed.parts)
        outcomes = [Outcome(part, answer) for part, answer in zip(claimed.parts, each, strict=True)]
        made = records.Made(contact.customer_key, claimed, outcomes)
        return self.run(lambda c: records.record(c, made, now=self.now))

    def planned(self, user: str = "ada", *channels: Channel, event: str = "customer.registered") -> Any:
        """Bring a reachable customer into a step and return its first contact, which is due."""
        self.reachable(user, *channels)
        self.track(user, event)
        self.enter(self.journey(user))
        return self.contact(user)

    def journey(self, user: str, step: str | None = None) -> Any:
        """Return the only journey of a customer, in a step where one is named."""
        (row,) = self.rows(
            "SELECT j.* FROM journeys j JOIN customer_ids USING (customer_key) "
            "WHERE id = :user AND step = coalesce(:step, step)",
            user=user,
            step=step,
        )
        return row

    def contacts(self, user: str) -> list[Any]:
        """Return a customer's contacts by the time they were planned for."""
        return self.rows(
            "SELECT c.* FROM contacts c JOIN customer_ids USING (customer_key) WHERE id = :user "
            "ORDER BY cycle, planned_for, communication",
            user=user,
        )

    def contact(self, user: str, communication: str | None = None) -> Any:
        """Return the first contact of a customer, or the last one of a communication."""
        found = [row for row in self.contacts(user) if communication in {None, row.communication}]
        return found[0] if communication is None else found[-1]

    def states(self, user: str) -> list[tuple[str, str, str | None]]:
        """Return (communication, state, reason) of a customer's contacts."""
        return [(row.communication, row.state, row.reason) for row in self.contacts(user)]

    def words(self) -> list[tuple[str, str]]:
        """Return (kind, workflow type) of every word for Temporal, in order."""
        return [(row.kind, row.workflow_type) for row in self.rows("SELECT * FROM outbox ORDER BY outbox_no")]

    def rows(self, query: str, **parameters: object) -> list[Any]:
        """Return the rows of a query."""
        return self.run(lambda c: list(c.execute(sa.text(query), parameters)))

    def count(self, table: str, where: str = "true") -> int:
        """Return how many rows a table has."""
        (row,) = self.rows(f"SELECT count(*) AS n FROM {table} WHERE {where}")
        return int(row.n)

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do something in one transaction."""
        return self.database.run(work)

    def race(self, *works: Callable[[sa.Connection], T]) -> list[T]:
        """Do several things in transactions that have all begun before any of them goes on."""
        barrier = Barrier(len(works))

        def begin(work: Callable[[sa.Connection], T]) -> T:
            waited: list[int] = []

            def begun(conn: sa.Connection) -> T:
                conn.execute(sa.text("SELECT 1"))
                if not waited:  # a transaction that is tried again waits for nobody
                    waited.append(barrier.wait(timeout=30))
                return work(conn)

            return self.run(begun)

        with ThreadPoolExecutor(len(works)) as threads:
            return [future.result(timeout=60) for future in [threads.submit(begin, work) for work in works]]

    def claiming(self, contact: Any, sending: Sending = KEYED) -> Callable[[sa.Connection], Claimed | NotClaimed]:
        """Return the first transaction of a contact, to be raced."""
        ask = attempts.Ask(contact.customer_key, contact.contact_key)

        def claim(conn: sa.Connection) -> Claimed | NotClaimed:
            answer = claims.claim(conn, ask, sending, now=self.now)
            assert not isinstance(answer, attempts.Asking), "whoever does not look up is not sent to ask"
            return answer

        return claim

    def _message_id(self) -> str:
        self._told += 1
        return f"m{self._told}"


def at_once(*works: Callable[[], T]) -> list[T]:
    """Do several things in threads that begin at the same moment; return what each returns, in the order given."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], T]) -> T:
        barrier.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return [future.result(timeout=60) for future in [threads.submit(begin, work) for work in works]]


def accepted(provider_id: str = "p1") -> Accepted:
    """Return a provider's yes."""
    return Accepted(provider_id)


def fault(kind: Fault, *, retry_after: timedelta | None = None) -> SendFault:
    """Return a provider's no."""
    return SendFault(kind, "code", "detail", retry_after=retry_after)


def _news(channels: Iterable[Channel]) -> list[str]:
    return [f"news:{channel.value}" for channel in channels]
