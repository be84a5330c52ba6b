"""How the kernel speaks HTTP, tried on a provider of this machine that behaves badly over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
import trustme
from pydantic import SecretStr

from tactful.conformance.provider import Act, Cut, Drip, Provider, Received, Reset, Silence, provider, say
from tactful.connector import (
    Accepted,
    Capabilities,
    ConnectorConfig,
    Fault,
    Feature,
    Message,
    NoKey,
    Ports,
    SendFault,
    send,
)
from tactful.connector.http import (
    Answer,
    HttpConfig,
    HttpConnector,
    On,
    Request,
    Token,
    WithToken,
    fault_of,
    on,
    wait_asked_for,
)
from tactful.words import Channel
from tests.unit.connector.test_message import message

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class AcmeConfig(HttpConfig):
    token: SecretStr = SecretStr("very-secret-token")


class Acme(HttpConnector[AcmeConfig]):
    Config: ClassVar[type[ConnectorConfig]] = AcmeConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        channels=(Channel.SMS, Channel.PUSH), idempotency=NoKey(), features=frozenset({Feature.TEXT}), bytes_max=1000
    )
    errors: ClassVar[tuple[On, ...]] = (on(400, Fault.BAD_RECIPIENT, "gone"), on(503, Fault.TRANSIENT))
    code_at: ClassVar[str] = "error.code"
    said_at: ClassVar[str] = "error.text"

    def build(self, message: Message) -> Request:
        return Request.json("/messages?now=1", {"to": message.to, "text": message.text, "key": str(message.key)})

    def authorize(self, request: Request, at: datetime) -> Request:
        del at
        return request.bearing(self.config.token.get_secret_value())

    def parse(self, message: Message, answer: Answer) -> Accepted:
        del message
        return Accepted(answer.need("id"))


def acme(base_url: str, **config: object) -> Acme:
    return Acme(AcmeConfig.model_validate({"base_url": base_url, **config}), Ports(deliver=lambda _: ""))


async def attempt(connector: Acme, seconds: float = 10) -> Accepted:
    try:
        return await send(connector, message(text="Hi"), deadline=time.monotonic() + seconds)
    finally:
        await connector.aclose()


async def fault(act: Act | Callable[[Received], Act], seconds: float = 10, **config: object) -> SendFault:
    async with provider(act if callable(act) else lambda _: act) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(acme(there.base_url, **config), seconds)
    return caught.value


async def test_a_message_goes_out_as_it_was_built_and_proved() -> None:
    async with provider(lambda _: say(202, '{"id":"m-1"}')) as there:
        assert await attempt(acme(there.base_url)) == Accepted("m-1")
    (received,) = there.received
    assert (received.method, received.path) == ("POST", "/messages?now=1")
    assert received.headers["authorization"] == "Bearer very-secret-token"
    assert json.loads(received.content)["text"] == "Hi"


@pytest.mark.parametrize(
    ("act", "expected", "code"),
    [
        (Reset(), Fault.AMBIGUOUS, "connection"),
        (Cut(Answer(200, {}, b'{"id":"m-1"}')), Fault.AMBIGUOUS, "connection"),
        (say(500), Fault.AMBIGUOUS, "500"),
        (say(503), Fault.TRANSIENT, "503"),
        (say(429), Fault.THROTTLED, "429"),
        (say(401), Fault.CONFIG, "401"),
        (say(404), Fault.CONFIG, "404"),
        (say(302, location="http://127.0.0.1:9/"), Fault.CONFIG, "302"),
        (say(418), Fault.BAD_CONTENT, "418"),
        (say(400, '{"error":{"code":"gone","text":"no such person"}}'), Fault.BAD_RECIPIENT, "400 gone"),
        (say(200), Fault.AMBIGUOUS, "200 unreadable"),
        (say(200, "<html>"), Fault.AMBIGUOUS, "200 unreadable"),
        (say(200, '{"id":'), Fault.AMBIGUOUS, "200 unreadable"),
        (say(200, b"x" * 1_100_000), Fault.AMBIGUOUS, "long answer"),
    ],
)
async def test_whatever_comes_back_is_one_of_the_nine_faults(act: Act, expected: Fault, code: str) -> None:
    said = await fault(act)
    assert (said.fault, said.code) == (expected, code)


@pytest.mark.parametrize("act", [Silence(), Drip(Answer(200, {}, b'{"id":"m-1"}'))])
async def test_an_answer_that_does_not_come_in_time_leaves_it_unknown(act: Act) -> None:
    said = await fault(act, timeout=timedelta(seconds=0.3))
    assert (said.fault, said.code) == (Fault.AMBIGUOUS, "timeout")


async def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SendFault) as caught:
            await attempt(acme(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert (caught.value.fault, caught.value.code) == (Fault.TRANSIENT, "connect")


async def test_nothing_was_sent_to_a_server_that_takes_the_connection_and_never_speaks_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connector = acme(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout=timedelta(seconds=0.3))
        with pytest.raises(SendFault) as caught:
            await attempt(connector)
    assert (caught.value.fault, caught.value.code) == (Fault.TRANSIENT, "timeout")


async def test_a_certificate_of_nobody_we_trust_ends_it_before_a_byte_is_sent() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with provider(lambda _: say(200, '{"id":"m-1"}'), context) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(acme(there.base_url))
    assert (caught.value.fault, caught.value.code) == (Fault.TRANSIENT, "tls")
    assert there.received == []


async def test_a_connection_is_used_again_and_one_that_the_provider_closed_meanwhile_is_not() -> None:
    answer = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"id":"m-1"}'
    served: list[int] = []
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer two messages, and hang up as servers do that have waited long enough."""
        served.append(0)
        while served[-1] < 2:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            writer.write(answer)
            served[-1] += 1
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connector = acme(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    for _ in range(2):
        closed.clear()
        for _ in range(2):
            assert await send(connector, message(text="Hi"), deadline=time.monotonic() + 10) == Accepted("m-1")
        await closed.wait()
    await connector.aclose()
    server.close()
    assert served == [2, 2]


async def test_nothing_is_sent_after_the_deadline() -> None:
    async with provider(lambda _: say(200, '{"id":"m-1"}')) as there:
        with pytest.raises(SendFault) as caught:
            await attempt(acme(there.base_url), seconds=-1)
    assert (caught.value.fault, there.received) == (Fault.TRANSIENT, [])


async def test_what_a_provider_says_of_a_customer_or_our_secrets_is_masked() -> None:
    sent = message()

    def echo(request: Received) -> Act:
        told = f"{sent.to} is gone; you are {request.headers['authorization']}"
        return say(400, json.dumps({"error": {"code": "gone", "text": told}}))

    said = await fault(echo)
    shown = "".join(traceback.format_exception(said))
    assert "gone" in said.detail
    assert sent.to not in shown
    assert "very-secret-token" not in shown


async def test_no_secret_and_no_text_stands_in_a_repr() -> None:
    connector = acme("http://127.0.0.1:1")
    request = connector.authorize(connector.build(message(text="private words")), NOON)
    shown = repr(request) + repr(connector.config) + repr(Answer(200, {"x": "very-secret-token"}, b"private words"))
    assert "very-secret-token" not in shown
    assert "private words" not in shown


@pytest.mark.parametrize("value", ["a\r\nBcc: all", "a\nb", "größer", "a\0"])
def test_a_header_that_would_write_others_is_refused_before_anything_is_sent(value: str) -> None:
    with pytest.raises(SendFault, match="header") as caught:
        Request.get("/").having(x_name=value)
    assert caught.value.fault is Fault.BAD_CONTENT


async def test_only_what_is_below_base_url_is_called() -> None:
    class Stray(Acme):
        def build(self, message: Message) -> Request:
            del message
            return Request("POST", "http://127.0.0.1:1/elsewhere")

    connector = Stray(AcmeConfig(base_url="http://127.0.0.1:1"), Ports(deliver=lambda _: ""))
    with pytest.raises(SendFault) as caught:
        await attempt(connector)
    assert caught.value.fault is Fault.CONFIG


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "99999999999999"}, 86_400),
        ({"ratelimit-reset": "3"}, 3),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "٣"}, None),
        ({}, None),
    ],
)
def test_the_wait_a_provider_asks_for_is_read_in_seconds_and_as_a_date(
    headers: dict[str, str], seconds: int | None
) -> None:
    assert wait_asked_for(headers, NOON) == (None if seconds is None else timedelta(seconds=seconds))


