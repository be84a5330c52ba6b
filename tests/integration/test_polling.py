# ruff: noqa: ANN401 - rows hold anything
"""Providers that have to be asked: what they have is stored once, whatever dies, fails or is exchanged in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from database import polls, views
from database.errors import DatabaseError
from service.polling import PATIENCE, Polling
from tactful.connector import (
    Accepted,
    AnyConnector,
    Asking,
    Capabilities,
    Connector,
    ConnectorConfig,
    Fault,
    Feature,
    Fetched,
    Inbound,
    Message,
    Money,
    NoKey,
    Ports,
    SendFault,
    Told,
)
from tactful.words import Channel, ReceiptKind
from tests.integration.ledger import MINUTE, Ledger
from tests.integration.test_receipts import made

pytestmark = pytest.mark.integration
SECOND = timedelta(seconds=1)


class Shelf(Connector[ConnectorConfig]):
    """A provider that keeps what happened until it hears that we have it, two things a look."""

    Config: ClassVar[type[ConnectorConfig]] = ConnectorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.EMAIL,),
        idempotency=NoKey(),
        features=frozenset(Feature),
        bytes_max=1000,
        receipts=True,
        inbound=True,
        arrivals=False,
    )

    def __init__(self, *has: Told | Inbound, every: timedelta | None = MINUTE) -> None:
        super().__init__(ConnectorConfig(), Ports(deliver=str))
        self.has = {one.dedupe_id: one for one in has}
        self.every = every
        self.asked: list[str | None] = []
        self.fails: list[BaseException] = []
        self.thanks_fail: list[Exception] = []
        self.meanwhile: Callable[[], object] = lambda: None

    async def send(self, message: Message, *, deadline: float) -> Accepted:
        raise NotImplementedError

    def polls_every(self) -> timedelta | None:
        return self.every

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        self.asked.append(asking.cursor)
        if self.fails:
            raise self.fails.pop(0)
        await asyncio.to_thread(self.meanwhile)
        ids = list(self.has)[:2]
        cursor = str(int(asking.cursor or 0) + len(ids))
        return Fetched(news=[self.has[one] for one in ids], cursor=cursor, taken=ids, more=len(self.has) > len(ids))

    async def acknowledge(self, taken: Sequence[str], *, deadline: float) -> None:
        if self.thanks_fail:
            raise self.thanks_fail.pop(0)
        for one in taken:
            self.has.pop(one, None)


def bounced(ledger: Ledger, number: int = 1, **more: Any) -> Told:
    said = {"at": ledger.now, "dedupe_id": f"b-{number}", "provider_id": "id-ada", "permanent": True} | more
    return Told(kind=ReceiptKind.BOUNCED, **said)


def look(ledger: Ledger, connector: AnyConnector, polling: Polling | None = None) -> int:
    polling = polling or Polling(ledger.database, {"post": connector})
    return asyncio.run(polling.look(now=ledger.now))


def row(ledger: Ledger) -> Any:
    (found,) = ledger.rows("SELECT * FROM connector_polls")
    return found


def test_what_a_provider_has_is_stored_then_acknowledged_and_has_its_consequences(ledger: Ledger) -> None:
    made(ledger)
    shelf = Shelf(bounced(ledger))
    assert look(ledger, shelf) == 1
    assert shelf.has == {}
    (suppressed,) = ledger.rows("SELECT * FROM suppressions")
    assert (suppressed.kind, suppressed.address, suppressed.source) == ("undeliverable", "ada@email.example", "post")
    assert (row(ledger).cursor, row(ledger).worked_at, row(ledger).fault) == ("1", ledger.now, None)


def test_one_thing_that_cannot_be_stored_stops_nothing_behind_it_and_is_kept_as_unknown(ledger: Ledger) -> None:
    made(ledger)
    shelf = Shelf(bounced(ledger, 1, cost="cheap"), bounced(ledger, 2))
    assert look(ledger, shelf) == 2
    assert shelf.has == {}
    kept = ledger.rows("SELECT kind, dedupe_id, reason FROM receipts ORDER BY dedupe_id")
    assert [tuple(one) for one in kept] == [("unknown", "b-1", "not stored (AttributeError)"), ("bounced", "b-2", "")]
    assert len(ledger.rows("SELECT * FROM suppressions")) == 1
    assert (row(ledger).cursor, row(ledger).fault) == ("2", None)


def test_what_postgresql_itself_cannot_keep_stops_nothing_behind_it_either(ledger: Ledger) -> None:
    made(ledger)
    endless = Money.model_construct(amount="9" * 200_000, currency="USD")  # more digits than a number can have
    shelf = Shelf(bounced(ledger, 1, cost=endless), bounced(ledger, 2))
    assert look(ledger, shelf) == 2
    assert shelf.has == {}
    kept = ledger.rows("SELECT kind, dedupe_id, reason FROM receipts ORDER BY dedupe_id")
    assert [tuple(one) for one in kept] == [("unknown", "b-1", "not stored (UnstorableError)"), ("bounced", "b-2", "")]


def test_the_next_look_is_due_after_its_time_and_begins_where_the_last_one_ended(ledger: Ledger) -> None:
    shelf = Shelf(*(bounced(ledger, n) for n in range(5)))
    polling = Polling(ledger.database, {"post": shelf})
    for _ in range(6):
        look(ledger, shelf, polling)
        ledger.now += SECOND
    assert shelf.asked == [None, "2", "4"], "as long as there is more, at once; then no more"
    ledger.now += MINUTE
    look(ledger, shelf, polling)
    assert shelf.asked[-1] == "5"


def test_of_two_workers_one_looks_and_the_other_takes_over_when_it_dies(ledger: Ledger) -> None:
    shelf, other = Shelf(bounced(ledger)), Shelf()
    shelf.meanwhile = lambda: asyncio.run(Polling(ledger.database, {"post": other}).look(now=ledger.now))
    look(ledger, shelf)
    assert other.asked == []
    ledger.now += MINUTE
    shelf.fails = [KeyboardInterrupt()]  # a worker that is killed
    with pytest.raises(KeyboardInterrupt):
        look(ledger, shelf)
    ledger.now += MINUTE
    look(ledger, other)
    assert other.asked == [], "it may still be at it"
    ledger.now += polls.LEASE
    look(ledger, other)
    assert other.asked == ["1"]


def test_a_death_between_storing_and_acknowledging_doubles_nothing(ledger: Ledger) -> None:
    made(ledger)
    question = Inbound(at=ledger.now, dedupe_id="m-1", sender="ada@email.example", recipient="us", text="Fragrant?")
    shelf = Shelf(bounced(ledger), question)
    shelf.thanks_fail = [SendFault(Fault.TRANSIENT, "lost")]
    look(ledger, shelf)
    assert len(shelf.has) == 2
    assert row(ledger).fault == "transient"
    ledger.now += MINUTE
    look(ledger, shelf)
    assert shelf.has == {}
    assert (ledger.count("receipts"), ledger.count("inbound"), ledger.count("suppressions")) == (1, 1, 1)
    assert row(ledger).fault is None


def test_what_cannot_be_stored_is_not_acknowledged(ledger: Ledger) -> None:
    shelf = Shelf(bounced(ledger))
    ledger.database.run(lambda c: c.exec_driver_sql("ALTER TABLE receipts RENAME TO away"))
    with pytest.raises(DatabaseError):
        look(ledger, shelf)
    assert len(shelf.has) == 1
    ledger.database.run(lambda c: c.exec_driver_sql("ALTER TABLE away RENAME TO receipts"))
    ledger.now += polls.LEASE
    assert look(ledger, shelf) == 1
    assert (ledger.count("receipts"), shelf.has) == (1, {})


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (SendFault(Fault.TRANSIENT, "lost"), MINUTE),
        (SendFault(Fault.CONFIG, "login"), PATIENCE),
        (SendFault(Fault.THROTTLED, "slow", retry_after=5 * MINUTE), 5 * MINUTE),
        (LookupError("ada@email.example"), MINUTE),
    ],
)
def test_an_outage_is_waited_out_longer_where_a_person_has_to_act(
    ledger: Ledger, fault: Exception, again: timedelta
) -> None:
    shelf = Shelf()
    polling = Polling(ledger.database, {"post": shelf})
    shelf.fails = [fault]
    look(ledger, shelf, polling)
    began = ledger.now
    ledger.now = began + again - SECOND
    look(ledger, shelf, polling)
    assert len(shelf.asked) == 1
    ledger.now = began + again
    look(ledger, shelf, polling)
    assert (len(shelf.asked), row(ledger).failing_since, row(ledger).worked_at) == (2, None, ledger.now)


def test_a_changed_configuration_is_tried_at_once(ledger: Ledger) -> None:
    shelf = Shelf()
    polling = Polling(ledger.database, {"post": shelf})
    shelf.fails = [SendFault(Fault.CONFIG, "login")]
    look(ledger, shelf, polling)
    mended = Shelf()
    polling.equip({"post": mended})
    ledger.now += SECOND
    look(ledger, mended, polling)
    assert len(mended.asked) == 1
    polling.equip({"post": mended})
    ledger.now += SECOND
    look(ledger, mended, polling)
    assert len(mended.asked) == 1, "what works keeps its time"


def test_a_changed_configuration_is_tried_at_once_also_where_the_database_was_away_just_then(ledger: Ledger) -> None:
    shelf = Shelf()
    polling = Polling(ledger.database, {"post": shelf})
    shelf.fails = [SendFault(Fault.CONFIG, "login")]
    look(ledger, shelf, polling)
    polling.equip({"post": shelf})
    ledger.database.run(lambda c: c.exec_driver_sql("ALTER TABLE connector_polls RENAME TO away"))
    with pytest.raises(DatabaseError):
        look(ledger, shelf, polling)
    ledger.database.run(lambda c: c.exec_driver_sql("ALTER TABLE away RENAME TO connector_polls"))
    ledger.now += SECOND
    look(ledger, shelf, polling)
    assert len(shelf.asked) == 2


def test_who_is_not_configured_to_be_asked_is_not(ledger: Ledger) -> None:
    shelf = Shelf(every=None)
    look(ledger, shelf)
    assert shelf.asked == []
    assert ledger.count("connector_polls") == 0


def test_health_shows_when_asking_last_worked_and_why_it_does_not(ledger: Ledger) -> None:
    shelf = Shelf()
    polling = Polling(ledger.database, {"post": shelf})
    look(ledger, shelf, polling)
    worked: datetime = ledger.now
    ledger.now += MINUTE
    shelf.fails = [SendFault(Fault.TRANSIENT, "lost")] * 3
    look(ledger, shelf, polling)
    since = ledger.now
    ledger.now += MINUTE
    look(ledger, shelf, polling)
    (stands,) = ledger.run(views.health).asked
    assert (stands.connector, stands.worked_at, stands.failing_since, stands.fault) == (
        "post",
        worked,
        since,
        "transient",
    )
