"""Resend: what goes out is what its description and its own library say; what it tells is believed only if signed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import resend as sdk
from pydantic import ValidationError
from standardwebhooks import Webhook

from connectors.email.resend import Resend, ResendConfig
from tactful.conformance.provider import provider, say
from tactful.connector import Accepted, Fault, Hook, Ports
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, email_message
from tests.connectors.mailing import HOOKS, assert_refused, body, described_problems, published, refused, told
from tests.connectors.mobile import attempt, description, problems, refusal, sent_to

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENTS = {name: event for name, event in published("resend").items() if name != "$comment"}
MAIL_ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
TAKEN = say(200, json.dumps({"id": MAIL_ID}))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def their_settings() -> Iterator[None]:
    """Resend's library keeps its settings in the module."""
    before = sdk.api_key, sdk.api_url
    yield
    sdk.api_key, sdk.api_url = before


def resend(base_url: str = "https://api.resend.com", **config: object) -> Resend:
    settings = {"base_url": base_url, "api_key": "re_a_long_key", "hook_secret": SECRET} | config
    return Resend(ResendConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def hook(event: object, at: datetime = NOON, name: str = "msg_1", **headers: str) -> Hook:
    """Return an event as the library of Standard Webhooks signs it, under the names of Svix."""
    content = json.dumps(event)
    signature = Webhook(SECRET).sign(name, at, content)
    signed = {"svix-id": name, "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}
    return Hook(HOOKS, signed | headers, content.encode(), at)


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    for message in (email_message(reply_to="ask@fleur.example"), email_message(html=None)):
        received = await sent_to(resend, message, TAKEN)
        assert (received.method, received.path) == ("POST", "/emails")
        assert described_problems("resend", received) == []
        said, described = body(received), description("resend")
        assert problems(described, "request", {**said, "to": []})
        assert problems(described, "request", {**said, "headers": [["List-Id", "x"]]})
        assert problems(described, "request", {name: value for name, value in said.items() if name != "subject"})


@pytest.mark.parametrize(
    "changes",
    [{}, {"reply_to": "ask@fleur.example", "html": None}, {"subject": "Größe “XL” 🌷", "text": None}],
)
async def test_ours_is_what_resends_own_library_sends(changes: dict[str, Any]) -> None:
    message = email_message(**changes)
    ours = await sent_to(resend, message, TAKEN)
    params: sdk.Emails.SendParams = {
        "from": '"Fleur & Co" <hello@fleur.example>',
        "to": [message.to],
        "subject": str(message.subject),
        "headers": {
            "List-Id": "<ideas.florist.fleur.example>",
            "List-Unsubscribe": f"<{message.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "tags": [{"name": "tactful_key", "value": str(KEY)}],
    }
    if message.text:
        params["text"] = message.text
    if message.html:
        params["html"] = message.html
    if message.reply_to:
        params["reply_to"] = [message.reply_to]
    async with provider(lambda _: say(200, json.dumps({"id": MAIL_ID}), content_type="application/json")) as there:
        sdk.api_key, sdk.api_url = "re_a_long_key", there.base_url
        taken = await asyncio.to_thread(sdk.Emails.send, params, {"idempotency_key": str(KEY)})
    assert taken["id"] == MAIL_ID
    (theirs,) = there.received
    assert (ours.method, ours.path, body(ours)) == (theirs.method, theirs.path, body(theirs))
    for name in ("authorization", "content-type", "accept", "idempotency-key"):
        assert ours.headers[name] == theirs.headers[name]


async def test_each_attempt_has_the_same_key_and_the_same_bytes() -> None:
    first, second = [await sent_to(resend, email_message(), TAKEN) for _ in range(2)]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == str(KEY)
    assert first.content == second.content
    assert problems(description("resend"), "key", first.headers["idempotency-key"]) == []


async def test_what_resend_takes_is_accepted_under_its_id() -> None:
    async with provider(lambda _: TAKEN) as there:
        assert await attempt(resend(there.base_url), email_message()) == Accepted(MAIL_ID)
    assert (await refused(resend, email_message(), say(200, "{}"))).fault is Fault.AMBIGUOUS


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("status", "name", "text", "fault"),
    [
        (400, "invalid_idempotency_key", "The key must be between 1-256 chars.", Fault.BAD_CONTENT),
        (400, "validation_error", "We found an error with one or more fields in the request.", Fault.BAD_CONTENT),
        (401, "missing_api_key", "Missing API key in the authorization header.", Fault.CONFIG),
        (401, "restricted_api_key", "This API key is restricted to only send emails.", Fault.CONFIG),
        (403, "invalid_api_key", "API key is invalid.", Fault.CONFIG),
        (403, "validation_error", "You can only send testing emails to your own email address.", Fault.CONFIG),
        (403, "validation_error", "The fleur.example domain is not verified.", Fault.CONFIG),
        (404, "not_found", "The requested endpoint does not exist.", Fault.CONFIG),
        (405, "method_not_allowed", "This endpoint does not support the specified HTTP method.", Fault.CONFIG),
        (409, "invalid_idempotent_request", "Same idempotency key used with a different payload.", Fault.AMBIGUOUS),
        (409, "concurrent_idempotent_requests", "Same key while the original is in progress.", Fault.AMBIGUOUS),
        (422, "validation_error", "Invalid `to` field. The email address needs to follow …", Fault.BAD_RECIPIENT),
        (422, "validation_error", "Invalid `from` field. The email address needs to follow …", Fault.BAD_CONTENT),
        (422, "invalid_from_address", "Invalid from field.", Fault.CONFIG),
        (422, "missing_required_field", "The request body is missing one or more required fields.", Fault.BAD_CONTENT),
        (429, "rate_limit_exceeded", "Too many requests.", Fault.THROTTLED),
        (429, "daily_quota_exceeded", "You have reached your daily email quota.", Fault.QUOTA),
        (429, "monthly_quota_exceeded", "You have reached your monthly email quota.", Fault.QUOTA),
        (451, "security_error", "We may have found a security issue with the request.", Fault.BAD_CONTENT),
        (500, "application_error", "An unexpected error occurred.", Fault.AMBIGUOUS),
        (500, "internal_server_error", "An unexpected error occurred.", Fault.AMBIGUOUS),
    ],
)
def test_every_documented_refusal_is_its_fault(status: int, name: str, text: str, fault: Fault) -> None:
    assert refusal(resend(), status, {"statusCode": status, "name": name, "message": text}).fault is fault


# --------------------------------------------------------------------------------------------------------------- hooks


def test_what_is_signed_is_genuine_for_us_and_for_resends_library() -> None:
    genuine = hook(
        EVENTS["delivered"], at=datetime.fromtimestamp(int(time.time()), UTC)
    )  # their library asks the clock
    resend().verify(genuine)
    two = {**genuine.headers, "svix-signature": f"v1,AAAA {genuine.headers['svix-signature']}"}
    resend().verify(replace(genuine, headers=two))
    said = sdk.Webhooks.verify(
        {
            "payload": genuine.content.decode(),
            "headers": {name: genuine.headers[f"svix-{name}"] for name in ("id", "timestamp", "signature")},  # pyright: ignore[reportArgumentType]
            "webhook_secret": SECRET,
        }
    )
    assert said == EVENTS["delivered"]


def test_what_is_not_signed_by_resend_is_refused() -> None:
    good = hook(EVENTS["delivered"])
    resend().verify(good)
    assert_refused(resend(), replace(good, content=good.content.replace(b"delivered", b"deliveree")))
    for name in ("svix-id", "svix-timestamp", "svix-signature"):
        assert_refused(resend(), replace(good, headers={k: v for k, v in good.headers.items() if k != name}))
        assert_refused(resend(), replace(good, headers={**good.headers, name: good.headers[name] + "1"}))
    assert_refused(resend(), replace(good, at=good.at + timedelta(minutes=6)))
    assert_refused(resend(), replace(good, at=good.at - timedelta(minutes=6)))
    assert_refused(resend(hook_secret="whsec_AAAA"), good)
    assert_refused(resend(hook_secret=None), good)


def test_a_signing_secret_that_is_none_is_refused_when_it_is_configured_and_not_shown() -> None:
    with pytest.raises(ValidationError, match="not base64") as caught:
        resend(hook_secret="whsec_not-base-64")
    assert "not-base-64" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kinds", "permanent", "reason"),
    [
        ("sent", [ReceiptKind.ACCEPTED], False, ""),
        ("delivered", [ReceiptKind.DELIVERED], False, ""),
        ("delayed", [ReceiptKind.DEFERRED], False, ""),
        ("complained", [ReceiptKind.COMPLAINED], False, ""),
        ("bounced", [ReceiptKind.BOUNCED], True, "Permanent General"),
        ("bounced_full", [ReceiptKind.BOUNCED], False, "Transient MailboxFull"),
        ("failed", [ReceiptKind.REJECTED], False, "reached_daily_quota"),
        ("suppressed_bounce", [ReceiptKind.REJECTED, ReceiptKind.BOUNCED], True, "previous_bounce"),
        ("suppressed_complaint", [ReceiptKind.REJECTED, ReceiptKind.COMPLAINED], False, "previous_complaint"),
        ("opened", [ReceiptKind.OPENED], False, ""),
        ("clicked", [ReceiptKind.CLICKED], False, ""),
        ("contact", [ReceiptKind.UNKNOWN], False, ""),
    ],
)
def test_every_event_is_a_receipt(name: str, kinds: list[ReceiptKind], reason: str, *, permanent: bool) -> None:
    event = EVENTS[name]
    if name != "contact":
        assert problems(description("resend"), "event", event["data"]) == []
    receipts = told(resend().news(hook(event)))
    assert [one.kind for one in receipts] == kinds
    assert (receipts[-1].permanent, receipts[-1].reason) == (permanent, reason)
    assert {one.key for one in receipts} == {KEY if name != "contact" else None}
    assert receipts[0].at == datetime(2024, 2, 22, 23, 41, 12, 126000, tzinfo=UTC)
    assert [one.dedupe_id for one in receipts] == [one.dedupe_id for one in told(resend().news(hook(event)))]
    assert len({one.dedupe_id for one in receipts}) == len(receipts)


def test_a_contact_that_wants_no_more_names_its_address_and_no_message() -> None:
    (one,) = told(resend().news(hook(EVENTS["contact_unsubscribed"])))
    assert (one.kind, one.recipient, one.provider_id, one.key) == (
        ReceiptKind.UNSUBSCRIBED,
        "steve.wozniak@gmail.com",
        None,
        None,
    )
    said = EVENTS["contact_unsubscribed"]
    (still,) = told(resend().news(hook(said | {"data": said["data"] | {"unsubscribed": False}})))
    assert still.kind is ReceiptKind.UNKNOWN
    assert "wozniak" not in repr(one)


def test_of_a_mail_the_address_is_told_where_it_went_to_one() -> None:
    (one,) = told(resend().news(hook(EVENTS["complained"])))
    assert one.recipient == "delivered@resend.dev"
    said = EVENTS["complained"]
    (several,) = told(resend().news(hook(said | {"data": said["data"] | {"to": ["a@b.example", "c@b.example"]}})))
    assert several.recipient is None


def test_another_event_has_another_id() -> None:
    (one,), (other,) = (told(resend().news(hook(EVENTS["sent"], name=name))) for name in ("msg_1", "msg_2"))
    assert one.dedupe_id != other.dedupe_id
