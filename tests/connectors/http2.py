"""A provider on this machine that speaks HTTP/2 over TLS: says what it is told to say, and keeps what it got."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from tactful.conformance.provider import Received
from tactful.connector.http import Answer


@dataclass
class Http2:
    """A running provider; without an answer, it hangs up on whoever asks."""

    port: int
    answer: Answer | None
    received: list[Received] = field(default_factory=list[Received])

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"https://localhost:{self.port}"


class _Speaks(asyncio.Protocol):
    def __init__(self, here: Http2) -> None:
        self._here = here
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._open: dict[int, tuple[dict[str, str], bytearray]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._h2.initiate_connection()
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self._open[event.stream_id] = {str(name): str(value) for name, value in event.headers}, bytearray()
            elif isinstance(event, DataReceived):
                self._open[event.stream_id][1].extend(event.data)
            elif isinstance(event, StreamEnded):
                self._ended(event.stream_id)
        self._transport.write(self._h2.data_to_send())

    def _ended(self, stream: int) -> None:
        headers, content = self._open.pop(stream)
        self._here.received.append(Received(headers[":method"], headers[":path"], headers, bytes(content)))
        answer = self._here.answer
        if answer is None:
            self._transport.abort()
            return
        # Apple gives the id back that it was given.
        given = {"apns-id": headers["apns-id"]} if "apns-id" in headers else {}
        self._h2.send_headers(stream, [(":status", str(answer.status)), *{**given, **answer.headers}.items()])
        self._h2.send_data(stream, answer.content, end_stream=True)


@contextlib.asynccontextmanager
async def http2(authority: trustme.CA, answer: Answer | None) -> AsyncGenerator[Http2]:
    """Give a provider to a block that always answers so, or hangs up where there is no answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("localhost").configure_cert(context)
    here = Http2(0, answer)
    server = await asyncio.get_running_loop().create_server(lambda: _Speaks(here), "localhost", 0, ssl=context)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()
        await server.wait_closed()
