"""What is left of a contact that was made: the other part, the other way, or nothing."""

from __future__ import annotations

import pytest

from tactful.facts import Tried
from tactful.rules.following_up import left_to_try, next_route
from tactful.verdict import Defer, Line, Send, Skip
from tactful.words import Channel, PartState, Reason, ReceiptKind
from tests.unit.given import DAY, EMAIL, HOUR, LETTER, NOON, PUSH, SMS, by, communication, contact, situation
from tests.unit.test_decide import decided

SENT, WAITING, REFUSED = PartState.SENT, PartState.WAITING, PartState.REFUSED


def left(
    *routes: tuple[Channel, ...] | Channel, tried: tuple[Tried, ...], prefers: tuple[Channel, ...] = ()
) -> tuple[Line, list[tuple[Channel, ...]]]:
    line, found = left_to_try(by(*routes), tried, prefers)
    return line, [route.channels for route in found]


def test_a_contact_that_was_never_made_has_every_way() -> None:
    assert left(PUSH, SMS, tried=()) == (Line("channel"), [(PUSH,), (SMS,)])
    refused = (Tried(PUSH, REFUSED),)
    assert left(PUSH, SMS, tried=refused)[1] == [(PUSH,), (SMS,)], "refused and decided afresh"


def test_a_part_refused_for_now_is_tried_by_itself_before_any_other_way() -> None:
    tried = (Tried(LETTER, SENT), Tried(EMAIL, WAITING))
    assert left((LETTER, EMAIL), SMS, tried=tried)[1] == [(EMAIL,)]


def test_what_the_provider_never_got_goes_by_every_way_again() -> None:
    assert left(PUSH, SMS, tried=(Tried(PUSH, WAITING),))[1] == [(PUSH,), (SMS,)]


@pytest.mark.parametrize("receipt", [None, ReceiptKind.BOUNCED])
def test_one_that_did_not_arrive_goes_by_the_ways_behind_it(receipt: ReceiptKind | None) -> None:
    assert left(PUSH, SMS, EMAIL, tried=(Tried(SMS, SENT, receipt),))[1] == [(EMAIL,)]
    assert left(PUSH, SMS, EMAIL, tried=(Tried(SMS, SENT, receipt),), prefers=(SMS,))[1] == [(PUSH,), (EMAIL,)]
    combined = (Tried(LETTER, SENT, receipt), Tried(EMAIL, SENT, receipt))
    assert left((LETTER, EMAIL), EMAIL, SMS, tried=combined)[1] == [(SMS,)]


@pytest.mark.parametrize("receipt", [ReceiptKind.DELIVERED, ReceiptKind.OPENED, ReceiptKind.COMPLAINED])
def test_one_that_arrived_has_nothing_left(receipt: ReceiptKind) -> None:
    line, found = left(PUSH, SMS, tried=(Tried(PUSH, SENT, receipt),))
    assert (line.reason, line.final, found) == (Reason.ARRIVED, True, [])
    assert line.numbers == {"push": receipt.value}


def test_of_a_combined_contact_one_part_that_arrives_is_enough() -> None:
    tried = (Tried(LETTER, SENT), Tried(EMAIL, SENT, ReceiptKind.DELIVERED))
    assert left((LETTER, EMAIL), SMS, tried=tried)[0].reason is Reason.ARRIVED


def test_the_last_way_ends_it_as_arrived_or_as_bounced() -> None:
    assert left(PUSH, SMS, tried=(Tried(SMS, SENT),))[0].reason is Reason.ARRIVED
    bounced = (Tried(SMS, SENT, ReceiptKind.BOUNCED),)
    assert left(PUSH, SMS, tried=bounced)[0].reason is Reason.BAD_RECIPIENT


def test_the_next_way_is_the_one_behind_in_the_order_that_the_customer_prefers() -> None:
    routes = by(PUSH, SMS, EMAIL)
    assert next_route(routes, (PUSH,), ()) == routes[1]
    assert next_route(routes, (SMS,), (EMAIL, SMS)) == routes[0]
    assert next_route(routes, (EMAIL,), ()) is None


def test_the_other_way_is_decided_by_all_the_rules() -> None:
    """Sent by app four hours ago and not arrived: by text message, unless it is night, or too late."""
    said = communication(by=by(PUSH, SMS))
    made = situation(tried=(Tried(PUSH, SENT),), contact=contact(due_at=NOON - 4 * HOUR))
    verdict = decided(made, said=said)
    assert isinstance(verdict, Send)
    assert [route.channel for route in verdict.routes] == [SMS]
    night = decided(made, said=said, now=NOON + 10 * HOUR)
    assert isinstance(night, Defer)
    assert night.reason is Reason.QUIET_HOURS
    late = decided(made, said=said, now=NOON + 3 * DAY)
    assert isinstance(late, Skip)
    assert late.reason is Reason.EXPIRED
