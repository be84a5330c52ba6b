"""Postmark: requests by its description, refusals by its list of codes, hooks by its own samples.

It publishes no library for Python, so there is none to compare with.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from pydantic import ValidationError

from connectors.email.postmark import Postmark, PostmarkConfig
from tactful.conformance.provider import Act, Received, provider, say
from tactful.connector import CannotSay, Fault, Finding, Found, Hook, NotThere, Ports, look_up
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, email_message
from tests.connectors.mailing import HOOKS, NOON, assert_refused, body, published, refused, told
from tests.connectors.mobile import description, problems, refusal, sent_to

SECRET = "a-secret-of-ours"
MESSAGE_ID = "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"
TAKEN = say(200, json.dumps({"To": "x@y.example", "MessageID": MESSAGE_ID, "ErrorCode": 0, "Message": "OK"}))
SAMPLES = published("postmark")


def postmark(base_url: str = "https://api.postmarkapp.com", **config: object) -> Postmark:
    settings = {"base_url": base_url, "server_token": "the-server-token", "hook_secret": SECRET} | config
    return Postmark(PostmarkConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def hook(said: object, password: str | None = SECRET) -> Hook:
    login = (
        {} if password is None else {"authorization": "Basic " + base64.b64encode(f"p:{password}".encode()).decode()}
    )
    return Hook(HOOKS, login, json.dumps(said).encode(), NOON)


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    received = await sent_to(postmark, email_message(reply_to="ask@fleur.example"), TAKEN)
    described, said = description("postmark"), body(received)
    assert (received.method, received.path) == ("POST", "/email")
    assert received.headers["x-postmark-server-token"] == "the-server-token"
    # Streams and metadata are younger than the description; see Postmark's documentation of POST /email.
    assert problems(described, "request", said) == ["MessageStream is unknown", "Metadata is unknown"]
    old = {name: value for name, value in said.items() if name not in {"MessageStream", "Metadata"}}
    assert problems(described, "request", {**old, "To": ["x@y.example"]})
    assert problems(described, "request", {**old, "Headers": {"List-Id": "x"}})
    assert problems(described, "request", {**old, "TrackLinks": "Some"})


async def test_a_marketing_mail_says_how_to_end_it_and_who_it_was_for() -> None:
    said = body(await sent_to(postmark, email_message(sender_name='Fleur "& Söhne"'), TAKEN))
    assert said["From"] == '"Fleur \\"& Söhne\\"" <hello@fleur.example>'
    assert said["Metadata"] == {"tactful_key": str(KEY)}
    assert said["MessageStream"] == "broadcast"
    assert {one["Name"]: one["Value"] for one in said["Headers"]} == {
        "Message-ID": f"<{KEY}@fleur.example>",
        "X-PM-KeepID": "true",
        "List-Id": "<ideas.florist.fleur.example>",
        "List-Unsubscribe": "<https://fleur.example/u/3f9c>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_service_mail_goes_through_a_stream_of_its_own_and_without_a_way_out() -> None:
    said = json.loads(postmark(service_stream="receipts").build(email_message(marketing=False, list_id=None)).content)
    assert said["MessageStream"] == "receipts"
    assert [one["Name"] for one in said["Headers"]] == ["Message-ID", "X-PM-KeepID"]


def test_parts_that_a_mail_lacks_are_left_out() -> None:
    said = json.loads(postmark().build(email_message(html=None)).content)
    assert "HtmlBody" not in said
    assert "ReplyTo" not in said


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("status", "code", "text", "fault"),
    [
        (422, 406, "You tried to send to recipient(s) that have been marked as inactive.", Fault.SUPPRESSED),
        (422, 300, "Error parsing 'To': Illegal email domain 'nowhere' in address.", Fault.BAD_RECIPIENT),
        (422, 300, "Zero recipients specified", Fault.BAD_CONTENT),
        (422, 300, "Provide either email TextBody or HtmlBody or both.", Fault.BAD_CONTENT),
        (422, 400, "The 'From' address you supplied is not a Sender Signature.", Fault.CONFIG),
        (422, 401, "Sender signature not confirmed", Fault.CONFIG),
        (422, 402, "Invalid JSON", Fault.BAD_CONTENT),
        (422, 405, "Not allowed to send: out of credits", Fault.QUOTA),
        (422, 411, "Forbidden attachment type", Fault.BAD_CONTENT),
        (422, 412, "Account is pending", Fault.CONFIG),
        (422, 413, "Account may not send", Fault.CONFIG),
        (422, 1235, "The stream provided: 'broadcast' does not exist on this server.", Fault.CONFIG),
        (401, 10, "Bad or missing API token", Fault.CONFIG),
        (413, 0, "The payload is larger than 10 MB", Fault.BAD_CONTENT),
        (429, 429, "Rate limit exceeded", Fault.THROTTLED),
        (503, 100, "Maintenance", Fault.TRANSIENT),
        (500, 0, "Internal server error", Fault.AMBIGUOUS),
    ],
)
def test_every_documented_refusal_is_its_fault(status: int, code: int, text: str, fault: Fault) -> None:
    assert refusal(postmark(), status, {"ErrorCode": code, "Message": text}).fault is fault


async def test_a_refusal_under_a_status_of_success_is_one_and_names_nobody() -> None:
    sent = email_message()
    text = f"Found inactive addresses: {sent.to}. You said the-server-token."
    said = await refused(postmark, sent, say(200, json.dumps({"ErrorCode": 406, "Message": text})))
    assert said.fault is Fault.SUPPRESSED
    assert sent.to not in str(said)
    assert "the-server-token" not in str(said)


async def test_success_without_an_id_leaves_it_unknown() -> None:
    assert (await refused(postmark, email_message(), say(200, '{"ErrorCode":0}'))).fault is Fault.AMBIGUOUS


# ------------------------------------------------------------------------------------------------------------- look-up


def result(*keys: UUID) -> Act:
    found = [{"MessageID": MESSAGE_ID, "Status": "Sent", "Metadata": {"tactful_key": str(key)}} for key in keys]
    return say(200, json.dumps({"TotalCount": len(keys), "Messages": found}))


async def asked(answers: dict[str, Act], **config: object) -> tuple[Finding, list[Received]]:
    def script(request: Received) -> Act:
        return answers[dict(parse_qsl(urlsplit(request.path).query))["messagestream"]]

    async with provider(script) as there:
        connector = postmark(there.base_url, **config)
        finding = await look_up(connector, KEY, deadline=time.monotonic() + 10)
        await connector.aclose()
    return finding, there.received


async def test_a_message_is_found_by_our_key_in_whichever_stream_it_went() -> None:
    finding, received = await asked({"broadcast": result(), "outbound": result(KEY)})
    assert finding == Found(MESSAGE_ID)
    assert [urlsplit(request.path).path for request in received] == ["/messages/outbound"] * 2
    query = dict(parse_qsl(urlsplit(received[0].path).query))
    assert query == {"count": "1", "offset": "0", "metadata_tactful_key": str(KEY), "messagestream": "broadcast"}
    assert received[0].headers["x-postmark-server-token"] == "the-server-token"


async def test_it_is_not_there_only_where_neither_stream_has_it() -> None:
    assert (await asked({"broadcast": result(), "outbound": result()}))[0] == NotThere()
    one, received = await asked({"only": result()}, service_stream="only", marketing_stream="only")
    assert (one, len(received)) == (NotThere(), 1)


@pytest.mark.parametrize(
    "answer",
    [say(500), say(200, "<html>"), say(200, "{}"), say(401, '{"ErrorCode":10}'), say(404), result(UUID(int=1))],
)
async def test_whatever_is_no_plain_answer_says_nothing(answer: Act) -> None:
    assert isinstance((await asked({"broadcast": answer, "outbound": result()}))[0], CannotSay)
    assert isinstance((await asked({"broadcast": result(), "outbound": answer}))[0], CannotSay)


def test_the_answer_of_a_search_is_read_as_it_is_described() -> None:
    search = {"TotalCount": 1, "Messages": [{"MessageID": MESSAGE_ID, "Status": "Queued"}]}
    assert problems(description("postmark"), "search", search) == []
    answer = Answer(200, {}, json.dumps(search).encode())
    assert postmark().parse_lookup(KEY, answer) == Found(MESSAGE_ID)


# --------------------------------------------------------------------------------------------------------------- hooks


@pytest.mark.parametrize(
    ("sample", "kind", "permanent", "reason"),
    [
        ("bounce", ReceiptKind.BOUNCED, True, "HardBounce"),
        ("delivery", ReceiptKind.DELIVERED, False, ""),
        ("open", ReceiptKind.OPENED, False, ""),
        ("click", ReceiptKind.CLICKED, False, ""),
        ("complaint", ReceiptKind.COMPLAINED, False, "SpamComplaint"),
        ("unsubscribe", ReceiptKind.UNSUBSCRIBED, False, "ManualSuppression"),
        ("switched_off", ReceiptKind.BOUNCED, True, "HardBounce"),
        ("by_hand", ReceiptKind.UNSUBSCRIBED, False, "ManualSuppression"),
        ("resubscribe", ReceiptKind.UNKNOWN, False, ""),
    ],
)
def test_what_postmark_tells_in_its_samples_is_a_receipt(
    sample: str, kind: ReceiptKind, reason: str, *, permanent: bool
) -> None:
    said = SAMPLES[sample]
    postmark().verify(hook(said))
    (one,) = told(postmark().news(hook(said)))
    assert (one.kind, one.permanent, one.reason) == (kind, permanent, reason)
    assert one.provider_id == said["MessageID"]
    assert one.key == (KEY if said.get("Metadata") else None)
    assert one.recipient == said.get("Recipient", said.get("Email"))
    assert "@" not in repr(one) + one.dedupe_id
    assert one.at.year < 2026


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"Type": "SoftBounce"}, ReceiptKind.BOUNCED),
        ({"Type": "Transient"}, ReceiptKind.DEFERRED),
        ({"Type": "Blocked"}, ReceiptKind.REJECTED),
        ({"Type": "AutoResponder"}, ReceiptKind.UNKNOWN),
        ({"Type": "BrandNew"}, ReceiptKind.UNKNOWN),
        ({"RecordType": "BrandNew"}, ReceiptKind.UNKNOWN),
        ({"RecordType": None}, ReceiptKind.UNKNOWN),
    ],
)
def test_a_bounce_that_may_pass_and_what_is_new_to_us_costs_no_address(
    change: dict[str, Any], kind: ReceiptKind
) -> None:
    (one,) = told(postmark().news(hook(SAMPLES["bounce"] | change)))
    assert (one.kind, one.permanent) == (kind, False)
    assert one.raw["ID"] == 42


def test_the_same_thing_told_twice_is_one_and_another_is_another() -> None:
    ids = [told(postmark().news(hook(said)))[0].dedupe_id for name, said in SAMPLES.items() if name != "$comment"]
    again = [told(postmark().news(hook(said)))[0].dedupe_id for name, said in SAMPLES.items() if name != "$comment"]
    assert ids == again
    assert len(set(ids)) == len(ids)


def test_many_addresses_switched_off_by_hand_at_once_are_many_things() -> None:
    said = SAMPLES["by_hand"]
    (one,), (other,) = (told(postmark().news(hook(each))) for each in (said, said | {"Recipient": "ada@fleur.example"}))
    assert one.dedupe_id != other.dedupe_id


def test_a_hook_without_our_secret_is_refused() -> None:
    good = hook(SAMPLES["bounce"])
    postmark().verify(good)
    assert_refused(postmark(), hook(SAMPLES["bounce"], None))
    assert_refused(postmark(), hook(SAMPLES["bounce"], SECRET + "x"))
    assert_refused(postmark(hook_secret=None), good)


def test_a_secret_that_could_be_guessed_is_refused_when_it_is_configured() -> None:
    with pytest.raises(ValidationError, match="hook_secret") as caught:
        postmark(hook_secret="short-one")
    assert "short-one" not in str(caught.value)
