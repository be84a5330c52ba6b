"""A campaign's audience: written down once, in pages, as journeys and planned contacts at everybody's own moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from database import campaigns, lots, sends, strategies
from database.attempts import Claimed
from database.lots import Lot
from database.sends import Act, Asking
from tactful.campaign import CampaignRequest
from tactful.intake import Person, Which
from tests.integration.ledger import DAY, NOON, Ledger, accepted
from tests.small_strategy import files

pytestmark = pytest.mark.integration

MOMENT = datetime(2026, 3, 25, 10)  # noqa: DTZ001 - on everybody's own clock
SPRING = """\
spring:
  why: Spring is here.
  campaign: 2026-03-25 at 10:00
  until: order.placed
  say:
    tulips: { when: at once }
    reminder: { when: 4 days after start }
"""
SEGMENTS = """\
segments:
  gold: { owner: Maya, if: [orders >= 6] }
  new: { owner: Tom, if: [orders <= 1] }
"""
SAYS = {"tulips": "Tulips are in.", "reminder": "There are tulips left."}


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    """A ledger with a campaign published."""
    publish(empty_ledger)
    return empty_ledger


def publish(ledger: Ledger, step: str = SPRING, **more: Any) -> None:  # noqa: ANN401 - whatever the strategy is to have
    made = files(steps=(step,), says=SAYS, **more)
    made["strategy.yaml"] = made["strategy.yaml"].replace("topics:\n", SEGMENTS + "topics:\n")
    ledger.run(lambda c: strategies.publish(c, made, now=ledger.now))


def begin(ledger: Ledger, *, key: str = "", moment: datetime = MOMENT, occasion: datetime = MOMENT) -> tuple[Lot, bool]:
    asked = CampaignRequest("small", "spring", occasion, moment, key, "tests")

    def work(conn: sa.Connection) -> tuple[Lot, bool]:
        (loaded,) = strategies.published(conn)
        return campaigns.begin(conn, asked, loaded, now=ledger.now)

    return ledger.run(work)


def freeze(ledger: Ledger, lot: Lot, *, most: int = 500) -> int:
    """Write a lot's audience down and return how many pages it took."""
    for page in range(1, 100):
        read = ledger.run(lambda c: lots.read(c, lot.lot_key))
        if ledger.run(lambda c: campaigns.freeze_page(c, read, now=ledger.now, most=most)).all:  # noqa: B023 - run now
            return page
    pytest.fail("the audience is never written")


def test_everybody_gets_a_journey_and_what_it_says_at_their_own_moment(ledger: Ledger) -> None:
    """Ten in the morning is another instant in Tokyo and in New York; the reminder hangs on the beginning."""
    for user, zone in (("ada", "Europe/London"), ("rin", "Asia/Tokyo"), ("kim", "America/New_York")):
        ledger.reachable(user, time_zone=zone)
    lot, new = begin(ledger)
    assert new
    freeze(ledger, lot)
    due = {(user, row.communication): row.due_at for user in ("ada", "rin", "kim") for row in ledger.contacts(user)}
    assert due == {
        ("ada", "tulips"): datetime(2026, 3, 25, 10, tzinfo=UTC),
        ("rin", "tulips"): datetime(2026, 3, 25, 1, tzinfo=UTC),
        ("kim", "tulips"): datetime(2026, 3, 25, 14, tzinfo=UTC),
        ("ada", "reminder"): datetime(2026, 3, 29, 9, tzinfo=UTC),
        ("rin", "reminder"): datetime(2026, 3, 29, 1, tzinfo=UTC),
        ("kim", "reminder"): datetime(2026, 3, 29, 14, tzinfo=UTC),
    }
    assert ledger.journey("ada").state == "open"
    assert ledger.words() == [("start", "CampaignStep")], "one workflow for all of them"


def test_quiet_hours_move_the_moment_to_the_next_open_instant(empty_ledger: Ledger) -> None:
    publish(empty_ledger, rules="quiet:\n  email: 09:00 to 11:30")
    empty_ledger.reachable("ada")
    freeze(empty_ledger, begin(empty_ledger)[0])
    assert empty_ledger.contact("ada").due_at == datetime(2026, 3, 25, 11, 30, tzinfo=UTC)


