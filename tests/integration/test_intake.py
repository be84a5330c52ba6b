"""What comes in becomes rows, once, in whatever order it arrives, and never half."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Connection

from database import intake
from database.errors import IdTakenError, UnknownCustomerError
from database.intake import Tracked
from tactful.intake import Identify, Statement, Track, Who
from tactful.words import Channel, ConsentState
from tests.integration.ledger import DAY, MINUTE, NOON, Ledger, at_once
from tests.small_strategy import INVOICE, WELCOME
from tests.virtual import no, yes

pytestmark = pytest.mark.integration
EMAIL = Channel.EMAIL
WELCOME_THEN = WELCOME.replace("until: order.placed", "until: order.placed\n  then: help")
HELP = """\
help:
  why: A little help.
  say:
    guide: { when: at once }
"""


# ------------------------------------------------------------------------------------------------------------- events


def test_an_event_told_twice_is_one_row_and_one_journey(ledger: Ledger) -> None:
    ledger.identify("ada")
    first = ledger.track("ada", "customer.registered", message_id="once")
    second = ledger.track("ada", "customer.registered", message_id="once")
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.event_key == second.event_key
    assert (ledger.count("events"), ledger.count("journeys"), ledger.count("outbox")) == (1, 1, 1)


def test_an_event_told_by_ten_threads_at_once_is_one_row_and_one_journey(ledger: Ledger) -> None:
    ledger.identify("ada")
    told = at_once(*[partial(ledger.track, "ada", "customer.registered", message_id="once")] * 10)
    assert sorted(each.duplicate for each in told) == [False] + [True] * 9
    assert (ledger.count("events"), ledger.count("journeys"), ledger.count("outbox")) == (1, 1, 1)


def test_an_order_told_again_under_another_message_id_is_the_same_order(ledger: Ledger) -> None:
    """An import of what was already told live: the order id says that it is the same."""
    ledger.identify("ada")
    ledger.track("ada", "order.placed", order_id="A1", occasion="birthday")
    again = ledger.track("ada", "order.placed", order_id="A1", occasion="birthday", at=NOON - DAY, historical=True)
    assert again.duplicate
    assert (ledger.count("events"), ledger.count("orders")) == (1, 1)
    assert ledger.journey("ada", "repurchase").cycle == 1


def test_two_customers_orders_of_one_number_are_two_orders(ledger: Ledger) -> None:
    """Two shops may count alike: an order is never taken for somebody else's."""
    for user in ("ada", "bob"):
        ledger.identify(user)
        assert not ledger.track(user, "order.placed", order_id="A1").duplicate
    assert ledger.count("orders") == 2


def test_an_event_of_nobody_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(UnknownCustomerError):
        ledger.track("nobody", "customer.registered")
    assert (ledger.count("events"), ledger.count("customers")) == (0, 0)


def test_an_order_told_before_the_registration_it_followed_leaves_no_welcome(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "order.placed", at=NOON + MINUTE)
    ledger.now = NOON + DAY
    ledger.track("ada", "customer.registered", at=NOON)
    welcome = ledger.journey("ada", "welcome")
    assert (welcome.state, welcome.goals, welcome.goal_at) == ("goal", 1, NOON)
    assert ("start", "WelcomeStep") not in ledger.words()


def test_a_journey_that_is_over_at_its_birth_still_goes_on_to_the_step_that_follows(empty_ledger: Ledger) -> None:
    """As it would have, had the goal been told second."""
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME_THEN, HELP))
    ledger.identify("ada")
    ledger.now = NOON + MINUTE
    ledger.track("ada", "order.placed")
    ledger.track("ada", "customer.registered", at=NOON)
    assert ledger.words() == [("start", "WelcomeStep")]
    welcome = ledger.journey("ada")
    assert ledger.enter(welcome).over
    assert ledger.leave(welcome).then == "HelpStep"


def test_a_senders_clock_that_runs_ahead_does_not_outdate_what_really_follows(ledger: Ledger) -> None:
    """Registered "tomorrow": the order that comes a minute later is the goal all the same."""
    ledger.identify("ada")
    ledger.track("ada", "customer.registered", at=NOON + DAY)
    ledger.now = NOON + MINUTE
    ledger.track("ada", "order.placed")
    assert ledger.journey("ada", "welcome").state == "goal"


