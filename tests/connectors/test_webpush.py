"""Web push: the standard's own example, another library, and a browser's side of it written down here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
import trustme
import webpush
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.push.webpush import WebPush, WebPushConfig
from connectors.push.webpush.encryption import PLAIN_BYTES_MAX, derived, encrypted, hkdf, point
from connectors.push.webpush.subscription import from_b64url
from tactful.conformance.provider import provider, say
from tactful.connector import Accepted, Fault, Message, Ports, SendFault
from tactful.connector.http import Request
from tactful.connector.signatures import b64url
from tests.connectors.mobile import KEY, NOON, attempt, push_message, refusal

ENDPOINT = "https://push.example/send/abc?x=1"


@dataclass(frozen=True)
class Browser:
    """A browser that subscribed."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes = b"sixteen bytes of"

    def subscription(self, **changes: object) -> str:
        """Return what it tells us, as browsers write it."""
        keys = {"p256dh": b64url(point(self.key.public_key())), "auth": b64url(self.auth)}
        said = {"endpoint": ENDPOINT, "expirationTime": None, "keys": keys} | changes
        return json.dumps(said, separators=(",", ":"))

    def reads(self, body: bytes) -> bytes:
        """Return what a message says: RFC 8291, section 4, from the other side."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert (size, length) == (4096, 65)
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\0" + point(self.key.public_key()) + theirs
        secret = hkdf(self.auth, shared, info, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        plain = AESGCM(key).decrypt(hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), sealed, None)
        assert plain[-1] == 2
        return plain[:-1]


BROWSER = Browser(ec.derive_private_key(12345, ec.SECP256R1()))
OURS = ec.derive_private_key(67890, ec.SECP256R1())
PEM = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def web_push(**config: object) -> WebPush:
    allowed = {"allow_private": True} if "base_url" in config else {}
    settings = {"private_key": PEM, "contact": "mailto:post@fleur.example"} | allowed | config
    return WebPush(WebPushConfig.model_validate(settings), Ports(deliver=lambda _: ""))


def message(**changes: object) -> Message:
    return push_message(**{"to": BROWSER.subscription(), **changes})


def authorized(request: Request, connector: WebPush | None = None) -> tuple[str, dict[str, Any], str]:
    """Return scheme, claims and key of the proof of who we are, once its signature is right."""
    said = (connector or web_push()).authorize(request, NOON).headers["authorization"]
    scheme, _, rest = said.partition(" ")
    fields = dict(part.split("=", 1) for part in rest.split(", "))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64url(fields["k"]))
    return (
        scheme,
        jwt.decode(fields["t"], key, algorithms=["ES256"], options={"verify_exp": False, "verify_aud": False}),
        fields["k"],
    )


# ---------------------------------------------------------------------------------------------------------- encryption


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    # RFC 8291, section 5 and appendix A.
    own = ec.derive_private_key(
        int.from_bytes(from_b64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    theirs = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    browser = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64url(theirs))
    auth, salt = from_b64url("BTBZMqHH6r4Tts7J_aSIgg"), from_b64url("DGv6ra1nlYgDCS1FRnbzlw")
    expected = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    plain = b"When I grow up, I want to be a watermelon"
    assert b64url(encrypted(plain, browser, auth, salt, own)) == expected
    private = int.from_bytes(from_b64url("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    assert Browser(ec.derive_private_key(private, ec.SECP256R1()), auth).reads(from_b64url(expected)) == plain


@given(plain=st.binary(max_size=PLAIN_BYTES_MAX))
def test_a_browser_reads_what_was_encrypted_for_it(plain: bytes) -> None:
    salt, own = derived(b"secret", plain)
    body = encrypted(plain, BROWSER.key.public_key(), BROWSER.auth, salt, own)
    assert BROWSER.reads(body) == plain
    assert len(body) <= 4096


def test_the_same_message_is_the_same_bytes_and_nothing_else_shares_its_key() -> None:
    other = Browser(ec.derive_private_key(54321, ec.SECP256R1()))
    connector = web_push()
    once = connector.build(message())
    assert connector.build(message()) == once == web_push().build(message())
    different = [
        message(key=UUID(int=9)),
        message(text="Come and see!"),
        message(to=other.subscription()),
        message(to=Browser(BROWSER.key, b"SIXTEEN BYTES OF").subscription()),
    ]
    requests = [once, *(connector.build(each) for each in different)]
    foreign = web_push(private_key=b64url((99).to_bytes(32, "big"))).build(message())
    heads = {request.content[:86] for request in [*requests, foreign]}
    salts = {request.content[:16] for request in [*requests, foreign]}
    assert len(heads) == len(salts) == 6


# ------------------------------------------------------------------------------------------------------------- request


def test_a_message_is_what_another_library_makes_of_it() -> None:
    public = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    library = webpush.WebPush(PEM.encode(), public, "post@fleur.example", ttl=86_400)
    ours = web_push().build(message())
    plain = BROWSER.reads(ours.content)
    theirs = library.get(plain, webpush.WebPushSubscription.model_validate_json(BROWSER.subscription()))
    assert BROWSER.reads(theirs.encrypted) == plain
    assert len(theirs.encrypted) == len(ours.content)
    assert (ours.headers["TTL"], ours.headers["Content-Encoding"]) == (
        theirs.headers["ttl"],
        theirs.headers["content-encoding"],
    )
    scheme, claims, key = authorized(ours)
    their_scheme, _, rest = theirs.headers["authorization"].partition(" ")
    token, _, their_key = rest.partition(", ")
    their_claims = jwt.decode(token.removeprefix("t="), options={"verify_signature": False})
    assert (scheme, f"k={key}") == (their_scheme, their_key)
    assert {name: claims[name] for name in ("aud", "sub")} == {name: their_claims[name] for name in ("aud", "sub")}
    assert claims["exp"] - NOON.timestamp() == 12 * 3600


def test_a_message_says_what_a_service_worker_needs() -> None:
    request = web_push().build(message())
    assert json.loads(BROWSER.reads(request.content)) == {
        "title": "Peonies are here",
        "body": "Come and see.",
        "link": "https://fleur.example/peonies",
        "key": str(KEY),
    }
    assert (request.method, request.path) == ("POST", ENDPOINT)
    assert (request.headers["Urgency"], request.headers["Topic"]) == ("low", "bxxfDopVX0udPgpPbBstPg")
    assert web_push().build(message(marketing=False)).headers["Urgency"] == "normal"


def test_a_gateway_gets_what_would_go_to_each_push_service() -> None:
    connector = web_push(base_url="http://127.0.0.1:9/below")
    request = connector.build(message())
    assert request.path == "/send/abc?x=1"
    assert authorized(request, connector)[1]["aud"] == "http://127.0.0.1:9"


def test_our_key_may_be_written_either_way() -> None:
    raw = b64url(OURS.private_numbers().private_value.to_bytes(32, "big"))
    assert web_push(private_key=raw).build(message()) == web_push().build(message())


@pytest.mark.parametrize("bad", ["", "no key", "AAAA" * 11, b64url(b"\xff" * 32)])
def test_what_is_no_key_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(ValidationError, match="P-256") as caught:
        web_push(private_key=bad)
    assert not bad or bad not in str(caught.value)


KEYS: Mapping[str, str] = json.loads(BROWSER.subscription())["keys"]


@pytest.mark.parametrize(
    "to",
    [
        "a-token",
        "[]",
        "{}",
        BROWSER.subscription(endpoint="http://push.example/1"),
        BROWSER.subscription(endpoint="https://user:pw@push.example/1"),
        BROWSER.subscription(endpoint="https:///1"),
        BROWSER.subscription(endpoint="https://push.example/1#x"),
        BROWSER.subscription(endpoint="https://[push/1"),
        BROWSER.subscription(endpoint="https://push.example/é"),
        BROWSER.subscription(endpoint=None),
        BROWSER.subscription(keys={**KEYS, "auth": "AAAA"}),
        BROWSER.subscription(keys={**KEYS, "p256dh": "AAAA"}),
        BROWSER.subscription(keys={**KEYS, "p256dh": None}),
        BROWSER.subscription(keys=None),
    ],
)
def test_what_is_no_subscription_is_refused_before_anything_is_sent(to: str) -> None:
    with pytest.raises(SendFault) as caught:
        web_push().build(message(to=to))
    assert (caught.value.fault, caught.value.code) == (Fault.BAD_RECIPIENT, "subscription")
    assert to not in str(caught.value)


@pytest.mark.parametrize(
    ("sent", "code"), [(message(text="ж" * 2000), "size"), (message(title=None, text=None), "empty")]
)
def test_what_cannot_be_sent_is_refused_before_anything_is(sent: Message, code: str) -> None:
    with pytest.raises(SendFault) as caught:
        web_push().build(sent)
    assert (caught.value.fault, caught.value.code) == (Fault.BAD_CONTENT, code)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (404, Fault.BAD_RECIPIENT),
        (410, Fault.BAD_RECIPIENT),
        (301, Fault.BAD_CONTENT),
        (307, Fault.BAD_CONTENT),
        (400, Fault.BAD_CONTENT),
        (401, Fault.BAD_CONTENT),
        (402, Fault.BAD_CONTENT),
        (403, Fault.BAD_CONTENT),
        (405, Fault.BAD_CONTENT),
        (407, Fault.BAD_CONTENT),
        (413, Fault.BAD_CONTENT),
        (429, Fault.THROTTLED),
        (500, Fault.AMBIGUOUS),
        (503, Fault.TRANSIENT),
    ],
)
def test_no_push_service_can_hold_more_than_its_own_subscriptions(status: int, fault: Fault) -> None:
    assert refusal(web_push(), status, {}).fault is fault


async def test_what_a_push_service_takes_is_accepted_under_our_key() -> None:
    async with provider(lambda _: say(201, location="https://push.example/m/1")) as there:
        assert await attempt(web_push(base_url=there.base_url), message()) == Accepted(str(KEY))
    (received,) = there.received
    assert received.path == "/send/abc?x=1"
    assert json.loads(BROWSER.reads(received.content))["key"] == str(KEY)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"]
)
async def test_a_subscription_within_our_own_network_is_refused_and_holds_nobody_else(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        port = listening.getsockname()[1]
        with pytest.raises(SendFault) as caught:
            await attempt(web_push(), message(to=BROWSER.subscription(endpoint=f"https://{host}:{port}/push")))
        assert (caught.value.fault, caught.value.code) == (Fault.BAD_CONTENT, "private address")
        with pytest.raises(BlockingIOError):
            listening.accept()


async def test_a_push_service_is_called_where_the_subscription_says(authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with provider(lambda _: say(201), context) as there:
        connector = web_push(allow_private=True, ca_file=ca_file)
        to = BROWSER.subscription(endpoint=f"{there.base_url}/push/1?x=2")
        assert await attempt(connector, message(to=to)) == Accepted(str(KEY))
    (received,) = there.received
    assert received.path == "/push/1?x=2"
    token = received.headers["authorization"].removeprefix("vapid t=").partition(",")[0]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == there.base_url


# ------------------------------------------------------------------------------------------------------------ emulator

EMULATOR = Path(os.environ.get("WEB_PUSH_TESTING", "no-such-folder"))
"""The folder of web-push-testing 1.2 from npm (MIT)."""


def asked(url: str, said: object) -> Any:  # noqa: ANN401 - JSON
    body = json.dumps(said).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


@pytest.mark.skipif(
    shutil.which("node") is None or not (EMULATOR / "src" / "bin" / "server.js").exists(),
    reason="npm install web-push-testing, and set WEB_PUSH_TESTING to its folder",
)
async def test_a_push_service_of_somebody_else_decrypts_what_we_send_and_says_when_it_is_gone() -> None:
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    here = f"http://localhost:{port}"
    program = await asyncio.create_subprocess_exec(
        "node", EMULATOR / "src" / "bin" / "server.js", str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        assert b"running" in await program.stdout.readline()
        options = {"applicationServerKey": b64url(point(OURS.public_key())), "userVisibleOnly": "true"}
        made = (await asyncio.to_thread(asked, f"{here}/subscribe", options))["data"]
        endpoint = made["endpoint"].replace("http://", "https://")
        to = json.dumps({"endpoint": endpoint, "keys": made["keys"]}, separators=(",", ":"))
        assert await attempt(web_push(base_url=here), message(to=to)) == Accepted(str(KEY))
        told = await asyncio.to_thread(asked, f"{here}/get-notifications", {"clientHash": made["clientHash"]})
        (shown,) = told["data"]["messages"]
        assert json.loads(shown)["title"] == "Peonies are here"
        other = web_push(base_url=here, private_key=b64url((99).to_bytes(32, "big")))
        with pytest.raises(SendFault) as caught:
            await attempt(other, message(to=to))
        assert caught.value.fault is Fault.BAD_CONTENT
        with contextlib.suppress(ValueError):  # it answers with words
            await asyncio.to_thread(asked, f"{here}/expire-subscription/{made['clientHash']}", {})
        with pytest.raises(SendFault) as caught:
            await attempt(web_push(base_url=here), message(to=to))
        assert (caught.value.fault, caught.value.code) == (Fault.BAD_RECIPIENT, "410")
    finally:
        program.terminate()
        await program.wait()
