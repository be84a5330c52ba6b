"""Restarts as rows: taken up in pages, each contact by one of them; a stop lets go of what is left."""

from __future__ import annotations

import pytest

from database import lots, restarts
from database.attempts import Claimed
from database.lots import Lot
from database.restarts import RestartRequest
from tactful.connector import Fault
from tactful.intake import Person, Which
from tests.integration.ledger import MINUTE, Ledger, accepted, fault

pytestmark = pytest.mark.integration
USERS = ("ada", "bob", "cyd", "dan", "eve")


@pytest.fixture
def parked(ledger: Ledger) -> Ledger:
    """Five customers whose greeting was refused as it stands."""
    for user in USERS:
        contact = ledger.planned(user)
        claimed = ledger.claim(contact)
        assert isinstance(claimed, Claimed)
        ledger.record(contact, claimed, fault(Fault.BAD_CONTENT))
    ledger.now += MINUTE
    return ledger


def begin(ledger: Ledger, key: str = "once") -> Lot:
    asked = RestartRequest(Which(ledger.now), Person("maya"), key)
    return ledger.run(lambda c: restarts.begin(c, asked, now=ledger.now))


def page(ledger: Ledger, lot: Lot, most: int = 2) -> bool:
    return ledger.run(lambda c: restarts.freeze_page(c, lot, now=ledger.now, most=most))


def in_lot(ledger: Ledger, lot: Lot) -> int:
    (row,) = ledger.rows("SELECT count(*) AS n FROM contacts WHERE lot_key = :key", key=lot.lot_key)
    return int(row.n)


def test_pages_that_are_written_again_or_beside_another_restart_take_each_contact_once(parked: Ledger) -> None:
    """A worker dies after the first page; somebody else has begun a restart of the same meanwhile."""
    first, second = begin(parked), begin(parked, "another")
    assert not page(parked, first)
    assert not page(parked, second)
    parked.race(
        lambda c: restarts.freeze_page(c, first, now=parked.now, most=5),
        lambda c: restarts.freeze_page(c, second, now=parked.now, most=5),
    )
    for lot in (first, second):
        while not page(parked, lot):
            pass
        assert parked.run(lambda c, lot=lot: lots.read(c, lot.lot_key)).frozen_at is not None
    assert in_lot(parked, first) + in_lot(parked, second) == len(USERS)
    assert parked.count("contacts", "restarts = 1 AND state = 'planned'") == len(USERS)
    assert parked.count("decisions", "verdict = 'retry'") == len(USERS)


def test_what_is_parked_again_by_a_restart_is_not_taken_up_by_it_a_second_time(parked: Ledger) -> None:
    lot = begin(parked)
    page(parked, lot)
    row = parked.rows("SELECT * FROM contacts WHERE restarts = 1")[0]
    parked.now += MINUTE
    claimed = parked.claim(row)
    assert isinstance(claimed, Claimed)
    parked.record(row, claimed, fault(Fault.BAD_CONTENT))
    while not page(parked, lot):
        pass
    assert parked.count("contacts", "state = 'parked' AND restarts = 1") == 1


def test_a_stop_lets_go_of_what_is_left_once_and_takes_up_nothing_more(parked: Ledger) -> None:
    lot = begin(parked)
    page(parked, lot, most=3)
    flying, *_ = parked.rows("SELECT * FROM contacts WHERE restarts = 1 ORDER BY due_at")
    parked.now += MINUTE
    claimed = parked.claim(flying)
    assert isinstance(claimed, Claimed)
    stopped = parked.run(lambda c: restarts.stop(c, lot.lot_key, Person("tom"), now=parked.now))
    assert page(parked, lot)
    assert [parked.run(lambda c: restarts.release_page(c, stopped, now=parked.now)) for _ in range(2)] == [2, 0]
    assert parked.count("contacts", "state = 'parked' AND reason = 'bad_message'") == len(USERS) - 1
    assert parked.run(lambda c: lots.due(c, lot.lot_key, now=parked.now, most=9)) == ()
    parked.now += MINUTE  # its lease has ended: what is in flight is seen to, also of a restart that is stopped
    (ask,) = parked.run(lambda c: lots.due(c, lot.lot_key, now=parked.now, most=9))
    assert ask.contact_key == flying.contact_key
    parked.record(flying, claimed, accepted())
    assert parked.run(lambda c: lots.due(c, lot.lot_key, now=parked.now, most=9)) == ()
