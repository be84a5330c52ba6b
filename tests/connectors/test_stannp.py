"""Stannp: its requests, its answers, *taken before*, its hooks, and letters that are cancelled.

Stannp publishes no SDK for Python and no description for programs, but a reference for language models (2026-08): its
tables stand as a schema in `descriptions/stannp.json`. Besides, the example of its page on idempotency keys.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from connectors.direct_mail.stannp import Stannp, StannpConfig
from tactful.conformance.provider import provider, say
from tactful.connector import (
    CannotSay,
    Fault,
    Hook,
    Message,
    Money,
    NotGenuineError,
    Ports,
    SendFault,
    UnreadableHookError,
    send,
)
from tactful.connector.http import Answer, Cancelled, TooLate
from tactful.connector.signatures import hmac_of
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, WRITTEN_AT
from tests.connectors.letters import LINES, LINES_US, hook, letter
from tests.connectors.mobile import description, form, problems

SECRET = "webhook-secret-of-stannp"
TAKEN = '{"success":true,"data":{"pdf":"https://x.example/a.pdf","id":"16818210","cost":"0.78","status":"received"}}'
# www.stannp.com/us/direct-mail-api/idempotency-keys, as it stands there.
PUBLISHED = """{
  "success": true,
  "data": {
    "pdf": "https://www.stannp.com/assets/samples/letter-sample.pdf",
    "id": "0",
    "created": "2020-12-17T15:42:22+00:00",
    "format": "letter",
    "cost": "0.78",
    "status": "test"
  }
}"""


def stannp(base_url: str = "https://api-eu1.stannp.example/v1", /, **settings: object) -> Stannp:
    config = {"base_url": base_url, "api_key": "api-key-of-stannp", "webhook_secret": SECRET}
    return Stannp(StannpConfig.model_validate(config | settings), Ports(deliver=lambda _: ""))


def fields(message: Message, **settings: object) -> dict[str, str]:
    return dict(parse_qsl(stannp(**settings).build(message).content.decode(), strict_parsing=True))


def test_a_letter_is_asked_for_in_the_fields_of_the_vendors_reference() -> None:
    assert fields(letter(), addons=["FIRST_CLASS"], size="A4") == {
        "test": "false",
        "idempotency_key": str(KEY),
        "pages": "<html><style>p{color:#333}</style><p>Dear Ada, the &#123;peonies&#125; are in.</p></html>",
        "recipient[firstname]": "Ada",
        "recipient[lastname]": "Lovelace",
        "recipient[address1]": "1 Rose Lane",
        "recipient[address2]": "Flat 2",
        "recipient[city]": "Bath",
        "recipient[postcode]": "BA1 1AA",
        "recipient[country]": "GB",
        "duplex": "true",
        "post_unverified": "true",
        "transactional": "false",
        "tags": f"{KEY},Peonies are here",
        "size": "A4",
        "addons": "FIRST_CLASS",
    }
    service = fields(letter(marketing=False, to="Fleur & Fils\n1 Rose Lane\nBath BA1 1AA", subject=None), test=True)
    assert (service["transactional"], service["tags"], service["test"]) == ("true", str(KEY), "true")


@pytest.mark.parametrize("status", [200, 409])
async def test_a_letter_that_was_taken_before_is_taken(status: int) -> None:
    async with provider(lambda _: say(status, TAKEN)) as there:
        connector = stannp(there.base_url)
        accepted = await send(connector, letter(), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert accepted.provider_id == "16818210"
    (received,) = there.received
    assert (received.method, received.path) == ("POST", "/letters/create")
    assert received.headers["authorization"] == "Basic YXBpLWtleS1vZi1zdGFubnA6"


def test_the_published_answer_is_read_and_a_sample_is_known_by_our_key() -> None:
    answer = Answer(409, {}, PUBLISHED.encode())
    assert stannp().parse(letter(), answer).provider_id == "0"
    assert stannp(test=True).parse(letter(), answer).provider_id == f"test-{KEY}"


def test_a_letter_costs_what_stannp_tells_in_the_accounts_currency_and_a_sample_nothing() -> None:
    answer = Answer(200, {}, TAKEN.encode())
    pounds = {"amount": Decimal("0.78"), "currency": "GBP"}
    assert stannp(currency="GBP").parse(letter(), answer).cost == Money.model_validate(pounds)
    assert stannp().parse(letter(), answer).cost is None
    assert stannp(currency="GBP", test=True).parse(letter(), answer).cost == Money.model_validate(
        pounds | {"amount": 0}
    )
    (told,) = stannp(currency="GBP").news(signed(event(mailpieces=[{"id": 1, "status": "received", "cost": "0.78"}])))
    assert told.cost == Money.model_validate(pounds)


@pytest.mark.parametrize(
    ("status", "content", "fault", "code"),
    [
        (200, '{"success":false,"error":"Insufficient funds"}', Fault.QUOTA, "200 no money"),
        (409, '{"success":false,"error":"no credit left"}', Fault.QUOTA, "409 no money"),
        (200, '{"success":false,"error":"pages cannot be read"}', Fault.BAD_CONTENT, "200 refused"),
        (400, '{"success":false,"error":"no size B7"}', Fault.BAD_CONTENT, "400 refused"),
        (401, '{"success":false,"error":"You do not have authorisation"}', Fault.CONFIG, "401 refused"),
        (404, "", Fault.CONFIG, "404"),
        (429, "", Fault.THROTTLED, "429"),
        (500, "<html>", Fault.AMBIGUOUS, "500"),
        (200, "{}", Fault.AMBIGUOUS, "200 unreadable"),
        (200, "", Fault.AMBIGUOUS, "200 unreadable"),
        (409, "", Fault.AMBIGUOUS, "409 unreadable"),
        (200, '{"success":true,"data":{}}', Fault.AMBIGUOUS, "200 unreadable"),
    ],
)
async def test_an_answer_that_is_no_yes_is_the_fault_that_it_means(
    status: int, content: str, fault: Fault, code: str
) -> None:
    async with provider(lambda _: say(status, content)) as there:
        connector = stannp(there.base_url)
        with pytest.raises(SendFault) as caught:
            await send(connector, letter(), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert (caught.value.fault, caught.value.code) == (fault, code)


@pytest.mark.parametrize(
    ("to", "why"),
    [("Ada\n1 Rose Lane\nBath", "postal code of GB"), ("1 A\n2 B\n3 C\n4 D\nBath BA1 1AA", "3 lines of street")],
)
def test_an_address_that_no_letter_can_go_to_is_refused_unasked(to: str, why: str) -> None:
    with pytest.raises(SendFault, match=why) as caught:
        stannp().build(letter(to=to))
    assert caught.value.fault is Fault.BAD_RECIPIENT


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, '{"success":true,"data":1}', Cancelled()),
        (200, '{"success":false,"error":"This item is already being processed"}', TooLate()),
        (200, "{}", CannotSay("200: it does not say whether the letter was cancelled")),
        (500, "", CannotSay("500: it does not say whether the letter was cancelled")),
        (401, '{"success":false,"error":"no"}', CannotSay("401: it does not say whether the letter was cancelled")),
    ],
)
async def test_a_letter_is_cancelled_by_its_number(status: int, content: str, expected: object) -> None:
    async with provider(lambda _: say(status, content)) as there:
        connector = stannp(there.base_url)
        assert await connector.cancel("16818210", deadline=time.monotonic() + 10) == expected
        await connector.aclose()
    (received,) = there.received
    assert (received.method, received.path, received.content) == ("POST", "/letters/cancel", b"id=16818210")


def test_a_sample_cannot_be_cancelled() -> None:
    with pytest.raises(SendFault):
        stannp().build_cancel(f"test-{KEY}")


# Envelope and statuses are the reference's for webhooks; the mailpiece is that of `letters/get`, with a tag of ours.
def event(status: str = "dispatched", **changes: object) -> bytes:
    piece = {"id": 16818210, "type": "letter", "status": status, "format": "A4", "tags": f"{KEY},Peonies are here"}
    told = {"webhook_id": 1234, "event": "mailpiece_status", "created": "2026-11-21 09:30:00", "retries": 0}
    return json.dumps(told | {"mailpieces": [piece]} | changes).encode()


def signed(content: bytes, secret: str = SECRET) -> Hook:
    return hook(content, x_stannp_signature=hmac_of(secret, content).hex())


# As they stand on amaretto.stannp.com/uk/direct-mail-api/webhooks and, with the numbers as texts, on
# www.stannp.com/us/direct-mail-api/webhooks.
PUBLISHED_TRIAL = b"""{
  "webhook_id": 0,
  "event": "test_url",
  "created": "2024-01-15 10:30:00",
  "retries": 0
}"""
PUBLISHED_ENVELOPE: dict[str, object] = {
    "webhook_id": 1234,
    "event": "mailpiece_status",
    "created": "0000-00-00 00:00:00",
    "retries": "0",
    "mailpieces": [],
}


def test_the_hooks_of_stannps_pages_are_read() -> None:
    assert list(stannp().news(signed(PUBLISHED_TRIAL))) == []
    pieces = json.loads(event("delivered"))["mailpieces"]
    (one,) = stannp().news(signed(json.dumps(PUBLISHED_ENVELOPE | {"mailpieces": pieces}).encode()))
    assert (one.kind, one.provider_id, one.key) == (ReceiptKind.DELIVERED, "16818210", KEY)


def test_the_signature_is_found_by_either_spelling_of_stannps_pages() -> None:
    content = event()
    stannp().verify(hook(content, x_stannp_sigature=hmac_of(SECRET, content).hex()))
    with pytest.raises(NotGenuineError):
        stannp().verify(hook(content, x_stannp_sigature=hmac_of("another", content).hex()))


def test_only_a_hook_that_stannp_signed_is_let_pass() -> None:
    good = signed(event())
    stannp().verify(good)
    flipped = Hook(good.url, good.headers, good.content.replace(b"dispatched", b"delivered"), good.at)
    for bad in (flipped, signed(event(), secret="another"), hook(event()), hook(event(), x_stannp_signature="")):
        with pytest.raises(NotGenuineError):
            stannp().verify(bad)
    with pytest.raises(NotGenuineError, match="webhook_secret"):
        stannp(webhook_secret=None).verify(good)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("received", ReceiptKind.ACCEPTED),
        ("printing", ReceiptKind.PRINTED),
        ("dispatched", ReceiptKind.MAILED),
        ("local_delivery", ReceiptKind.MAILED),
        ("delivered", ReceiptKind.DELIVERED),
        ("returned", ReceiptKind.RETURNED),
        ("cancelled", ReceiptKind.CANCELLED),
        ("eaten by the dog", ReceiptKind.UNKNOWN),
    ],
)
def test_what_stannp_tells_of_a_letter_is_told_in_our_words(status: str, kind: ReceiptKind) -> None:
    (told,) = stannp().news(signed(event(status)))
    (again,) = stannp().news(signed(event(status, retries=1)))
    assert (told.kind, told.key, told.provider_id, told.at) == (kind, KEY, "16818210", WRITTEN_AT)
    assert told.permanent is (kind is ReceiptKind.RETURNED)
    assert told.dedupe_id == again.dedupe_id


def test_several_letters_in_one_hook_are_told_of_one_by_one() -> None:
    pieces = [{"id": number, "status": "delivered"} for number in range(1, 51)]
    told = list(stannp().news(signed(event(mailpieces=pieces))))
    assert [one.provider_id for one in told] == [str(number) for number in range(1, 51)]
    assert {one.key for one in told} == {None}


def test_the_first_hook_which_only_asks_whether_we_are_there_tells_nothing() -> None:
    asks = b'{"webhook_id":0,"event":"test_url","created":"2024-01-15 10:30:00","retries":0}'
    assert list(stannp().news(signed(asks))) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", event(mailpieces=None), event(mailpieces=[{"id": 1}])])
def test_a_hook_that_is_not_as_described_is_said_to_be_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableHookError):
        list(stannp().news(signed(content)))


def test_no_secret_is_in_sight() -> None:
    connector = stannp()
    request = connector.authorize(connector.build(letter()), WRITTEN_AT)
    assert "api-key-of-stannp" not in repr(connector.config) + repr(request)


def asked_of_stannp(content: bytes) -> dict[str, object]:
    """Return a form as its reference types it: booleans, and a recipient of fields."""
    recipient: dict[str, str] = {}
    found: dict[str, object] = {}
    for name, value in form(content).items():
        if name.startswith("recipient["):
            recipient[name[len("recipient[") : -1]] = value
        else:
            found[name] = {"true": True, "false": False}.get(value, value)
    return found | ({"recipient": recipient} if recipient else {})


def wrong_by_the_reference(part: str, content: bytes) -> list[str]:
    return problems(description("stannp"), part, asked_of_stannp(content))


@pytest.mark.parametrize("to", [LINES, LINES_US])
def test_every_request_is_as_stannps_reference_has_it(to: str) -> None:
    connector = stannp(address_check=True, addons=["FIRST_CLASS", "C4_ENVELOPE"], size="A4")
    check = connector.build_check(letter(to=to))
    assert check is not None
    country = "US" if to == LINES_US else "GB"
    assert wrong_by_the_reference("letter", connector.build(letter(to=to)).content) == []
    assert wrong_by_the_reference(f"validate_{country}", check.content) == []
    assert wrong_by_the_reference("cancel", connector.build_cancel("16818210").content) == []
    assert wrong_by_the_reference(f"validate_{'GB' if country == 'US' else 'US'}", check.content)


def test_every_status_of_the_reference_has_a_word_of_ours() -> None:
    described = description("stannp")
    for status in {*described["mailpiece_statuses"], *described["reported_statuses"]}:
        (told,) = stannp().news(signed(event(status)))
        assert told.kind is not ReceiptKind.UNKNOWN, status


# The reference's own answer, of which the parts that are read.
KNOWN = '{"success":true,"data":{"city":"Barnstaple","postcode":"EX31 1JZ","country":"GB","is_valid":true}}'


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        (
            LINES,
            {"address1": "1 Rose Lane", "address2": "Flat 2", "city": "Bath", "postcode": "BA1 1AA", "country": "GB"},
        ),
        ("Ada\nRosenweg 3\n10115 Berlin\nDE", None),
    ],
)
def test_an_address_is_asked_about_where_stannp_can_tell(to: str, asked: object) -> None:
    request = stannp(address_check=True).build_check(letter(to=to))
    assert (dict(parse_qsl(request.content.decode())) if request else None) == asked
    assert stannp().build_check(letter(to=to)) is None


@pytest.mark.parametrize(
    ("content", "fault", "paths"),
    [
        (KNOWN, None, ["/addresses/validate", "/letters/create"]),
        (KNOWN.replace("true}", "false}"), Fault.BAD_RECIPIENT, ["/addresses/validate"]),
        ('{"success":false,"error":"address1 is required"}', Fault.TRANSIENT, ["/addresses/validate"]),
        ('{"success":false,"error":"Insufficient funds"}', Fault.QUOTA, ["/addresses/validate"]),
        ('{"success":true,"data":{}}', Fault.TRANSIENT, ["/addresses/validate"]),
        ("<html>", Fault.TRANSIENT, ["/addresses/validate"]),
    ],
)
async def test_only_an_address_that_stannp_knows_gets_a_letter(
    content: str, fault: Fault | None, paths: list[str]
) -> None:
    async with provider(lambda one: say(200, content if one.path == "/addresses/validate" else TAKEN)) as there:
        connector = stannp(there.base_url, address_check=True)
        try:
            await send(connector, letter(), deadline=time.monotonic() + 10)
            found = None
        except SendFault as caught:
            found = caught.fault
        await connector.aclose()
    assert (found, [one.path for one in there.received]) == (fault, paths)
