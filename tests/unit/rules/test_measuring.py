"""Holdout and arms: always the same customers, in the shares that are written, independently of each other."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from math import sqrt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.rules.arms import arm_of, as_arm, not_kept_back, step_for
from tactful.rules.holdout import held_out, not_held_out
from tactful.strategy.model import Arm, Communication, Test, When
from tactful.words import Reason
from tests.unit.given import EMAIL, PUSH, TOPICS, by, communication, customer, key, step

LATER = When(text="9 days after start", at=time(10))
SPLIT = {"as written": Decimal(45), "vase": Decimal(45), "nothing": Decimal(10)}
CROWD = [UUID(int=number * 7919 + 13) for number in range(4000)]


def a_test(split: dict[str, Decimal] | None = None, **changes: Any) -> Communication:  # noqa: ANN401 - any of its fields
    arms = {"vase": Arm(template="vase", offer="vase", by=by(PUSH), when=LATER)}
    test = Test(asks="?", split=split or SPLIT, changes={}, arms=arms, measure="order.placed", measure_within=None)
    return communication(test=test, offer="tenner", **changes)


def share_of(arm: str, said: Communication) -> float:
    return sum(arm_of(who, "florist", said) == arm for who in CROWD) / len(CROWD)


def near(found: float, percent: Decimal) -> bool:
    """Say whether a share of the crowd is what chance allows around the one that is written (5 sigma)."""
    wanted = float(percent) / 100
    return abs(found - wanted) <= 5 * sqrt(wanted * (1 - wanted) / len(CROWD)) + 1e-9


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=5), st.text(min_size=1, max_size=8))
def test_arms_have_the_shares_that_are_written(weights: list[int], name: str) -> None:
    cents = [Decimal(weight * 10_000 // sum(weights)) / 100 for weight in weights]
    cents[-1] = Decimal(100) - sum(cents[:-1])
    split = {f"arm {number}": share for number, share in enumerate(cents)}
    said = a_test(split, name=name)
    assert all(near(share_of(arm, said), share) for arm, share in split.items())


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000))
def test_the_holdout_has_its_share_and_a_larger_one_keeps_whom_it_had(tenths: int) -> None:
    share = Decimal(tenths) / 10
    out = {who for who in CROWD if held_out(who, share)}
    assert near(len(out) / len(CROWD), share)
    assert out <= {who for who in CROWD if held_out(who, min(share + 5, Decimal(100)))}


def test_the_same_customer_is_always_in_the_same_arm() -> None:
    assert arm_of(key(1), "florist", a_test()) == arm_of(key(1), "florist", a_test(topic="reminders"))
    assert arm_of(key(1), "florist", communication()) is None


@pytest.mark.parametrize(
    "other", [("bakery", "welcome", "hello"), ("florist", "onboarding", "hello"), ("florist", "welcome", "treat")]
)
def test_tests_and_the_holdout_sort_customers_independently(other: tuple[str, str, str]) -> None:
    """Of those in an arm of one test, as many are in each arm of another, and as many are held out, as of all."""
    strategy, within, name = other
    split = {"a": Decimal(50), "b": Decimal(50)}
    first = [who for who in CROWD if arm_of(who, "florist", a_test(split)) == "a"]
    again = a_test(split, name=name, step=within)
    assert abs(sum(arm_of(who, strategy, again) == "a" for who in first) / len(first) - 0.5) < 0.06
    assert abs(sum(held_out(who, Decimal(50)) for who in first) / len(first) - 0.5) < 0.06


def test_an_arm_changes_what_it_says_and_nothing_else() -> None:
    said = a_test()
    vase = as_arm(said, "vase")
    assert (vase.template, vase.offer, vase.by, vase.when) == ("vase", "vase", by(PUSH), LATER)
    assert vase.model_copy(update={"template": None, "offer": "tenner", "by": said.by, "when": said.when}) == said
    assert all(as_arm(said, arm) is said for arm in ("as written", "nothing", "gone", None))
    assert said.by == by(EMAIL)


def test_a_step_is_said_to_everybody_in_their_own_arm() -> None:
    within = step(a_test(), communication("other"))
    for who in CROWD[:50]:
        hello, other = step_for(within, who, "florist").communications
        assert hello == as_arm(a_test(), arm_of(who, "florist", a_test()))
        assert other == communication("other")


def test_the_arm_nothing_keeps_back_marketing_that_nobody_asked_for() -> None:
    said, ideas = a_test(), TOPICS["ideas"]
    line = not_kept_back(said, ideas, "nothing", asked_for=False)
    assert (line.reason, line.final) == (Reason.TEST_CONTROL, False)
    assert not_kept_back(said, ideas, "vase", asked_for=False).numbers == {"arm": "vase"}
    assert not_kept_back(said, ideas, "vase", asked_for=False).reason is None
    assert not_kept_back(said, ideas, "nothing", asked_for=True).reason is None
    assert not_kept_back(said, TOPICS["orders"], "nothing", asked_for=False).reason is None
    assert not_kept_back(communication(), ideas, "nothing", asked_for=False).reason is None


def test_the_holdout_keeps_back_marketing_that_nobody_asked_for() -> None:
    everybody = Decimal(100)
    line = not_held_out(TOPICS["ideas"], customer(), everybody, asked_for=False)
    assert (line.reason, line.final, line.numbers) == (Reason.HELD_OUT, False, {"holdout": "100%"})
    assert not_held_out(TOPICS["ideas"], customer(), everybody, asked_for=True).reason is None
    assert not_held_out(TOPICS["orders"], customer(), everybody, asked_for=False).reason is None
    assert not_held_out(TOPICS["ideas"], customer(), Decimal(0), asked_for=False).reason is None
