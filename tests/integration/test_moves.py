# ruff: noqa: ANN401 - rows can be anything
"""Who moves to a segment by which they leave a step leaves it: by an event, a fact, an import, or time alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from database import past
from database.attempts import Claimed, NotClaimed
from tactful.words import ContactState, Reason
from tests.integration.ledger import DAY, Ledger

pytestmark = pytest.mark.integration

RULES = """{}
segments:
  regular: { owner: Maya, if: [orders >= 2] }
  dated: { owner: Maya, if: [birthday is known] }
  old: { owner: Tom, if: [since registered > 30 days] }
"""
LETTERS = """\
letters:
  why: You asked for them.
  trigger: customer.registered
  lasts: 100 days
  when_moved: { WORDS }
  then: stories
  say:
    hello: { when: at once }
    story: { when: 40 days after start }
    guide: { when: 50 days after start }
stories:
  why: You asked for more.
  say:
    dates: { when: at once }
"""
STAY = LETTERS.replace("then: stories\n  ", "").partition("stories:")[0].replace("letters:", "notes:")
STAY = STAY.replace("hello:", "reminder:").replace("story:", "bill:").replace("guide:", "dunning:")
MOVED = [
    ("hello", "cancelled", "moved_away"),
    ("story", "cancelled", "moved_away"),
    ("guide", "cancelled", "moved_away"),
]
GOES_ON = [("hello", "planned", None), ("story", "planned", None), ("guide", "planned", None)]


def publish(ledger: Ledger, words: str) -> None:
    ledger.publish(rules=RULES, steps=(LETTERS.replace("WORDS", words), STAY.replace("WORDS", "regular: stay")))


def inside(ledger: Ledger, user: str = "ada") -> Any:
    """Bring somebody into the step, with all its contacts planned."""
    ledger.reachable(user)
    ledger.track(user, "customer.registered")
    ledger.enter(ledger.journey(user, "letters"))
    return ledger.journey(user, "letters")


def letters(ledger: Ledger, user: str = "ada") -> list[tuple[str, str, str | None]]:
    return [each for each in ledger.states(user) if each[0] in {"hello", "story", "guide"}]


def test_an_event_that_moves_them_ends_the_journey_and_wakes_it_and_no_step_follows(ledger: Ledger) -> None:
    publish(ledger, "regular: leave")
    journey = inside(ledger)
    ledger.track("ada", "order.placed", order_id="1", total="5 GBP")
    assert letters(ledger) == GOES_ON
    words = len(ledger.words())
    ledger.track("ada", "order.placed", order_id="2", total="5 GBP")
    assert letters(ledger) == MOVED
    assert ledger.journey("ada", "letters").state == "exited"
    assert ledger.journey("ada", "letters").revenue == 0, "whoever leaves has earned nothing by it"
    assert ledger.journey("ada", "notes").state == "open", "the other step says stay"
    assert [kind for kind, _ in ledger.words()[words:]] == ["wake"]
    left = ledger.leave(journey)
    assert (left.again, left.then) == (False, None)
    assert ledger.journey("ada", "letters").state == "exited"


def test_a_fact_that_moves_them_ends_it(ledger: Ledger) -> None:
    publish(ledger, "dated: leave")
    inside(ledger)
    ledger.identify("ada", properties={"favourite": "roses"})
    assert letters(ledger) == GOES_ON
    ledger.identify("ada", properties={"birthday": "1990-05-01"})
    assert letters(ledger) == MOVED


def test_orders_of_the_past_that_move_them_end_it(ledger: Ledger) -> None:
    publish(ledger, "regular: leave")
    inside(ledger)
    told = [
        ledger.told("ada", "order.placed", at=ledger.now - n * DAY, historical=True, order_id=str(n)) for n in (1, 2)
    ]
    ledger.run(lambda c: past.track_past(c, told, now=ledger.now))
    assert letters(ledger) == MOVED


def test_time_alone_moves_them_too_which_is_seen_when_the_next_contact_is_due(ledger: Ledger) -> None:
    publish(ledger, "old: leave")
    inside(ledger)
    assert isinstance(ledger.claim(ledger.contact("ada", "hello")), Claimed)
    ledger.now += timedelta(days=41)
    outcome = ledger.claim(ledger.contact("ada", "story"))
    assert isinstance(outcome, NotClaimed)
    assert (outcome.state, outcome.reason, outcome.ahead.over) == (ContactState.SKIPPED, Reason.MOVED_AWAY, True)
    assert letters(ledger)[1:] == [("story", "skipped", "moved_away"), ("guide", "cancelled", "moved_away")]
    assert ledger.journey("ada", "letters").state == "exited"
    (decision,) = ledger.rows("SELECT verdict, reason FROM decisions WHERE reason = 'moved_away'")
    assert tuple(decision) == ("skip", "moved_away")


def test_who_was_there_already_stays_until_they_come_back_to_it(ledger: Ledger) -> None:
    publish(ledger, "dated: leave")
    ledger.identify("ada", properties={"birthday": "1990-05-01"})
    inside(ledger)
    ledger.identify("ada", properties={"favourite": "roses", "birthday": "1990-05-02"})
    ledger.track("ada", "guide.opened")
    assert letters(ledger) == GOES_ON
    for number in (1, 2):
        ledger.track("ada", "order.placed", order_id=str(number))  # regular comes first
    assert letters(ledger) == GOES_ON


def test_a_segment_that_is_not_named_is_no_reason_to_leave(ledger: Ledger) -> None:
    publish(ledger, "old: leave")
    inside(ledger)
    ledger.identify("ada", properties={"birthday": "1990-05-01"})
    assert letters(ledger) == GOES_ON