async def test_a_throttled_attempt_says_how_long_to_wait() -> None:
    assert (await fault(say(429, retry_after="7"))).retry_after == timedelta(seconds=7)


def test_the_first_row_of_an_error_table_that_meets_an_answer_wins() -> None:
    table = (on(400, Fault.SUPPRESSED, 21610), on(400, Fault.BAD_RECIPIENT), on(None, Fault.QUOTA, "spent"))
    assert fault_of(400, "21610", table) is Fault.SUPPRESSED
    assert fault_of(400, "1", table) is Fault.BAD_RECIPIENT
    assert fault_of(200, "spent", table) is Fault.QUOTA


class WithTokens(WithToken[AcmeConfig], Acme):
    async def token_for(self, at: datetime, *, deadline: float) -> Token:
        del at
        answer = await self.exchange(Request.get("/token"), deadline=deadline)
        if answer.status != 200:
            raise self.refusal(answer)
        return Token(SecretStr(answer.need("token")), timedelta(hours=1))


async def both(there: Provider, connector: WithTokens, times: int) -> list[Accepted | BaseException]:
    del there
    calls = [send(connector, message(text="Hi"), deadline=time.monotonic() + 10) for _ in range(times)]
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_one_token_serves_all_messages_until_the_provider_takes_it_no_more() -> None:
    tokens = iter(f"t-{number}" for number in range(1, 9))
    good = {"Bearer t-1"}

    def script(request: Received) -> Act:
        if request.path == "/token":
            return say(200, json.dumps({"token": next(tokens)}))
        return say(200, '{"id":"m"}') if request.headers["authorization"] in good else say(401)

    async with provider(script) as there:
        connector = WithTokens(AcmeConfig(base_url=there.base_url), Ports(deliver=lambda _: ""))
        assert await both(there, connector, 3) == [Accepted("m")] * 3
        good = {"Bearer t-2"}
        (refused,) = await both(there, connector, 1)
        assert isinstance(refused, SendFault)
        assert await both(there, connector, 2) == [Accepted("m")] * 2
        await connector.aclose()
    assert [request.path for request in there.received].count("/token") == 2


async def test_a_token_that_cannot_be_had_for_a_moment_is_asked_for_again_and_nothing_is_unknown() -> None:
    answers = iter([say(500), Reset(), say(200, '{"token":"t"}'), say(500), say(500), say(500)])

    def script(request: Received) -> Act:
        return next(answers) if request.path == "/token" else say(200, '{"id":"m"}')

    async with provider(script) as there:
        connector = WithTokens(AcmeConfig(base_url=there.base_url), Ports(deliver=lambda _: ""))
        assert await both(there, connector, 1) == [Accepted("m")]
        await connector.aclose()
        other = WithTokens(AcmeConfig(base_url=there.base_url), Ports(deliver=lambda _: ""))
        (failed,) = await both(there, other, 1)
        await other.aclose()
    assert isinstance(failed, SendFault)
    assert (failed.fault, failed.code) == (Fault.TRANSIENT, "token: 500")
