"""Amazon SES: what goes out is what AWS's own library says and signs; what SNS tells is believed only if signed."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import botocore.session
import pytest
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from pydantic import SecretStr, ValidationError

from connectors.email.ses import Ses, SesConfig
from connectors.email.ses.sigv4 import Credentials, signed_headers
from tactful.conformance.provider import provider, say
from tactful.connector import (
    Accepted,
    Fault,
    Handshake,
    Message,
    NotGenuineError,
    Ports,
    PreparesHooks,
    SendFault,
    UnreadableHookError,
)
from tactful.connector.http import Answer
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, email_message
from tests.connectors.mailing import NOON, assert_refused, body, published, refused, told
from tests.connectors.mobile import attempt, sent_to
from tests.connectors.ses_model import model_problems
from tests.connectors.sns_signing import (
    CERTIFICATE_URL,
    CONFIRM_URL,
    TOPIC,
    certificate_pem,
    confirmation,
    notification,
)
from tests.connectors.tunnel import tunnel

REGION, KEY_ID, SECRET = "eu-west-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EVENTS = {name: event for name, event in published("ses").items() if name != "$comment"}
MAIL_ID = "0102018f5e3c7a1b-2f1e4c3a-0000-4000-8000-000000000000-000000"
TAKEN = say(200, json.dumps({"MessageId": MAIL_ID}))


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate of our SNS, under its name."""
    folder = tmp_path_factory.mktemp("sns")
    (folder / CERTIFICATE_URL.rpartition("/")[2]).write_bytes(certificate_pem())
    return folder


def ses(base_url: str | None = None, **config: object) -> Ses:
    settings: dict[str, object] = {
        "region": REGION,
        "access_key_id": KEY_ID,
        "secret_access_key": SECRET,
        "topic_arn": TOPIC,
    }
    settings |= ({"base_url": base_url} if base_url else {}) | config
    return Ses(SesConfig.model_validate(settings), Ports(deliver=lambda _: ""))


# ------------------------------------------------------------------------------------------------------------ requests


async def test_a_request_is_what_awss_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    for message in (email_message(reply_to="ask@fleur.example"), email_message(html=None, marketing=False)):
        received = await sent_to(lambda url: ses(url, configuration_set="news"), message, TAKEN)
        assert (received.method, received.path) == ("POST", "/v2/email/outbound-emails")
        assert model_problems(received) == []
        said = body(received)
        wrong = [
            {name: value for name, value in said.items() if name != "Content"},
            said | {"Destination": {"ToAddresses": "x@y.example"}},
            said | {"Tags": []},
            said | {"EmailTags": [{"Name": "tactful_key"}]},
        ]
        assert all(model_problems(replace(received, content=json.dumps(each).encode())) for each in wrong)