def test_only_active_customers_of_the_segments_named_are_in_it(empty_ledger: Ledger) -> None:
    publish(
        empty_ledger,
        SPRING.replace("until:", "for: [gold, new]\n  until:"),
    )
    for user, segment in (("ada", "gold"), ("bob", "new"), ("cyd", None), ("dan", "gold")):
        empty_ledger.reachable(user)
        put(empty_ledger, user, segment=segment)
    put(empty_ledger, "dan", segment="gold", status="inactive")
    freeze(empty_ledger, begin(empty_ledger)[0])
    assert [user for user in ("ada", "bob", "cyd", "dan") if empty_ledger.contacts(user)] == ["ada", "bob"]


def test_a_double_click_is_the_same_lot(ledger: Ledger) -> None:
    ledger.reachable("ada")
    first, second = begin(ledger), begin(ledger)
    assert [new for _, new in (first, second)] == [True, False]
    assert first[0].lot_key == second[0].lot_key
    assert ledger.words() == [("start", "CampaignStep")]


def test_another_lot_of_the_same_occasion_is_for_those_who_are_not_in_it_yet(ledger: Ledger) -> None:
    ledger.reachable("ada")
    freeze(ledger, begin(ledger)[0])
    ledger.reachable("bob")
    late, new = begin(ledger, key="late")
    freeze(ledger, late)
    assert new
    assert [len(ledger.contacts(user)) for user in ("ada", "bob")] == [2, 2]
    assert ledger.count("contacts", f"lot_key = '{late.lot_key}'") == 2


def test_next_years_occasion_is_for_everybody_again(ledger: Ledger) -> None:
    ledger.reachable("ada")
    freeze(ledger, begin(ledger)[0])
    next_year = MOMENT.replace(year=2027)
    ledger.now = NOON + 365 * DAY
    freeze(ledger, begin(ledger, moment=next_year, occasion=next_year)[0])
    assert len(ledger.contacts("ada")) == 4
    assert [row.entry_no for row in ledger.rows("SELECT entry_no FROM journeys ORDER BY 1")] == [1, 2]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 8])
