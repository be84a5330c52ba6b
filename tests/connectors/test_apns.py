"""Apple's push: what goes out over HTTP/2 is what another library sends, and every reason is its fault."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
import time
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
import trustme
from aioapns import APNs, NotificationRequest, PushType
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pydantic import ValidationError

from connectors.push.apns import Apns, ApnsConfig
from tactful.conformance.provider import Act, Received, provider, say
from tactful.connector import Accepted, Fault, Message, Ports, SendFault
from tactful.connector.http import Answer
from tests.connectors.http2 import http2
from tests.connectors.mobile import KEY, NOON, attempt, push_message, refusal

DEVICE = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"
TAKEN = Answer(200)


@cache
def key() -> str:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def apns(base_url: str = "https://api.push.apple.com", **config: object) -> Apns:
    settings = {"base_url": base_url, "key": key(), "key_id": "ABC123DEFG", "team_id": "DEF123GHIJ"} | config
    return Apns(ApnsConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def message(**changes: object) -> Message:
    return push_message(**{"to": DEVICE, "marketing": False, **changes})


def claims(received: Received) -> tuple[dict[str, Any], dict[str, Any]]:
    token = received.headers["authorization"].removeprefix("bearer ")
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


async def test_ours_is_what_another_library_sends_over_http2(authority: trustme.CA, ca_file: Path) -> None:
    ours_to = message()
    async with http2(authority, TAKEN) as there:
        assert await attempt(apns(there.base_url, ca_file=ca_file), ours_to) == Accepted(str(KEY))
        context = ssl.create_default_context(cafile=ca_file)
        context.set_alpn_protocols(["h2"])
        client = APNs(key=key(), key_id="ABC123DEFG", team_id="DEF123GHIJ", topic="com.fleur.app", ssl_context=context)

        class Towards(client.pool.protocol_class):  # type: ignore[name-defined]
            APNS_SERVER = "localhost"
            APNS_PORT = there.port

        client.pool.protocol_class = Towards
        request = NotificationRequest(
            DEVICE,
            json.loads(there.received[0].content),
            notification_id=str(KEY),
            priority=10,
            collapse_key=str(KEY),
            push_type=PushType.ALERT,
        )
        assert (await client.send_notification(request)).is_successful
        client.pool.close()
        await asyncio.sleep(0)
    ours, theirs = there.received
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert json.loads(ours.content) == json.loads(theirs.content)
    for name in ("apns-id", "apns-topic", "apns-push-type", "apns-priority", "apns-collapse-id"):
        assert ours.headers[name] == theirs.headers[name]
    # They count from their clock; our expiry is that of the frozen message.
    assert ours.headers["apns-expiration"] == str(int((NOON + timedelta(days=1)).timestamp()))
    head, said = claims(ours)
    their_head, their_said = claims(theirs)
    assert head == their_head
    assert said["iss"] == their_said["iss"]
    assert abs(said["iat"] - their_said["iat"]) < 60
    jwt.decode(
        ours.headers["authorization"].removeprefix("bearer "),
        _public(),
        algorithms=["ES256"],
        options={"verify_iat": False},
    )


async def test_where_apple_hangs_up_on_a_request_nobody_knows(authority: trustme.CA, ca_file: Path) -> None:
    async with http2(authority, None) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(apns(there.base_url, ca_file=ca_file), message())
        assert len(there.received) == 1
    assert caught.value.fault is Fault.AMBIGUOUS


async def test_of_many_at_once_each_gets_its_own_answer(authority: trustme.CA, ca_file: Path) -> None:
    async with http2(authority, TAKEN) as there:
        connector = apns(there.base_url, ca_file=ca_file)
        keys = [UUID(int=number) for number in range(1, 21)]
        deadline = time.monotonic() + 20
        taken = await asyncio.gather(*(connector.send(message(key=key), deadline=deadline) for key in keys))
        await connector.aclose()
    assert [one.provider_id for one in taken] == [str(key) for key in keys]
    assert sorted(one.headers["apns-id"] for one in there.received) == [str(key) for key in keys]


def _public() -> Any:  # noqa: ANN401 - a key of one of many kinds
    return load_pem_private_key(key().encode(), None).public_key()


@pytest.mark.skipif(shutil.which("nghttpd") is None, reason="nghttpd (Debian: nghttp2-server) is not installed")
async def test_a_server_that_speaks_nothing_but_http2_gets_it(
    authority: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = await asyncio.create_subprocess_exec(
        "nghttpd", "--echo-upload", "-a", "127.0.0.1", str(port), tmp_path / "key.pem", tmp_path / "cert.pem"
    )
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        with pytest.raises(SendFault) as caught:
            await attempt(apns(f"https://localhost:{port}", ca_file=ca_file), message())
    finally:
        program.terminate()
        await program.wait()
    # It echoes what it got; that is not how Apple says yes.
    assert (caught.value.fault, caught.value.code) == (Fault.AMBIGUOUS, "200 unreadable")


def test_marketing_waits_for_a_good_moment_of_the_battery() -> None:
    assert apns().build(message(marketing=True)).headers["apns-priority"] == "5"


def test_the_app_of_the_configuration_goes_before_the_strategys() -> None:
    assert apns(topic="com.other").build(message()).headers["apns-topic"] == "com.other"


def test_the_same_message_is_the_same_bytes() -> None:
    assert apns().build(message()) == apns().build(message())


@pytest.mark.parametrize(
    ("sent", "fault", "code"),
    [
        (message(to="no/../hex"), Fault.BAD_RECIPIENT, "token"),
        (message(to="é" * 64), Fault.BAD_RECIPIENT, "token"),
        (message(sender_address=None), Fault.CONFIG, "topic"),
        (message(title=None, text=None), Fault.BAD_CONTENT, "empty"),
        (message(text="a" * 4000), Fault.BAD_CONTENT, "size"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(sent: Message, fault: Fault, code: str) -> None:
    with pytest.raises(SendFault) as caught:
        apns().build(sent)
    assert (caught.value.fault, caught.value.code) == (fault, code)


# Apple's table: developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
@pytest.mark.parametrize(
    ("status", "reason", "fault"),
    [
        (400, "BadCollapseId", Fault.BAD_CONTENT),
        (400, "BadDeviceToken", Fault.BAD_RECIPIENT),
        (400, "BadExpirationDate", Fault.BAD_CONTENT),
        (400, "BadMessageId", Fault.BAD_CONTENT),
        (400, "BadPriority", Fault.BAD_CONTENT),
        (400, "BadTopic", Fault.CONFIG),
        (400, "DeviceTokenNotForTopic", Fault.BAD_CONTENT),
        (400, "IdleTimeout", Fault.TRANSIENT),
        (400, "InvalidPushType", Fault.BAD_CONTENT),
        (400, "MissingTopic", Fault.CONFIG),
        (400, "PayloadEmpty", Fault.BAD_CONTENT),
        (400, "TopicDisallowed", Fault.CONFIG),
        (403, "BadCertificateEnvironment", Fault.CONFIG),
        (403, "ExpiredProviderToken", Fault.TRANSIENT),
        (403, "Forbidden", Fault.CONFIG),
        (403, "InvalidProviderToken", Fault.CONFIG),
        (403, "MissingProviderToken", Fault.CONFIG),
        (404, "BadPath", Fault.BAD_CONTENT),
        (405, "MethodNotAllowed", Fault.CONFIG),
        (410, "ExpiredToken", Fault.BAD_RECIPIENT),
        (410, "Unregistered", Fault.BAD_RECIPIENT),
        (413, "PayloadTooLarge", Fault.BAD_CONTENT),
        (429, "TooManyProviderTokenUpdates", Fault.THROTTLED),
        (429, "TooManyRequests", Fault.THROTTLED),
        (500, "InternalServerError", Fault.AMBIGUOUS),
        (503, "ServiceUnavailable", Fault.TRANSIENT),
        (503, "Shutdown", Fault.TRANSIENT),
    ],
)
def test_every_reason_is_its_fault(status: int, reason: str, fault: Fault) -> None:
    said = refusal(apns(), status, {"reason": reason, "timestamp": 1_700_000_000_000})
    assert (said.fault, said.code) == (fault, f"{status} {reason}")


async def test_a_token_is_kept_for_45_minutes_and_replaced_when_apple_finds_it_too_old() -> None:
    answers = iter(["", "", "ExpiredProviderToken", ""])

    def script(_: Received) -> Act:
        reason = next(answers)
        return say(403, json.dumps({"reason": reason})) if reason else say(200, apns_id=str(KEY))

    async with provider(script) as there:
        connector = apns(there.base_url)
        first = await connector._token(NOON, 1e9)
        assert await connector._token(NOON + timedelta(minutes=44), 1e9) == first
        assert await connector._token(NOON + timedelta(minutes=45), 1e9) != first
        kept = []
        for _ in range(2):
            await connector.send(message(), deadline=1e9)
            kept.append(there.received[-1].headers["authorization"])
        with pytest.raises(SendFault) as caught:
            await connector.send(message(), deadline=1e9)
        assert caught.value.fault is Fault.TRANSIENT
        await connector.send(message(), deadline=1e9)
        await connector.aclose()
    assert kept[0] == kept[1] != there.received[-1].headers["authorization"]


@pytest.mark.parametrize("bad", ["", "no key", "rsa"])
def test_what_is_no_key_of_apples_is_refused_without_showing_it(bad: str) -> None:
    if bad == "rsa":
        made = rsa.generate_private_key(65537, 2048)
        bad = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValidationError, match="p8") as caught:
        apns(key=bad)
    assert not bad or bad not in str(caught.value)
