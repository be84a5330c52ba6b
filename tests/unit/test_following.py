# ruff: noqa: ANN401 - what is varied in a value can be of any type
"""What follows from an event: which journeys begin, move on and end, in whatever order events arrive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tactful.facts import Customer
from tactful.following import (
    Effect,
    Enter,
    Happened,
    OpenJourney,
    PastEntries,
    ReachGoal,
    ReachMilestones,
    Reanchor,
    Redue,
    Series,
    Story,
    follow,
    reached,
    series_needed,
    watched_events,
)
from tactful.strategy import read_strategy
from tactful.strategy.model import Strategy
from tests.small_strategy import INVOICE, ONBOARDING, REPURCHASE, WELCOME, files

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SMALL = read_strategy(files())
JOURNEY = UUID(int=7)
AGAIN_AFTER = WELCOME.replace("lasts: 21 days", "lasts: 21 days\n  again: after 14 days")
EACH_ORDER = """\
care:
  why: Flowers last longer with fresh water.
  trigger: order.placed
  again: always
  until: order.placed
  say:
    hello: { when: 1 day after start }
"""


def somebody(**known: Any) -> Customer:
    return Customer(UUID(int=1), 1, active=True, registered_at=NOON, **known)


def journey(step: str, *, started_at: datetime = NOON, **more: Any) -> OpenJourney:
    given: dict[str, Any] = {"key": "", "cycle": 1, "milestones": ()}
    return OpenJourney(JOURNEY, step, started_at=started_at, **(given | more))


def after(
    event: str,
    *,
    at: datetime = NOON,
    now: datetime | None = None,
    strategy: Strategy = SMALL,
    customer: Customer | None = None,
    journeys: tuple[OpenJourney, ...] = (),
    entries: Mapping[tuple[str, str], PastEntries] | None = None,
    series: Mapping[Series, tuple[datetime, ...]] | None = None,
    blocked: frozenset[str] = frozenset(),
    historical: bool = False,
    **properties: object,
) -> tuple[Effect, ...]:
    """Return what follows from one event."""
    happened = Happened(event, at, properties, historical)
    story = Story(customer or somebody(), journeys, entries or {}, series or {}, blocked)
    return follow(strategy, happened, story, now or max(at, NOON))


def entered(effects: tuple[Effect, ...]) -> list[str]:
    return [effect.step for effect in effects if isinstance(effect, Enter)]


def test_a_registration_begins_the_welcome_at_the_instant_it_happened() -> None:
    (welcome,) = after("customer.registered", at=NOON - DAY, now=NOON)
    assert welcome == Enter("welcome", "", 1, NOON - DAY, None, (), None)


def test_an_order_ends_the_welcome_before_it_begins_what_it_triggers() -> None:
    effects = after("order.placed", at=NOON + DAY, journeys=(journey("welcome"),), occasion="birthday")
    assert effects[0] == ReachGoal(JOURNEY, NOON + DAY)
    assert entered(effects) == ["onboarding", "repurchase"]


def test_an_order_of_before_the_welcome_began_is_not_its_goal() -> None:
    effects = after("order.placed", at=NOON - DAY, now=NOON, journeys=(journey("welcome"),))
    assert not any(isinstance(effect, ReachGoal) for effect in effects)


def test_an_order_at_the_very_instant_of_the_registration_is_the_goal_in_both_orders_of_arrival() -> None:
    """A guest who checks out is registered and has ordered at once: no welcome, whichever was told first."""
    told_last = after("order.placed", at=NOON, journeys=(journey("welcome", started_at=NOON),))
    assert told_last[0] == ReachGoal(JOURNEY, NOON)
    told_first = after("customer.registered", customer=somebody(events={"order.placed": (NOON,)}))
    assert told_first == (Enter("welcome", "", 1, NOON, None, (), NOON),)


def test_a_journey_whose_goal_was_told_before_its_beginning_is_over_when_it_begins() -> None:
    known = somebody(events={"order.placed": (NOON + 2 * DAY, NOON + DAY, NOON - DAY)})
    (welcome,) = after("customer.registered", at=NOON, now=NOON + 3 * DAY, customer=known)
    assert isinstance(welcome, Enter)
    assert welcome.goal_at == NOON + DAY


def test_a_goal_with_a_key_ends_only_the_journey_of_that_key() -> None:
    bills = (
        journey("invoice", key="A1"),
        OpenJourney(UUID(int=8), "invoice", "B2", NOON, 1, ()),
    )
    effects = after("invoice.paid", at=NOON + DAY, journeys=bills, number="B2")
    assert effects == (ReachGoal(UUID(int=8), NOON + DAY),)


def test_the_payment_of_another_invoice_told_early_does_not_end_this_one_at_its_birth() -> None:
    """Only a goal of the journey's own key counts, also when it was told first."""
    paid = somebody(events={"invoice.paid": (NOON + DAY,)})
    (begun,) = after("invoice.issued", customer=paid, now=NOON + 2 * DAY, number="A1")
    assert isinstance(begun, Enter)
    assert begun.goal_at is None
    own = {Series("invoice.paid", "number", "A1"): (NOON + DAY,)}
    (over,) = after("invoice.issued", customer=paid, series=own, now=NOON + 2 * DAY, number="A1")
    assert isinstance(over, Enter)
    assert over.goal_at == NOON + DAY


