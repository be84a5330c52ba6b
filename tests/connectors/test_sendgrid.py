"""SendGrid: what goes out is what its description and its own library say; what it tells is believed only if signed."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pydantic import ValidationError
from sendgrid import EventWebhook, SendGridAPIClient
from sendgrid.helpers import mail as sdk

from connectors.email.sendgrid import SendGrid, SendGridConfig
from tactful.conformance.provider import provider, say
from tactful.connector import Accepted, Fault, Hook, Message, Ports
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, email_message
from tests.connectors.mailing import HOOKS, assert_refused, body, described_problems, published, refused, told
from tests.connectors.mobile import attempt, description, problems, refusal, sent_to

SAMPLES = published("sendgrid")
VECTOR, EVENTS = SAMPLES["signed"], SAMPLES["events"]
MESSAGE_ID = "14c5d75ce93.dfd.64b469"
TAKEN = say(202, x_message_id=MESSAGE_ID)
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
SIGNATURE = "x-twilio-email-event-webhook-signature"


def sendgrid(base_url: str = "https://api.sendgrid.com", **config: object) -> SendGrid:
    settings = {"base_url": base_url, "api_key": "SG.a-key", "hook_public_key": VECTOR["public_key"]} | config
    return SendGrid(SendGridConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def vector() -> Hook:
    headers = {TIMESTAMP: VECTOR["timestamp"], SIGNATURE: VECTOR["signature"]}
    at = datetime.fromtimestamp(int(VECTOR["timestamp"]), UTC)
    return Hook(HOOKS, headers, VECTOR["content"].encode(), at)


def event(name: str) -> Hook:
    return replace(vector(), content=json.dumps([EVENTS[name]]).encode())


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    for message in (email_message(reply_to="ask@fleur.example"), email_message(html=None, sender_name=None)):
        received = await sent_to(sendgrid, message, TAKEN)
        assert (received.method, received.path) == ("POST", "/v3/mail/send")
        assert received.headers["authorization"] == "Bearer SG.a-key"
        assert described_problems("sendgrid", received) == []
        said, described = body(received), description("sendgrid")
        assert problems(described, "request", {**said, "subject": ""})
        assert problems(described, "request", {**said, "content": [{"type": "text/plain"}]})
        assert problems(described, "request", {**said, "from": "hello@fleur.example"})
        assert problems(described, "request", {name: value for name, value in said.items() if name != "from"})


def written_by_their_library(message: Message) -> sdk.Mail:
    """Return a message as SendGrid's own classes write it."""
    person = sdk.Personalization()
    person.add_to(sdk.To(message.to))
    person.add_custom_arg(sdk.CustomArg("tactful_key", str(message.key)))
    mail = sdk.Mail(sdk.From(message.sender_address, message.sender_name), subject=message.subject)
    mail.add_personalization(person)
    for kind, text in (("text/plain", message.text), ("text/html", message.html)):
        if text:
            mail.add_content(sdk.Content(kind, text))
    if message.reply_to:
        mail.reply_to = sdk.ReplyTo(message.reply_to)
    mail.add_header(sdk.Header("List-Id", "<ideas.florist.fleur.example>"))
    mail.add_header(sdk.Header("List-Unsubscribe", f"<{message.unsubscribe_url}>"))
    mail.add_header(sdk.Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    tracking = sdk.TrackingSettings()
    tracking.subscription_tracking = sdk.SubscriptionTracking(enable=False)
    mail.tracking_settings = tracking
    return mail


@pytest.mark.parametrize(
    "changes",
    [{}, {"reply_to": "ask@fleur.example", "html": None}, {"subject": "Größe “XL” 🌷", "sender_name": 'A "B", C'}],
)
async def test_ours_is_what_sendgrids_own_library_sends(changes: dict[str, Any]) -> None:
    message = email_message(**changes)
    ours = await sent_to(sendgrid, message, TAKEN)
    async with provider(lambda _: TAKEN) as there:
        client = SendGridAPIClient("SG.a-key", host=there.base_url)
        await asyncio.to_thread(client.send, written_by_their_library(message))
    (theirs,) = there.received
    assert (ours.method, ours.path, body(ours)) == (theirs.method, theirs.path, body(theirs))
    for name in ("authorization", "content-type", "accept"):
        assert ours.headers[name] == theirs.headers[name]


async def test_what_sendgrid_takes_is_accepted_under_the_id_in_its_header() -> None:
    async with provider(lambda _: TAKEN) as there:
        assert await attempt(sendgrid(there.base_url), email_message()) == Accepted(MESSAGE_ID)
    assert (await refused(sendgrid, email_message(), say(202))).fault is Fault.AMBIGUOUS


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("status", "field", "text", "fault"),
    [
        (400, "personalizations.0.to.0.email", "Does not contain a valid address.", Fault.BAD_RECIPIENT),
        (400, "from.email", "The from email does not contain a valid address.", Fault.CONFIG),
        (400, "reply_to.email", "The reply_to email does not contain a valid address.", Fault.CONFIG),
        (400, "content.0.value", "The content value must be a string at least one character in length.", None),
        (400, "subject", "The subject is required.", None),
        (400, None, "Bad Request", None),
        (401, None, "The provided authorization grant is invalid, expired, or revoked", Fault.CONFIG),
        (401, None, "Maximum credits exceeded", Fault.QUOTA),
        (403, "from", "The from address does not match a verified Sender Identity.", Fault.CONFIG),
        (404, None, "Not found", Fault.CONFIG),
        (413, None, "Payload too large", None),
        (429, None, "too many requests", Fault.THROTTLED),
        (500, None, "internal server error", Fault.AMBIGUOUS),
        (503, None, "service unavailable", Fault.AMBIGUOUS),
    ],
)
def test_every_documented_refusal_is_its_fault(status: int, field: str | None, text: str, fault: Fault | None) -> None:
    said = refusal(sendgrid(), status, {"errors": [{"message": text, "field": field, "help": None}]})
    assert said.fault is (fault or Fault.BAD_CONTENT)


