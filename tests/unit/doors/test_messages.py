# ruff: noqa: ANN401 - bodies hold anything
"""identify and track: Segment's messages held against what is declared, every mistake told at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.doors import RefusedError, Vocabulary, read_body, read_identify, read_message, read_track
from tactful.doors.reading import read_json
from tactful.intake import Identify, Statement, Track
from tactful.wire import IdentifyBody, TrackBody
from tactful.wire.answers import Refusal
from tactful.words import Channel, ConsentState
from tests.unit.doors.given import NOON, WORDS, made_up, refusal_of, refusals_of


def identify(**body: Any) -> Identify:
    message = read_body(IdentifyBody, {"userId": "ada", **body})
    return read_identify(message, WORDS, now=NOON, made_up=made_up)


def track(event: str, *, words: Vocabulary = WORDS, **body: Any) -> Track:
    message = read_body(TrackBody, {"userId": "ada", "event": event, **body})
    return read_track(message, words, now=NOON, made_up=made_up)


def test_segments_traits_become_addresses_settings_and_properties() -> None:
    said = identify(
        traits={
            "email": "Ada@Fleur.example",
            "phone": "07700 900123",
            "firstName": "Ada",
            "last_name": "Lovelace",
            "timezone": "Europe/London",
            "locale": "en-gb",
            "country": "gb",
            "birthday": "1990-05-01",
            "loyaltyPoints": "12",
            "address": {"street": "1 Rose Lane", "city": "Bath"},
            "createdAt": "2025-01-01T00:00:00Z",
            "preferredChannels": ["sms", "email"],
        }
    )
    assert said.addresses == {
        Channel.EMAIL: "ada@fleur.example",
        Channel.SMS: "+447700900123",
        Channel.LETTER: "1 Rose Lane\nBath",
    }
    assert said.properties == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "birthday": "1990-05-01",
        "loyalty_points": 12,
    }
    assert (said.time_zone, said.language, said.country) == ("Europe/London", "en-GB", "GB")
    assert said.preferred == (Channel.SMS, Channel.EMAIL)
    assert said.registered_at is not None
    assert said.message_id == "made-up"
    assert said.occurred_at == NOON


def test_null_takes_an_address_and_a_property_away() -> None:
    said = identify(traits={"email": None, "favourite": None})
    assert said.addresses == {Channel.EMAIL: None}
    assert said.properties == {"favourite": None}


def test_what_the_device_says_of_itself_fills_in_and_never_refuses() -> None:
    said = identify(
        traits={"timezone": "Europe/Paris"},
        context={"timezone": "Europe/London", "locale": "nonsense!", "device": {"token": "abc"}},
    )
    assert said.time_zone == "Europe/Paris"
    assert said.language is None
    assert said.addresses == {Channel.PUSH: "abc"}


def test_an_id_may_be_a_number_and_is_kept_as_text() -> None:
    assert read_body(IdentifyBody, {"userId": 17}).user_id == "17"


def test_every_mistake_of_a_message_is_told_at_once_with_its_place() -> None:
    told = refusals_of(
        identify,
        timestamp="yesterday",
        traits={"email": "ada", "birthday": "soon", "favorite": "roses", "timezone": "Europe/Londn"},
        optIns=[{"topic": "newz", "channel": "email"}, {"topic": "news", "channel": "fax"}],
    )
    assert {refusal.field for refusal in told} == {
        "timestamp",
        "traits.email",
        "traits.birthday",
        "traits.favorite",
        "traits.timezone",
        "optIns[0].topic",
        "optIns[1].channel",
    }
    hints = {refusal.field: refusal.hint for refusal in told}
    assert hints["traits.favorite"] == 'Did you mean "favourite"?'
    assert hints["optIns[0].topic"] == 'Did you mean "news"?'


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"userId": None}, "userId", "missing_field"),
        ({"userId": " ada"}, "userId", "bad_id"),
        ({"userId": "a\nb"}, "userId", "bad_id"),
        ({"userId": "x" * 256}, "userId", "bad_value"),
        ({"traits": {"name": "Ada"}}, "traits.name", "unknown_trait"),
        ({"traits": {"email": 5}}, "traits.email", "bad_value"),
        ({"traits": {"email": "a\x00b@x.example"}}, "traits.email", "bad_text"),
        ({"traits": {"preferredChannels": ["fax"]}}, "traits.preferredChannels[0]", "unknown_channel"),
        ({"trait": {}}, "trait", "unknown_field"),
        ({"optIns": {}}, "optIns", "bad_value"),
        ({"optIns": [{"channel": "email"}]}, "optIns[0].topic", "missing_field"),
        ({"traits": {"optIns": {}}}, "traits.optIns", "bad_value"),
    ],
)
def test_an_identify_that_cannot_be_is_refused(body: dict[str, Any], field: str, code: str) -> None:
    told = refusal_of(identify, **body)
    assert (told.field, told.code) == (field, code)


def test_an_unknown_field_is_refused_with_the_nearest_right_one() -> None:
    assert refusal_of(identify, trait={}).hint == 'Did you mean "traits"?'


def test_a_yes_to_a_topic_with_double_opt_in_is_pending_until_it_is_told_to_be_confirmed() -> None:
    said = identify(
        optIns=[
            {"topic": "news", "channel": "email"},
            {"topic": "ideas", "channel": "email", "evidence": "the box under the form"},
            {"topic": "ideas", "channel": "sms", "state": "opted_in", "at": "2026-01-01T00:00:00Z"},
        ]
    )
    assert [statement.state for statement in said.statements] == [
        ConsentState.OPTED_IN,
        ConsentState.PENDING,
        ConsentState.OPTED_IN,
    ]
    assert said.statements[1].evidence == {"wording": "the box under the form"}
    assert said.statements[0].stated_at == NOON


def stated(**said: Any) -> Statement:
    (statement,) = identify(optIns=[{"topic": "ideas", "channel": "email", **said}]).statements
    return statement


@pytest.mark.parametrize(
    ("said", "basis", "state"),
    [
        ("consent", "express", ConsentState.PENDING),
        ("express", "express", ConsentState.PENDING),
        ("Soft Opt-in", "soft_opt_in", ConsentState.OPTED_IN),
        ("implied", "implied", ConsentState.OPTED_IN),
        ("contract", "contract", ConsentState.OPTED_IN),
        ("legitimate-interest", "legitimate_interest", ConsentState.OPTED_IN),
    ],
)
def test_a_basis_is_read_however_it_is_joined_and_only_an_express_yes_needs_a_second(
    said: str, basis: str, state: ConsentState
) -> None:
    statement = stated(basis=said)
    assert (statement.basis, statement.state) == (basis, state)


def test_what_is_presumed_ends_though_nobody_says_when_and_never_later_than_after_two_years() -> None:
    two_years = datetime(2028, 3, 24, 12, tzinfo=UTC)
    assert stated(basis="implied").expires_at == two_years
    assert stated(basis="implied", expiresAt="2026-05-01T00:00:00Z").expires_at == datetime(2026, 5, 1, tzinfo=UTC)
    assert stated(basis="express").expires_at is None
    late = {"topic": "ideas", "channel": "email", "basis": "soft opt-in", "expiresAt": "2028-03-25T00:00:00Z"}
    found = refusal_of(identify, optIns=[late])
    assert (found.field, found.code) == ("optIns[0].expires_at", "expires_too_late")
    assert found.expected is not None
    assert "2028-03-24T12:00:00Z" in found.expected


def test_an_unknown_basis_is_refused_with_those_there_are() -> None:
    found = refusal_of(identify, optIns=[{"topic": "news", "channel": "email", "basis": "implyed"}])
    assert (found.field, found.code, found.hint) == ("optIns[0].basis", "unknown_basis", 'Did you mean "implied"?')


def test_an_event_is_kept_with_its_fields_in_one_form() -> None:
    done = track("order.placed", properties={"orderId": 17, "total": 29.9, "currency": "gbp", "occasion": "birthday"})
    assert done.properties == {
        "order_id": "17",
        "total": {"amount": "29.90", "currency": "GBP"},
        "currency": "GBP",
        "occasion": "birthday",
    }


def test_segments_word_for_the_worth_of_an_order_is_understood() -> None:
    done = track("order.placed", properties={"revenue": 10, "currency": "EUR"})
    assert done.properties["total"] == {"amount": "10.00", "currency": "EUR"}


def test_fields_that_are_null_are_as_if_not_sent() -> None:
    assert track("invoice.issued", properties={"number": "1", "due_on": None}).properties == {"number": "1"}


@pytest.mark.parametrize(
    ("event", "properties", "field", "code", "hint"),
    [
        ("order.place", {}, "event", "unknown_event", 'Did you mean "order.placed"?'),
        ("order.placed", {"ocasion": "x"}, "properties.ocasion", "unknown_property", 'Did you mean "occasion"?'),
        ("order.placed", {"total": 5}, "properties.total", "bad_money", None),
        ("order.placed", {"order_id": " "}, "properties.order_id", "bad_id", None),
        ("order.placed", {"currency": "XXY"}, "properties.currency", "bad_currency", 'Did you mean "XXG"?'),
        ("invoice.issued", {"due_on": "soon"}, "properties.due_on", "bad_date", None),
        ("customer.registered", {"plan": "a"}, "properties.plan", "unknown_property", None),
    ],
)
def test_an_event_that_is_not_declared_so_is_refused(
    event: str, properties: dict[str, Any], field: str, code: str, hint: str | None
) -> None:
    told = refusal_of(track, event, properties=properties)
    assert (told.field, told.code) == (field, code)
    assert hint is None or code == "bad_currency" or told.hint == hint


def test_with_nothing_published_the_refusal_says_what_to_do() -> None:
    told = refusal_of(track, "order.placed", words=Vocabulary())
    assert "tactful publish" in (told.expected or "")


def test_an_item_of_a_batch_says_what_it_is() -> None:
    item = {"type": "track", "userId": "ada", "event": "customer.registered"}
    assert isinstance(read_message(item, WORDS, now=NOON, made_up=made_up), Track)
    told = refusal_of(read_message, {"type": "page"}, WORDS, now=NOON, made_up=made_up, at="batch[3]")
    assert (told.code, told.field) == ("unknown_type", "batch[3].type")
    assert refusal_of(read_message, "x", WORDS, now=NOON, made_up=made_up, at="batch[0]").code == "bad_body"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "no_body"),
        (b"  ", "no_body"),
        (b"{", "bad_json"),
        (b"\xff", "bad_json"),
        (b'{"a": NaN}', "bad_json"),
        (b'{"a": "\\ud800"}', "bad_json"),
        (b"[" * 5000, "bad_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad_json"),
    ],
)
def test_what_is_no_json_is_refused_and_never_fails(raw: bytes, code: str) -> None:
    assert refusal_of(read_json, raw).code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}, "too_deep"),
        ({"a": float("inf")}, "bad_number"),
        ({"a": 10**16}, "bad_number"),
        ({"a": "\x00"}, "bad_text"),
        ({"\x00": 1}, "bad_text"),
        ([], "bad_body"),
        (None, "bad_body"),
        ("text", "bad_body"),
    ],
)
def test_values_that_no_database_keeps_are_refused_before_it_sees_them(value: object, code: str) -> None:
    traits = {"userId": "ada", "traits": value} if isinstance(value, dict) else value
    assert refusal_of(read_body, IdentifyBody, traits).code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["userId", "traits", "event", "properties", "optIns", "type", "timestamp", "context", "x"])


@given(st.dictionaries(names, json_values, max_size=8), st.sampled_from(["identify", "track"]))
def test_whatever_arrives_is_read_or_refused_and_nothing_else(body: dict[str, Any], kind: str) -> None:
    refusals: tuple[Refusal, ...] = ()
    try:
        read_message({**body, "type": kind}, WORDS, now=NOON, made_up=made_up)
    except RefusedError as refused:
        refusals = refused.refusals
    assert all(refusal.code and refusal.message for refusal in refusals)