def test_an_event_without_the_keys_field_begins_and_ends_nothing() -> None:
    nameless = (journey("invoice", key="None"),)
    assert after("invoice.issued") == ()
    assert after("invoice.issued", number="") == ()
    assert after("invoice.paid", at=NOON + DAY, journeys=nameless, number=None) == ()


def test_a_step_that_is_open_is_not_entered_again() -> None:
    assert after("customer.registered", at=NOON + DAY, journeys=(journey("welcome"),)) == ()


def test_never_again_means_never_again() -> None:
    assert after("customer.registered", entries={("welcome", ""): PastEntries(1, NOON - 900 * DAY)}) == ()


@pytest.mark.parametrize(("days", "steps"), [(13, []), (14, ["welcome"])])
def test_again_after_two_weeks_means_from_the_fourteenth_day_on(days: int, steps: list[str]) -> None:
    strategy = read_strategy(files(steps=(AGAIN_AFTER,)))
    past = {("welcome", ""): PastEntries(3, NOON)}
    effects = after("customer.registered", at=NOON + days * DAY, strategy=strategy, entries=past)
    assert entered(effects) == steps
    assert all(isinstance(effect, Enter) and effect.entry_no == 4 for effect in effects)


def test_a_step_that_the_same_event_ends_and_triggers_begins_anew() -> None:
    """Care after each order: the next order ends the old journey and begins one of its own."""
    strategy = read_strategy(files(steps=(EACH_ORDER,)))
    past = {("care", ""): PastEntries(1, NOON)}
    effects = after("order.placed", at=NOON + DAY, strategy=strategy, journeys=(journey("care"),), entries=past)
    assert effects == (
        ReachGoal(JOURNEY, NOON + DAY),
        Enter("care", "", 2, NOON + DAY, None, (), None),
    )


def test_a_blocked_or_draft_step_is_not_entered() -> None:
    drafted = read_strategy(files(steps=(WELCOME.replace("why:", "draft: true\n  why:"),)))
    assert after("customer.registered", blocked=frozenset({"welcome"})) == ()
    assert after("customer.registered", strategy=drafted) == ()


def test_an_order_sets_a_clock_for_its_occasion_a_year_ahead() -> None:
    effects = after("order.placed", occasion="birthday")
    clock = effects[-1]
    assert isinstance(clock, Enter)
    assert (clock.step, clock.key, clock.due_at) == ("repurchase", "birthday", datetime(2027, 3, 24, 12, tzinfo=UTC))


def test_from_three_orders_on_the_clock_follows_the_customers_own_interval() -> None:
    known = {Series("order.placed", "occasion", "birthday"): (NOON, NOON - 30 * DAY, NOON - 60 * DAY)}
    clock = after("order.placed", series=known, occasion="birthday")[-1]
    assert isinstance(clock, Enter)
    # 30 days on, at the same local hour: London's clocks went forward on 29 March.
    assert clock.due_at == NOON + 30 * DAY - timedelta(hours=1)


