"""Sentences that a support person can read out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tactful.decide import decide
from tactful.explain import sentence, sentences, time_text
from tactful.rules.journey import JOURNEY
from tactful.strategy.model import Cap, Condition, Span
from tactful.verdict import Line
from tactful.words import Purpose, Reason
from tests.unit.given import (
    DAY,
    HOUR,
    NOON,
    RULES,
    communication,
    customer,
    made,
    rival,
    situation,
    step,
    strategy,
)

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_every_reason_has_a_sentence_with_and_without_its_numbers(reason: Reason) -> None:
    alone = sentence(reason)
    assert alone[0].isupper()
    assert alone.endswith(".")
    assert "None" not in alone
    assert "{" not in alone
    assert "_" not in alone
    assert sentence(reason, {"expires_at": "no time", "email": reason.value, "why": None}).endswith(".")


def test_an_instant_to_come_is_told_as_the_customers_clock_will_show_it() -> None:
    line = Line("quiet hours", Reason.QUIET_HOURS, {"local": "23:00"}, datetime(2026, 7, 1, 6, tzinfo=UTC))
    told = "It was 23:00 for the customer: quiet hours. It can go from Wednesday 1 July 2026, 07:00."
    assert sentence(line, zone=LONDON) == told
    assert sentence(Reason.QUIET_HOURS, {"local": "23:00"}, line.passes_at, LONDON) == told
    assert sentence(line, zone=NEW_YORK).endswith("from Wednesday 1 July 2026, 02:00.")


def test_a_cap_of_a_segments_own_is_told_as_that() -> None:
    numbers = {"segment": "gold", "3 in 7 days": 3}
    told = "The customer has heard from us as often as we allow: 3 made, at most 3 in 7 days (the caps of gold)."
    assert sentence(Line("caps", Reason.CAP, numbers)) == told
    assert sentence(Line("caps", None, numbers)) == "There is room: 3 of 3 in 7 days (the caps of gold)."


def test_the_ends_of_the_calendar_can_be_told() -> None:
    assert time_text(datetime(1, 1, 1, tzinfo=UTC), NEW_YORK)
    assert time_text(datetime(9999, 12, 31, 23, tzinfo=UTC), ZoneInfo("Asia/Kathmandu"))


def test_a_language_that_is_not_there_is_told_in_english() -> None:
    assert sentence(Reason.GOAL_REACHED, language="de") == sentence(Reason.GOAL_REACHED)


def told(known: Any, now: datetime = NOON, **changes: Any) -> str:  # noqa: ANN401 - anything of a communication
    """Return the sentence of the line that stopped a contact."""
    said = communication(**changes)
    verdict = decide(known, communication=said, step=step(said), published=strategy(rules=RULES), now=now)
    return sentence(next(line for line in verdict.trace if line.reason is not None), zone=LONDON)


@pytest.mark.parametrize(
    ("known", "changes", "expected"),
    [
        (
            situation(past=(made(NOON - 2 * DAY, 1), made(NOON - 3 * DAY, 2))),
            {},
            (
                "The customer has heard from us as often as we allow: 2 made, at most 2 in 7 days."
                " It can go from Saturday 28 March 2026, 12:00."
            ),
        ),
        (
            situation(past=(made(NOON - HOUR),)),
            {},
            (
                "We keep 20 hours between two contacts, and the last one was Tuesday 24 March 2026, 11:00."
                " It can go from Wednesday 25 March 2026, 07:00."
            ),
        ),
        (
            situation(rivals=(rival(),)),
            {},
            (
                "“early-bird” matters more, and the place is kept for it: it is due Tuesday 24 March 2026, 12:00."
                " It can go from Wednesday 25 March 2026, 08:00."
            ),
        ),
        (
            situation(customer=customer(consents=())),
            {},
            "The customer has not said yes to this topic by email, and marketing needs a yes.",
        ),
        (
            situation(past=(made(NOON - DAY, communication="hello"),)),
            {"at_most": (Cap(count=1, window=Span(days=365)),)},
            "The customer has had this as often as we allow: 1 made, at most 1 in 365 days.",
        ),
        (
            situation(),
            {"unless": (Condition(text="orders <= 3", fact="orders", operator="<=", value=3),)},
            "An exception to this held: “orders <= 3”, where we counted 0.",
        ),
        (situation(), {"for_segments": ("gold",)}, "This is for gold, and the customer was in no segment."),
        (situation(channels=()), {}, "Nothing is set up here to reach anybody by email."),
        (
            situation(past=(made(NOON - DAY, question="favourite"),)),
            {"ask": "birthday"},
            (
                "We ask one question at a time, and the one about favourite was not answered yet."
                " It can go from Monday 30 March 2026, 13:00."
            ),
        ),
    ],
    ids=["cap", "gap", "outranked", "no opt-in", "had already", "unless", "segment", "no connector", "question"],
)
def test_a_real_line_is_told_with_its_numbers(known: Any, changes: dict[str, Any], expected: str) -> None:  # noqa: ANN401
    assert told(known, **changes) == expected


def test_a_life_that_was_too_short_is_told_with_both_instants() -> None:
    said = communication()
    known = situation(past=(made(NOON - DAY, 1), made(NOON - 2 * DAY, 2)))
    verdict = decide(known, communication=said, step=None, published=strategy(rules=RULES), now=NOON)
    assert sentences(verdict.trace, LONDON)[-1] == (
        "It could have gone from Sunday 29 March 2026, 12:00,"
        " but it was worth saying only until Friday 27 March 2026, 12:00."
    )
    assert sentence(Line("life", Reason.QUIET_HOURS)) == (
        "It could not have gone at all before its life ended (before that)."
    )


def test_a_trace_of_a_sent_contact_reads_as_a_list_of_good_reasons() -> None:
    said = communication()
    verdict = decide(situation(), communication=said, step=step(said), published=strategy(rules=RULES), now=NOON)
    lines = sentences(verdict.trace, LONDON)
    assert len(lines) == len(verdict.trace)
    assert "We may contact the customer about this topic by email (express)." in lines
    assert "There is room: 0 of 2 in 7 days." in lines
    assert not any("rule “" in line for line in lines)


def test_what_was_left_out_is_told_too() -> None:
    assert sentence(Line("channel", numbers={"sms": "no_address", "push": "cap"})) == (
        "The customer can be reached; not by text message (no address); not by app (cap)."
    )
    service = Line("lawful basis", numbers={"purpose": Purpose.SERVICE.value})
    assert sentence(service) == "It is a service message, which needs no opt-in."
    assert sentence(Line("caps")) == "No cap concerns it."


def test_a_rule_of_another_version_is_told_by_its_name() -> None:
    assert sentence(Line("moon phase")) == "The rule “moon phase” passed."
    assert sentence(Line(JOURNEY)) == "The journey is open."


def test_sentences_never_say_what_a_property_says() -> None:
    known = customer(properties={"favourite": "orchids"})
    roses = Condition(
        text="favourite is not roses", fact="property", name="favourite", operator="is not", value="roses"
    )
    assert "orchids" not in told(situation(customer=known), unless=(roses,))
