"""FCM: what goes out is what its description and Google's own library say, tokens among it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from functools import cache
from typing import Any

import firebase_admin
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from firebase_admin import credentials, messaging
from google.oauth2 import service_account
from pydantic import ValidationError
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

from connectors.push.fcm import Fcm, FcmConfig
from tactful.conformance.provider import Act, Received, provider, say
from tactful.connector import Accepted, Fault, Message, Ports, SendFault
from tests.connectors.mobile import KEY, NOON, attempt, description, form, problems, push_message, refusal

NAME = "projects/fleur-app/messages/0:1500415314455276%31bd1c9631bd1c96"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


@cache
def account() -> dict[str, str]:
    made = rsa.generate_private_key(65537, 2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "type": "service_account",
        "project_id": "fleur-app",
        "private_key_id": "a-key-id",
        "private_key": pem,
        "client_email": "sender@fleur-app.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def fcm(base_url: str = "https://fcm.googleapis.com", **config: object) -> Fcm:
    settings = {"base_url": base_url, "service_account": json.dumps(account()), "token_path": "/token"} | config
    return Fcm(FcmConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def google(request: Received) -> Act:
    if request.path == "/token":
        return say(
            200, '{"access_token":"t-1","expires_in":3599,"token_type":"Bearer"}', content_type="application/json"
        )
    return say(200, json.dumps({"name": NAME}), content_type="application/json")


async def received(message: Message) -> Received:
    async with provider(google) as there:
        assert await attempt(fcm(there.base_url), message) == Accepted(NAME)
    assert [request.path for request in there.received] == ["/token", "/v1/projects/fleur-app/messages:send"]
    return there.received[1]


async def test_a_request_is_what_the_description_says_and_a_wrong_one_is_refused_by_it() -> None:
    described = description("fcm")
    sent = json.loads((await received(push_message())).content)
    assert problems(described, "request", sent) == []
    assert problems(described, "request", {**sent, "validate": True})
    assert problems(described, "request", {"message": {**sent["message"], "token": 7}})
    assert problems(described, "request", {"message": {**sent["message"], "data": {"key": 7}}})
    assert problems(described, "request", {"message": {**sent["message"], "android": {"priority": "URGENT"}}})


class Towards(HTTPAdapter):
    """Carries the requests of Google's own client to a provider of this machine."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def send(self, request: PreparedRequest, *args: Any, **rest: Any) -> Any:  # noqa: ANN401 - as it is there
        assert request.url is not None
        request.url = request.url.replace("https://fcm.googleapis.com", self.base_url)
        return super().send(request, *args, **rest)


@pytest.mark.filterwarnings("ignore:Message.token is deprecated:DeprecationWarning")
async def test_ours_is_what_googles_own_library_sends() -> None:
    message = push_message(marketing=False)
    ours = await received(message)
    async with provider(google) as there:
        known = account() | {"token_uri": f"{there.base_url}/token"}
        app = firebase_admin.initialize_app(credentials.Certificate(known), name="differential")
        service = messaging._get_messaging_service(app)
        assert service._client.session is not None
        service._client.session.mount("https://fcm.googleapis.com", Towards(there.base_url))
        theirs_message = messaging.Message(
            token=message.to,
            notification=messaging.Notification(title=message.title, body=message.text),
            data={"key": str(KEY), "link": "https://fleur.example/peonies"},
            android=messaging.AndroidConfig(
                priority="high", ttl=timedelta(days=1), notification=messaging.AndroidNotification(tag=str(KEY))
            ),
            apns=messaging.APNSConfig(
                headers={
                    "apns-collapse-id": str(KEY),
                    "apns-expiration": str(int((NOON + timedelta(days=1)).timestamp())),
                }
            ),
            webpush=messaging.WebpushConfig(
                headers={"TTL": "86400"},
                notification=messaging.WebpushNotification(tag=str(KEY)),
                fcm_options=messaging.WebpushFCMOptions(link="https://fleur.example/peonies"),
            ),
        )
        assert await asyncio.to_thread(messaging.send, theirs_message, app=app) == NAME
        await asyncio.to_thread(firebase_admin.delete_app, app)
    theirs = next(request for request in there.received if request.path != "/token")
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.headers["authorization"] == theirs.headers["authorization"]
    # Google takes both: fcm_options and "high" as in its library, fcmOptions and HIGH as in its description.
    said = json.loads(theirs.content.replace(b"fcm_options", b"fcmOptions"))
    said["message"]["android"]["priority"] = said["message"]["android"]["priority"].upper()
    assert json.loads(ours.content) == said


