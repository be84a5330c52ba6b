"""The arms of a test: which one a customer is in, what it makes of the communication, and whom it keeps back."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tactful.keys import bucket
from tactful.strategy.model import Arm, Communication, Step, Test, Topic
from tactful.verdict import Line
from tactful.words import Purpose, Reason

ARM = "arm"
NOTHING = "nothing"
"""The arm that is kept back: not saying it is what the others are measured against."""
_NO_TEST = Line(ARM)


def arm_of(customer_key: UUID, strategy: str, communication: Communication) -> str | None:
    """Return the arm of a communication's test that a customer is in; None where there is no test.

    The customer's place between 0 and 100, by a stable hash salted with strategy, step and communication, falls into
    one of the shares laid end to end in the order in which they are written. So the same customer is always in the
    same arm of one test, tests sort customers independently of each other, and arms keep their customers when shares
    behind them change.

    Source: docs/rules.md#arm
    """
    if communication.test is None or not communication.test.split:
        return None
    place = bucket(customer_key, f"test/{strategy}/{communication.step}/{communication.name}")
    return _arm_at(place, communication.test)


def _arm_at(place: Decimal, test: Test) -> str:
    reached = Decimal(0)
    for name, share in test.split.items():
        reached += share
        if place < reached:
            return name
    return next(reversed(test.split))


def as_arm(communication: Communication, arm: str | None) -> Communication:
    """Return a communication as an arm of its test says it: other template, offer, channels or time.

    `as written`, `nothing` and an arm that the test does not have change nothing.

    Source: docs/rules.md#arm
    """
    change = communication.test.arms.get(arm) if communication.test and arm is not None else None
    if change is None:
        return communication
    said = {name: value for name in Arm.model_fields if (value := getattr(change, name)) is not None}
    return communication.model_copy(update=said)


def step_for(step: Step, customer_key: UUID, strategy: str) -> Step:
    """Return a step as it is said to one customer: each communication as the customer's arm of its test has it."""
    if all(said.test is None for said in step.communications):
        return step
    drawn = tuple(as_arm(said, arm_of(customer_key, strategy, said)) for said in step.communications)
    return step.model_copy(update={"communications": drawn})


def not_kept_back(communication: Communication, topic: Topic, arm: str | None, *, asked_for: bool) -> Line:
    """Say whether the contact's arm is one that says something. Mandatory contacts and those asked for by API pass.

    The arm `nothing` is no end of the asking: the contact is *control* only where everything else would let it be
    sent now.

    Args:
        communication: What is to be said.
        topic: What about; mandatory contacts pass.
        arm: The arm that was drawn when the customer entered the step; None where there was no test.
        asked_for: Another system asks for this one contact.

    Source: docs/rules.md#arm
    """
    if communication.test is None or arm is None or asked_for:
        return _NO_TEST
    if arm != NOTHING or topic.purpose is Purpose.SERVICE:
        return Line(ARM, numbers={"arm": arm})
    return Line(ARM, Reason.TEST_CONTROL, {"arm": arm})
