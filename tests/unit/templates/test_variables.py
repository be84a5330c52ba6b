"""The words a template may use, and the values they get."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tactful.strategy.model import FieldType, Money, Step, Strategy
from tactful.templates import message_variables, sample_variables, variables_for
from tactful.templates.journeys import FIELDS, JourneyTold
from tactful.templates.variables import typed
from tests.unit.templates.shop import florist, said, shop


def names(strategy: Strategy, communication: str) -> set[str]:
    found = said(strategy, communication)
    return set(variables_for(strategy, found.step, found.communication))


def test_a_communication_knows_what_its_step_offer_and_topic_bring() -> None:
    common = {
        *("customer.email", "customer.language", "customer.time_zone", "customer.first_name", "customer.last_name"),
        *("customer.birthday", "customer.favourite", "customer.points", "customer.loyalty"),
        *("sender.name", "sender.email", "sender.address", "links.unsubscribe", "links.preferences", "topic.says"),
    }
    order = {"event.occasion", "event.total", "event.items", "event.delivered_on", "key", "due_on"}
    offer = {"offer.name", "offer.says", "offer.code", "offer.ends_on"}
    assert names(shop(), "hello") == common | {"event.plan"}
    assert names(shop(), "again") == common | order | offer
    assert names(shop(), "bill") == common | {"event.total", "journeys"}


def test_a_question_has_a_link_and_a_birthday_is_sure_on_the_way_to_it() -> None:
    strategy, _ = florist()
    assert "links.question" in names(strategy, "dates")
    wish, hello = said(strategy, "wish"), said(strategy, "hello")
    assert variables_for(strategy, wish.step, wish.communication)["customer.birthday"].always
    assert not variables_for(strategy, hello.step, hello.communication)["customer.birthday"].always
    assert "event.items" not in names(strategy, "wish")


def test_an_offer_only_a_test_arm_gives_may_be_missing() -> None:
    strategy = shop()
    found = said(strategy, "again")
    bare = found.communication.model_copy(update={"offer": None})
    assert "offer.code" not in variables_for(strategy, found.step, bare)
    first_treat = said(florist()[0], "first-treat").communication
    assert first_treat.test is not None
    armed = bare.model_copy(update={"test": first_treat.test})
    variables = variables_for(strategy, found.step, armed)
    assert not variables["offer.code"].always
    assert "offer.ends_on" not in variables


def test_a_step_reached_by_then_knows_what_every_way_into_it_brings() -> None:
    strategy = shop()
    after = said(strategy, "hello")
    last = after.step.model_copy(update={"name": "last", "entry": None})
    ways: dict[str, Step] = {
        name: step.model_copy(update={"then": "last"})
        for name, step in strategy.steps.items()
        if name in {"clock", "billing"}
    }
    linked = strategy.model_copy(update={"steps": {**ways, "last": last}})
    found = variables_for(linked, last, after.communication)
    assert {name for name in found if name.startswith("event.")} == {"event.total"}
    circle = last.model_copy(update={"then": "last"})
    alone = strategy.model_copy(update={"steps": {"last": circle}})
    assert "event.total" not in variables_for(alone, circle, after.communication)


def test_samples_fill_every_name_there_is() -> None:
    strategy, _ = florist()
    for step in strategy.steps.values():
        for communication in step.communications:
            sample = sample_variables(strategy, step, communication, "en")
            for name in variables_for(strategy, step, communication):
                root, _, leaf = name.partition(".")
                group = sample[root]
                assert group if not leaf else isinstance(group, dict) and leaf in group, name


WELCOME = JourneyTold("welcome", "welcome", "open", date(2027, 3, 1), said=1, to_come=2, reached=0)


def made(communication: str = "again", **changed: object) -> dict[str, object]:
    found = said(shop(), communication)
    given: dict[str, object] = {
        "customer": {"first_name": "Ada", "birthday": "1984-05-02", "points": 7, "loyalty": True, "secret": "x"},
        "event": {
            "occasion": "Mum",
            "total": 12.5,
            "currency": "GBP",
            "delivered_on": datetime(2026, 5, 1, tzinfo=UTC),
        },
        "key": "Mum",
        "due_on": date(2027, 3, 7),
        "offer_code": None,
        "offer_ends_on": date(2027, 3, 7),
        "links": {"unsubscribe": "https://u.example", "preferences": "https://p.example"},
        "journeys": [WELCOME],
        "language": "de-AT",
    }
    return message_variables(shop(), found.step, found.communication, **{**given, **changed})  # pyright: ignore[reportArgumentType]


def test_plain_values_become_what_templates_use() -> None:
    variables = made()
    assert variables["customer"] == {
        "first_name": "Ada",
        "birthday": date(1984, 5, 2),
        "points": 7,
        "loyalty": True,
        "language": "de-AT",
    }
    assert variables["event"] == {
        "occasion": "Mum",
        "total": Money(amount=Decimal("12.5"), currency="GBP"),
        "delivered_on": date(2026, 5, 1),
    }
    assert variables["offer"] == {
        "name": "tenner",
        "says": "10 pounds off",
        "code": "TEN",
        "ends_on": date(2027, 3, 7),
    }
    assert (variables["key"], variables["due_on"]) == ("Mum", date(2027, 3, 7))
    assert variables["topic"] == {"says": "Our ideas"}
    assert "journeys" not in variables


def test_nothing_undeclared_and_nothing_blank_comes_through() -> None:
    variables = made(customer={"first_name": "  ", "favourite": None, "nobody": "x"}, event={"total": "dear"})
    assert variables["customer"] == {"language": "de-AT"}
    assert "event" not in variables


def test_the_customers_own_code_and_a_test_arms_offer_win() -> None:
    offer = made(offer_code="MINE1", offer="vase")["offer"]
    assert isinstance(offer, dict)
    assert (offer["name"], offer["says"], offer["code"]) == ("vase", "a vase", "MINE1")


def test_service_messages_know_the_journeys() -> None:
    assert made("bill")["journeys"] == [WELCOME]
    assert {name: dict(WELCOME)[name] for name in FIELDS} == dict(WELCOME)


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ("x", "text", "x"),
        (7, "text", "7"),
        ({"a": 1}, "text", None),
        ("2027-03-07T10:00:00Z", "date", date(2027, 3, 7)),
        ("soon", "date", None),
        (7, "date", None),
        ("7.5", "number", Decimal("7.5")),
        ("NaN", "number", None),
        (True, "number", None),
        ("34.00 GBP", "money", Money(amount=Decimal("34.00"), currency="GBP")),
        ({"amount": "1", "currency": "EUR"}, "money", Money(amount=Decimal(1), currency="EUR")),
        ({"amount": "1"}, "money", None),
        (12, "money", None),
        (["a"], "list", ["a"]),
        ("a", "list", None),
        (False, "yes or no", False),
        ("yes", "yes or no", None),
        (None, "text", None),
        (" ", "text", None),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_left_out(value: object, type_: FieldType, expected: object) -> None:
    assert typed(value, type_) == expected