def test_the_next_order_sets_the_clock_again_and_nothing_begins() -> None:
    clock = journey("repurchase", key="birthday", cycle=3)
    past = {("onboarding", ""): PastEntries(1, NOON), ("repurchase", "birthday"): PastEntries(1, NOON)}
    effects = after("order.placed", at=NOON + DAY, journeys=(clock,), entries=past, occasion="birthday")
    assert effects == (Reanchor(JOURNEY, 4, NOON + DAY, datetime(2027, 3, 25, 12, tzinfo=UTC)),)


def test_an_order_for_another_occasion_leaves_a_clock_alone() -> None:
    clock = journey("repurchase", key="birthday")
    effects = after("order.placed", at=NOON + DAY, journeys=(clock,), occasion="wedding")
    assert entered(effects) == ["onboarding", "repurchase"]
    assert not any(isinstance(effect, Reanchor) for effect in effects)


def test_a_late_order_older_than_the_anchor_does_not_rewind_a_clock() -> None:
    """Two orders make no habit: the clock stands as it is."""
    due = datetime(2027, 3, 24, 12, tzinfo=UTC)
    clock = journey("repurchase", key="birthday", due_at=due)
    known = {Series("order.placed", "occasion", "birthday"): (NOON, NOON - DAY)}
    past = {("onboarding", ""): PastEntries(1, NOON)}
    assert (
        after("order.placed", at=NOON - DAY, journeys=(clock,), series=known, entries=past, occasion="birthday") == ()
    )


def test_a_late_order_that_shows_a_habit_moves_the_due_date_and_not_the_anchor() -> None:
    """An export that lists the newest order first sets the same clock as one that lists the oldest first."""
    clock = journey("repurchase", key="birthday", due_at=datetime(2027, 3, 24, 12, tzinfo=UTC))
    known = {Series("order.placed", "occasion", "birthday"): (NOON, NOON - 30 * DAY, NOON - 60 * DAY)}
    past = {("onboarding", ""): PastEntries(1, NOON)}
    effects = after(
        "order.placed", at=NOON - 60 * DAY, journeys=(clock,), series=known, entries=past, occasion="birthday"
    )
    assert effects == (Redue(JOURNEY, NOON + 30 * DAY - timedelta(hours=1)),)


def test_a_historical_event_opens_only_clocks() -> None:
    effects = after("order.placed", at=NOON - 300 * DAY, now=NOON, historical=True, occasion="birthday")
    assert entered(effects) == ["repurchase"]
    assert after("customer.registered", historical=True) == ()


def test_a_historical_order_whose_clock_has_long_run_out_opens_none() -> None:
    assert after("order.placed", at=NOON - 900 * DAY, now=NOON, historical=True, occasion="birthday") == ()


def test_a_registration_told_after_its_step_would_have_been_over_begins_nothing() -> None:
    assert after("customer.registered", at=NOON - 21 * DAY, now=NOON) == ()
    assert entered(after("customer.registered", at=NOON - 20 * DAY, now=NOON)) == ["welcome"]


def test_a_milestone_is_reached_by_its_event() -> None:
    opened = somebody(events={"guide.opened": (NOON + DAY,)})
    effects = after("guide.opened", at=NOON + DAY, journeys=(journey("onboarding"),), customer=opened)
    assert effects == (ReachMilestones(JOURNEY, ("guide",), complete=False, reached_at=NOON + DAY),)


def test_a_milestone_told_by_a_clock_that_runs_ahead_of_ours_is_reached_at_once() -> None:
    opened = somebody(events={"guide.opened": (NOON + DAY,)})
    assert len(after("guide.opened", at=NOON + DAY, now=NOON, journeys=(journey("onboarding"),), customer=opened)) == 1


def test_the_last_milestone_completes_the_step() -> None:
    known = somebody(properties={"birthday": "1990-05-04"})
    story = Story(known, (journey("onboarding", milestones=("guide",)),))
    assert reached(SMALL, story, NOON) == (
        ReachMilestones(JOURNEY, ("guide", "dates"), complete=True, reached_at=NOON),
    )