# --------------------------------------------------------------------------------------------------------------- hooks


def test_the_vector_that_sendgrid_publishes_is_genuine() -> None:
    sendgrid().verify(vector())
    (not_sent, bounced) = told(sendgrid().news(vector()))
    assert (not_sent.kind, bounced.kind, bounced.permanent) == (ReceiptKind.REJECTED, ReceiptKind.BOUNCED, True)
    assert (not_sent.provider_id, not_sent.key) == ("LRzXl_NHStOGhQ4kofSm_A", None)
    assert not_sent.dedupe_id != bounced.dedupe_id


def test_what_is_not_signed_by_sendgrid_is_refused() -> None:
    good = vector()
    flipped = good.content.replace(b"dropped", b"droppee")
    signature = VECTOR["signature"]
    assert_refused(sendgrid(), replace(good, content=flipped))
    assert_refused(sendgrid(), replace(good, content=good.content.strip()))
    assert_refused(sendgrid(), replace(good, headers={TIMESTAMP: VECTOR["timestamp"]}))
    assert_refused(sendgrid(), replace(good, headers={SIGNATURE: signature}))
    assert_refused(sendgrid(), replace(good, headers={**good.headers, TIMESTAMP: "1600112503"}))
    for wrong in ("", "not base64!", signature[:-4], "MAA=", signature.replace("HQ", "HR")):
        assert_refused(sendgrid(), replace(good, headers={**good.headers, SIGNATURE: wrong}))
    assert_refused(sendgrid(), replace(good, at=good.at + timedelta(minutes=6)))
    assert_refused(sendgrid(), replace(good, at=good.at - timedelta(minutes=6)))
    assert_refused(sendgrid(hook_public_key=None), good)