def botocore_client(base_url: str, token: str | None = None) -> Any:  # noqa: ANN401 - it has no types
    return botocore.session.Session().create_client(
        "sesv2",
        region_name=REGION,
        endpoint_url=base_url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def as_arguments(message: Message) -> dict[str, Any]:
    """Return a message as one would give it to AWS's library by its documentation."""
    html = {"Html": {"Data": message.html, "Charset": "UTF-8"}} if message.html else {}
    return {
        "FromEmailAddress": "Fleur & Co <hello@fleur.example>",
        "Destination": {"ToAddresses": [message.to]},
        "ReplyToAddresses": ["ask@fleur.example"],
        "Content": {
            "Simple": {
                "Subject": {"Data": message.subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": message.text, "Charset": "UTF-8"}, **html},
                "Headers": [
                    {"Name": "List-Id", "Value": "<ideas.florist.fleur.example>"},
                    {"Name": "List-Unsubscribe", "Value": f"<{message.unsubscribe_url}>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                ],
            }
        },
        "EmailTags": [{"Name": "tactful_key", "Value": str(KEY)}],
        "ConfigurationSetName": "news",
    }


@pytest.mark.parametrize("token", [None, "a-session-token//=="])
@pytest.mark.parametrize("changes", [{}, {"subject": "Größe “XL” 🌷", "html": None}])
async def test_ours_is_what_awss_own_library_sends_and_signed_as_it_signs(
    changes: dict[str, Any], token: str | None
) -> None:
    message = email_message(reply_to="ask@fleur.example", **changes)
    ours = await sent_to(lambda url: ses(url, configuration_set="news", session_token=token), message, TAKEN)
    async with provider(lambda _: TAKEN) as there:
        client = botocore_client(there.base_url, token)
        taken = await asyncio.to_thread(lambda: client.send_email(**as_arguments(message)))
        client.close()
    assert taken["MessageId"] == MAIL_ID
    (theirs,) = there.received
    assert (ours.method, ours.path, body(ours)) == (theirs.method, theirs.path, body(theirs))
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    again = signed_headers(
        "POST",
        f"http://{theirs.headers['host']}{theirs.path}",
        {"Content-Type": theirs.headers["content-type"]},
        theirs.content,
        credentials=Credentials(KEY_ID, SecretStr(SECRET), SecretStr(token) if token else None),
        region=REGION,
        service="ses",
        at=datetime.strptime(theirs.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )
    assert again["Authorization"] == theirs.headers["authorization"]
    assert again.get("X-Amz-Security-Token") == theirs.headers.get("x-amz-security-token")


plain = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=30)


@settings(max_examples=60)
@given(
    path=st.lists(
        st.text(st.sampled_from("abcXYZ019-_.~"), min_size=1, max_size=8).filter(lambda p: p.strip(".")), max_size=3
    ),
    value=plain.map(str.strip),
    content=st.binary(max_size=60),
    token=st.none() | st.text(st.sampled_from("abcXYZ019/+="), min_size=1, max_size=20),
)
def test_any_request_is_signed_as_awss_own_library_signs_it(
    path: list[str], value: str, content: bytes, token: str | None
) -> None:
    url = "https://email.eu-west-1.amazonaws.com/" + "/".join(path)
    headers = {"Content-Type": "application/json", "X-Other": value}
    theirs = AWSRequest("POST", url, headers=headers, data=content)
    SigV4Auth(TheirCredentials(KEY_ID, SECRET, token), "ses", REGION).add_auth(theirs)
    ours = signed_headers(
        "POST",
        url,
        headers,
        content,
        credentials=Credentials(KEY_ID, SecretStr(SECRET), SecretStr(token) if token else None),
        region=REGION,
        service="ses",
        at=datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )
    assert ours["Authorization"] == theirs.headers["Authorization"]


def test_the_host_is_signed_as_it_goes_out() -> None:
    plain, ported = ses(), ses("https://EMAIL.eu-west-1.amazonaws.com:443")
    token = Credentials(KEY_ID, SecretStr(SECRET)).as_token()
    proofs = [one.with_token(one.build(email_message()), NOON, token).headers for one in (plain, ported)]
    assert proofs[0] == proofs[1]


def test_a_sender_in_other_letters_is_written_in_ascii() -> None:
    said = json.loads(ses().build(email_message(sender_name="Blümen “Größe” " * 6)).content)
    assert said["FromEmailAddress"].isascii()
    assert said["FromEmailAddress"].endswith("?= <hello@fleur.example>")
    assert json.loads(ses().build(email_message(sender_name='A "B", C')).content)["FromEmailAddress"] == (
        '"A \\"B\\", C" <hello@fleur.example>'
    )


def test_the_address_follows_the_region_unless_another_is_given() -> None:
    assert ses().config.base_url == "https://email.eu-west-1.amazonaws.com"
    assert ses(region="cn-north-1").config.base_url == "https://email.cn-north-1.amazonaws.com.cn"
    assert ses("https://vpce.example").config.base_url == "https://vpce.example"
    with pytest.raises(ValidationError, match="region"):
        ses(region="Europe")


# ------------------------------------------------------------------------------------------------------------ emulator


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


async def test_motos_ses_takes_a_mail_of_a_verified_sender_and_refuses_another(moto: str) -> None:
    message = email_message(subject="Größe")
    said = await asyncio.to_thread(refusal_by, moto, message)
    assert (said.fault, said.code) == (Fault.CONFIG, "400 MessageRejected unverified")
    client = botocore_client(moto)
    await asyncio.to_thread(lambda: client.create_email_identity(EmailIdentity="hello@fleur.example"))
    client.close()
    accepted = await attempt(ses(moto), message)
    data = json.loads(await asyncio.to_thread(lambda: urlopen(UrlRequest(f"{moto}/moto-api/data.json")).read()))
    (kept,) = data["ses"]["Message"]
    assert kept["id"] == accepted.provider_id
    assert (kept["subject"], kept["body"]) == ("Größe", message.html)
    assert kept["destinations"]["ToAddresses"] == [message.to]


def refusal_by(moto: str, message: Message) -> SendFault:
    with pytest.raises(SendFault) as caught:
        asyncio.run(attempt(ses(moto), message))
    return caught.value


# -------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("status", "kind", "text", "fault"),
    [
        (400, "MessageRejected", "Email address is not verified. The following identities failed …", Fault.CONFIG),
        (400, "MessageRejected", "Message length exceeds the maximum", Fault.BAD_CONTENT),
        (400, "AccountSuspendedException", "…", Fault.CONFIG),
        (400, "SendingPausedException", "…", Fault.CONFIG),
        (400, "MailFromDomainNotVerifiedException", "…", Fault.CONFIG),
        (404, "NotFoundException", "Configuration set <news> does not exist.", Fault.CONFIG),
        (400, "BadRequestException", "Illegal header", Fault.BAD_CONTENT),
        (400, "LimitExceededException", "…", Fault.QUOTA),
        (429, "TooManyRequestsException", "Daily message quota exceeded.", Fault.QUOTA),
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Fault.THROTTLED),
        (400, "ThrottlingException", "Rate exceeded", Fault.THROTTLED),
        (403, "InvalidSignatureException", "…", Fault.CONFIG),
        (403, "UnrecognizedClientException", "…", Fault.CONFIG),
        (403, "AccessDeniedException", "…", Fault.CONFIG),
        (400, "ExpiredTokenException", "…", Fault.CONFIG),
        (500, "InternalFailure", "…", Fault.AMBIGUOUS),
        (503, "ServiceUnavailable", "…", Fault.AMBIGUOUS),
    ],
)
def test_every_documented_refusal_is_its_fault_however_aws_names_it(
    status: int, kind: str, text: str, fault: Fault
) -> None:
    content = json.dumps({"message": text}).encode()
    named = json.dumps({"__type": f"com.amazonaws.ses#{kind}", "message": text}).encode()
    for headers, said in (
        ({"x-amzn-errortype": f"{kind}:http://…"}, content),
        ({"x-amzn-errortype": kind}, content),
        ({}, named),
    ):
        assert ses().refusal(Answer(status, headers, said)).fault is fault


async def test_what_ses_takes_is_accepted_under_its_id() -> None:
    async with provider(lambda _: TAKEN) as there:
        assert await attempt(ses(there.base_url), email_message()) == Accepted(MAIL_ID)
    assert (await refused(ses, email_message(), say(200, "{}"))).fault is Fault.AMBIGUOUS


# --------------------------------------------------------------------------------------------------------------- hooks


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_signs_is_genuine_in_both_ways_of_signing(pinned: Path, version: str) -> None:
    connector = ses(sns_certificates=pinned)
    connector.verify(notification(EVENTS["bounce"], version=version))
    connector.verify(confirmation())


def test_what_sns_did_not_sign_is_refused(pinned: Path) -> None:
    connector, good = ses(sns_certificates=pinned), notification(EVENTS["bounce"])
    connector.verify(good)
    said = json.loads(good.content)
    for name in said:
        changed = said | {name: "2016" + said[name]}
        assert_refused(connector, replace(good, content=json.dumps(changed).encode()))
        without = {key: value for key, value in said.items() if key != name}
        assert_refused(connector, replace(good, content=json.dumps(without).encode()))
    assert_refused(connector, replace(good, content=json.dumps(said | {"SignatureVersion": "1"}).encode()))
    assert_refused(connector, replace(good, content=b"[]"))
    assert_refused(connector, replace(good, at=good.at + timedelta(minutes=66)))
    assert_refused(connector, replace(good, at=good.at - timedelta(minutes=66)))
    connector.verify(replace(good, at=good.at + timedelta(minutes=60)))  # SNS tries for an hour


def test_only_our_topic_and_its_regions_sns_are_believed(pinned: Path) -> None:
    connector = ses(sns_certificates=pinned)
    assert_refused(connector, notification(EVENTS["bounce"], TopicArn=TOPIC + "2"))
    for url in (
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("eu-west-1", "eu-west-2"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE_URL.replace("https://", "https://evil.example/https://"),
        CERTIFICATE_URL.replace("https://", "https://evil@"),
        CERTIFICATE_URL.replace("/Simple", "/../Simple"),
        CERTIFICATE_URL + "?x",
    ):
        assert_refused(connector, notification(EVENTS["bounce"], SigningCertURL=url))
    assert_refused(ses(sns_certificates=pinned, topic_arn=None), notification(EVENTS["bounce"]))
    assert_refused(ses(), notification(EVENTS["bounce"]))


def test_a_certificate_counts_in_its_own_time_and_under_its_own_name_only(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no folder with certificates"):
        ses(sns_certificates=tmp_path)
    file = tmp_path / CERTIFICATE_URL.rpartition("/")[2]
    file.write_bytes(certificate_pem(datetime(2020, 1, 1, tzinfo=UTC), 365))
    assert_refused(ses(sns_certificates=tmp_path), notification(EVENTS["bounce"]))
    file.write_bytes(certificate_pem())
    ses(sns_certificates=tmp_path).verify(notification(EVENTS["bounce"]))
    other = CERTIFICATE_URL.replace("56e67", "00000")
    assert_refused(ses(sns_certificates=tmp_path), notification(EVENTS["bounce"], SigningCertURL=other))
    file.write_bytes(b"no certificate")
    with pytest.raises(ValidationError, match="no folder with certificates"):
        ses(sns_certificates=tmp_path)


async def test_nothing_is_fetched_where_the_certificates_are_given(pinned: Path) -> None:
    connector = ses(sns_certificates=pinned, proxy="http://127.0.0.1:9")
    other = CERTIFICATE_URL.replace("56e67", "00000")
    await connector.prepare(notification("x", SigningCertURL=other), deadline=time.monotonic() + 10)
    await connector.aclose()


async def test_a_certificate_is_fetched_once_from_sns_alone(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("sns.eu-west-1.amazonaws.com").configure_cert(context)
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    async with (
        provider(lambda _: say(200, certificate_pem()), context) as sns,
        tunnel(sns.base_url) as (proxy, asked),
    ):
        connector = ses(ca_file=trusted, proxy=proxy)
        assert isinstance(connector, PreparesHooks)
        for hook in (notification(EVENTS["bounce"]), notification(EVENTS["send"])):
            await connector.prepare(hook, deadline=time.monotonic() + 10)
            connector.verify(hook)
        assert_refused(connector, replace(hook, content=hook.content.replace(b"Send", b"Sent")))
        for wrong in (
            notification("x", TopicArn=TOPIC + "2"),
            notification("x", SigningCertURL="https://evil.example/"),
        ):
            with pytest.raises(NotGenuineError):
                await connector.prepare(wrong, deadline=time.monotonic() + 10)
        other = CERTIFICATE_URL.replace("56e67", "00000")
        sns.script = lambda _: say(404)
        with pytest.raises(SendFault, match="404"):
            await connector.prepare(notification("x", SigningCertURL=other), deadline=time.monotonic() + 10)
        sns.script = lambda _: say(200, "<html>")
        with pytest.raises(SendFault, match="no certificate"):
            await connector.prepare(notification("x", SigningCertURL=other), deadline=time.monotonic() + 10)
        await connector.aclose()
    assert asked == ["sns.eu-west-1.amazonaws.com:443"] * 3
    assert [f"https://sns.eu-west-1.amazonaws.com{one.path}" for one in sns.received] == [CERTIFICATE_URL, other, other]


def test_a_subscription_is_confirmed_at_sns_alone(pinned: Path) -> None:
    connector = ses(sns_certificates=pinned)
    assert list(connector.news(confirmation())) == [Handshake(CONFIRM_URL)]
    for url in ("https://evil.example/?Action=ConfirmSubscription", CONFIRM_URL.replace("eu-west-1", "eu-west-2"), ""):
        with pytest.raises(UnreadableHookError):
            list(connector.news(confirmation(SubscribeURL=url)))
    assert list(connector.news(confirmation(Type="UnsubscribeConfirmation"))) == []


def test_the_greeting_of_ses_to_a_topic_tells_nothing() -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    assert list(ses().news(notification(greeting))) == []
    assert list(ses().news(notification("[1]"))) == []


@pytest.mark.parametrize(
    ("name", "kinds", "permanent", "reason"),
    [
        ("send", [ReceiptKind.ACCEPTED], False, ""),
        ("delivery", [ReceiptKind.DELIVERED], False, ""),
        ("bounce", [ReceiptKind.BOUNCED], True, "Permanent General"),
        ("bounce_without_tags", [ReceiptKind.BOUNCED], False, "Transient MailboxFull"),
        ("complaint", [ReceiptKind.COMPLAINED], False, "abuse"),
        ("complaint_known", [ReceiptKind.REJECTED, ReceiptKind.COMPLAINED], False, "OnAccountSuppressionList"),
        ("complaint_taken_back", [ReceiptKind.UNKNOWN], False, "not-spam"),
        ("reject", [ReceiptKind.REJECTED], False, "Bad content"),
        ("open", [ReceiptKind.OPENED], False, ""),
        ("click", [ReceiptKind.CLICKED], False, ""),
        ("failure", [ReceiptKind.REJECTED], False, ""),
        ("delay", [ReceiptKind.DEFERRED], False, "TransientCommunicationFailure"),
        ("unsubscribe", [ReceiptKind.UNSUBSCRIBED], False, ""),
        ("preferences", [ReceiptKind.UNKNOWN], False, ""),
    ],
)
def test_every_event_is_a_receipt(name: str, kinds: list[ReceiptKind], reason: str, *, permanent: bool) -> None:
    event = EVENTS[name]
    receipts = told(ses().news(notification(event)))
    assert [one.kind for one in receipts] == kinds
    assert {(one.permanent, one.reason) for one in receipts} == {(permanent, reason)}
    assert {one.key for one in receipts} == {None if name == "bounce_without_tags" else KEY}
    assert {one.provider_id for one in receipts} == {event["mail"]["messageId"]}
    assert receipts[0].at < datetime(2023, 1, 1, tzinfo=UTC)


def test_whom_an_event_is_about_is_told_where_that_is_certain() -> None:
    (one,) = told(ses().news(notification(EVENTS["complaint"])))
    assert one.recipient == "recipient@example.com"
    assert "@" not in repr(one)
    several = [{"emailAddress": "recipient@example.com"}, {"emailAddress": "another@example.com"}]
    guessed = EVENTS["complaint"] | {"complaint": EVENTS["complaint"]["complaint"] | {"complainedRecipients": several}}
    (one,) = told(ses().news(notification(guessed)))
    assert one.recipient is None
    (one,) = told(ses().news(notification(EVENTS["delivery"])))
    assert one.recipient == "recipient@example.com"


def test_the_same_event_told_twice_is_one_and_each_other_is_another() -> None:
    def ids() -> list[str]:
        events = [*EVENTS.values(), EVENTS["open"] | {"eventType": "Teleport"}]
        # SNS may tell one event twice under two ids of its own.
        hooks = [
            notification(event, MessageId=f"m-{number}") for number, event in enumerate(events, time.monotonic_ns())
        ]
        return [one.dedupe_id for hook in hooks for one in told(ses().news(hook))]

    assert ids() == ids()
    assert len(set(ids())) == len(ids()) == len(EVENTS) + 2
    (new,) = told(ses().news(notification(EVENTS["open"] | {"eventType": "Teleport"})))
    assert (new.kind, new.raw["eventType"]) == (ReceiptKind.UNKNOWN, "Teleport")
