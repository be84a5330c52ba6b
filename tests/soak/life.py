"""What customers do meanwhile, in a thread: they come, are told of twice, opt out, reach the goal, go, are erased.

Each deed is in the intent log with two instants: before it was asked for, and when the house had said yes. Not before
the second may anybody rely on it.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import sqlalchemy as sa

from database import campaigns, customers, intake, requests, strategies
from tactful.campaign import CampaignRequest
from tactful.intake import Identify, Request, Track, Who
from tests.soak.plan import LEAD_SECONDS, Change, Person, Plan
from tests.soak.rig import Rig
from tests.soak.sabotage import Sabotage, unlocked
from tests.soak.strategy import ASKED, CAMPAIGN, CHANNELS, OCCASION, OFFERED, Said
from tests.virtual import no, yes

MOST_WAITING = 400
LOOK_EVERY_SECONDS = 0.5
PACE_SECONDS, UNHURRIED_SECONDS = 0.12, 1.5
LOT_RATE = 10
OFFER_EVERY_SECONDS = 0.35
TOPICS = {Change.NO_NEWS: ("news",), Change.NO_IDEAS: ("ideas",)}
_WAITING = (
    "SELECT count(*) AS n FROM contacts WHERE state IN ('planned', 'claimed') "
    "AND due_at <= now() + interval '10 seconds'"
)


@dataclass(frozen=True)
class Deed:
    """One line of the intent log."""

    person: Person
    change: Change | None
    asked_at: float
    acknowledged_at: float
    revision: int | None = None
    """The customer's, of a deed that is to stop everything."""