def test_ours_and_sendgrids_library_say_the_same_of_a_signature() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    public = base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, kind)).decode()
    hook = vector()
    signed = hook.headers[TIMESTAMP].encode() + hook.content
    signature = base64.b64encode(key.sign(signed, ec.ECDSA(hashes.SHA256()))).decode()
    connector, library = sendgrid(hook_public_key=public), EventWebhook(public)
    genuine = replace(hook, headers={**hook.headers, SIGNATURE: signature})
    connector.verify(genuine)
    assert library.verify_signature(hook.content.decode(), signature, hook.headers[TIMESTAMP])
    assert_refused(connector, hook)
    assert not library.verify_signature(hook.content.decode(), VECTOR["signature"], hook.headers[TIMESTAMP])


def test_a_key_that_is_none_is_refused_when_it_is_configured() -> None:
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    raw = other.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for wrong in ("", "no key", VECTOR["public_key"][:-8], base64.b64encode(raw).decode()):
        with pytest.raises(ValidationError, match="verification key"):
            sendgrid(hook_public_key=wrong)


@pytest.mark.parametrize(
    ("name", "kinds", "permanent"),
    [
        ("processed", [ReceiptKind.ACCEPTED], False),
        ("deferred", [ReceiptKind.DEFERRED], False),
        ("delivered", [ReceiptKind.DELIVERED], False),
        ("bounce", [ReceiptKind.BOUNCED], True),
        ("blocked", [ReceiptKind.BOUNCED], False),
        ("invalid", [ReceiptKind.REJECTED, ReceiptKind.BOUNCED], True),
        ("unsubscribed", [ReceiptKind.REJECTED, ReceiptKind.UNSUBSCRIBED], False),
        ("spamreport", [ReceiptKind.COMPLAINED], False),
        ("group_unsubscribe", [ReceiptKind.UNSUBSCRIBED], False),
        ("group_resubscribe", [ReceiptKind.UNKNOWN], False),
        ("open", [ReceiptKind.OPENED], False),
        ("click", [ReceiptKind.CLICKED], False),
    ],
)
def test_every_event_is_a_receipt(name: str, kinds: list[ReceiptKind], *, permanent: bool) -> None:
    receipts = told(sendgrid().news(event(name)))
    assert [one.kind for one in receipts] == kinds
    assert receipts[-1].permanent is permanent
    assert {one.key for one in receipts} == {KEY if "tactful_key" in EVENTS[name] else None}
    assert {one.machine for one in receipts} == {name == "open"}
    assert all("@" not in one.reason + repr(one) for one in receipts)
    assert {one.recipient for one in receipts} == {EVENTS[name]["email"]}
    assert receipts[0].at == datetime.fromtimestamp(EVENTS[name]["timestamp"], UTC)


def test_the_id_of_an_event_is_the_one_that_was_answered() -> None:
    (one,) = told(sendgrid().news(event("spamreport")))
    assert one.provider_id == MESSAGE_ID
    (blocked,) = told(sendgrid().news(event("blocked")))
    assert blocked.provider_id == "Lli-03HcQ5-JLybO9fXsJg"


def test_a_late_bounce_names_its_address_and_no_message() -> None:
    """SendGrid returns no id of the message for those, as its page says."""
    said = {name: value for name, value in EVENTS["bounce"].items() if name not in {"sg_message_id", "tactful_key"}}
    (one,) = told(sendgrid().news(replace(vector(), content=json.dumps([said]).encode())))
    assert (one.kind, one.permanent, one.provider_id, one.key) == (ReceiptKind.BOUNCED, True, None, None)
    assert one.recipient == "noreply@example.com"


def test_many_events_in_one_call_keep_their_order_and_have_an_id_each() -> None:
    many = replace(vector(), content=json.dumps(list(EVENTS.values())).encode())
    receipts, again = told(sendgrid().news(many)), told(sendgrid().news(many))
    assert [one.dedupe_id for one in receipts] == [one.dedupe_id for one in again]
    assert len({one.dedupe_id for one in receipts}) == len(receipts) == 14
    new = cast("dict[str, Any]", EVENTS["open"] | {"event": "teleported"})
    (unknown,) = told(sendgrid().news(replace(vector(), content=json.dumps([new]).encode())))
    assert (unknown.kind, unknown.raw["event"]) == (ReceiptKind.UNKNOWN, "teleported")
