"""What comes of the rules together: sent, later, not at all, or waiting; each case as a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.decide import decide
from tactful.facts import Address, ChannelState, OpenStep, Order, Situation, Suppression
from tactful.strategy.model import Cap, Communication, Condition, Hold, QuietHours, Rules, Segment, Span, Test
from tactful.verdict import Control, Defer, Line, Route, Send, Skip, Verdict, Wait
from tactful.words import ConsentState, JourneyState, Reason, Shape, SuppressionClass
from tests.unit.given import (
    DAY,
    EMAIL,
    HOUR,
    LETTER,
    NOON,
    PUSH,
    RULES,
    SMS,
    by,
    communication,
    contact,
    customer,
    journey,
    made,
    opted_in,
    rival,
    situation,
    step,
    strategy,
)

EVENING = datetime(2026, 3, 24, 21, tzinfo=UTC)
NIGHT = datetime(2026, 3, 24, 23, tzinfo=UTC)
MORNING = datetime(2026, 3, 25, 7, tzinfo=UTC)
ASKED_IN_ORDER = [
    "journey",
    "anchor",
    "milestone",
    "overtaken",
    "due",
    "question",
    "customer",
    "segment",
    "unless",
    "had already",
    "arm",
    "holdout",
    "expiry",
    "undisturbed",
    "hold",
    "lawful basis",
    "suppression",
    "channel",
    "quiet hours",
    "caps",
    "gap",
    "priority",
    "connector",
]


def decided(
    known: Situation | None = None,
    now: datetime = NOON,
    said: Communication | None = None,
    rules: Rules = RULES,
    **changes: Any,  # noqa: ANN401 - anything of a communication
) -> Verdict:
    """Decide about `known`, for a communication that `changes` say more about."""
    said = said or communication(**changes)
    within = step(said)
    return decide(
        known or situation(), communication=said, step=within, published=strategy(within, rules=rules), now=now
    )


def line(verdict: Verdict, rule: str) -> Line:
    return next(one for one in verdict.trace if one.rule == rule)


def carried_by(verdict: Verdict) -> list[str]:
    assert isinstance(verdict, Send)
    return [route.channel.value for route in verdict.routes]


# sent


def test_with_nothing_against_it_a_contact_is_sent_and_every_rule_was_asked_in_order() -> None:
    verdict = decided()
    assert verdict == Send((Route(EMAIL, "mailbox-email", "email address"),), verdict.trace)
    assert [one.rule for one in verdict.trace] == ASKED_IN_ORDER
    assert all(one.reason is None for one in verdict.trace)


def test_a_combined_contact_goes_by_all_of_its_channels() -> None:
    assert carried_by(decided(by=by((LETTER, EMAIL)))) == ["letter", "email"]


def test_what_remains_of_a_combined_contact_goes_and_the_trace_says_what_is_missing() -> None:
    no_letter = customer(addresses=(Address(EMAIL, "a@example.com"),))
    verdict = decided(situation(customer=no_letter), by=by((LETTER, EMAIL)))
    assert carried_by(verdict) == ["email"]
    assert line(verdict, "channel").numbers == {"letter": "no_address"}


def test_a_contact_that_another_system_asks_for_needs_no_journey_and_no_step() -> None:
    said, asked_for = communication(topic="orders"), situation(journey=None)
    verdict = decide(asked_for, communication=said, step=None, published=strategy(rules=RULES), now=NOON)
    assert isinstance(verdict, Send)


def test_a_contact_that_is_being_made_may_be_decided_again_and_does_not_count_against_itself() -> None:
    claimed = situation(past=(made(NOON - HOUR, 100),))
    assert isinstance(decided(claimed), Send)


# each shape of step


def test_a_welcome_ends_with_the_first_order_even_when_the_timer_is_about_to_fire() -> None:
    ordered = situation(journey=journey(state=JourneyState.GOAL))
    assert decided(ordered) == Skip(
        Reason.GOAL_REACHED, (Line("journey", Reason.GOAL_REACHED, {"step": "welcome", "state": "goal"}),)
    )


def test_an_onboarding_nudge_goes_only_while_its_milestone_is_not_reached() -> None:
    known = Condition(text="birthday is known", fact="known", name="birthday", operator="=", value=True)
    nudge = communication("dates", done=known, ask="birthday")
    onboarding = step(nudge, shape=Shape.MILESTONES)
    published = strategy(onboarding, rules=RULES)
    before = decide(situation(), communication=nudge, step=onboarding, published=published, now=NOON)
    told = situation(customer=customer(properties={"birthday": "1980-05-01"}))
    after = decide(told, communication=nudge, step=onboarding, published=published, now=NOON)
    assert isinstance(before, Send)
    assert isinstance(after, Skip)
    assert after.reason is Reason.MILESTONE_REACHED


def test_a_repurchase_reminder_of_the_clock_before_is_not_sent_after_a_new_order() -> None:
    rewound = situation(journey=journey(cycle=2), contact=contact(cycle=1))
    verdict = decided(rewound, topic="reminders")
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.ANCHOR_MOVED


# skipped


@pytest.mark.parametrize(
    ("known", "changes", "reason"),
    [
        (situation(customer=customer(active=False)), {}, Reason.CUSTOMER_INACTIVE),
        (situation(contact=contact(expires_at=NOON)), {}, Reason.EXPIRED),
        (situation(journey=journey(ends_at=NOON)), {}, Reason.JOURNEY_ENDED),
        (situation(customer=customer(consents=())), {}, Reason.NO_OPT_IN),
        (situation(customer=customer(addresses=())), {}, Reason.NO_ADDRESS),
        (
            situation(customer=customer(suppressions=(Suppression(SuppressionClass.MARKETING, "unsubscribed"),))),
            {},
            Reason.SUPPRESSED,
        ),
        (situation(), {"for_segments": ("gold",)}, Reason.NOT_IN_SEGMENT),
        (situation(), {"unless": (Condition(text="orders >= 0", fact="orders", value=0),)}, Reason.UNLESS),
        (
            situation(past=(made(NOON - 30 * DAY, communication="hello"),)),
            {"at_most": (Cap(count=1, window=Span(days=365)),)},
            Reason.ALREADY_HAD,
        ),
        (situation(), {"topic": "gone"}, Reason.STEP_GONE),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else "",
)
def test_a_rule_that_will_not_pass_ends_the_asking(known: Situation, changes: dict[str, Any], reason: Reason) -> None:
    verdict = decided(known, **changes)
    assert isinstance(verdict, Skip)
    assert verdict.reason is reason
    assert verdict.trace[-1].reason is reason
    assert all(one.reason is None for one in verdict.trace[:-1])


def test_what_will_not_pass_is_skipped_even_while_something_else_only_delays_it() -> None:
    known = situation(past=(made(NOON - DAY, question="favourite"),), customer=customer(active=False))
    verdict = decided(known, ask="birthday")
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.CUSTOMER_INACTIVE


# kept back to measure

EVERYBODY = RULES.model_copy(update={"holdout": Decimal(100)})
TESTED = Test(asks="?", split={"nothing": Decimal(100)}, changes={}, measure="x", measure_within=None)
TO_NOTHING = situation(contact=contact(arm="nothing"))


def test_who_is_held_out_is_kept_back_where_everything_else_would_let_it_go() -> None:
    verdict = decided(rules=EVERYBODY)
    assert verdict == Control(Reason.HELD_OUT, verdict.trace, (Route(EMAIL, "mailbox-email", "email address"),))
    assert [one.rule for one in verdict.trace] == ASKED_IN_ORDER, "all were asked"
    assert [one.rule for one in verdict.trace if one.reason is not None] == ["holdout"]


def test_the_arm_that_says_nothing_is_kept_back_at_its_time() -> None:
    verdict = decided(TO_NOTHING, test=TESTED)
    assert isinstance(verdict, Control)
    assert verdict.reason is Reason.TEST_CONTROL


def test_of_those_who_are_held_out_the_holdout_is_the_reason_whatever_their_arm() -> None:
    verdict = decided(TO_NOTHING, rules=EVERYBODY, test=TESTED)
    assert isinstance(verdict, Control)
    assert verdict.reason is Reason.HELD_OUT


def test_a_control_is_put_off_and_left_out_for_all_the_reasons_the_others_are() -> None:
    night = decided(now=NIGHT, rules=EVERYBODY)
    assert isinstance(night, Defer)
    assert (night.until, night.reason) == (MORNING, Reason.QUIET_HOURS)
    nobody = decided(situation(customer=customer(consents=())), rules=EVERYBODY)
    assert isinstance(nobody, Skip)
    assert nobody.reason is Reason.NO_OPT_IN
    busy = decided(situation(past=(made(NOON - 6 * DAY, 1), made(NOON - 2 * DAY, 2))), rules=EVERYBODY)
    assert isinstance(busy, Defer)
    assert busy.reason is Reason.CAP
    closed = (ChannelState(EMAIL, "smtp", NOON + HOUR, "quota"),)
    assert isinstance(decided(situation(channels=closed), rules=EVERYBODY), Wait)


def test_mandatory_contacts_and_those_that_are_asked_for_are_never_kept_back() -> None:
    assert isinstance(decided(TO_NOTHING, rules=EVERYBODY, topic="orders", test=TESTED), Send)
    published = strategy(rules=EVERYBODY)
    asked_for = situation(journey=None, contact=contact(arm="nothing"))
    said = communication(test=TESTED)
    assert isinstance(decide(asked_for, communication=said, step=None, published=published, now=NOON), Send)


# protected

COMPLAINT = Hold(name="complaint", event="complaint.opened", until="complaint.closed")
MOURNING = Hold(name="mourning", event="bereavement.told", lasts=Span(days=2))
HELD = Rules(hold_while=(COMPLAINT, MOURNING), quiet=RULES.quiet)


def told(**events: datetime) -> Situation:
    return situation(customer=customer(events={name.replace("_", "."): (at,) for name, at in events.items()}))


def test_what_a_hold_with_a_known_end_delays_goes_in_the_first_open_hour_after_it() -> None:
    verdict = decided(told(bereavement_told=NIGHT - 2 * DAY + HOUR), now=NOON, rules=HELD)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (MORNING, Reason.ON_HOLD)
    assert line(verdict, "hold").passes_at == NIGHT + HOUR


def test_what_a_hold_without_an_end_delays_is_looked_at_every_day_of_its_life() -> None:
    verdict = decided(told(complaint_opened=NOON - DAY), rules=HELD)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + DAY, Reason.ON_HOLD)
    last = decided(told(complaint_opened=NOON - DAY), NOON + 2.5 * DAY, rules=HELD)
    assert isinstance(last, Defer)
    assert last.until == NOON + 3 * DAY


def test_what_is_held_to_the_end_of_its_life_is_skipped_for_the_hold_and_not_as_expired() -> None:
    held = told(complaint_opened=NOON - DAY)
    verdict = decided(held, NOON + 3 * DAY, rules=HELD)
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.ON_HOLD
    assert [one.reason for one in verdict.trace if one.reason] == [Reason.EXPIRED, Reason.ON_HOLD]
    short = replace(held, journey=journey(ends_at=NOON + DAY))
    verdict = decided(short, NOON + DAY, rules=HELD)
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.ON_HOLD
    long = decided(
        told(bereavement_told=NOON), rules=Rules(hold_while=(MOURNING.model_copy(update={"lasts": Span(months=12)}),))
    )
    assert isinstance(long, Skip)
    assert long.reason is Reason.ON_HOLD


def test_a_goal_that_was_reached_and_a_life_that_ended_before_the_hold_say_so() -> None:
    over = replace(told(complaint_opened=NOON - DAY), journey=journey(state=JourneyState.GOAL))
    verdict = decided(over, rules=HELD)
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.GOAL_REACHED
    late = decided(told(complaint_opened=NOON + 3.5 * DAY), NOON + 4 * DAY, rules=HELD)
    assert isinstance(late, Skip)
    assert late.reason is Reason.EXPIRED


def test_a_step_that_is_not_to_be_disturbed_delays_what_others_say() -> None:
    onboarding = step(communication("guide", step="onboarding"), name="onboarding", undisturbed_by=("ideas",))
    said = communication()
    published = strategy(step(said), onboarding, rules=RULES)
    inside = situation(inside=(OpenStep("onboarding", NOON + DAY),))
    verdict = decide(inside, communication=said, step=step(said), published=published, now=NOON)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + DAY, Reason.UNDISTURBED)
    bill = communication(topic="orders")
    assert isinstance(decide(inside, communication=bill, step=step(bill), published=published, now=NOON), Send)


# deferred


def test_before_it_is_due_a_contact_waits_and_nothing_else_is_asked_yet() -> None:
    """The opt-in that is missing now may be there by then."""
    early = situation(contact=contact(due_at=NOON + HOUR), customer=customer(consents=()))
    verdict = decided(early)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + HOUR, Reason.NOT_YET_DUE)
    assert [one.rule for one in verdict.trace] == ASKED_IN_ORDER[: ASKED_IN_ORDER.index("due") + 1]


def test_at_night_a_contact_waits_for_the_morning() -> None:
    verdict = decided(now=NIGHT)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (MORNING, Reason.QUIET_HOURS)


def test_a_full_week_makes_a_contact_wait_for_the_first_place() -> None:
    full = situation(past=(made(NOON - 6 * DAY, 1), made(NOON - 2 * DAY, 2)))
    verdict = decided(full)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + DAY, Reason.CAP)
    assert line(verdict, "caps").numbers == {"2 in 7 days": 2}


def test_two_contacts_are_kept_apart() -> None:
    verdict = decided(situation(past=(made(NOON - 15 * HOUR),)))
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + 5 * HOUR, Reason.GAP)


def test_when_several_rules_delay_it_it_goes_when_all_of_them_pass() -> None:
    """The place opens at 23:30, which is quiet; the gap ends at 03:00, which is quiet; at 07:00 all is well."""
    past = (made(NIGHT - 7 * DAY + HOUR / 2, 1), made(NIGHT - 16 * HOUR, 2))
    verdict = decided(situation(past=past, contact=contact(due_at=NIGHT)), now=NIGHT)
    assert isinstance(verdict, Defer)
    assert verdict.until == MORNING
    assert verdict.reason is Reason.QUIET_HOURS
    assert line(verdict, "caps").passes_at == NIGHT + HOUR / 2
    assert line(verdict, "gap").passes_at == NIGHT + 4 * HOUR


def test_a_place_that_opens_in_the_night_is_taken_in_the_morning() -> None:
    past = (made(NIGHT - 6 * DAY, 1), made(NIGHT - 5 * DAY, 2))
    verdict = decided(situation(past=past))
    assert isinstance(verdict, Defer)
    assert verdict.until == MORNING + DAY
    assert verdict.reason is Reason.CAP
    assert line(verdict, "quiet hours").reason is None


def test_one_question_at_a_time() -> None:
    # the other rules out of the way: a week of the customer's own
    known = situation(past=(made(NOON - 5 * DAY, question="favourite"),))
    verdict = decided(known, ask="birthday")
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + 2 * DAY, Reason.QUESTION_OPEN)


def test_what_matters_more_goes_first() -> None:
    verdict = decided(situation(rivals=(rival(),)))
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + 20 * HOUR, Reason.OUTRANKED)
    assert line(verdict, "priority").numbers["by"] == "early-bird"


def test_the_reminder_itself_goes_now() -> None:
    reminder = communication("early-bird", topic="reminders")
    assert isinstance(decided(situation(rivals=(rival(901, topic="ideas"),)), said=reminder), Send)


def test_a_contact_that_is_full_for_its_own_reasons_is_not_called_outranked() -> None:
    known = situation(rivals=(rival(),), past=(made(NOON - HOUR),))
    verdict = decided(known)
    assert isinstance(verdict, Defer)
    assert verdict.reason is Reason.GAP


def test_a_paused_journey_is_looked_at_the_next_day_or_at_the_end_of_the_contacts_life() -> None:
    paused = journey(state=JourneyState.PAUSED)
    verdict = decided(situation(journey=paused))
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + DAY, Reason.JOURNEY_PAUSED)
    short = decided(situation(journey=paused, contact=contact(expires_at=NOON + HOUR)))
    assert isinstance(short, Defer)
    assert short.until == NOON + HOUR


def test_a_customer_who_has_not_confirmed_yet_is_not_lost_and_not_contacted() -> None:
    pending = opted_in(EMAIL, "ideas", state=ConsentState.PENDING, stated_at=NOON - HOUR)
    verdict = decided(situation(customer=customer(consents=(pending,))))
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (NOON + HOUR, Reason.OPT_IN_PENDING)


def test_a_contact_that_waits_for_a_second_yes_in_the_night_is_looked_at_in_the_morning() -> None:
    pending = opted_in(EMAIL, "ideas", state=ConsentState.PENDING, stated_at=NIGHT - HOUR)
    verdict = decided(situation(customer=customer(consents=(pending,))), now=NIGHT)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (MORNING, Reason.OPT_IN_PENDING)


# the end of a contact's life


@pytest.mark.parametrize(
    ("known", "now", "reason", "would_pass"),
    [
        (situation(contact=contact(expires_at=NIGHT + HOUR)), NIGHT, Reason.QUIET_HOURS, MORNING),
        (situation(journey=journey(ends_at=MORNING)), NIGHT, Reason.QUIET_HOURS, MORNING),
        (situation(past=(made(NOON - DAY, 1), made(NOON - 2 * DAY, 2))), NOON, Reason.CAP, NOON + 5 * DAY - HOUR),
        (
            situation(rivals=(rival(),), contact=contact(expires_at=NOON + 20 * HOUR)),
            NOON,
            Reason.OUTRANKED,
            NOON + 20 * HOUR,
        ),
        (
            situation(contact=contact(due_at=NOON + DAY, expires_at=NOON + DAY)),
            NOON,
            Reason.NOT_YET_DUE,
            NOON + DAY,
        ),
    ],
    ids=["quiet hours", "journey's end", "cap", "outranked", "not yet due"],
)
def test_what_could_go_only_after_its_life_is_skipped_for_what_delays_it(
    known: Situation, now: datetime, reason: Reason, would_pass: datetime
) -> None:
    verdict = decided(known, now)
    assert isinstance(verdict, Skip)
    assert verdict.reason is reason
    assert verdict.trace[-1].rule == "life"
    assert verdict.trace[-1].passes_at == would_pass


WEEK = Span(days=7)
ONE_ORDER = Condition(text="orders >= 1", fact="orders", value=1)


@pytest.mark.parametrize(
    ("ordered", "own", "past", "reason"),
    [
        (1, Cap(count=2, window=WEEK), 1, None),
        (1, Cap(count=2, window=WEEK), 2, Reason.CAP),
        (0, Cap(count=2, window=WEEK), 1, Reason.CAP),
        (1, Cap(count=2, window=WEEK, channel=EMAIL), 1, Reason.CAP),
        (1, Cap(count=2, window=WEEK, topic="ideas"), 1, Reason.CAP),
    ],
    ids=["more", "full", "another segment", "of a channel", "of a topic"],
)
def test_a_segments_own_cap_is_instead_of_that_of_the_rules_on_the_same_thing(
    ordered: int, own: Cap, past: int, reason: Reason | None
) -> None:
    said = communication()
    buyers = Segment(name="buyers", owner=None, conditions=(ONE_ORDER,), at_most=(own,))
    published = strategy(step(said), rules=Rules(at_most=(Cap(count=1, window=WEEK),)), segments=(buyers,))
    who = customer(orders=(Order(NOON - 9 * DAY),) * ordered)
    before = tuple(made(NOON - (number + 1) * DAY, number) for number in range(past))
    known = situation(customer=who, past=before)
    verdict = decide(known, communication=said, step=step(said), published=published, now=NOON)
    caps = next(line for line in verdict.trace if line.rule == "caps")
    assert caps.reason is reason
    assert caps.numbers.get("segment") == ("buyers" if ordered else None)


def test_a_segments_own_cap_counts_what_is_planned_too() -> None:
    """A rival keeps the place of the segment: with two places a week, both may go."""
    said = communication()
    buyers = Segment(name="buyers", owner=None, conditions=(ONE_ORDER,), at_most=(Cap(count=2, window=WEEK),))
    who = customer(orders=(Order(NOON - 9 * DAY),))
    known = situation(customer=who, rivals=(rival(due_at=NOON + DAY),))
    for segments, expected in (((), Reason.OUTRANKED), ((buyers,), None)):
        published = strategy(step(said), rules=WEEKLY, segments=segments)
        verdict = decide(known, communication=said, step=step(said), published=published, now=NOON)
        assert next(line for line in verdict.trace if line.rule == "priority").reason is expected


POST = (ChannelState(LETTER, "printer", in_home=3 * DAY), ChannelState(EMAIL, "mailbox"))
APART = Rules(apart=Span(days=1))


def test_a_letter_takes_its_place_when_it_arrives() -> None:
    by_letter = decided(situation(channels=POST), rules=APART, by=by(LETTER))
    assert isinstance(by_letter, Send)
    assert by_letter.counts_at == NOON + 3 * DAY
    by_email = decided(situation(channels=POST), rules=APART, by=by(EMAIL))
    assert isinstance(by_email, Send)
    assert by_email.counts_at is None
    both = decided(situation(channels=POST), rules=APART, by=by((LETTER, EMAIL)))
    assert isinstance(both, Send)
    assert both.counts_at is None


def test_a_letter_needs_room_on_the_day_it_arrives_and_is_sent_so_much_earlier() -> None:
    said = {"channels": POST, "contact": contact(expires_at=None)}
    yesterday = situation(past=(made(NOON - HOUR),), **said)
    assert isinstance(decided(yesterday, rules=APART, by=by(LETTER)), Send)
    assert isinstance(decided(yesterday, rules=APART, by=by(EMAIL)), Defer)
    then = situation(past=(made(NOON + 3 * DAY - HOUR),), **said)
    assert isinstance(decided(then, rules=APART, by=by(EMAIL)), Send)
    verdict = decided(then, rules=APART, by=by(LETTER))
    assert isinstance(verdict, Defer)
    assert (verdict.reason, verdict.until) == (Reason.GAP, NOON + DAY - HOUR)


def test_a_letter_that_matters_more_keeps_its_place_on_the_day_it_arrives() -> None:
    """It goes out today and arrives on Friday: today is free for others, Friday is not."""
    ahead = APART.model_copy(update={"look_ahead": Span(days=7)})
    known = situation(channels=POST, rivals=(rival(channels=(LETTER,)),), contact=contact(expires_at=None))
    assert isinstance(decided(known, rules=ahead, by=by(EMAIL)), Send)
    later = situation(
        channels=POST,
        rivals=(rival(channels=(LETTER,), due_at=NOON + 3 * DAY, expires_at=None),),
        contact=contact(expires_at=None, due_at=NOON + 3 * DAY),
    )
    friday = decided(later, NOON + 3 * DAY, rules=ahead, by=by(LETTER))
    assert isinstance(friday, Defer)
    assert friday.reason is Reason.OUTRANKED
    assert isinstance(decided(later, NOON + 3 * DAY, rules=ahead, by=by(EMAIL)), Send)


def test_a_letter_that_is_kept_back_takes_the_place_it_would_have_had() -> None:
    measured = Rules(holdout=Decimal(100))
    verdict = decided(situation(channels=POST), rules=measured, by=by(LETTER))
    assert isinstance(verdict, Control)
    assert verdict.counts_at == NOON + 3 * DAY


def test_a_contact_without_an_expiry_waits_as_long_as_it_takes() -> None:
    yearly = Rules(at_most=(Cap(count=1, window=Span(months=12)),))
    known = situation(contact=contact(expires_at=None), past=(made(NOON - DAY),))
    verdict = decided(known, rules=yearly)
    assert isinstance(verdict, Defer)
    assert verdict.until == datetime(2027, 3, 23, 12, tzinfo=UTC)


def test_quiet_hours_that_never_end_are_not_waited_for_for_ever() -> None:
    always = Rules(quiet=(QuietHours(channels=(), start=None, end=None, weekdays=tuple(range(7))),))
    verdict = decided(situation(contact=contact(expires_at=None)), rules=always)
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.QUIET_HOURS
    assert verdict.trace[-1] == Line("life", Reason.QUIET_HOURS)


# which channel


def test_the_first_route_that_reaches_the_customer_is_taken() -> None:
    no_app = customer(addresses=tuple(one for one in customer().addresses if one.channel is not PUSH))
    assert carried_by(decided(by=by(PUSH, EMAIL))) == ["push"]
    assert carried_by(decided(situation(customer=no_app), by=by(PUSH, EMAIL))) == ["email"]


def test_the_customers_own_preference_comes_first() -> None:
    prefers = situation(customer=customer(preferred=(EMAIL,)))
    assert carried_by(decided(prefers, by=by(PUSH, EMAIL))) == ["email"]


def test_a_first_choice_that_is_quiet_is_waited_for_though_the_second_is_open() -> None:
    verdict = decided(situation(contact=contact(due_at=EVENING)), EVENING, by=by(SMS, EMAIL))
    assert isinstance(verdict, Defer)
    assert verdict.until == datetime(2026, 3, 25, 9, tzinfo=UTC)


def test_a_first_choice_that_opens_too_late_gives_way_and_the_trace_says_why() -> None:
    short = situation(contact=contact(due_at=EVENING, expires_at=EVENING + 6 * HOUR))
    verdict = decided(short, EVENING, by=by(SMS, EMAIL))
    assert carried_by(verdict) == ["email"]
    assert line(verdict, "channel").numbers == {"sms": "quiet_hours"}


def test_a_text_message_too_many_becomes_an_email() -> None:
    full = situation(past=(made(NOON - DAY, channels=(SMS,)),))
    verdict = decided(full, by=by(SMS, EMAIL))
    assert carried_by(verdict) == ["email"]
    assert line(verdict, "channel").numbers == {"sms": "cap"}
    assert line(verdict, "caps").numbers == {"2 in 7 days": 1}


def test_when_no_route_is_in_time_the_first_choice_gives_the_reason() -> None:
    short = situation(contact=contact(due_at=NIGHT, expires_at=NIGHT + HOUR))
    verdict = decided(short, NIGHT, by=by(SMS, EMAIL))
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.QUIET_HOURS
    assert verdict.trace[-1].passes_at == datetime(2026, 3, 25, 9, tzinfo=UTC)


# connectors

HELD_FOR_AN_HOUR = (ChannelState(EMAIL, "smtp", NOON + HOUR, "quota"),)


def test_a_contact_waits_for_its_connector_and_nobody_is_blamed() -> None:
    verdict = decided(situation(channels=HELD_FOR_AN_HOUR))
    assert isinstance(verdict, Wait)
    assert (verdict.until, verdict.reason) == (NOON + HOUR, Reason.CONNECTOR_HELD)


def test_a_hold_that_may_be_lifted_before_it_ends_is_waited_for_to_the_end_of_life() -> None:
    for_a_week = (ChannelState(EMAIL, "smtp", NOON + 7 * DAY, "configuration"),)
    verdict = decided(situation(channels=for_a_week))
    assert isinstance(verdict, Wait)
    assert verdict.until == NOON + 3 * DAY


def test_a_channel_whose_connector_is_held_too_long_gives_way() -> None:
    channels = (ChannelState(EMAIL, "smtp", NOON + 7 * DAY), ChannelState(SMS, "twilio"))
    verdict = decided(situation(channels=channels), by=by(EMAIL, SMS))
    assert carried_by(verdict) == ["sms"]
    assert line(verdict, "channel").numbers == {"email": "connector_held"}


def test_an_hour_without_a_connector_is_waited_for() -> None:
    channels = (*HELD_FOR_AN_HOUR, ChannelState(SMS, "twilio"))
    assert isinstance(decided(situation(channels=channels), by=by(EMAIL, SMS)), Wait)


def test_a_channel_that_nothing_serves_waits_for_somebody_to_set_it_up() -> None:
    verdict = decided(situation(channels=()))
    assert isinstance(verdict, Wait)
    assert (verdict.until, verdict.reason) == (NOON + HOUR, Reason.NO_CONNECTOR)


def test_what_cannot_go_now_anyway_is_deferred_whatever_its_connector_says() -> None:
    verdict = decided(situation(channels=(ChannelState(EMAIL, "smtp", NIGHT + HOUR),)), NIGHT)
    assert isinstance(verdict, Defer)
    assert verdict.until == MORNING


# mandatory


def test_an_invoice_passes_every_marketing_rule() -> None:
    pressed = situation(
        customer=customer(consents=(), suppressions=(Suppression(SuppressionClass.MARKETING, "complained"),)),
        past=tuple(made(NIGHT - number * HOUR, number, question="favourite") for number in range(1, 5)),
        rivals=(rival(due_at=NIGHT),),
    )
    verdict = decided(pressed, NIGHT, said=communication("invoice", topic="orders", ask="reason"))
    assert isinstance(verdict, Send)


def test_an_invoice_never_goes_to_an_undeliverable_address() -> None:
    bounced = Suppression(SuppressionClass.UNDELIVERABLE, "bounced", address="email address")
    known = situation(customer=customer(suppressions=(bounced,)))
    assert isinstance(decided(known, topic="orders"), Skip)
    assert carried_by(decided(known, topic="orders", by=by(EMAIL, LETTER))) == ["letter"]


def test_the_trace_never_shows_an_address() -> None:
    bounced = Suppression(SuppressionClass.UNDELIVERABLE, "bounced", channel=SMS)
    verdict = decided(situation(customer=customer(suppressions=(bounced,))), by=by(SMS, (EMAIL, LETTER)))
    assert isinstance(verdict, Send)
    assert "address" not in repr(verdict.trace).replace("no_address", "")


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    tokyo = NIGHT.astimezone(ZoneInfo("Asia/Tokyo"))
    assert decided(now=tokyo) == decided(now=NIGHT)
    assert timedelta(0) == tokyo - NIGHT


# look-ahead

WEEKLY = Rules(at_most=(Cap(count=1, window=Span(days=7)),), look_ahead=Span(days=7))
MONDAY = datetime(2026, 3, 23, 10, tzinfo=UTC)
WEDNESDAY = MONDAY + 2 * DAY


def on_monday(*, topic: str, waiting: str, lives: timedelta) -> Verdict:
    """Decide on Monday about a contact, while another waits for Wednesday."""
    other = rival(topic=waiting, due_at=WEDNESDAY, expires_at=WEDNESDAY + 3 * DAY)
    known = situation(contact=contact(due_at=MONDAY, expires_at=MONDAY + lives), rivals=(other,))
    return decided(known, MONDAY, rules=WEEKLY, topic=topic)


def test_wednesdays_reminder_moves_mondays_newsletter_under_one_a_week() -> None:
    verdict = on_monday(topic="ideas", waiting="reminders", lives=20 * DAY)
    assert isinstance(verdict, Defer)
    assert (verdict.until, verdict.reason) == (WEDNESDAY + 7 * DAY - HOUR, Reason.OUTRANKED)
    assert line(verdict, "priority").numbers["by"] == "early-bird"


def test_wednesdays_newsletter_does_not_move_mondays_reminder() -> None:
    assert isinstance(on_monday(topic="reminders", waiting="ideas", lives=20 * DAY), Send)


def test_a_newsletter_that_cannot_wait_until_after_the_reminder_is_skipped_as_outranked() -> None:
    verdict = on_monday(topic="ideas", waiting="reminders", lives=3 * DAY)
    assert isinstance(verdict, Skip)
    assert verdict.reason is Reason.OUTRANKED
    assert verdict.trace[-1].rule == "life"


def test_a_newsletter_deferred_week_after_week_is_made_at_last() -> None:
    """However many reminders come: each full week of waiting lifts it by a topic, and it is only one below them."""
    now = MONDAY
    for week in range(9):
        fresh = rival(901 + week, due_at=now + 2 * DAY, expires_at=now + 5 * DAY)
        waiting = contact(due_at=now, planned_for=MONDAY, expires_at=None)
        verdict = decided(situation(contact=waiting, rivals=(fresh,)), now, rules=WEEKLY, topic="ideas")
        if isinstance(verdict, Send):
            break
        assert isinstance(verdict, Defer)
        now = verdict.until
    assert MONDAY + 7 * DAY <= now <= MONDAY + 15 * DAY
