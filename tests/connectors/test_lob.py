"""Lob: its requests against its own description, its answers, its hooks, and letters that are stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from connectors.direct_mail.lob import Lob, LobConfig
from tactful.conformance.provider import provider, say
from tactful.connector import CannotSay, Fault, Hook, Message, NotGenuineError, Ports, SendFault, Told, send
from tactful.connector.http import Answer, Cancelled, TooLate
from tactful.connector.signatures import hmac_of
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, WRITTEN_AT
from tests.connectors.letters import LINES, LINES_US, hook, letter

DESCRIPTION: dict[str, Any] = json.loads((Path(__file__).parent / "descriptions" / "lob.json").read_text())
SECRET = "webhook-secret-of-lob"
FROM = {"name": "Fleur & Fils", "street": "185 Berry St", "city": "San Francisco", "state": "CA", "zip": "94107"}
STAMP = str(int(WRITTEN_AT.timestamp() * 1000))


def lob(base_url: str = "https://api.lob.example/v1", /, **settings: object) -> Lob:
    """Return a connector with a test key."""
    config = {"base_url": base_url, "api_key": "test_key", "webhook_secret": SECRET, "return_address": FROM}
    return Lob(LobConfig.model_validate(config | settings), Ports(deliver=lambda _: ""))


def problems(part: str, value: object) -> list[str]:
    """Return what Lob's description says against a value."""
    schema = {"$ref": f"#/{part}", **DESCRIPTION}
    return [error.message for error in Draft202012Validator(schema).iter_errors(cast("Any", value))]


def body(message: Message, **settings: object) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(lob(**settings).build(message).content))


@pytest.mark.parametrize(
    "message",
    [
        letter(),
        letter(to=LINES_US),
        letter(to="210 King St\n# 6100\nSan Francisco, CA 94107\nUS", subject=None, marketing=False),
        letter(to="Lee\n9 Elm\nToronto ON M5V 2T6\nCanada", html=None, text="Hello"),
        letter(to="Ada\nFleur & Fils\nRosenweg 3\n10115 Berlin\nDE"),
    ],
)
@pytest.mark.parametrize("settings", [{}, {"print_after": 7200, "color": False, "mail_type": "usps_standard"}])
def test_what_is_sent_is_what_the_vendor_describes(message: Message, settings: dict[str, object]) -> None:
    assert problems("letter", body(message, **settings)) == []


def test_the_description_refuses_what_is_wrong() -> None:
    good = body(letter(to=LINES_US))
    for wrong in (
        {"to": None},
        {"to": good["to"] | {"address_state": "California"}},
        {"file": "x" * 10_001},
        {"use_type": "junk"},
        {"mail_type": "pigeon"},
        {"metadata": {"a": {"b": "c"}}},
    ):
        assert problems("letter", good | wrong) != [], wrong
    assert problems("letter", {key: value for key, value in good.items() if key != "from"}) != []


async def test_a_letter_goes_out_under_our_key_and_twice_as_the_same_bytes() -> None:
    async with provider(lambda _: say(200, '{"id":"ltr_4868c3b754655f90"}')) as there:
        connector = lob(there.base_url)
        for _ in range(2):
            accepted = await send(connector, letter(), deadline=time.monotonic() + 10)
            assert accepted.provider_id == "ltr_4868c3b754655f90"
        await connector.aclose()
    first, second = there.received
    assert (first.method, first.path, first.headers["idempotency-key"]) == ("POST", "/letters", str(KEY))
    assert first.headers["authorization"] == "Basic dGVzdF9rZXk6"
    assert first.content == second.content
    assert json.loads(first.content)["metadata"] == {"tactful_key": str(KEY)}


def test_it_is_printed_later_where_the_configuration_says_so() -> None:
    assert body(letter(), print_after=7200)["send_date"] == "2026-11-21T11:30:00Z"
    assert "send_date" not in body(letter())


