"""Holdout, arms and protection against any situation: they compare like with like, and hold no mandatory contact."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tactful.decide import decide
from tactful.facts import OpenStep
from tactful.strategy.model import Hold, Span, Test
from tactful.verdict import Control, Send, Verdict
from tactful.words import Reason
from tests.unit.given import DAY, communication, step
from tests.unit.test_decide_properties import LIVELY, Case, cases, marketing_topics

NOTHING = Test(asks="?", split={"nothing": Decimal(100)}, changes={}, measure="x", measure_within=None)
HOLD = Hold(name="complaint", event="opened", until="closed", lasts=Span(days=3))
CALM = step(communication("guide", step="calm"), name="calm", undisturbed_by=("ideas", "reminders", "orders"))
KEPT_OR_HELD = {Reason.HELD_OUT, Reason.TEST_CONTROL, Reason.ON_HOLD, Reason.UNDISTURBED}


def decided(case: Case) -> Verdict:
    known, said, published, now = case
    return decide(known, communication=said, step=step(said), published=published, now=now)


def kept_back(case: Case, *, by_arm: bool) -> Case:
    """Return a case in which the contact is to be kept back, and nothing else is different."""
    known, said, published, now = case
    if by_arm:
        contact = replace(known.contact, arm="nothing")
        return replace(known, contact=contact), said.model_copy(update={"test": NOTHING}), published, now
    everybody = published.rules.model_copy(update={"holdout": Decimal(100)})
    return known, said, published.model_copy(update={"rules": everybody}), now


def protected(case: Case, since: timedelta, ends: timedelta | None) -> Case:
    """Return a case in which a complaint was opened, and the customer is in a step that is not to be disturbed."""
    known, said, published, now = case
    complaining = replace(known.customer, events={**known.customer.events, "opened": (now - since,)})
    inside = (OpenStep("calm", now + ends if ends is not None else None),)
    rules = published.rules.model_copy(update={"hold_while": (HOLD,)})
    steps = {**published.steps, "calm": CALM}
    published = published.model_copy(update={"rules": rules, "steps": steps})
    return replace(known, customer=complaining, inside=inside), said, published, now


@LIVELY
@given(cases(marketing_topics), st.booleans())
def test_a_control_is_exactly_what_would_have_been_sent(case: Case, by_arm: bool) -> None:  # noqa: FBT001
    """By the same ways at the same instant; whatever is not sent is not sent for the same reason."""
    sent, kept = decided(case), decided(kept_back(case, by_arm=by_arm))
    if isinstance(sent, Send):
        assert isinstance(kept, Control)
        assert kept.routes == sent.routes
        assert kept.reason is (Reason.TEST_CONTROL if by_arm else Reason.HELD_OUT)
    else:
        assert not isinstance(kept, Send | Control)
        assert (type(kept), kept.reason) == (type(sent), sent.reason)


@LIVELY
@given(
    cases(marketing_topics),
    st.integers(0, 71).map(lambda hours: timedelta(hours=hours)),
    st.none() | st.integers(1, 300).map(lambda hours: timedelta(hours=hours)),
)
def test_nobody_who_is_protected_hears_marketing(case: Case, since: timedelta, ends: timedelta | None) -> None:
    assert not isinstance(decided(protected(case, since, ends)), Send | Control)


@LIVELY
@given(cases(st.just("orders")), st.booleans())
def test_a_mandatory_contact_is_never_kept_back_nor_held(case: Case, by_arm: bool) -> None:  # noqa: FBT001
    verdict = decided(protected(kept_back(case, by_arm=by_arm), DAY, None))
    assert not {line.reason for line in verdict.trace} & KEPT_OR_HELD
    assert type(verdict) is type(decided(case))