def test_the_goal_cancels_what_was_planned_and_leaves_word_in_the_same_transaction(ledger: Ledger) -> None:
    ledger.planned("ada")
    before = ledger.count("outbox")

    def told_and_failed(conn: Connection) -> None:
        intake.track(conn, ledger.told("ada", "order.placed"), now=ledger.now)
        msg = "after everything was written"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError):
        ledger.run(told_and_failed)
    assert ledger.journey("ada", "welcome").state == "open"
    assert (ledger.count("outbox"), ledger.count("events", "name = 'order.placed'")) == (before, 0)
    assert {state for _, state, _ in ledger.states("ada")} == {"planned"}

    ledger.track("ada", "order.placed")
    assert ledger.journey("ada", "welcome").state == "goal"
    assert ledger.states("ada") == [("hello", "cancelled", "goal_reached"), ("story", "cancelled", "goal_reached")]
    assert ledger.words()[before] == ("wake", "")


def test_a_contact_in_flight_when_the_goal_comes_is_not_cancelled_under_its_attempt(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.claim(contact)
    ledger.track("ada", "order.placed")
    assert ledger.states("ada")[0] == ("hello", "claimed", None)


def test_an_order_earns_for_the_journey_whose_goal_it_was(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.track("ada", "order.placed", total={"amount": "12.50", "currency": "GBP"})
    welcome = ledger.journey("ada", "welcome")
    assert (str(welcome.revenue), welcome.currency) == ("12.50", "GBP")


@pytest.mark.parametrize("total", ["NaN", "Infinity", "-Infinity", "1e30", "much", True, [], {}, {"amount": "NaN"}])
def test_a_total_that_is_no_amount_is_no_amount_and_the_order_counts(ledger: Ledger, total: object) -> None:
    ledger.identify("ada")
    assert not ledger.track("ada", "order.placed", total=total).duplicate
    assert [row.total for row in ledger.rows("SELECT total FROM orders")] == [None]


# ----------------------------------------------------------------------------------------------------- re-entry, clocks


def test_never_again_holds_after_the_journey_has_ended(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.track("ada", "order.placed")
    ledger.now += 400 * DAY
    ledger.track("ada", "customer.registered")
    assert ledger.count("journeys", "step = 'welcome'") == 1


def test_again_after_two_weeks_is_a_second_entry_with_a_number_of_its_own(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(WELCOME.replace("until:", "again: after 14 days\n  until:"),))
    ledger.identify("ada")
    for days, entries in ((0, 1), (13, 1), (14, 2), (20, 2)):
        ledger.now = NOON + days * DAY
        ledger.track("ada", "customer.registered")
        ledger.track("ada", "order.placed", at=ledger.now + MINUTE)
        ledger.now += MINUTE
        ledger.track("ada", "order.placed")
        assert ledger.count("journeys", "step = 'welcome'") == entries, days
    numbers = ledger.rows("SELECT entry_no FROM journeys WHERE step = 'welcome' ORDER BY entry_no")
    assert [row.entry_no for row in numbers] == [1, 2]


def test_setting_a_clock_again_begins_the_next_cycle_and_cancels_the_old_one(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "order.placed", occasion="birthday")
    clock = ledger.journey("ada", "repurchase")
    ledger.enter(clock)
    ledger.now += 30 * DAY
    ledger.track("ada", "order.placed", occasion="birthday", total={"amount": "20", "currency": "GBP"})
    again = ledger.journey("ada", "repurchase")
    assert (again.cycle, again.planned_cycle, again.started_at, again.state) == (2, 1, ledger.now, "open")
    assert (again.goals, str(again.revenue)) == (1, "20.00")
    ledger.enter(again)
    reminders = [row for row in ledger.contacts("ada") if row.step == "repurchase"]
    assert [(row.cycle, row.communication, row.state, row.reason) for row in reminders] == [
        (1, "reminder", "cancelled", "anchor_moved"),
        (1, "last-call", "cancelled", "anchor_moved"),
        (2, "reminder", "planned", None),
        (2, "last-call", "planned", None),
    ]


def test_a_late_order_older_than_the_anchor_does_not_rewind_the_clock(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "order.placed", occasion="birthday")
    before = ledger.journey("ada", "repurchase")
    ledger.track("ada", "order.placed", occasion="birthday", at=NOON - 20 * DAY)
    after = ledger.journey("ada", "repurchase")
    assert (after.cycle, after.started_at, after.due_at) == (before.cycle, before.started_at, before.due_at)
    assert ledger.count("journeys", "step = 'repurchase'") == 1


@pytest.mark.parametrize("days", [(60, 30, 0), (0, 30, 60), (30, 0, 60)])
def test_a_clock_is_due_at_the_same_time_in_whatever_order_its_orders_are_told(
    ledger: Ledger, days: tuple[int, ...]
) -> None:
    """Exports begin with the newest order as often as with the oldest."""
    ledger.identify("ada")
    for days_ago in days:
        ledger.track("ada", "order.placed", occasion="birthday", at=NOON - days_ago * DAY, historical=True)
    clock = ledger.journey("ada")
    assert clock.started_at == NOON
    assert clock.due_at == NOON + 30 * DAY - timedelta(hours=1)


def test_a_due_date_that_moves_takes_along_what_is_planned(ledger: Ledger) -> None:
    """The reminder planned in eleven months comes in two weeks, once the orders before are told."""
    ledger.identify("ada")
    ledger.track("ada", "order.placed", occasion="birthday", historical=True)
    clock = ledger.journey("ada")
    ledger.enter(clock)
    for days_ago in (30, 60):
        ledger.track("ada", "order.placed", occasion="birthday", at=NOON - days_ago * DAY, historical=True)
    assert ledger.words()[-1] == ("wake", "")
    plan = ledger.enter(clock)
    moved = [(row.communication, row.state, (row.due_at - NOON).days) for row in ledger.contacts("ada")]
    assert moved == [("reminder", "planned", 15), ("last-call", "planned", 25)]
    assert ledger.journey("ada").ends_at == plan.stays_until
    assert plan.stays_until is not None
    assert (plan.stays_until - NOON).days == 59


def test_the_past_told_afterwards_sets_clocks_and_begins_nothing_else(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "customer.registered", at=NOON - 90 * DAY, historical=True)
    ledger.track("ada", "order.placed", at=NOON - 60 * DAY, occasion="birthday", historical=True)
    assert [row.step for row in ledger.rows("SELECT step FROM journeys")] == ["repurchase"]


def test_the_payment_of_another_invoice_does_not_end_one_told_late(empty_ledger: Ledger) -> None:
    ledger = empty_ledger
    ledger.publish(steps=(INVOICE,))
    ledger.identify("ada")
    ledger.now = NOON + DAY
    ledger.track("ada", "invoice.paid", number="B2")
    ledger.track("ada", "invoice.issued", at=NOON, number="A1")
    ledger.track("ada", "invoice.issued", at=NOON, number="B2")
    states = ledger.rows("SELECT key, state FROM journeys ORDER BY key")
    assert [tuple(row) for row in states] == [("A1", "open"), ("B2", "goal")]


# ----------------------------------------------------------------------------------------------------------- milestones


def test_a_milestone_is_reached_by_its_event_and_its_nudge_is_cancelled(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "order.placed")
    ledger.enter(ledger.journey("ada"))
    before = ledger.count("outbox")
    ledger.track("ada", "guide.opened")
    assert ledger.journey("ada").milestones == ["guide"]
    assert ledger.states("ada") == [("guide", "cancelled", "milestone_reached"), ("dates", "planned", None)]
    assert ledger.words()[before:] == [("wake", "")]


def test_a_milestone_is_reached_by_a_property_that_becomes_known(ledger: Ledger) -> None:
    ledger.identify("ada")
    ledger.track("ada", "order.placed")
    ledger.enter(ledger.journey("ada"))
    ledger.identify("ada", properties={"birthday": "1990-05-04"})
    assert ledger.journey("ada").milestones == ["dates"]
    ledger.track("ada", "guide.opened")
    done = ledger.journey("ada")
    assert (done.state, done.goals) == ("goal", 1)
    assert {state for _, state, _ in ledger.states("ada")} == {"cancelled"}


def test_who_has_reached_every_milestone_before_is_not_kept_in_the_step(ledger: Ledger) -> None:
    ledger.identify("ada", properties={"birthday": "1990-05-04"})
    ledger.track("ada", "guide.opened")
    ledger.track("ada", "order.placed")
    assert ledger.journey("ada").state == "goal"


# ------------------------------------------------------------------------------------------------------------- versions


def test_who_is_inside_a_step_that_the_next_version_drops_is_still_let_out_by_its_goal(ledger: Ledger) -> None:
    ledger.planned("ada")
    ledger.publish(steps=(INVOICE,))
    ledger.track("ada", "order.placed")
    assert ledger.journey("ada").state == "goal"
    assert {state for _, state, _ in ledger.states("ada")} == {"cancelled"}


# ------------------------------------------------------------------------------------------------------------ customers


def test_the_later_statement_holds_in_whatever_order_statements_arrive(ledger: Ledger) -> None:
    for user, first, second in (("ada", 1, 2), ("bob", 2, 1)):
        ledger.identify(user, addresses={EMAIL: f"{user}@example.com"})
        said = {1: yes("news:email", at=NOON + MINUTE), 2: no("news:email", at=NOON + 2 * MINUTE)}
        ledger.now = NOON + DAY
        ledger.say(user, *said[first])
        ledger.say(user, *said[second])
        ledger.track(user, "customer.registered")
        ledger.enter(ledger.journey(user))
        ledger.claim(ledger.contact(user))
        assert ledger.states(user)[0] == ("hello", "skipped", "opted_out"), user


def test_an_opt_in_stated_in_the_future_does_not_outlast_an_opt_out(ledger: Ledger) -> None:
    """A sender whose clock is wrong must not make a yes that no no can end."""
    ledger.identify("ada", addresses={EMAIL: "ada@example.com"}, statements=yes("news:email", at=NOON + DAY))
    ledger.now = NOON + MINUTE
    ledger.opt_out("ada")
    ledger.track("ada", "customer.registered")
    ledger.enter(ledger.journey("ada"))
    ledger.claim(ledger.contact("ada"))
    assert ledger.states("ada")[0] == ("hello", "skipped", "opted_out")


def test_a_statement_told_twice_is_one_row(ledger: Ledger) -> None:
    statement = Statement(EMAIL, "news", ConsentState.OPTED_IN, "express", "form", NOON)
    for _ in range(2):
        ledger.identify("ada", statements=(statement,))
    assert ledger.count("consents") == 1


def test_a_changed_address_replaces_the_old_one_which_is_kept(ledger: Ledger) -> None:
    ledger.identify("ada", addresses={EMAIL: "old@example.com"})
    ledger.now += DAY
    ledger.identify("ada", addresses={EMAIL: "new@example.com"})
    kept = ledger.rows("SELECT address, since, replaced_at FROM addresses ORDER BY since")
    assert [tuple(row) for row in kept] == [
        ("old@example.com", NOON, NOON + DAY),
        ("new@example.com", NOON + DAY, None),
    ]


def test_an_address_is_taken_away_by_none_and_its_channel_is_closed(ledger: Ledger) -> None:
    contact = ledger.planned("ada")
    ledger.identify("ada", addresses={EMAIL: None})
    ledger.claim(contact)
    assert ledger.states("ada")[0] == ("hello", "skipped", "no_address")


def test_facts_told_late_fill_gaps_and_overwrite_nothing_newer(ledger: Ledger) -> None:
    """A message told again after a newer one changes nothing; one that was delayed adds what nobody knew."""
    ledger.now = NOON + 3 * DAY
    newest = {"addresses": {EMAIL: "new@example.com"}, "properties": {"favourite": "peony"}, "language": "de"}
    older = {
        "addresses": {EMAIL: "old@example.com", Channel.SMS: "+447700900123"},
        "properties": {"favourite": "rose", "birthday": "1990-05-04"},
        "language": "en",
        "time_zone": "Europe/Vienna",
    }
    ledger.identify("ada", at=NOON + DAY, **older)
    ledger.identify("ada", at=NOON + 2 * DAY, **newest)
    ledger.identify("ada", at=NOON + DAY, **older)
    (kept,) = ledger.rows("SELECT * FROM customers")
    assert kept.properties == {"favourite": "peony", "birthday": "1990-05-04"}
    assert (kept.language, kept.time_zone) == ("de", "Europe/Vienna")
    current = ledger.rows("SELECT channel, address FROM addresses WHERE replaced_at IS NULL ORDER BY channel")
    assert [tuple(row) for row in current] == [("email", "new@example.com"), ("sms", "+447700900123")]


def test_an_address_taken_away_does_not_come_back_with_an_older_message(ledger: Ledger) -> None:
    ledger.now = NOON + 3 * DAY
    ledger.identify("ada", at=NOON, addresses={EMAIL: "ada@example.com"})
    ledger.identify("ada", at=NOON + 2 * DAY, addresses={EMAIL: None})
    ledger.identify("ada", at=NOON + DAY, addresses={EMAIL: "ada@example.com"})
    assert ledger.count("addresses", "replaced_at IS NULL") == 0


def test_an_address_said_again_is_not_replaced_by_what_was_said_in_between(ledger: Ledger) -> None:
    ledger.now = NOON + 5 * DAY
    for days, address in ((0, "a@example.com"), (2, "a@example.com"), (1, "b@example.com")):
        ledger.identify("ada", at=NOON + days * DAY, addresses={EMAIL: address})
    current = ledger.rows("SELECT address FROM addresses WHERE replaced_at IS NULL")
    assert [row.address for row in current] == ["a@example.com"]


def test_a_new_time_zone_wakes_every_open_journey(ledger: Ledger) -> None:
    ledger.planned("ada")
    before = ledger.count("outbox")
    ledger.identify("ada", time_zone="America/New_York")
    ledger.identify("ada", time_zone="America/New_York")
    assert ledger.words()[before:] == [("wake", "")]


def test_an_anonymous_visitor_who_registers_stays_the_same_customer(ledger: Ledger) -> None:
    visitor = ledger.identify(None, anonymous="browser-1")
    assert ledger.identify("ada", anonymous="browser-1") == visitor
    assert ledger.identify("ada") == visitor
    assert ledger.count("customers") == 1


def test_the_ids_of_two_customers_are_refused_and_nothing_is_half_written(ledger: Ledger) -> None:
    ledger.identify("ada", properties={"favourite": "rose"})
    ledger.identify(None, anonymous="browser-1")
    before = ledger.rows("SELECT customer_key, properties, revision FROM customers ORDER BY customer_key")
    with pytest.raises(IdTakenError):
        ledger.identify(
            "ada", anonymous="browser-1", properties={"favourite": "peony"}, addresses={EMAIL: "x@y.example"}
        )
    after = ledger.rows("SELECT customer_key, properties, revision FROM customers ORDER BY customer_key")
    assert after == before
    assert ledger.count("addresses") == 0


def test_two_people_who_share_a_browser_are_not_made_one(ledger: Ledger) -> None:
    """The second of them would be written to in the name of the first."""
    ledger.identify("ada", anonymous="kitchen-tablet", addresses={EMAIL: "ada@example.com"})
    with pytest.raises(IdTakenError):
        ledger.identify("bob", anonymous="kitchen-tablet", addresses={EMAIL: "bob@example.com"})
    current = ledger.rows("SELECT address FROM addresses WHERE replaced_at IS NULL")
    assert [row.address for row in current] == ["ada@example.com"]


def test_many_identifies_of_one_new_id_at_once_make_one_customer_and_no_orphan(ledger: Ledger) -> None:
    keys = at_once(*[partial(ledger.identify, "ada", properties={"favourite": "rose"})] * 8)
    assert len(set(keys)) == 1
    assert (ledger.count("customers"), ledger.count("customer_ids")) == (1, 1)


def test_identifies_that_race_for_two_ids_of_one_customer_end_in_one_customer(ledger: Ledger) -> None:
    """One names both ids, others one of them: no orphan, and nobody holds an id that the other was told is theirs."""
    for i in range(10):
        user, anonymous = f"user-{i}", f"browser-{i}"
        works: list[Callable[[], UUID | None]] = [
            partial(_identified, ledger, user, anonymous),
            partial(_identified, ledger, user, None),
            partial(_identified, ledger, None, anonymous),
        ]
        keys = {key for key in at_once(*works) if key is not None}
        orphans = ledger.count("customers", "customer_key NOT IN (SELECT customer_key FROM customer_ids)")
        assert orphans == 0
        assert 1 <= len(keys) <= 2


def _identified(ledger: Ledger, user: str | None, anonymous: str | None) -> UUID | None:
    try:
        return ledger.identify(user, anonymous=anonymous)
    except IdTakenError:
        return None


# ---------------------------------------------------------------------------------------------------------- concurrency


def test_threads_that_track_overlapping_customers_meet_no_deadlock_and_revisions_only_rise(ledger: Ledger) -> None:
    users = [f"user-{i}" for i in range(6)]
    for user in users:
        ledger.identify(user)
    before = {row.customer_key: row.revision for row in ledger.rows("SELECT * FROM customers")}
    names = ("customer.registered", "order.placed", "guide.opened")
    batches = []
    for thread in range(6):
        shuffled = random.Random(thread)
        told = [ledger.told(shuffled.choice(users), shuffled.choice(names), occasion="birthday") for _ in range(25)]
        batches.append(partial(ledger.run, partial(_track_many, told=told, now=ledger.now)))
    answers = at_once(*batches)
    assert all(isinstance(answer, Tracked) and not answer.duplicate for each in answers for answer in each)
    events = ledger.rows("SELECT customer_key, revision FROM events ORDER BY customer_key, revision")
    assert len(events) == len({tuple(row) for row in events}) == 150
    after = {row.customer_key: row.revision for row in ledger.rows("SELECT * FROM customers")}
    assert sum(after.values()) - sum(before.values()) == 150
    assert ledger.count("journeys", "step = 'welcome'") <= len(users)


def _track_many(conn: Connection, *, told: list[Track], now: datetime) -> list[Tracked | UnknownCustomerError]:
    return intake.track_many(conn, told, now=now)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_events_in_one_transaction_do_what_they_do_one_by_one(empty_ledger: Ledger, seed: int) -> None:
    """The same story of two households: one told in a batch, one told event by event."""
    ledger = empty_ledger
    ledger.publish()
    dice = random.Random(seed)
    names = ("customer.registered", "order.placed", "guide.opened", "invoice.issued", "invoice.paid")
    story = [
        (f"{dice.randrange(4)}", dice.choice(names), NOON - dice.randrange(100) * DAY, str(dice.randrange(2)))
        for _ in range(40)
    ]
    for house in ("batch", "single"):
        for i in range(3):
            ledger.identify(f"{house}-{i}")
    batch = [
        ledger.told(f"batch-{who}", name, at=at, message_id=f"b{i}", occasion=key, number=key)
        for i, (who, name, at, key) in enumerate(story)
    ]
    answers = ledger.run(lambda c: intake.track_many(c, batch, now=ledger.now))
    for i, (who, name, at, key) in enumerate(story):
        known = who != "3"
        assert isinstance(answers[i], Tracked) is known
        if known:
            ledger.track(f"single-{who}", name, at=at, message_id=f"s{i}", occasion=key, number=key)
        else:
            with pytest.raises(UnknownCustomerError):
                ledger.track(f"single-{who}", name, at=at, message_id=f"s{i}", occasion=key, number=key)
    assert _story_of(ledger, "batch") == _story_of(ledger, "single")


def _story_of(ledger: Ledger, house: str) -> list[tuple[object, ...]]:
    rows = ledger.rows(
        "SELECT split_part(id, '-', 2) AS who, step, key, entry_no, cycle, state, started_at, due_at, milestones, "
        "goals, (SELECT count(*) FROM outbox WHERE subject_key = journey_key) AS words FROM journeys "
        "JOIN customer_ids USING (customer_key) WHERE id LIKE :house ORDER BY who, step, key, entry_no",
        house=f"{house}-%",
    )
    return [tuple(map(str, row)) for row in rows]


def test_a_message_told_while_another_transaction_tells_it_waits_and_is_a_duplicate(ledger: Ledger) -> None:
    ledger.identify("ada")
    said = Identify(Who("ada"), "i", NOON, properties={"favourite": "rose"})
    done = ledger.told("ada", "order.placed", message_id="same", order_id="A1")

    def both(conn: Connection) -> bool:
        intake.identify(conn, said, now=NOON)
        return intake.track(conn, done, now=NOON).duplicate

    assert sorted(at_once(*[partial(ledger.run, both)] * 5)) == [False, True, True, True, True]