@pytest.mark.parametrize(
    ("changes", "fault", "why"),
    [
        ({"to": "Ada\n1 Rose Lane"}, Fault.BAD_RECIPIENT, "postal code of US"),
        ({"to": "Ada\n1 Elm\n94107 San Francisco\nUS"}, Fault.BAD_RECIPIENT, "a state of two letters"),
        ({"to": f"{'A' * 41}\n1 Elm\nSan Francisco, CA 94107"}, Fault.BAD_RECIPIENT, "longer than 40"),
        ({"to": f"Ada\n1 {'E' * 64}\nSan Francisco, CA 94107"}, Fault.BAD_RECIPIENT, "64 characters"),
        ({"to": "Ada\n1 Elm\nKabul\nAfghanistan"}, Fault.BAD_RECIPIENT, "neither a postal code nor"),
        ({"html": "<p>" + "x" * 10_000}, Fault.BAD_CONTENT, "Lob takes 10,000"),
    ],
)
def test_what_lob_would_refuse_is_refused_before_it_is_asked(
    changes: dict[str, object], fault: Fault, why: str
) -> None:
    with pytest.raises(SendFault, match=why) as caught:
        lob().build(letter(**changes))
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (422, "failed_deliverability_strictness", Fault.BAD_RECIPIENT),
        (422, "address_length_exceeds_limit", Fault.BAD_RECIPIENT),
        (422, "invalid_international_feature", Fault.BAD_RECIPIENT),
        (422, "invalid_country_covid", Fault.BAD_RECIPIENT),
        (422, "invalid_template_html", Fault.BAD_CONTENT),
        (422, "foreign_return_address", Fault.CONFIG),
        (422, "unsupported_lob_version", Fault.CONFIG),
        (422, "mail_use_type_can_not_be_null", Fault.CONFIG),
        (403, "feature_limit_reached", Fault.QUOTA),
        (422, "custom_envelope_inventory_depleted", Fault.QUOTA),
        (401, "invalid_api_key", Fault.CONFIG),
        (403, "billing_address_required", Fault.CONFIG),
        (401, "payment_method_unverified", Fault.CONFIG),
        (409, "conflict", Fault.AMBIGUOUS),
        (408, "request_timeout", Fault.AMBIGUOUS),
        (429, "rate_limit_exceeded", Fault.THROTTLED),
        (500, "internal_server_error", Fault.AMBIGUOUS),
        (503, "service_unavailable", Fault.AMBIGUOUS),
    ],
)
async def test_an_error_of_lobs_is_the_fault_that_it_means(status: int, code: str, fault: Fault) -> None:
    error = {"error": {"message": "Ada Lovelace is not there", "status_code": 422, "code": code}}
    assert problems("error", error) == []
    async with provider(lambda _: say(status, json.dumps(error))) as there:
        connector = lob(there.base_url)
        with pytest.raises(SendFault) as caught:
            await send(connector, letter(), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert (caught.value.fault, caught.value.code) == (fault, f"{status} {code}")
    assert "Lovelace" not in str(caught.value)


async def test_a_letter_is_stopped_by_its_name() -> None:
    deleted = {"id": "ltr_4868c3b754655f90", "deleted": True}
    assert problems("deletion", deleted) == []
    async with provider(lambda _: say(200, json.dumps(deleted))) as there:
        connector = lob(there.base_url)
        assert await connector.cancel("ltr_4868c3b754655f90", deadline=time.monotonic() + 10) == Cancelled()
        await connector.aclose()
    (received,) = there.received
    assert (received.method, received.path, received.content) == ("DELETE", "/letters/ltr_4868c3b754655f90", b"")


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (422, '{"error":{"code":"not_deletable","message":"no","status_code":422}}', TooLate()),
        (404, '{"error":{"code":"not_found","message":"no","status_code":404}}', CannotSay("404 not_found")),
        (500, "", CannotSay("500")),
        (200, '{"id":"ltr_1"}', CannotSay("200: it does not say that the letter was deleted")),
    ],
)
def test_only_a_plain_yes_means_that_a_letter_was_stopped(status: int, content: str, expected: object) -> None:
    assert lob().parse_cancel(Answer(status, {}, content.encode())) == expected


