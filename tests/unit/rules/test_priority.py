"""Priority between contacts that want the same place at the same time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.facts import ChannelState, PastContact, Rival, Suppression
from tactful.rules.priority import places_kept, rank_of, unrivalled
from tactful.strategy.model import Cap, Communication, Condition, Rules, Span
from tactful.verdict import Line
from tactful.words import Channel, Reason, SuppressionClass
from tests.unit.given import (
    DAY,
    EMAIL,
    HOUR,
    LETTER,
    NOON,
    PUSH,
    SMS,
    TOPICS,
    by,
    communication,
    customer,
    key,
    made,
    rival,
    situation,
    step,
    strategy,
)

LONDON = ZoneInfo("Europe/London")
MOMENT = timedelta(microseconds=1)
GAP = Rules(apart=Span(seconds=20 * 3600))
ONE_A_WEEK = Rules(at_most=(Cap(count=1, window=Span(days=7)),))
TWO_A_WEEK = Rules(at_most=(Cap(count=2, window=Span(days=7)),))
ONE_SMS = Rules(at_most=(Cap(count=1, window=Span(days=7), channel=SMS),))


def asked(
    *rivals: Rival,
    rules: Rules = GAP,
    topic: str = "ideas",
    raised: int = 0,
    going_by: Channel = EMAIL,
    past: tuple[PastContact, ...] = (),
    at: datetime | None = None,
    first_due_at: datetime = NOON,
    said: Communication | None = None,
    **facts: Any,  # noqa: ANN401 - any fact
) -> Line:
    """Ask the rule for a contact about ideas, due now, of key 100."""
    now = facts.pop("now", NOON)
    known = situation(rivals=rivals, past=past, **facts)
    published = strategy(step(said) if said else step(), rules=rules)
    mine = rank_of(TOPICS[topic], raised, first_due_at, key(100), now)
    kept = places_kept(known, mine, published, rules, now=now, zone=LONDON)
    return unrivalled((going_by,), TOPICS[topic], "nurture", kept, own=key(100), at=at or now, zone=LONDON)


def test_alone_nobody_is_outranked() -> None:
    assert asked() == Line("priority")


def test_a_reminder_goes_before_ideas_and_ideas_come_after_the_gap() -> None:
    line = asked(rival())
    by = {"by": "early-bird", "topic": "reminders", "due_at": NOON.isoformat()}
    assert line == Line("priority", Reason.OUTRANKED, by, NOON + 20 * HOUR)


def test_ideas_do_not_hold_up_a_reminder() -> None:
    assert asked(rival(topic="ideas"), topic="reminders").reason is None


def test_within_a_topic_what_is_raised_goes_first() -> None:
    assert asked(rival(topic="ideas", raised=1)).reason is Reason.OUTRANKED
    assert asked(rival(topic="ideas", raised=1), raised=1).reason is None
    assert asked(rival(topic="ideas", raised=-1)).reason is None
    assert asked(rival(topic="reminders", raised=-5), raised=5).reason is Reason.OUTRANKED


def test_of_equals_the_one_due_earlier_goes_first_and_then_the_lower_key() -> None:
    assert asked(rival(topic="ideas", due_at=NOON - MOMENT)).reason is Reason.OUTRANKED
    assert asked(rival(99, topic="ideas")).reason is Reason.OUTRANKED
    assert asked(rival(101, topic="ideas")).reason is None


def test_a_contact_is_not_its_own_rival() -> None:
    assert asked(rival(100)).reason is None


def test_a_rival_keeps_its_place_from_its_hour_for_one_hour() -> None:
    assert asked(rival(due_at=NOON + MOMENT)).reason is None
    assert asked(rival(due_at=NOON - HOUR)).reason is Reason.OUTRANKED
    assert asked(rival(due_at=NOON - HOUR - MOMENT)).reason is None


def test_a_rival_whose_life_is_over_keeps_nothing() -> None:
    assert asked(rival(expires_at=NOON)).reason is None
    assert asked(rival(expires_at=NOON + MOMENT)).reason is Reason.OUTRANKED
    assert asked(rival(expires_at=None)).reason is Reason.OUTRANKED


AHEAD = GAP.model_copy(update={"look_ahead": Span(days=7)})
WEEKLY_AHEAD = ONE_A_WEEK.model_copy(update={"look_ahead": Span(days=7)})


def test_with_look_ahead_a_place_is_kept_to_the_horizon_and_no_further() -> None:
    """Seven days by the customer's clock: the Sunday between has an hour less."""
    horizon = NOON + 7 * DAY - HOUR
    assert asked(rival(due_at=NOON + 2 * HOUR, expires_at=None), rules=AHEAD).passes_at == NOON + 22 * HOUR
    assert asked(rival(due_at=horizon, expires_at=None), rules=WEEKLY_AHEAD, at=NOON + HOUR).reason is Reason.OUTRANKED
    assert asked(rival(due_at=horizon + MOMENT, expires_at=None), rules=WEEKLY_AHEAD, at=NOON + HOUR).reason is None