def test_a_token_is_asked_for_as_googles_own_library_does() -> None:
    request = fcm(token_path=None).token_request(NOON)
    ours = form(request.content)
    assert request.path == "https://oauth2.googleapis.com/token"
    assert ours["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    scope = "https://www.googleapis.com/auth/firebase.messaging"
    theirs = service_account.Credentials.from_service_account_info(account(), scopes=[scope])
    token = theirs._make_authorization_grant_assertion()  # pyright: ignore[reportAttributeAccessIssue]
    assert jwt.get_unverified_header(ours["assertion"]) == jwt.get_unverified_header(token)
    said, expected = (jwt.decode(one, options={"verify_signature": False}) for one in (ours["assertion"], token))
    assert said.keys() == expected.keys()
    assert {name: said[name] for name in ("iss", "aud", "scope")} == {
        name: expected[name] for name in ("iss", "aud", "scope")
    }
    assert (said["iat"], said["exp"] - said["iat"]) == (int(NOON.timestamp()), expected["exp"] - expected["iat"])


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (say(400, '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'), Fault.CONFIG),
        (say(401, '{"error":"invalid_client"}'), Fault.CONFIG),
        (say(200, "{}"), Fault.TRANSIENT),
    ],
)
async def test_without_a_token_nothing_is_sent(answer: Act, fault: Fault) -> None:
    async with provider(lambda _: answer) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(fcm(there.base_url), push_message(), seconds=0.9)
    assert caught.value.fault is fault
    assert {request.path for request in there.received} == {"/token"}


def refused(status: int, code: str, *, field: str = "", outer: str = "") -> dict[str, object]:
    details: list[dict[str, object]] = [{"@type": FCM_ERROR, "errorCode": code}] if code else []
    if field:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field}]})
    return {"error": {"code": status, "message": "no", "status": outer or code, "details": details}}


# Google's table: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
@pytest.mark.parametrize(
    ("status", "content", "fault", "code"),
    [
        (404, refused(404, "UNREGISTERED", outer="NOT_FOUND"), Fault.BAD_RECIPIENT, "UNREGISTERED"),
        (
            400,
            refused(400, "INVALID_ARGUMENT", field="message.token"),
            Fault.BAD_RECIPIENT,
            "INVALID_ARGUMENT message.token",
        ),
        (400, refused(400, "INVALID_ARGUMENT", field="message.data"), Fault.BAD_CONTENT, "INVALID_ARGUMENT"),
        (400, refused(400, "INVALID_ARGUMENT"), Fault.BAD_CONTENT, "INVALID_ARGUMENT"),
        (403, refused(403, "SENDER_ID_MISMATCH", outer="PERMISSION_DENIED"), Fault.BAD_CONTENT, "SENDER_ID_MISMATCH"),
        (403, refused(403, "", outer="PERMISSION_DENIED"), Fault.CONFIG, "PERMISSION_DENIED"),
        (404, refused(404, "", outer="NOT_FOUND"), Fault.CONFIG, "NOT_FOUND"),
        (429, refused(429, "QUOTA_EXCEEDED", outer="RESOURCE_EXHAUSTED"), Fault.THROTTLED, "QUOTA_EXCEEDED"),
        (503, refused(503, "UNAVAILABLE"), Fault.TRANSIENT, "UNAVAILABLE"),
        (503, {}, Fault.AMBIGUOUS, ""),
        (500, refused(500, "INTERNAL"), Fault.AMBIGUOUS, "INTERNAL"),
        (401, refused(401, "THIRD_PARTY_AUTH_ERROR", outer="UNAUTHENTICATED"), Fault.CONFIG, "THIRD_PARTY_AUTH_ERROR"),
        (400, {"error": {"code": 400, "details": "none"}}, Fault.BAD_CONTENT, ""),
        (400, ["odd"], Fault.BAD_CONTENT, ""),
    ],
)
def test_every_error_code_is_its_fault(status: int, content: object, fault: Fault, code: str) -> None:
    said = refusal(fcm(), status, content)
    assert (said.fault, said.code) == (fault, f"{status} {code}".strip())


def test_marketing_waits_for_a_good_moment_of_the_battery() -> None:
    sent = json.loads(fcm().build(push_message(marketing=True)).content)
    assert sent["message"]["android"]["priority"] == "NORMAL"


@pytest.mark.parametrize("link", [None, "myapp://peonies"])
def test_a_link_that_no_browser_opens_is_not_given_to_browsers(link: str | None) -> None:
    sent = json.loads(fcm().build(push_message(link=link)).content)["message"]
    assert "fcmOptions" not in sent["webpush"]
    assert sent["data"].get("link") == link


@pytest.mark.parametrize(
    ("message", "code"), [(push_message(text="ж" * 2048), "size"), (push_message(title=None, text=None), "empty")]
)
def test_what_cannot_be_sent_is_refused_before_anything_is(message: Message, code: str) -> None:
    with pytest.raises(SendFault) as caught:
        fcm().build(message)
    assert (caught.value.fault, caught.value.code) == (Fault.BAD_CONTENT, code)


@pytest.mark.parametrize("changes", [{"private_key": "no key"}, {"project_id": "a/b"}, {"client_email": ""}])
def test_what_is_no_service_account_is_refused_without_showing_it(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="service account") as caught:
        fcm(service_account=json.dumps(account() | changes))
    assert "PRIVATE KEY" not in str(caught.value)
    with pytest.raises(ValidationError, match="service account"):
        fcm(service_account="not JSON")
