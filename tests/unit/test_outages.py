"""When the calls of a connector show that it is out: a share of many customers, never one customer's bad data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from activities.outages import LEAST_CUSTOMERS, WINDOW, Outages
from database.freezing import Part
from database.records import OUR_RATE, Outcome
from tactful.connector import Accepted, Fault, Message, SendFault
from tactful.words import Channel

YES = Accepted("p1")
DOWN = SendFault(Fault.TRANSIENT, "503")
MANY = LEAST_CUSTOMERS


def outcome(answer: Accepted | SendFault, connector: str = "post") -> Outcome:
    message = Message(
        key=uuid4(),
        channel=Channel.PUSH,
        to="token",
        sender_address="us",
        text="hello",
        marketing=True,
        language="en",
        written_at=datetime(2026, 3, 24, tzinfo=UTC),
    )
    return Outcome(Part(connector, message), answer)


def shown(
    outages: Outages, answers: Iterable[Accepted | SendFault], *, at: float = 0.0, whose: UUID | None = None
) -> int:
    """Return how many of these calls, each to a customer of its own, showed an outage."""
    watched = [outages.watch(whose or uuid4(), [outcome(answer)], at=at) for answer in answers]
    return sum(each.outage is not None for made in watched for each in made)


@pytest.mark.parametrize("fault", [Fault.TRANSIENT, Fault.AMBIGUOUS])
def test_calls_to_many_customers_that_fail_one_after_the_other_are_an_outage(fault: Fault) -> None:
    outages = Outages()
    assert shown(outages, [SendFault(fault, "x")] * (MANY - 1)) == 0
    assert shown(outages, [SendFault(fault, "x")]) == 1
    (said,) = outages.watch(uuid4(), [outcome(DOWN)], at=0)
    assert said.outage == f"calls to {MANY + 1} of {MANY + 1} customers failed within 5 minutes"


def test_one_customers_bad_data_is_one_customer_however_often_it_fails() -> None:
    assert shown(Outages(), [DOWN] * 500, whose=uuid4()) == 0


def test_four_in_five_have_to_fail_whatever_their_number() -> None:
    outages = Outages()
    assert shown(outages, [YES] * 25) == 0
    assert shown(outages, [DOWN] * 99) == 0, "99 of 124 are not four in five"
    assert shown(outages, [DOWN]) == 1, "100 of 125 are"


def test_a_customer_is_judged_by_the_last_call() -> None:
    outages, who = Outages(), [uuid4() for _ in range(MANY)]
    for customer in who:
        outages.watch(customer, [outcome(DOWN)], at=0)
    for customer in who:
        outages.watch(customer, [outcome(YES)], at=1)
    assert shown(outages, [DOWN] * (MANY - 1), at=2) == 0


def test_what_is_long_past_is_forgotten() -> None:
    outages = Outages()
    assert shown(outages, [DOWN] * (MANY - 1)) == 0
    assert shown(outages, [DOWN] * (MANY - 1), at=WINDOW.total_seconds()) == 0


def test_when_it_works_again_a_few_further_faults_are_no_outage() -> None:
    outages = Outages()
    assert shown(outages, [DOWN] * 2 * MANY) == MANY + 1
    assert shown(outages, [YES, *[DOWN] * (MANY - 1)], at=1) == 0


def test_a_provider_that_slows_us_down_is_out_only_where_nobody_gets_through() -> None:
    slow = SendFault(Fault.THROTTLED, "429")
    assert shown(Outages(), [YES, *[slow] * 300]) == 0
    assert shown(Outages(), [slow] * MANY) == 1


@pytest.mark.parametrize(
    "answer",
    [
        SendFault(Fault.BAD_RECIPIENT, "x"),
        SendFault(Fault.BAD_CONTENT, "x"),
        SendFault(Fault.SUPPRESSED, "x"),
        SendFault(Fault.CONFIG, "x"),
        SendFault(Fault.THROTTLED, OUR_RATE),
        SendFault(Fault.TRANSIENT, "deadline"),
    ],
)
def test_what_is_said_of_a_message_and_what_is_our_own_doing_is_no_outage(answer: SendFault) -> None:
    assert shown(Outages(), [answer] * 3 * MANY) == 0


def test_connectors_are_watched_one_by_one() -> None:
    outages = Outages()
    assert shown(outages, [DOWN] * (MANY - 1)) == 0
    assert outages.watch(uuid4(), [outcome(DOWN, "other")], at=0)[0].outage is None
