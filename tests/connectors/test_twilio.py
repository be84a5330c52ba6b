"""Twilio: what goes out is what its description and its own library say; what it tells is believed only if signed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from connectors.sms.twilio import Twilio, TwilioConfig
from tactful.conformance.provider import provider, say
from tactful.connector import (
    Accepted,
    Asking,
    Fault,
    Fetched,
    Hook,
    Inbound,
    Message,
    Money,
    NotGenuineError,
    Ports,
    SendFault,
    Told,
    UnreadableHookError,
)
from tactful.connector.http import Answer, UnreadableError
from tactful.inbound import Order
from tactful.words import ReceiptKind
from tests.connectors.mobile import (
    KEY,
    attempt,
    description,
    form,
    form_values,
    hook,
    problems,
    refusal,
    sent_to,
    text_message,
)

ACCOUNT = "AC" + "0123456789abcdef" * 2
SERVICE = "MG" + "0123456789abcdef" * 2
SID = "SM" + "89abcdef01234567" * 2
TOKEN = "12345"
HOOKS = "https://fleur.example/hooks/twilio"
TAKEN = say(201, json.dumps({"sid": SID, "status": "queued", "error_code": None}))


def twilio(base_url: str = "https://api.twilio.com", **config: object) -> Twilio:
    settings = {"base_url": base_url, "account_sid": ACCOUNT, "auth_token": TOKEN, "hooks_url": HOOKS} | config
    return Twilio(TwilioConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def signed(url: str, fields: dict[str, str]) -> Hook:
    signature = RequestValidator(TOKEN).compute_signature(url, fields)
    return hook(url, urlencode(fields).encode(), x_twilio_signature=signature)


def status(status: str, code: str = "", **more: str) -> Told:
    fields = {"MessageSid": SID, "MessageStatus": status, "To": "+447700900123", "AccountSid": ACCOUNT, **more}
    connector, told = twilio(), signed(f"{HOOKS}?key={KEY}", fields | ({"ErrorCode": code} if code else {}))
    connector.verify(told)
    (news,) = connector.news(told)
    assert isinstance(news, Told)
    return news


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    described = description("twilio")
    received = await sent_to(twilio, text_message(), TAKEN)
    values = form_values(described, "request", form(received.content))
    assert received.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert problems(described, "request", values) == []
    assert problems(described, "request", {**values, "To": 1})
    assert problems(described, "request", {**values, "ValidityPeriod": "long"})
    assert problems(described, "request", {**values, "Too": "+44"})
    assert problems(described, "request", {name: value for name, value in values.items() if name != "To"})
    assert problems(described, "answer", {"sid": SID, "status": "queued"}) == []


class Towards(TwilioHttpClient):
    """Twilio's own client, pointed at a provider of this machine."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def request(self, method: str, url: str, *args: Any, **rest: Any) -> Any:  # noqa: ANN401 - as it is there
        return super().request(method, url.replace("https://api.twilio.com", self.base_url), *args, **rest)


@pytest.mark.parametrize("service", [None, SERVICE])
@pytest.mark.parametrize("text", ["Hi", "50 % & more = “größer” 🌷\nnow"])
async def test_ours_is_what_twilios_own_library_sends(service: str | None, text: str) -> None:
    message = text_message(text=text)
    ours = await sent_to(lambda url: twilio(url, messaging_service_sid=service), message, TAKEN)
    async with provider(lambda _: TAKEN) as there:
        http = Towards(there.base_url)
        client = Client(ACCOUNT, TOKEN, http_client=http)
        source = {"messaging_service_sid": service} if service else {"from_": message.sender_address}
        await asyncio.to_thread(
            client.messages.create,
            to=message.to,
            body=text,
            status_callback=f"{HOOKS}?key={KEY}",
            validity_period=14_400,
            **source,
        )
        assert http.session is not None
        http.session.close()
    (theirs,) = there.received
    assert (ours.method, ours.path, form(ours.content)) == (theirs.method, theirs.path, form(theirs.content))
    for name in ("authorization", "content-type"):
        assert ours.headers[name] == theirs.headers[name]