def test_what_does_not_come_too_close_to_a_kept_place_goes_before_it() -> None:
    assert asked(rival(due_at=NOON + 20 * HOUR), rules=AHEAD).reason is None
    assert asked(rival(due_at=NOON + 20 * HOUR - MOMENT), rules=AHEAD).reason is Reason.OUTRANKED


def test_a_place_stays_kept_for_whichever_later_instant_is_asked_about() -> None:
    """Overdue is who is overdue now; what will have been made by then counts from when it is made."""
    soon = rival(due_at=NOON + 2 * HOUR)
    assert asked(soon, rules=AHEAD, at=NOON + 2 * HOUR).passes_at == NOON + 22 * HOUR
    assert asked(soon, rules=AHEAD, at=NOON + 6 * HOUR).passes_at == NOON + 22 * HOUR
    assert asked(soon, rules=AHEAD, at=NOON + 22 * HOUR).reason is None


def test_a_rival_that_has_to_move_itself_keeps_the_place_it_moves_to() -> None:
    """This week's contact was made on Friday; the reminder due tomorrow will take next Friday's place."""
    past = (made(NOON - 4 * DAY),)
    friday = NOON + 3 * DAY
    tomorrow = rival(due_at=NOON + DAY, expires_at=None)
    assert asked(tomorrow, rules=WEEKLY_AHEAD, past=past, at=friday).passes_at == friday + 7 * DAY - HOUR
    short_lived = rival(due_at=NOON + DAY, expires_at=friday)
    assert asked(short_lived, rules=WEEKLY_AHEAD, past=past, at=friday).reason is None


def test_rivals_give_way_to_each_other_before_anybody_gives_way_to_them() -> None:
    """Two of them want one place: the lower one keeps none, and does not stand in the way."""
    later = rival(901, due_at=NOON + 6 * DAY, communication="later", expires_at=None)
    sooner = rival(902, due_at=NOON + 5 * DAY, communication="sooner", expires_at=None)
    assert asked(later, sooner, rules=WEEKLY_AHEAD).numbers["by"] == "sooner"
    assert asked(later, sooner, rules=WEEKLY_AHEAD, at=NOON + 12 * DAY).reason is None
    assert asked(later, rules=WEEKLY_AHEAD, at=NOON + 12 * DAY).reason is Reason.OUTRANKED


def test_who_has_waited_a_week_ranks_a_topic_higher_and_so_on() -> None:
    """Ideas rank one topic below reminders."""
    assert asked(rival(), first_due_at=NOON - 7 * DAY + MOMENT).reason is Reason.OUTRANKED
    assert asked(rival(), first_due_at=NOON - 7 * DAY).reason is None
    waited = rival(planned_for=NOON - 7 * DAY - HOUR)
    assert asked(waited, first_due_at=NOON - 7 * DAY).reason is Reason.OUTRANKED
    assert asked(waited, first_due_at=NOON - 14 * DAY).reason is None