@dataclass
class Life:
    """All customers' lives, lived in their order."""

    rig: Rig
    plan: Plan
    deeds: list[Deed] = field(default_factory=list[Deed])
    keys: dict[str, UUID] = field(default_factory=dict[str, UUID])
    launched_at: list[float] = field(default_factory=list[float])
    entered: int = 0
    failure: BaseException | None = None
    _coming: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )

    def __post_init__(self) -> None:
        self._numbers = count()
        self._thread = threading.Thread(target=self._live, daemon=True)

    @property
    def _pace(self) -> float:
        """Return how long after one customer the next comes: where a race is to be seen, nothing must pile up."""
        sabotage = self.rig.sabotage
        return UNHURRIED_SECONDS if sabotage is not None and sabotage.a_race else PACE_SECONDS

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def over(self) -> bool:
        """Say whether everybody has come and done what they were to do.

        Raises:
            BaseException: What ended it otherwise.
        """
        if self.failure is not None:
            raise self.failure
        return not self._thread.is_alive()

    def _live(self) -> None:
        try:
            for number, person in enumerate(self.plan.people, start=1):
                while self.waiting() > MOST_WAITING:
                    self._do_until(time.monotonic() + LOOK_EVERY_SECONDS)
                self._enter(person)
                if number * self.plan.lots // len(self.plan.people) > len(self.launched_at):
                    self._launch()
                self._do_until(time.monotonic() + self._pace)
            while self._coming:
                self._do_until(self._coming[0][0])
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self.failure = error

    def come_late(self, many: int) -> None:
        """Have the next latecomers come, after everybody else, and send them the campaign.

        Raises:
            RuntimeError: there are none left.
        """
        late = self.plan.latecomers[self.entered - len(self.plan.people) :][:many]
        if not late:
            raise RuntimeError("no latecomers are left: a crash point seems out of reach")
        for person in late:
            self._enter(person)
        self._launch()

    def linger(self) -> None:
        """Do what latecomers were to do by now."""
        if self._coming:
            self._do_until(time.monotonic())

    @property
    def lingering(self) -> bool:
        """Say whether somebody is still to do something."""
        return bool(self._coming)

    def waiting(self) -> int:
        """Return how many contacts are due about now and not made yet."""
        return int(self.rig.rows(_WAITING)[0]["n"])

    def _do_until(self, moment: float) -> None:
        while self._coming and self._coming[0][0] <= moment:
            at, _, do = heapq.heappop(self._coming)
            time.sleep(max(at - time.monotonic(), 0))
            do()
        time.sleep(max(moment - time.monotonic(), 0))

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (time.monotonic() + seconds, next(self._numbers), do))

    def _enter(self, person: Person) -> None:
        """Have a customer come: known, willing, registered a little less than a minute ago; and ask for a receipt."""
        asked_at, now = time.time(), datetime.now(UTC)
        statements = yes(*(f"{topic}:{channel}" for topic in ("news", "ideas") for channel in CHANNELS), at=now)
        known = Identify(
            Who(person.name),
            f"{person.name}-known",
            now,
            time_zone=person.time_zone(now),
            addresses=dict(person.addresses),
            statements=statements,
        )
        begun = now + timedelta(seconds=LEAD_SECONDS - 60)
        came = Track(Who(person.name), "customer.registered", f"{person.name}-came", begun)
        receipt = Request(Who(person.name), ASKED, f"{person.name}-{ASKED}")
        self.keys[person.name] = self.rig.run(lambda c: intake.identify(c, known, now=now))
        for _ in range(2 if person.told_twice else 1):
            self.rig.run(lambda c: intake.track(c, came, now=now))
            self.rig.run(lambda c: requests.request_contact(c, receipt, now=now))
        self.deeds.append(Deed(person, None, asked_at, time.time()))
        self.entered += 1
        for number, said in enumerate(said for said in person.meant if said in OFFERED):
            self._later(number * OFFER_EVERY_SECONDS, lambda said=said: self._offer(person, said))
        for seconds, change in person.changes:
            self._later(seconds, lambda change=change: self._change(person, change))

    def _offer(self, person: Person, said: Said) -> None:
        asked = Request(Who(person.name), said.name, f"{person.name}-{said.name}")
        self.rig.run(lambda c: requests.request_contact(c, asked, now=datetime.now(UTC)))

    def _launch(self) -> None:
        """Send the campaign to whoever is not in it yet; somebody clicks twice."""
        now, number = datetime.now(UTC), len(self.launched_at)
        begun = now + timedelta(seconds=LEAD_SECONDS - 60)
        asked = CampaignRequest("soak", CAMPAIGN, OCCASION, begun, f"lot-{number}", "the soak", LOT_RATE)
        for _ in range(2):
            self.rig.run(lambda c: campaigns.begin(c, asked, strategies.published(c)[0], now=now))
        self.launched_at.append(time.time())

    def _change(self, person: Person, change: Change) -> None:
        asked_at, now, revision = time.time(), datetime.now(UTC), None
        who, message_id = Who(person.name), f"{person.name}-{change}"
        match change:
            case Change.NO_NEWS | Change.NO_IDEAS:
                statements = no(*(f"{topic}:{channel}" for topic in TOPICS[change] for channel in CHANNELS), at=now)
                said = Identify(who, message_id, now, statements=statements)
                self._opt_out(said, now)
            case Change.ORDERS | Change.ORDERS_LATE:
                self.rig.run(lambda c: intake.track(c, Track(who, "order.placed", message_id, now), now=now))
            case Change.LEAVES:
                revision = self.rig.run(lambda c: _end(c, self.keys[person.name], "inactive"))
            case Change.ERASED:
                revision = self.rig.run(lambda c: _end(c, self.keys[person.name], "erased"))
        self.deeds.append(Deed(person, change, asked_at, time.time(), revision))

    def _opt_out(self, said: Identify, now: datetime) -> None:
        sabotaged = self.rig.sabotage is Sabotage.OPT_OUT_LOCK
        with unlocked() if sabotaged else nullcontext():
            self.rig.run(lambda c: intake.identify(c, said, now=now))


def _end(conn: sa.Connection, customer_key: UUID, status: str) -> int:
    """Write that nothing more may be said to a customer; return their revision."""
    revision = int(customers.revise(conn, customer_key))
    statement = sa.text("UPDATE customers SET status = :status WHERE customer_key = :key")
    conn.execute(statement, {"key": customer_key, "status": status})
    return revision