def test_pages_of_any_size_write_everybody_once(ledger: Ledger, most: int) -> None:
    for n in range(7):
        ledger.reachable(f"c{n}")
    lot, _ = begin(ledger)
    assert freeze(ledger, lot, most=most) == -(-7 // most)
    assert ledger.count("journeys") == 7
    assert ledger.count("contacts") == 14
    (row,) = ledger.rows("SELECT frozen_at FROM lots")
    assert row.frozen_at == ledger.now


def test_a_page_written_by_two_at_once_is_written_once(ledger: Ledger) -> None:
    """A worker that was thought dead, and the one in its place."""
    for n in range(20):
        ledger.reachable(f"c{n}")
    lot, _ = begin(ledger)
    page = lambda c: campaigns.freeze_page(c, lot, now=ledger.now, most=10)  # noqa: E731 - twice the same
    ledger.race(page, page)
    assert ledger.count("contacts") == 20
    freeze(ledger, lot, most=10)
    assert ledger.count("contacts") == 40
    assert ledger.count("journeys") == 20


def test_a_page_that_is_cut_off_leaves_nothing_and_is_written_again(ledger: Ledger) -> None:
    for n in range(4):
        ledger.reachable(f"c{n}")
    lot, _ = begin(ledger)

    def cut_off(conn: sa.Connection) -> None:
        campaigns.freeze_page(conn, lot, now=ledger.now, most=2)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ledger.run(cut_off)
    assert ledger.count("contacts") == 0
    freeze(ledger, lot, most=2)
    assert ledger.count("contacts") == 8


def test_an_audience_is_not_written_earlier_than_one_horizon_before_its_moment(empty_ledger: Ledger) -> None:
    """A day before anybody's morning, or as long before as the strategy looks ahead."""
    publish(empty_ledger)
    moment = MOMENT + 30 * DAY
    lot, _ = begin(empty_ledger, moment=moment)
    frozen = empty_ledger.run(lambda c: campaigns.freeze_page(c, lot, now=empty_ledger.now))
    assert not frozen.all
    assert frozen.again_at == datetime(2026, 4, 22, 20, tzinfo=UTC), "in Kiritimati it is 10:00 fourteen hours earlier"


def test_sent_after_its_moment_it_begins_when_it_is_sent(ledger: Ledger) -> None:
    """And what is said four days after the beginning is not said at once."""
    ledger.reachable("ada")
    ledger.now = datetime(2026, 3, 27, 12, tzinfo=UTC)
    freeze(ledger, begin(ledger)[0])
    tulips, reminder = ledger.contacts("ada")
    assert tulips.due_at == ledger.now
    assert reminder.due_at == datetime(2026, 3, 31, 9, tzinfo=UTC)


def test_one_instant_for_all_where_that_is_asked_for(ledger: Ledger) -> None:
    for user, zone in (("ada", "Europe/London"), ("rin", "Asia/Tokyo")):
        ledger.reachable(user, time_zone=zone)
    freeze(ledger, begin(ledger, moment=ledger.now)[0])
    assert {ledger.contact(user, "tulips").due_at for user in ("ada", "rin")} == {ledger.now}


def test_a_goal_cancels_what_is_left_and_wakes_no_workflow(ledger: Ledger) -> None:
    """A journey of a campaign is a row: its goal ends it, and there is nobody to tell."""
    ledger.reachable("ada")
    freeze(ledger, begin(ledger)[0])
    ledger.now += DAY
    ledger.track("ada", "order.placed")
    assert ledger.journey("ada").state == "goal"
    assert ledger.states("ada") == [("tulips", "cancelled", "goal_reached"), ("reminder", "cancelled", "goal_reached")]
    assert ledger.words() == [("start", "CampaignStep")]


def test_journeys_of_which_nothing_is_left_are_ended(ledger: Ledger) -> None:
    """Those with something left stay open, and those with a parked contact, which a person may still settle."""
    for user in ("ada", "bob", "cyd"):
        ledger.reachable(user)
    lot, _ = begin(ledger)
    freeze(ledger, lot)
    ledger.run(lambda c: c.execute(sa.text("UPDATE contacts SET state = 'skipped', reason = 'cap'")))
    settle(ledger, "bob", "UPDATE contacts SET state = 'planned', reason = NULL WHERE communication = 'reminder'")
    settle(ledger, "cyd", "UPDATE contacts SET state = 'parked', reason = 'failed' WHERE communication = 'reminder'")
    ledger.now += 10 * DAY
    assert ledger.run(lambda c: lots.leave(c, lot, stays=True, now=ledger.now)) == 1
    assert [ledger.journey(user).state for user in ("ada", "bob", "cyd")] == ["completed", "open", "open"]
    assert ledger.run(lambda c: lots.leave(c, lot, stays=True, now=ledger.now)) == 0


@pytest.mark.parametrize("how", ["retry", "skip", "mark_sent"])
def test_a_contact_that_is_settled_when_the_campaign_is_done_ends_its_journey(ledger: Ledger, how: Act) -> None:
    """By a workflow of its own, or by a person; not before, and nobody else's."""
    for user in ("ada", "bob"):
        ledger.reachable(user)
    lot, _ = begin(ledger)
    freeze(ledger, lot)
    ledger.run(lambda c: c.execute(sa.text("UPDATE contacts SET state = 'skipped', reason = 'cap'")))
    reason = "unknown" if how == "mark_sent" else "failed"
    for user in ("ada", "bob"):
        settle(
            ledger, user, f"UPDATE contacts SET state = 'parked', reason = '{reason}' WHERE communication = 'tulips'"
        )
    behind = lambda: ledger.run(lambda c: lots.leave_behind(c, now=ledger.now))  # noqa: E731 - four times the same
    ledger.now += 2 * DAY
    contact = ledger.contact("ada", "tulips")
    act = Asking(how, Which(ledger.now, contacts=(contact.contact_key,)), Person("maya"))
    assert behind() == 0, "the campaign is not done, and sees to it itself"
    ledger.run(lambda c: lots.finish(c, lot.lot_key, now=ledger.now))
    assert behind() == 0, "a person may still settle it"
    assert ledger.run(lambda c: sends.do_page(c, act, now=ledger.now)).done == 1
    if how == "retry":
        assert behind() == 0
        claimed = ledger.claim(contact)
        assert isinstance(claimed, Claimed)
        assert behind() == 0
        ledger.record(contact, claimed, accepted())
    assert (behind(), behind()) == (1, 0)
    assert [ledger.journey(user).state for user in ("ada", "bob")] == ["completed", "open"]


def test_a_journey_whose_time_is_up_ends_with_what_it_still_planned(empty_ledger: Ledger) -> None:
    publish(empty_ledger, SPRING.replace("  say:", "  lasts: 5 days\n  say:"))
    empty_ledger.reachable("ada")
    lot, _ = begin(empty_ledger)
    freeze(empty_ledger, lot)
    empty_ledger.now = datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert empty_ledger.run(lambda c: lots.leave(c, lot, stays=True, now=empty_ledger.now)) == 1
    assert empty_ledger.journey("ada").state == "timed_out"
    assert ("reminder", "cancelled", "journey_ended") in empty_ledger.states("ada")


def test_what_is_due_is_listed_only_while_the_lot_is_open(ledger: Ledger) -> None:
    ledger.reachable("ada")
    lot, _ = begin(ledger)
    freeze(ledger, lot)
    ledger.now += 2 * DAY
    listed = lambda: [ask.contact_key for ask in due(ledger, lot)]  # noqa: E731 - three times the same
    assert listed() == [ledger.contact("ada", "tulips").contact_key]
    ledger.run(lambda c: lots.stop(c, lot.lot_key, now=ledger.now))
    assert listed() == []
    ledger.run(lambda c: lots.resume(c, lot.lot_key, now=ledger.now))
    assert len(listed()) == 1


def test_stopping_twice_is_stopping_once(ledger: Ledger) -> None:
    lot, _ = begin(ledger)
    for _ in range(2):
        assert ledger.run(lambda c: lots.stop(c, lot.lot_key, now=ledger.now)).state == "stopped"
    assert ledger.words() == [("start", "CampaignStep"), ("wake", "")]


def test_a_claim_that_lapsed_is_due_again_and_one_in_flight_is_not(ledger: Ledger) -> None:
    ledger.reachable("ada")
    lot, _ = begin(ledger)
    freeze(ledger, lot)
    ledger.now += 2 * DAY
    ledger.claim(ledger.contact("ada", "tulips"))
    assert due(ledger, lot) == ()
    assert ledger.run(lambda c: lots.next_at(c, lot.lot_key)) == ledger.now + timedelta(seconds=45)
    ledger.now += timedelta(seconds=45)
    assert len(due(ledger, lot)) == 1


def due(ledger: Ledger, lot: Lot) -> tuple[lots.Ask, ...]:
    return ledger.run(lambda c: lots.due(c, lot.lot_key, now=ledger.now, most=100))


def put(ledger: Ledger, user: str, *, segment: str | None, status: str = "active") -> None:
    key = customer_key(ledger, user)
    change = sa.text("UPDATE customers SET segment = :segment, status = :status WHERE customer_key = :key")
    ledger.run(lambda c: c.execute(change, {"segment": segment, "status": status, "key": key}))


def settle(ledger: Ledger, user: str, change: str) -> None:
    key = customer_key(ledger, user)
    ledger.run(lambda c: c.execute(sa.text(f"{change} AND customer_key = :key"), {"key": key}))


def customer_key(ledger: Ledger, user: str) -> UUID:
    (row,) = ledger.rows("SELECT customer_key FROM customer_ids WHERE id = :user", user=user)
    return row.customer_key