async def test_what_twilio_takes_is_accepted_under_its_sid() -> None:
    async with provider(lambda _: TAKEN) as there:
        assert await attempt(twilio(there.base_url), text_message()) == Accepted(SID, "queued")


async def test_a_price_that_twilio_knows_already_is_taken_and_null_is_none() -> None:
    """Twilio writes what it charges as less than nothing."""
    for price, expected in (("-0.00750", Money(amount=Decimal("0.0075"), currency="USD")), (None, None)):
        said = json.dumps({"sid": SID, "status": "sent", "price": price, "price_unit": "USD"})
        async with provider(lambda _: say(201, said)) as there:  # noqa: B023 - answered now
            assert (await attempt(twilio(there.base_url), text_message())).cost == expected


async def test_a_key_signs_in_instead_of_the_token() -> None:
    key = {"api_key_sid": "SK" + "0" * 32, "api_key_secret": "key-secret"}
    received = await sent_to(lambda url: twilio(url, **key), text_message(), TAKEN)
    assert received.headers["authorization"] == "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDprZXktc2VjcmV0"


def test_half_a_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        twilio(api_key_sid="SK" + "0" * 32)


def test_without_an_address_for_hooks_none_is_asked_for() -> None:
    assert b"StatusCallback" not in twilio(hooks_url=None).build(text_message()).content


@pytest.mark.parametrize(
    ("message", "config", "fault", "code"),
    [
        (text_message(text="a" * 1601), {}, Fault.BAD_CONTENT, "length"),
        (text_message(text="ж" * 700), {}, Fault.BAD_CONTENT, "segments"),
        (text_message(text="a" * 161), {"segments_max": 1}, Fault.BAD_CONTENT, "segments"),
        (text_message(text=None), {}, Fault.BAD_CONTENT, "empty"),
        (text_message(sender_address=None), {}, Fault.CONFIG, "sender"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    message: Message, config: dict[str, Any], fault: Fault, code: str
) -> None:
    with pytest.raises(SendFault) as caught:
        twilio(**config).build(message)
    assert (caught.value.fault, caught.value.code) == (fault, code)


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, 21211, Fault.BAD_RECIPIENT),
        (400, 21214, Fault.BAD_RECIPIENT),
        (400, 21217, Fault.BAD_RECIPIENT),
        (400, 21265, Fault.BAD_RECIPIENT),
        (400, 21614, Fault.BAD_RECIPIENT),
        (400, 21635, Fault.BAD_RECIPIENT),
        (400, 21610, Fault.SUPPRESSED),
        (403, 21610, Fault.SUPPRESSED),
        (400, 21611, Fault.THROTTLED),
        (429, 20429, Fault.THROTTLED),
        (429, 63038, Fault.QUOTA),
        (400, 21212, Fault.CONFIG),
        (400, 21603, Fault.CONFIG),
        (400, 21606, Fault.CONFIG),
        (400, 21608, Fault.CONFIG),
        (400, 21609, Fault.CONFIG),
        (400, 21659, Fault.CONFIG),
        (400, 21660, Fault.CONFIG),
        (400, 21701, Fault.CONFIG),
        (400, 21703, Fault.CONFIG),
        (400, 21705, Fault.CONFIG),
        (400, 30002, Fault.CONFIG),
        (400, 21408, Fault.BAD_CONTENT),
        (400, 21612, Fault.BAD_CONTENT),
        (400, 21617, Fault.BAD_CONTENT),
        (401, 20003, Fault.CONFIG),
        (404, 20404, Fault.CONFIG),
        (500, 20500, Fault.AMBIGUOUS),
        (503, 20503, Fault.AMBIGUOUS),
    ],
)
def test_every_documented_refusal_is_its_fault(status: int, code: int, fault: Fault) -> None:
    said = refusal(twilio(), status, {"code": code, "message": "no", "more_info": "", "status": status})
    assert (said.fault, said.code) == (fault, f"{status} {code}")


