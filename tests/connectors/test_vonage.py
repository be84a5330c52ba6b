"""Vonage: what goes out is what its description and its own library say; what it tells is believed only if signed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

import jwt
import pytest
import vonage_jwt
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from vonage_http_client import Auth, HttpClient
from vonage_sms import Sms, SmsMessage

from connectors.sms.vonage import Vonage, VonageConfig
from tactful.conformance.provider import provider, say
from tactful.connector import (
    Accepted,
    Fault,
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
from tactful.connector.http import Answer
from tactful.connector.signatures import b64url, hmac_of
from tactful.words import ReceiptKind
from tests.connectors.mobile import KEY, NOON, attempt, description, form, form_values, hook, problems, sent_to
from tests.connectors.mobile import text_message as any_text

SECRET = "a-signature-secret-of-40-letters-or-more"
HOOKS = "https://fleur.example/hooks/vonage"
RECEIPT: dict[str, str] = {
    # The receipt of Vonage's guide: developer.vonage.com/en/messaging/sms/guides/delivery-receipts
    "err-code": "0",
    "message-timestamp": "2018-10-25 12:10:29",
    "messageId": "0B00000127FDBC63",
    "msisdn": "447547232824",
    "network-code": "23410",
    "price": "0.03330000",
    "scts": "1810251310",
    "status": "delivered",
    "to": "Nexmo CLI",
}
INBOUND: dict[str, str] = {
    # The examples in the description.
    "api-key": "abcd1234",
    "msisdn": "447700900001",
    "to": "447700900000",
    "messageId": "0A0000000123ABCD1",
    "text": "Please stop & thanks = no",
    "type": "text",
    "keyword": "PLEASE",
    "message-timestamp": "2025-10-15T13:51:56.361Z",
}


def vonage(base_url: str = "https://rest.nexmo.com", **config: object) -> Vonage:
    settings = {"base_url": base_url, "api_key": "abcd1234", "api_secret": "abcdef0123456789"}
    settings |= {"signature_secret": SECRET, "hooks_url": HOOKS} | config
    return Vonage(VonageConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def text_message(**changes: object) -> Message:
    return any_text(**{"sender_address": "Fleur", **changes})


def part(status: str = "0", **more: str) -> dict[str, str]:
    if status == "0":
        return {"to": "447700900123", "message-id": "0A0000000123ABCD1", "status": "0", "network": "12345"} | more
    return {"status": status, "error-text": "no"}


def answer(*parts: dict[str, str]) -> str:
    return json.dumps({"message-count": str(len(parts)), "messages": list(parts)})


def by_token(content: bytes, at: datetime = NOON, secret: str = SECRET, **claims: object) -> Hook:
    """Return a hook signed by a token."""
    said = {"iat": int(at.timestamp()), "iss": "Vonage", "payload_hash": hashlib.sha256(content).hexdigest()} | claims
    return hook(HOOKS, content, at, authorization=f"Bearer {jwt.encode(said, secret, algorithm='HS256')}")


def by_an_algorithm_it_does_not_name(content: bytes) -> Hook:
    """Return a hook whose token is signed by HS256 and says otherwise."""
    claims = {"iat": int(NOON.timestamp()), "payload_hash": hashlib.sha256(content).hexdigest()}
    head, body = b64url(b'{"alg":"HS512"}'), b64url(json.dumps(claims).encode())
    signed = f"{head}.{body}"
    return hook(HOOKS, content, authorization=f"Bearer {signed}.{b64url(hmac_of(SECRET, signed))}")


def by_field(fields: dict[str, str], method: Literal["sha1", "sha256", "sha512"] = "sha256") -> Hook:
    """Return a hook signed by Vonage's own library."""
    signed = fields | {"timestamp": str(int(NOON.timestamp())), "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"}
    auth = Auth(api_key="abcd1234", signature_secret=SECRET, signature_method=method)
    signed["sig"] = auth.sign_params(dict(signed))
    assert auth.check_signature(dict(signed))
    return hook(HOOKS, json.dumps(signed).encode(), content_type="application/json")


