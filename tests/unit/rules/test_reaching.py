"""Permission, suppression, channels, connectors: whether and how a customer can be reached."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tactful.explain import sentence
from tactful.facts import Address, ChannelState, Consent, Suppression
from tactful.rules.channels import Way, connector_of, reachable
from tactful.rules.connector import connectors_open
from tactful.rules.permission import lawful_basis
from tactful.rules.suppression import unsuppressed
from tactful.strategy import model
from tactful.verdict import Line, Route
from tactful.words import Channel, ConsentState, Reason, SuppressionClass
from tests.unit.given import DAY, EMAIL, HOUR, LETTER, NOON, PUSH, SMS, TOPICS, by, opted_in

IDEAS, ORDERS = TOPICS["ideas"], TOPICS["orders"]
MINUTE = timedelta(minutes=1)
UNDELIVERABLE, MARKETING = SuppressionClass.UNDELIVERABLE, SuppressionClass.MARKETING


# lawful basis


def basis(*consents: Consent, topic: str = "ideas", channels: tuple[Channel, ...] = (EMAIL,)) -> tuple[Line, Any]:
    return lawful_basis(channels, TOPICS[topic], consents, NOON)


def test_silence_is_no_yes() -> None:
    assert basis() == (Line("lawful basis", Reason.NO_OPT_IN, {"email": "no_opt_in"}), ())


def test_a_yes_to_the_topic_on_the_channel_is_a_basis() -> None:
    line, channels = basis(opted_in(EMAIL, "ideas"), opted_in(SMS, "ideas"), channels=(EMAIL, LETTER, SMS))
    assert line.reason is None
    assert channels == (EMAIL, SMS)
    assert [line.numbers[channel] for channel in ("email", "letter", "sms")] == ["opted_in", "no_opt_in", "opted_in"]


def test_a_yes_to_another_topic_or_channel_is_none() -> None:
    assert basis(opted_in(EMAIL, "reminders"), opted_in(SMS, "ideas"))[0].reason is Reason.NO_OPT_IN


def test_the_last_word_counts_whatever_order_it_comes_in() -> None:
    yes = opted_in(EMAIL, "ideas", stated_at=NOON - 2 * DAY)
    no = opted_in(EMAIL, "ideas", state=ConsentState.OPTED_OUT, stated_at=NOON - DAY)
    assert basis(yes, no)[0].reason is basis(no, yes)[0].reason is Reason.OPTED_OUT


def test_of_one_instant_a_no_outweighs_a_yes_and_a_yes_a_first_yes_and_the_shorter_yes_the_longer() -> None:
    no, first = (opted_in(EMAIL, "ideas", state=state) for state in (ConsentState.OPTED_OUT, ConsentState.PENDING))
    yes, short = opted_in(EMAIL, "ideas", revision=9), opted_in(EMAIL, "ideas", expires_at=NOON)
    for one, other, reason in ((yes, no, Reason.OPTED_OUT), (yes, first, None), (yes, short, Reason.OPT_IN_EXPIRED)):
        assert basis(one, other)[0].reason is basis(other, one)[0].reason is reason


def test_the_trace_says_what_allows_it_and_where_that_was_said() -> None:
    line, _ = basis(opted_in(EMAIL, "ideas", basis="soft_opt_in", source="checkout"))
    assert line.numbers == {"email": "opted_in", "email basis": "soft_opt_in", "email source": "checkout"}
    assert sentence(line) == "We may contact the customer about this topic by email (soft opt in, checkout)."


@pytest.mark.parametrize("presumed", ["implied", "soft_opt_in"])
def test_what_is_presumed_ends_after_two_years_or_sooner(presumed: str) -> None:
    said = datetime(2024, 3, 24, 12, tzinfo=UTC)
    assert basis(opted_in(EMAIL, "ideas", basis=presumed, stated_at=said + MINUTE))[0].reason is None
    for ends in (None, NOON + DAY):
        old = opted_in(EMAIL, "ideas", basis=presumed, stated_at=said, expires_at=ends)
        assert basis(old)[0].reason is Reason.OPT_IN_EXPIRED
    sooner = opted_in(EMAIL, "ideas", basis=presumed, expires_at=NOON)
    assert basis(sooner)[0].reason is Reason.OPT_IN_EXPIRED
    assert basis(opted_in(EMAIL, "ideas", basis="contract", stated_at=said))[0].reason is None


def test_a_yes_runs_out_at_its_instant() -> None:
    assert basis(opted_in(EMAIL, "ideas", expires_at=NOON + MINUTE))[0].reason is None
    assert basis(opted_in(EMAIL, "ideas", expires_at=NOON))[0].reason is Reason.OPT_IN_EXPIRED


@pytest.mark.parametrize(
    ("waited", "again_in"),
    [(timedelta(0), 15 * MINUTE), (HOUR, HOUR), (5 * HOUR, 5 * HOUR), (20 * DAY, DAY), (-HOUR, 15 * MINUTE)],
)
def test_a_second_yes_is_waited_for_ever_less_often(waited: timedelta, again_in: timedelta) -> None:
    pending = opted_in(EMAIL, "ideas", state=ConsentState.PENDING, stated_at=NOON - waited)
    line, channels = basis(pending)
    assert (line.reason, line.ask_at, line.passes_at) == (Reason.OPT_IN_PENDING, NOON + again_in, None)
    assert channels == (EMAIL,)


def test_a_channel_with_a_yes_is_taken_before_one_that_waits_for_its_second() -> None:
    pending = opted_in(EMAIL, "ideas", state=ConsentState.PENDING)
    assert basis(pending, opted_in(SMS, "ideas"), channels=(EMAIL, SMS))[1] == (SMS,)


def test_a_service_message_needs_no_yes_and_passes_a_no() -> None:
    no = opted_in(EMAIL, "orders", state=ConsentState.OPTED_OUT)
    assert basis(no, topic="orders", channels=(EMAIL, LETTER))[1] == (EMAIL, LETTER)


# suppression


def free(*suppressions: Suppression, topic: model.Topic = IDEAS, **where: str) -> tuple[Line, dict[Channel, str]]:
    addresses = [Address(Channel(channel), address) for channel, address in where.items()]
    return unsuppressed(tuple(Channel), topic, addresses, suppressions, NOON)


@pytest.mark.parametrize(
    "stopped",
    [
        Suppression(MARKETING, "unsubscribed"),
        Suppression(MARKETING, "unsubscribed", channel=EMAIL),
        Suppression(MARKETING, "unsubscribed", address="Anna@Example.com"),
        Suppression(MARKETING, "unsubscribed", topic="ideas"),
        Suppression(UNDELIVERABLE, "bounced", channel=EMAIL, address="anna@example.com"),
        Suppression(UNDELIVERABLE, "deceased", expires_at=NOON + MINUTE),
    ],
)
def test_a_suppression_stops_all_that_it_does_not_limit(stopped: Suppression) -> None:
    line, addresses = free(stopped, email="anna@example.com")
    assert line.reason is Reason.SUPPRESSED
    assert addresses == {}
    assert line.numbers == {"email": f"{stopped.kind.value}: {stopped.reason}"}


@pytest.mark.parametrize(
    "elsewhere",
    [
        Suppression(MARKETING, "unsubscribed", channel=SMS),
        Suppression(MARKETING, "unsubscribed", address="ben@example.com"),
        Suppression(MARKETING, "unsubscribed", topic="reminders"),
        Suppression(UNDELIVERABLE, "bounced", expires_at=NOON),
    ],
)
def test_a_suppression_of_something_else_stops_nothing(elsewhere: Suppression) -> None:
    assert free(elsewhere, email="anna@example.com")[1] == {EMAIL: "anna@example.com"}


def test_a_service_message_passes_marketing_suppressions_and_never_an_undeliverable_address() -> None:
    unsubscribed, bounced = Suppression(MARKETING, "unsubscribed"), Suppression(UNDELIVERABLE, "bounced")
    assert free(unsubscribed, topic=ORDERS, email="anna@example.com")[0].reason is None
    assert free(bounced, topic=ORDERS, email="anna@example.com")[0].reason is Reason.SUPPRESSED


def test_of_two_addresses_the_one_that_is_free_is_taken() -> None:
    addresses = [Address(EMAIL, "old@example.com"), Address(EMAIL, "new@example.com")]
    bounced = [Suppression(UNDELIVERABLE, "bounced", address="old@example.com")]
    line, found = unsuppressed((EMAIL,), IDEAS, addresses, bounced, NOON)
    assert (line.reason, line.numbers, found) == (None, {}, {EMAIL: "new@example.com"})


def test_a_channel_that_may_not_be_used_is_not_looked_at() -> None:
    assert unsuppressed((SMS,), IDEAS, [Address(EMAIL, "a@example.com")], (), NOON)[1] == {}


# channels

EVERYWHERE: dict[Channel, str] = {channel: f"{channel} address" for channel in Channel}
OPEN = tuple(ChannelState(channel, f"{channel} connector") for channel in Channel)


def ways(*routes: Any, addresses: Any = EVERYWHERE, states: Any = OPEN, prefers: Any = ()) -> tuple[Line, list[Any]]:  # noqa: ANN401
    line, found = reachable(by(*routes), addresses, states, prefers, NOON)
    return line, [tuple(route.channel for route in way) for way in found]


def test_routes_keep_the_strategys_order() -> None:
    assert ways(PUSH, SMS, EMAIL) == (Line("channel"), [(PUSH,), (SMS,), (EMAIL,)])


def test_what_the_customer_prefers_comes_first() -> None:
    assert ways(PUSH, SMS, EMAIL, prefers=(EMAIL, SMS))[1] == [(EMAIL,), (SMS,), (PUSH,)]
    assert ways(PUSH, (LETTER, EMAIL), prefers=(EMAIL,))[1] == [(LETTER, EMAIL), (PUSH,)]
    assert ways(PUSH, SMS, prefers=(LETTER,))[1] == [(PUSH,), (SMS,)]


def test_a_route_without_an_address_is_left_out_and_said_so() -> None:
    line, found = ways(PUSH, EMAIL, addresses={EMAIL: "a@example.com"})
    assert found == [(EMAIL,)]
    assert line.numbers == {"push": "no_address"}


def test_of_a_combined_route_what_remains_is_used_and_the_rest_said() -> None:
    line, found = ways((LETTER, EMAIL), SMS, addresses={EMAIL: "a@example.com", SMS: "+44"})
    assert found == [(EMAIL,), (SMS,)]
    assert line.numbers == {"letter": "no_address"}


def test_nobody_is_reached_without_an_address() -> None:
    line, found = ways(PUSH, EMAIL, addresses={})
    assert (line.reason, line.final, found) == (Reason.NO_ADDRESS, True, [])


def test_a_channel_without_a_connector_is_looked_at_again() -> None:
    line, found = ways(PUSH, EMAIL, addresses={EMAIL: "a@example.com"}, states=())
    assert (line.reason, line.ask_at, found) == (Reason.NO_CONNECTOR, NOON + HOUR, [])
    assert line.numbers == {"push": "no_address", "email": "no_connector"}


def test_a_way_names_connector_and_address() -> None:
    _, found = reachable(by(EMAIL), {EMAIL: "a@example.com"}, (ChannelState(EMAIL, "smtp"),), (), NOON)
    assert found == ((Route(EMAIL, "smtp", "a@example.com"),),)


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (None, None, "first"),
        (NOON + HOUR, None, "second"),
        (NOON + 2 * HOUR, NOON + HOUR, "second"),
        (NOON - HOUR, NOON - 2 * HOUR, "first"),
    ],
)
def test_a_second_connector_steps_in_for_one_that_is_held(
    first: datetime | None, second: datetime | None, taken: str
) -> None:
    states = (ChannelState(EMAIL, "first", first), ChannelState(EMAIL, "second", second))
    found = connector_of(EMAIL, states, NOON)
    assert found is not None
    assert found.connector == taken


# connectors


def held(*states: ChannelState) -> Line:
    way: Way = tuple(Route(state.channel, state.connector, "address") for state in states)
    return connectors_open(way, states, NOON)


def test_an_open_connector_and_one_whose_hold_is_over_pass() -> None:
    assert held(ChannelState(EMAIL, "smtp")).reason is None
    assert held(ChannelState(EMAIL, "smtp", NOON, "quota")).reason is None


def test_a_combined_contact_waits_for_the_last_of_its_connectors() -> None:
    line = held(ChannelState(EMAIL, "smtp", NOON + HOUR, "quota"), ChannelState(LETTER, "post", NOON + 2 * HOUR))
    assert (line.reason, line.passes_at) == (Reason.CONNECTOR_HELD, NOON + 2 * HOUR)
    assert line.numbers == {"smtp": "quota", "post": "held"}
