"""The signed webhook: what a receiver gets, checked by the library that receivers use; and what its answers mean."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as TheirWebhook
from standardwebhooks import WebhookVerificationError

from connectors.other.webhook import Webhook, WebhookConfig
from tactful.conformance.provider import Received, provider, say
from tactful.connector import Accepted, Fault, Message, Ports, SendFault, send
from tactful.words import Channel
from tests.connectors.conftest import KEY, WRITTEN_AT, email_message
from tests.connectors.letters import letter
from tests.unit.connector.test_message import message

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four bytes or more").decode()


def webhook(base_url: str = "https://fleur.example/hook", /, **settings: object) -> Webhook:
    config = {"base_url": base_url, "secret": SECRET, "allow_private": base_url.startswith("http:")} | settings
    return Webhook(WebhookConfig.model_validate(config), Ports(deliver=lambda _: ""))


async def received(sent: Message) -> Received:
    async with provider(lambda _: say(200)) as there:
        connector = webhook(f"{there.base_url}/hook")
        assert await send(connector, sent, deadline=time.monotonic() + 10) == Accepted(str(sent.key))
        await connector.aclose()
    (request,) = there.received
    return request


@pytest.mark.parametrize(
    "sent", [email_message(), letter(), message(title="T", text="x", link="https://x.example"), message(text="Łódź 🌷")]
)
async def test_the_library_that_receivers_use_takes_it(sent: Message) -> None:
    request = await received(sent)
    body = TheirWebhook(SECRET).verify(request.content, dict(request.headers))
    assert body["type"] == "message"
    assert body["data"]["key"] == request.headers["webhook-id"] == str(sent.key)
    assert {name: body["data"][name] for name in ("channel", "to", "text") if name in body["data"]} == {
        name: value for name in ("channel", "to", "text") if (value := getattr(sent, name)) is not None
    }
    assert (request.method, request.path) == ("POST", "/hook")
    with pytest.raises(WebhookVerificationError):
        TheirWebhook(SECRET).verify(request.content + b" ", dict(request.headers))


def test_it_is_signed_as_the_library_signs() -> None:
    connector = webhook()
    at = datetime.now(UTC)
    request = connector.authorize(connector.build(letter()), at)
    theirs = TheirWebhook(SECRET).sign(str(KEY), at, request.content.decode())
    assert request.headers["webhook-signature"] == theirs
    assert request.headers["webhook-timestamp"] == str(int(at.timestamp()))


def test_nothing_that_the_message_says_is_left_out_and_two_attempts_are_the_same_bytes() -> None:
    connector = webhook()
    sent = email_message(reply_to="shop@fleur.example", title="T", link="https://x.example")
    assert connector.build(sent) == connector.build(sent)
    said = json.loads(connector.build(sent).content)
    assert said["timestamp"] == WRITTEN_AT.isoformat()
    told = sent.model_dump(mode="json", exclude_none=True, exclude={"written_at"})
    assert said["data"] == told | {
        "headers": {
            "Message-ID": f"<{KEY}@fleur.example>",
            "List-Id": "<ideas.florist.fleur.example>",
            "List-Unsubscribe": "<https://fleur.example/u/3f9c>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    }


def test_marketing_mail_without_a_way_out_is_refused() -> None:
    with pytest.raises(SendFault) as caught:
        webhook().build(email_message(unsubscribe_url=None))
    assert caught.value.fault is Fault.BAD_CONTENT


@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (404, "", Fault.CONFIG),
        (410, "", Fault.CONFIG),
        (401, "", Fault.CONFIG),
        (302, "", Fault.CONFIG),
        (400, "", Fault.BAD_CONTENT),
        (422, '{"error":{"code":"bad_recipient","message":"gone"}}', Fault.BAD_RECIPIENT),
        (422, '{"error":{"code":"suppressed"}}', Fault.SUPPRESSED),
        (404, '{"error":{"code":"bad_content"}}', Fault.BAD_CONTENT),
        (403, '{"error":{"code":"quota"}}', Fault.QUOTA),
        (429, "", Fault.THROTTLED),
        (500, "", Fault.AMBIGUOUS),
        (503, "", Fault.AMBIGUOUS),
    ],
)
async def test_what_a_receiver_answers_is_the_fault_that_it_means(status: int, content: str, fault: Fault) -> None:
    async with provider(lambda _: say(status, content)) as there:
        connector = webhook(there.base_url)
        with pytest.raises(SendFault) as caught:
            await send(connector, letter(), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "settings", [{"secret": "not base64!"}, {"base_url": "http://fleur.example/hook", "allow_private": False}]
)
def test_what_could_not_be_signed_or_guarded_is_refused_at_once(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        webhook(**settings)
    assert "not base64!" not in str(caught.value)


async def test_a_private_address_is_not_called_by_default() -> None:
    connector = webhook("https://localhost:1/hook")
    with pytest.raises(SendFault, match="private address") as caught:
        await send(connector, letter(), deadline=time.monotonic() + 10)
    await connector.aclose()
    assert caught.value.fault is Fault.CONFIG


def test_it_serves_every_channel() -> None:
    assert set(webhook().capabilities.channels) == set(Channel)