def receipt(**fields: str) -> Told:
    told = by_field(RECEIPT | {"client-ref": str(KEY)} | fields)
    connector = vonage()
    connector.verify(told)
    (news,) = connector.news(told)
    assert isinstance(news, Told)
    return news


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    described = description("vonage")
    received = await sent_to(vonage, text_message(), say(200, answer(part())))
    # The description has the key in the body; Vonage's own library signs in at the head instead, and so do we.
    values = form_values(described, "request", form(received.content) | {"api_key": "abcd1234"})
    assert received.path == "/sms/json"
    assert problems(described, "request", values) == []
    assert problems(described, "request", {**values, "type": "telepathy"})
    assert problems(described, "request", {**values, "ttl": 1})
    assert problems(described, "request", {**values, "to": "nobody"})
    assert problems(described, "request", {**values, "too": "447700900123"})
    assert problems(described, "receipt", RECEIPT) == []
    assert problems(described, "inbound", INBOUND) == []
    assert problems(described, "answer", json.loads(answer(part()))) == []


class Towards(HTTPAdapter):
    """Carries the requests of Vonage's own client to a provider of this machine."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def send(self, request: PreparedRequest, *args: Any, **rest: Any) -> Any:  # noqa: ANN401 - as it is there
        assert request.url is not None
        request.url = request.url.replace("https://rest.nexmo.com", self.base_url)
        return super().send(request, *args, **rest)


@pytest.mark.parametrize("text", ["Hi", "50 % & more = “größer” 🌷\nnow"])
@pytest.mark.parametrize("sender", ["Fleur", "+15005550006"])
async def test_ours_is_what_vonages_own_library_sends(text: str, sender: str) -> None:
    message = text_message(text=text, sender_address=sender)
    ours = await sent_to(vonage, message, say(200, answer(part())))
    async with provider(lambda _: say(200, answer(part()), content_type="application/json")) as there:
        client = HttpClient(Auth(api_key="abcd1234", api_secret="abcdef0123456789"))
        client._session.mount("https://rest.nexmo.com", Towards(there.base_url))
        theirs_message = SmsMessage.model_validate(
            {
                "to": "447700900123",
                "from_": sender.removeprefix("+"),
                "text": text,
                "type": "text" if text == "Hi" else "unicode",
                "client_ref": str(KEY),
                "ttl": 14_400_000,
                "callback": HOOKS,
            }
        )
        await asyncio.to_thread(Sms(client).send, theirs_message)
        client._session.close()
    (theirs,) = there.received
    assert (ours.method, ours.path, form(ours.content)) == (theirs.method, theirs.path, form(theirs.content))
    for name in ("authorization", "content-type"):
        assert ours.headers[name] == theirs.headers[name]


async def test_a_text_in_several_parts_is_accepted_under_the_id_of_the_first() -> None:
    both = answer(part(), part(**{"message-id": "0A0000000123ABCD2"}))
    async with provider(lambda _: say(200, both)) as there:
        assert await attempt(vonage(there.base_url), text_message()) == Accepted("0A0000000123ABCD1")


async def test_all_parts_together_cost_what_vonage_tells_in_the_accounts_currency() -> None:
    both = answer(part(**{"message-price": "0.03330000"}), part(**{"message-price": "0.03330000"}))
    half = answer(part(**{"message-price": "0.03330000"}), part())
    async with provider(lambda _: say(200, both)) as there:
        cost = Money(amount=Decimal("0.0666"), currency="EUR")
        assert (await attempt(vonage(there.base_url, currency="EUR"), text_message())).cost == cost
        assert (await attempt(vonage(there.base_url), text_message())).cost is None
    async with provider(lambda _: say(200, half)) as there:
        assert (await attempt(vonage(there.base_url, currency="EUR"), text_message())).cost is None


@pytest.mark.parametrize(
    ("message", "config", "fault", "code"),
    [
        (text_message(text="a" * 161), {"segments_max": 1}, Fault.BAD_CONTENT, "segments"),
        (text_message(text=None), {}, Fault.BAD_CONTENT, "empty"),
        (text_message(sender_address=None), {}, Fault.CONFIG, "sender"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    message: Message, config: dict[str, Any], fault: Fault, code: str
) -> None:
    with pytest.raises(SendFault) as caught:
        vonage(**config).build(message)
    assert (caught.value.fault, caught.value.code) == (fault, code)


# -------------------------------------------------------------------------------------------------------------- faults


async def fault(status: int, content: str) -> SendFault:
    async with provider(lambda _: say(status, content)) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(vonage(there.base_url), text_message())
    return caught.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("1", Fault.THROTTLED),
        ("2", Fault.BAD_CONTENT),
        ("3", Fault.BAD_CONTENT),
        ("4", Fault.CONFIG),
        ("5", Fault.AMBIGUOUS),
        ("6", Fault.BAD_CONTENT),
        ("7", Fault.SUPPRESSED),
        ("8", Fault.CONFIG),
        ("9", Fault.QUOTA),
        ("10", Fault.THROTTLED),
        ("11", Fault.CONFIG),
        ("12", Fault.BAD_CONTENT),
        ("14", Fault.CONFIG),
        ("15", Fault.CONFIG),
        ("22", Fault.BAD_CONTENT),
        ("23", Fault.CONFIG),
        ("29", Fault.CONFIG),
        ("32", Fault.CONFIG),
        ("33", Fault.BAD_RECIPIENT),
        ("77", Fault.AMBIGUOUS),
    ],
)
async def test_a_refusal_under_200_is_the_fault_that_its_status_means(status: str, expected: Fault) -> None:
    said = await fault(200, answer(part(status), part(status)))
    assert (said.fault, said.code) == (expected, f"200 {status}")


async def test_where_only_some_parts_were_taken_nobody_knows_what_arrived() -> None:
    for parts in ((part(), part("1")), (part("1"), part())):
        said = await fault(200, answer(*parts))
        assert (said.fault, said.code, said.detail) == (Fault.AMBIGUOUS, "partly taken", "1 of 2 parts were taken")


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"messages":[]}', '{"messages":[{}]}', '{"messages":[{"status":"0"}]}']
)
async def test_an_answer_of_another_shape_leaves_it_unknown(content: str) -> None:
    said = await fault(200, content)
    assert (said.fault, said.code) == (Fault.AMBIGUOUS, "200 unreadable")


@pytest.mark.parametrize(("status", "expected"), [(401, Fault.CONFIG), (429, Fault.THROTTLED), (503, Fault.AMBIGUOUS)])
async def test_http_says_it_where_the_body_does_not(status: int, expected: Fault) -> None:
    assert (await fault(status, "{}")).fault is expected


# --------------------------------------------------------------------------------------------------------------- hooks


def test_a_hook_with_a_token_is_genuine_if_the_hash_in_it_is_of_the_body() -> None:
    content = json.dumps(RECEIPT).encode()
    told = by_token(content)
    assert vonage_jwt.verify_signature(told.headers["authorization"].removeprefix("Bearer "), SECRET)
    vonage().verify(told)
    with pytest.raises(NotGenuineError):
        vonage().verify(replace(by_token(content), content=content + b" "))


@pytest.mark.parametrize(
    "bad",
    [
        by_token(b"{}", secret="another-secret-that-is-also-rather-long"),
        by_token(b"{}", payload_hash="0" * 64),
        by_token(b"{}", payload_hash=None),
        by_token(b"{}", iat="soon"),
        replace(by_token(b"{}"), at=NOON + timedelta(minutes=6)),
        replace(by_token(b"{}"), at=NOON - timedelta(minutes=6)),
        hook(HOOKS, b"{}", authorization="Bearer eyJhbGciOiJub25lIn0.eyJhIjoxfQ."),
        by_an_algorithm_it_does_not_name(b"{}"),
        hook(HOOKS, b"{}", authorization="Bearer a.b"),
        hook(HOOKS, b"{}", authorization="Bearer a.b.c"),
        hook(HOOKS, b"{}", authorization="Basic eDp5"),
        hook(HOOKS, b"{}"),
        hook(HOOKS, b"\xff"),
    ],
)
def test_a_hook_that_is_not_signed_by_vonage_is_refused(bad: Hook) -> None:
    with pytest.raises(NotGenuineError):
        vonage().verify(bad)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha512"])
def test_what_vonages_library_signs_is_genuine(method: Literal["sha1", "sha256", "sha512"]) -> None:
    told = by_field(INBOUND, method)
    vonage(signature_method=method).verify(told)
    changed = replace(told, content=told.content.replace(b"thanks", b"thankz"))
    stale = replace(told, at=NOON + timedelta(minutes=6))
    unsigned = replace(told, content=json.dumps(INBOUND).encode())
    for bad in (changed, stale, unsigned):
        with pytest.raises(NotGenuineError):
            vonage(signature_method=method).verify(bad)


def test_without_the_secret_nothing_is_believed() -> None:
    with pytest.raises(NotGenuineError, match="signature_secret"):
        vonage(signature_secret=None).verify(by_field(RECEIPT))


@pytest.mark.parametrize(
    ("status", "code", "kind", "permanent"),
    [
        ("accepted", "0", ReceiptKind.ACCEPTED, False),
        ("buffered", "0", ReceiptKind.DEFERRED, False),
        ("delivered", "0", ReceiptKind.DELIVERED, False),
        ("failed", "1", ReceiptKind.BOUNCED, False),
        ("failed", "2", ReceiptKind.BOUNCED, False),
        ("failed", "3", ReceiptKind.BOUNCED, True),
        ("failed", "4", ReceiptKind.BOUNCED, True),
        ("failed", "6", ReceiptKind.REJECTED, False),
        ("failed", "9", ReceiptKind.UNSUBSCRIBED, False),
        ("rejected", "11", ReceiptKind.REJECTED, False),
        ("rejected", "53", ReceiptKind.REJECTED, False),
        ("expired", "7", ReceiptKind.BOUNCED, False),
        ("unknown", "1", ReceiptKind.UNKNOWN, False),
        ("teleported", "0", ReceiptKind.UNKNOWN, False),
    ],
)
def test_every_receipt_is_read_with_our_key(status: str, code: str, kind: ReceiptKind, *, permanent: bool) -> None:
    told = receipt(status=status, **{"err-code": code})
    assert (told.kind, told.permanent, told.reason) == (kind, permanent, "" if code == "0" else code)
    assert (told.key, told.provider_id) == (KEY, "0B00000127FDBC63")
    assert told.recipient == f"+{RECEIPT['msisdn']}"
    assert RECEIPT["msisdn"] not in repr(told)
    assert told.at == datetime(2018, 10, 25, 12, 10, 29, tzinfo=UTC)


def test_the_same_receipt_told_twice_is_one_and_another_is_another() -> None:
    assert receipt().dedupe_id == receipt(price="0.04").dedupe_id
    assert receipt().dedupe_id != receipt(status="buffered").dedupe_id
    assert receipt().dedupe_id != receipt(messageId="0B00000127FDBC64").dedupe_id


@pytest.mark.parametrize("way", ["json", "form", "address"])
def test_a_text_of_a_customer_is_read_whichever_way_it_comes(way: str) -> None:
    told = by_field(INBOUND)
    fields = {name: str(value) for name, value in json.loads(told.content).items()}
    if way == "form":
        told = replace(told, content=urlencode(fields).encode())
    elif way == "address":
        told = replace(told, content=b"", url=f"{HOOKS}?{urlencode(fields)}")
    vonage().verify(told)
    (news,) = vonage().news(told)
    assert isinstance(news, Inbound)
    assert (news.sender, news.recipient, news.text) == ("+447700900001", "447700900000", "Please stop & thanks = no")
    assert news.at == datetime(2025, 10, 15, 13, 51, 56, 361000, tzinfo=UTC)
    assert news.dedupe_id == "0A0000000123ABCD1/received"


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"<html>", b'{"messageId":"1","msisdn":"44"}', b"{"])
def test_a_hook_that_is_neither_a_receipt_nor_a_text_says_so(content: bytes) -> None:
    with pytest.raises(UnreadableHookError):
        list(vonage().news(hook(HOOKS, content)))


def test_no_secret_and_no_number_is_shown() -> None:
    connector = vonage()
    request = connector.authorize(connector.build(text_message()), NOON)
    shown = (
        repr(connector.config) + repr(request) + repr(connector.refusal(Answer(200, {}, answer(part("4")).encode())))
    )
    assert all(hidden not in shown for hidden in ("abcdef0123456789", SECRET, "447700900123"))