# --------------------------------------------------------------------------------------------------------------- hooks


def test_the_signatures_that_twilio_publishes_are_genuine() -> None:
    # twilio-python 9.13.0, tests/unit/test_request_validator.py (MIT).
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    for url in ("https://mycompany.com/myapp.php?foo=1&bar=2", "https://mycompany.com:443/myapp.php?foo=1&bar=2"):
        told = hook(url, urlencode(fields).encode(), x_twilio_signature="RSOYDt4T1cUTdK1PDd93/VVr8B8=")
        twilio().verify(told)


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_what_twilios_library_signs_is_genuine_with_and_without_a_port(port: str) -> None:
    told = signed(f"https://fleur.example{port}/hooks/twilio", {"MessageSid": SID, "MessageStatus": "sent"})
    for url in (told.url, told.url.replace(port, "") if port == ":443" else told.url):
        twilio().verify(Hook(url, told.headers, told.content, told.at))


def test_a_field_that_stands_twice_is_signed_by_its_values_in_order_and_each_once() -> None:
    class Several(dict[str, list[str]]):
        def getall(self, name: str) -> list[str]:
            return self[name]

    signature = RequestValidator(TOKEN).compute_signature(HOOKS, Several({"b": ["2", "1", "2"], "a": ["z"]}))
    twilio().verify(hook(HOOKS, b"b=2&b=1&a=z&b=2", x_twilio_signature=signature))


def test_a_body_of_json_is_signed_by_its_hash_in_the_address() -> None:
    body = b'{"MessageSid": 1}'
    url = f"{HOOKS}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert RequestValidator(TOKEN).validate(url, body.decode(), signature)
    twilio().verify(hook(url, body, x_twilio_signature=signature))
    with pytest.raises(NotGenuineError):
        twilio().verify(hook(url, body + b" ", x_twilio_signature=signature))


@pytest.mark.parametrize("change", ["body", "url", "signature", "header", "token"])
def test_what_is_not_signed_by_twilio_is_refused(change: str) -> None:
    good = signed(f"{HOOKS}?key={KEY}", {"MessageSid": SID, "MessageStatus": "delivered"})
    twilio().verify(good)
    signature = good.headers["x-twilio-signature"]
    bad = {
        "body": Hook(good.url, good.headers, good.content.replace(b"delivered", b"deliveree"), good.at),
        "url": Hook(good.url[:-1] + "f", good.headers, good.content, good.at),
        "signature": Hook(good.url, {"x-twilio-signature": "A" + signature[1:]}, good.content, good.at),
        "header": Hook(good.url, {}, good.content, good.at),
        "token": good,
    }[change]
    with pytest.raises(NotGenuineError):
        twilio(auth_token="another" if change == "token" else TOKEN).verify(bad)


@pytest.mark.parametrize(
    ("said", "code", "kind", "permanent"),
    [
        ("queued", "", ReceiptKind.ACCEPTED, False),
        ("accepted", "", ReceiptKind.ACCEPTED, False),
        ("scheduled", "", ReceiptKind.ACCEPTED, False),
        ("sending", "", ReceiptKind.ACCEPTED, False),
        ("sent", "", ReceiptKind.ACCEPTED, False),
        ("delivered", "", ReceiptKind.DELIVERED, False),
        ("read", "", ReceiptKind.OPENED, False),
        ("undelivered", "30003", ReceiptKind.BOUNCED, False),
        ("undelivered", "30004", ReceiptKind.BOUNCED, False),
        ("undelivered", "30005", ReceiptKind.BOUNCED, True),
        ("undelivered", "30006", ReceiptKind.BOUNCED, True),
        ("undelivered", "30008", ReceiptKind.BOUNCED, False),
        ("undelivered", "30007", ReceiptKind.REJECTED, False),
        ("undelivered", "30034", ReceiptKind.REJECTED, False),
        ("failed", "21614", ReceiptKind.BOUNCED, True),
        ("failed", "21610", ReceiptKind.UNSUBSCRIBED, False),
        ("failed", "30002", ReceiptKind.REJECTED, False),
        ("canceled", "", ReceiptKind.CANCELLED, False),
        ("partially_delivered", "", ReceiptKind.UNKNOWN, False),
        ("beamed", "", ReceiptKind.UNKNOWN, False),
    ],
)
def test_every_status_is_a_receipt_with_our_key(said: str, code: str, kind: ReceiptKind, *, permanent: bool) -> None:
    told = status(said, code)
    assert (told.kind, told.permanent, told.reason) == (kind, permanent, code)
    assert (told.key, told.provider_id) == (KEY, SID)