def test_a_name_that_is_no_letters_of_lobs_is_not_asked_for() -> None:
    with pytest.raises(SendFault):
        lob().build_cancel("../addresses/adr_1")


# The event of docs.lob.com ("Events", version 1.22.0), of a letter instead of a postcard, with metadata of ours.
def event(kind: str = "letter.mailed", **changes: object) -> bytes:
    told: dict[str, object] = {
        "id": "evt_d95ff8ffd2b5cfb4",
        "event_type": {"resource": "letters", "enabled_for_test": True, "id": kind, "object": "event_type"},
        "reference_id": "ltr_d2d10a2e9cba991c",
        "date_created": "2026-11-21T09:29:08.180Z",
        "object": "event",
        "body": {"id": "ltr_d2d10a2e9cba991c", "carrier": "USPS", "metadata": {"tactful_key": str(KEY)}},
    }
    assert problems("event", told) == [], kind
    return json.dumps(told | changes).encode()


def signed(content: bytes, stamp: str = STAMP, secret: str = SECRET) -> Hook:
    signature = hmac_of(secret, f"{stamp}.".encode() + content).hex()
    return hook(content, lob_signature=signature, lob_signature_timestamp=stamp)


def test_a_hook_that_lob_signed_is_let_pass() -> None:
    lob().verify(signed(event()))
    lob().verify(signed(event(), stamp=str(int(WRITTEN_AT.timestamp()))))


def test_a_hook_that_lob_did_not_sign_is_refused() -> None:
    good = signed(event())
    flipped = bytes([good.content[0] ^ 1]) + good.content[1:]
    for bad in (
        hook(flipped, **{name.replace("-", "_"): value for name, value in good.headers.items()}),
        signed(event(), secret="another"),
        signed(event(), stamp=str(int(STAMP) - 301_000)),
        signed(event(), stamp="soon"),
        hook(event()),
        hook(event(), lob_signature="", lob_signature_timestamp=STAMP),
    ):
        with pytest.raises(NotGenuineError):
            lob().verify(bad)
    with pytest.raises(NotGenuineError, match="webhook_secret"):
        lob(webhook_secret=None).verify(hook(event(), lob_signature="", lob_signature_timestamp=STAMP))


def told(kind: str) -> Told:
    (one,) = lob().news(signed(event(kind)))
    return one


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("letter.created", ReceiptKind.ACCEPTED),
        ("letter.rejected", ReceiptKind.REJECTED),
        ("letter.failed", ReceiptKind.REJECTED),
        ("letter.deleted", ReceiptKind.CANCELLED),
        ("letter.mailed", ReceiptKind.MAILED),
        ("letter.certified.mailed", ReceiptKind.MAILED),
        ("letter.in_transit", ReceiptKind.MAILED),
        ("letter.re-routed", ReceiptKind.DEFERRED),
        ("letter.delivered", ReceiptKind.DELIVERED),
        ("letter.returned_to_sender", ReceiptKind.RETURNED),
        ("letter.international_exit", ReceiptKind.UNKNOWN),
    ],
)
def test_what_lob_tells_of_a_letter_is_told_in_our_words(kind: str, expected: ReceiptKind) -> None:
    one = told(kind)
    assert (one.kind, one.key, one.provider_id) == (expected, KEY, "ltr_d2d10a2e9cba991c")
    assert (one.at.isoformat(), one.permanent) == (
        "2026-11-21T09:29:08.180000+00:00",
        kind.endswith("returned_to_sender"),
    )


def test_every_event_of_a_letter_that_the_vendor_describes_comes_through() -> None:
    kinds = DESCRIPTION["$defs"]["letter_types"]["enum"]
    assert len(kinds) > 15
    assert {told(kind).provider_id for kind in kinds} == {"ltr_d2d10a2e9cba991c"}


def test_the_same_event_told_twice_is_the_same_and_others_are_none_of_ours() -> None:
    assert told("letter.mailed").dedupe_id == told("letter.mailed").dedupe_id == "evt_d95ff8ffd2b5cfb4"
    assert list(lob().news(signed(event("postcard.mailed")))) == []