def test_a_service_rival_takes_no_place_and_a_service_contact_waits_for_nobody() -> None:
    assert asked(rival(topic="orders")).reason is None
    assert asked(rival(), topic="orders").reason is None


def test_a_rival_about_a_topic_that_is_no_more_keeps_nothing() -> None:
    assert asked(rival(topic="gone")).reason is None


@pytest.mark.parametrize(
    "facts",
    [
        {"customer": customer(consents=())},
        {"customer": customer(addresses=())},
        {"customer": customer(suppressions=(Suppression(SuppressionClass.MARKETING, "x", topic="reminders"),))},
        {"channels": ()},
        {"channels": (ChannelState(EMAIL, "smtp", NOON + HOUR),)},
    ],
    ids=["no opt-in", "no address", "suppressed", "no connector", "connector held"],
)
def test_a_rival_that_could_not_be_made_itself_idles_no_place(facts: dict[str, Any]) -> None:
    assert asked(rival(), **facts).reason is None


ANYBODY = Condition(text="orders >= 0", fact="orders", value=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"for_segments": ("gold",)},
        {"unless": (ANYBODY,)},
        {"at_most": (Cap(count=1, window=Span(days=7)),)},
        {"done": ANYBODY},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_rival_that_is_not_meant_for_the_customer_idles_no_place(changes: dict[str, Any]) -> None:
    """Known when the rival says which step it belongs to."""
    past = (made(NOON - 3 * DAY, communication="early-bird"),)
    said = communication("early-bird", topic="reminders", **changes)
    assert asked(rival(step="welcome"), said=said, past=past).reason is None
    assert asked(rival(), said=said, past=past).reason is Reason.OUTRANKED


def test_a_rival_takes_the_place_of_the_channel_it_would_go_by() -> None:
    said = communication("early-bird", topic="reminders", by=by(SMS, EMAIL))
    with_step = rival(step="welcome", channels=(SMS,))
    assert asked(with_step, said=said, rules=ONE_SMS, going_by=SMS).reason is Reason.OUTRANKED
    by_email = customer(preferred=(EMAIL,))
    assert asked(with_step, said=said, rules=ONE_SMS, going_by=SMS, customer=by_email).reason is None


def test_where_there_is_room_for_both_both_go() -> None:
    assert asked(rival(), rules=TWO_A_WEEK).reason is None
    assert asked(rival(), rules=ONE_SMS, going_by=SMS).reason is None
    assert asked(rival(), rules=Rules()).reason is None


def test_several_rivals_together_may_leave_no_room() -> None:
    line = asked(rival(901), rival(902, communication="last-call"), rules=TWO_A_WEEK)
    assert (line.reason, line.numbers["by"]) == (Reason.OUTRANKED, "last-call")


def test_a_rival_that_does_not_fit_itself_makes_room() -> None:
    """Its text message is one too many this week; the email of this contact takes nothing from it."""
    rules = Rules(at_most=(*ONE_SMS.at_most, Cap(count=2, window=Span(days=7))))
    past = (made(NOON - DAY, channels=(SMS,)),)
    assert asked(rival(channels=(SMS,)), rules=rules, past=past).reason is None
    assert asked(rival(channels=(PUSH,)), rules=rules, past=past).reason is Reason.OUTRANKED


def test_the_place_opens_when_the_rivals_contact_makes_room_again() -> None:
    line = asked(rival(), rules=ONE_A_WEEK)
    assert line.passes_at == NOON + 7 * DAY - HOUR  # clocks go forward on the Sunday between


def test_a_letter_still_on_its_way_counts_beside_the_rival() -> None:
    ahead = made(NOON + 2 * DAY, channels=(LETTER,))
    assert asked(rival(), rules=TWO_A_WEEK, past=(ahead,)).reason is Reason.OUTRANKED