def test_the_same_status_told_twice_is_one_and_another_is_another() -> None:
    assert status("sent").dedupe_id == status("sent", RawDlrDoneDate="2611221200").dedupe_id
    assert status("sent").dedupe_id != status("delivered").dedupe_id


def test_a_status_without_a_key_of_ours_is_known_by_its_sid() -> None:
    for url in (HOOKS, f"{HOOKS}?key=not-a-key"):
        (told,) = twilio().news(signed(url, {"MessageSid": SID, "MessageStatus": "sent"}))
        assert isinstance(told, Told)
        assert (told.key, told.provider_id) == (None, SID)


def test_a_text_of_a_customer_is_read_and_answered() -> None:
    # The fields of Twilio's request: twilio.com/docs/messaging/twiml#twilios-request-to-your-application
    fields = {
        "MessageSid": SID,
        "SmsSid": SID,
        "SmsStatus": "received",
        "AccountSid": ACCOUNT,
        "From": "+447700900123",
        "To": "+15005550006",
        "Body": "Please stop & thank you",
        "NumMedia": "0",
    }
    told = signed(HOOKS, fields)
    twilio().verify(told)
    (news,) = twilio().news(told)
    assert isinstance(news, Inbound)
    assert (news.sender, news.recipient, news.text) == ("+447700900123", "+15005550006", "Please stop & thank you")
    reply = twilio().reply(told, "You get no more <texts> & no calls")
    assert (reply.status, reply.content_type) == (200, "text/xml; charset=utf-8")
    assert "<Response><Message>You get no more &lt;texts&gt; &amp; no calls</Message></Response>" in reply.content
    assert twilio().reply(told, None).content.endswith("<Response></Response>")


def test_where_twilio_has_answered_a_stop_itself_we_are_silent() -> None:
    told = signed(HOOKS, {"MessageSid": SID, "From": "+447700900123", "Body": "STOP", "OptOutType": "STOP"})
    assert "Message" not in twilio().reply(told, "You get no more texts").content


@pytest.mark.parametrize(("said", "order"), [("STOP", Order.STOP), ("START", Order.START), ("HELP", Order.HELP)])
def test_what_twilio_takes_for_an_order_by_words_of_the_account_is_one(said: str, order: Order) -> None:
    """Advanced Opt-Out: help.twilio.com/articles/31560110671259."""
    told = signed(HOOKS, {"MessageSid": SID, "From": "+447700900123", "Body": "No mas", "OptOutType": said})
    (one,) = twilio().news(told)
    assert isinstance(one, Inbound)
    assert one.order is order