def test_no_request_but_below_the_base_url_and_no_secret_in_sight() -> None:
    connector = lob()
    request = connector.authorize(connector.build(letter()), WRITTEN_AT)
    assert request.path == "/letters"
    assert "test_key" not in repr(connector.config) + repr(request)


# ------------------------------------------------------------------------------------------------------ address checks


@pytest.mark.parametrize(
    ("to", "part"),
    [
        (LINES_US, "us_verification"),
        ("Ada\n210 King St\n# 6100\nSan Francisco, CA 94107\nUS", "us_verification"),
        (LINES, "intl_verification"),
        ("Lee\n9 Elm\nToronto ON M5V 2T6\nCanada", "intl_verification"),
    ],
)
def test_an_address_is_asked_about_as_the_vendor_describes(to: str, part: str) -> None:
    request = lob(address_check="undeliverable").build_check(letter(to=to))
    assert request is not None
    assert request.path == f"/{part}s"
    asked = json.loads(request.content)
    assert problems(part, asked) == []
    assert problems(part, {name: value for name, value in asked.items() if name != "primary_line"})
    assert problems(part, asked | {"zip_code": "SW1", "country": "Narnia"})


def test_nobody_is_asked_unless_it_is_configured() -> None:
    assert lob().build_check(letter()) is None


@pytest.mark.parametrize(
    ("verdict", "undeliverable", "strict"),
    [
        ("deliverable", True, True),
        ("deliverable_unnecessary_unit", True, True),
        ("deliverable_missing_unit", True, False),
        ("deliverable_incorrect_unit", True, False),
        ("deliverable_missing_info", True, False),
        ("undeliverable", False, False),
        ("no_match", False, False),
        ("", True, True),
    ],
)
def test_what_lob_says_of_an_address_refuses_it_as_configured(
    verdict: str, undeliverable: object, strict: object
) -> None:
    """A test key verifies nothing and says so by an empty word."""
    assert verdict == "" or problems("verified", {"deliverability": verdict}) == []
    answer = Answer(200, {}, json.dumps({"deliverability": verdict}).encode())
    for mode, passes in (("undeliverable", undeliverable), ("strict", strict)):
        connector = lob(address_check=mode)
        if passes:
            connector.parse_check(letter(), answer)
            continue
        with pytest.raises(SendFault) as caught:
            connector.parse_check(letter(), answer)
        assert (caught.value.fault, caught.value.code) == (Fault.BAD_RECIPIENT, verdict)


async def test_a_letter_to_an_address_that_is_undeliverable_is_never_asked_for() -> None:
    async with provider(lambda _: say(200, '{"deliverability":"undeliverable"}')) as there:
        connector = lob(there.base_url, address_check="undeliverable")
        with pytest.raises(SendFault) as caught:
            await send(connector, letter(to=LINES_US), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert [one.path for one in there.received] == ["/us_verifications"]
    assert (caught.value.fault, caught.value.code) == (Fault.BAD_RECIPIENT, "address check: undeliverable")
    assert "King" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (500, "", Fault.TRANSIENT),
        (422, '{"error":{"code":"bad_request","message":"no"}}', Fault.TRANSIENT),
        (401, "", Fault.CONFIG),
        (429, "", Fault.THROTTLED),
    ],
)
async def test_a_check_that_fails_leaves_nothing_unknown(status: int, content: str, fault: Fault) -> None:
    async with provider(lambda _: say(status, content)) as there:
        connector = lob(there.base_url, address_check="strict")
        with pytest.raises(SendFault) as caught:
            await send(connector, letter(to=LINES_US), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert (caught.value.fault, len(there.received)) == (fault, 1)


async def test_a_letter_that_cannot_be_made_is_not_even_asked_about() -> None:
    async with provider(lambda _: say(200, "{}")) as there:
        connector = lob(there.base_url, address_check="strict")
        for message in (letter(to="Ada\n1 Elm\nBoston"), letter(html="x" * 10_001)):
            with pytest.raises(SendFault):
                await send(connector, message, deadline=time.monotonic() + 10)
        await connector.aclose()
    assert there.received == []