def test_a_milestone_that_wants_the_event_twice_is_not_reached_by_the_first() -> None:
    twice = read_strategy(files(steps=(ONBOARDING.replace("done: guide.opened", "done: guide.opened >= 2"),)))
    open_ = (journey("onboarding"),)
    once = somebody(events={"guide.opened": (NOON,)})
    assert after("guide.opened", strategy=twice, journeys=open_, customer=once) == ()
    again = somebody(events={"guide.opened": (NOON, NOON - DAY)})
    assert len(after("guide.opened", strategy=twice, journeys=open_, customer=again)) == 1


def test_milestones_reached_before_the_step_began_are_known_at_its_beginning() -> None:
    known = somebody(events={"guide.opened": (NOON - DAY,)})
    onboarding = after("order.placed", customer=known)[0]
    assert isinstance(onboarding, Enter)
    assert onboarding.milestones == ("guide",)
    assert onboarding.goal_at is None


def test_a_step_whose_milestones_are_all_reached_is_over_when_it_begins() -> None:
    known = somebody(events={"guide.opened": (NOON - DAY,)}, properties={"birthday": "1990-05-04"})
    onboarding = after("order.placed", customer=known)[0]
    assert isinstance(onboarding, Enter)
    assert (onboarding.milestones, onboarding.goal_at) == (("guide", "dates"), NOON)


def test_a_journey_of_an_earlier_version_keeps_that_versions_goal() -> None:
    """The published version has no welcome any more, or another goal for it: who is inside is still let out."""
    pinned = SMALL.steps["welcome"]
    open_ = (journey("welcome", pinned=pinned),)
    without = read_strategy(files(steps=(INVOICE,)))
    assert after("order.placed", at=NOON + DAY, strategy=without, journeys=open_) == (ReachGoal(JOURNEY, NOON + DAY),)
    other = read_strategy(files(steps=(WELCOME.replace("until: order.placed", "until: guide.opened"),)))
    assert after("order.placed", at=NOON + DAY, strategy=other, journeys=open_) == (ReachGoal(JOURNEY, NOON + DAY),)
    assert after("guide.opened", at=NOON + DAY, strategy=other, journeys=open_) == ()


def test_a_milestone_of_an_earlier_version_is_still_reached() -> None:
    open_ = (journey("onboarding", pinned=SMALL.steps["onboarding"]),)
    without = read_strategy(files(steps=(INVOICE,)))
    opened = somebody(events={"guide.opened": (NOON + DAY,)})
    assert len(after("guide.opened", at=NOON + DAY, strategy=without, journeys=open_, customer=opened)) == 1


def test_the_series_needed_are_those_of_clocks_set_and_of_goals_with_a_key() -> None:
    order = Happened("order.placed", NOON, {"occasion": "birthday"})
    assert series_needed(SMALL, order, ()) == (Series("order.placed", "occasion", "birthday"),)
    issued = Happened("invoice.issued", NOON, {"number": "A1"})
    assert series_needed(SMALL, issued, ()) == (Series("invoice.paid", "number", "A1"),)
    assert series_needed(SMALL, Happened("guide.opened", NOON), ()) == ()


def test_the_series_of_a_clock_of_an_earlier_version_is_needed_too() -> None:
    order = Happened("order.placed", NOON, {"occasion": "birthday"})
    without = read_strategy(files(steps=(INVOICE,)))
    clock = journey("repurchase", key="birthday", pinned=SMALL.steps["repurchase"])
    assert series_needed(without, order, (clock,)) == (Series("order.placed", "occasion", "birthday"),)


def test_watched_are_the_events_of_goals_milestones_and_conditions_each_once() -> None:
    assert watched_events(SMALL) == ("order.placed", "guide.opened", "invoice.paid")
    picky = REPURCHASE.replace("when: 14 days before due", "when: 14 days before due, unless: [guide.opened >= 1]")
    assert watched_events(read_strategy(files(steps=(picky,)))) == ("order.placed", "guide.opened")