def test_a_status_says_whose_number_it_is_about() -> None:
    told = signed(HOOKS, {"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "21610", "To": "+447700900123"})
    (one,) = twilio().news(told)
    assert isinstance(one, Told)
    assert (one.kind, one.recipient) == (ReceiptKind.UNSUBSCRIBED, "+447700900123")
    assert "447700900123" not in repr(one)


@pytest.mark.parametrize("fields", [{"CallSid": "CA1"}, {"MessageSid": SID}])
def test_a_hook_that_is_neither_a_status_nor_a_text_says_so(fields: dict[str, str]) -> None:
    with pytest.raises(UnreadableHookError):
        list(twilio().news(signed(HOOKS, fields)))


def test_no_secret_and_no_number_is_shown() -> None:
    connector = twilio(api_key_sid="SK" + "0" * 32, api_key_secret="key-secret")
    request = connector.authorize(connector.build(text_message()), text_message().written_at)
    shown = repr(connector.config) + repr(request)
    assert all(hidden not in shown for hidden in ("key-secret", "12345'", "447700900123"))


# --------------------------------------------------------------------------------------------------------------- prices

AT = datetime(2026, 3, 24, 12, tzinfo=UTC)
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
# The example of ListMessage in the description, of which the parts that are read.
LISTED: dict[str, Any] = {
    "date_updated": "Fri, 24 May 2019 17:44:50 +0000",
    "direction": "outbound-api",
    "num_segments": "1",
    "price": "-0.00750",
    "price_unit": "USD",
    "sid": "SMded05904ccb347238880ca9264e8fe1c",
    "status": "sent",
}


def page(*texts: dict[str, Any], following: str | None = None) -> Answer:
    return Answer(200, {}, json.dumps({"messages": list(texts), "next_page_uri": following}).encode())


def looked(cursor: str | None, answer: Answer) -> Fetched:
    return twilio(prices_every=3600).parse_poll(Asking(cursor, AT), answer)


def test_prices_are_asked_for_a_day_that_is_over_for_a_day() -> None:
    assert twilio().polls_every() is None
    request = twilio(prices_every=3600).build_poll(Asking(None, AT))
    assert (request.method, request.path) == ("GET", f"{PATH}?DateSent=2026-03-22&PageSize=200")
    described = description("twilio")
    asked = form_values(described, "listing", form(request.path.partition("?")[2].encode()))
    assert problems(described, "listing", asked) == []
    assert problems(described, "listing", {**asked, "DateSent": "yesterday"})
    assert problems(described, "listing", {**asked, "PageSize": 1001})
    assert problems(described, "listing", {**asked, "Day": "2026-03-22"})


def test_a_page_tells_what_our_texts_cost_and_where_the_next_one_is() -> None:
    theirs, free = LISTED | {"direction": "inbound"}, LISTED | {"price": None, "sid": "SM1"}
    following = f"{PATH}?DateSent=2026-03-22&PageSize=200&Page=1&PageToken=PA1"
    fetched = looked(None, page(LISTED, theirs, free, following=following))
    (told,) = fetched.news
    assert isinstance(told, Told)
    assert told.cost == Money(amount=Decimal("0.0075"), currency="USD")
    assert (told.provider_id, told.at) == (LISTED["sid"], datetime(2019, 5, 24, 17, 44, 50, tzinfo=UTC))
    assert (fetched.cursor, fetched.more) == (f"2026-03-22 {following}", True)
    assert twilio(prices_every=3600).build_poll(Asking(fetched.cursor, AT)).path == following


def test_after_the_last_page_the_next_day_has_its_turn_when_its_prices_are_known() -> None:
    late = looked("2026-03-20", page(LISTED))
    assert (late.cursor, late.more) == ("2026-03-21", True)
    newest = looked("2026-03-22", page(LISTED))
    assert (newest.cursor, newest.more) == ("2026-03-23", False)
    early = looked("2026-03-23", page(LISTED))
    assert (early.news, early.cursor, early.more) == ((), "2026-03-23", False)


def test_a_page_that_is_not_of_this_account_is_not_asked_for() -> None:
    for strange in ("2026-03-22 https://evil.example/", "2026-03-22 /2010-04-01/Accounts/AC1/Messages.json?x=1", "x y"):
        path = twilio(prices_every=3600).build_poll(Asking(strange, AT)).path
        assert path == f"{PATH}?DateSent=2026-03-22&PageSize=200"


def test_a_next_page_that_cannot_be_asked_for_is_a_fault_instead_of_the_same_page_for_ever() -> None:
    for strange in ("https://evil.example/", "/2010-04-01/Accounts/AC1/Messages.json?Page=1", f"{PATH}/?Page=1"):
        with pytest.raises(UnreadableError):
            looked(None, page(LISTED, following=strange))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"messages": {}}'])
def test_a_page_that_is_none_is_said_to_be_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        looked(None, Answer(200, {}, content))
