"""A provider on this machine that does what it is told: answers, keeps silent, hangs up, drips, lies.

It speaks plain HTTP/1.1 over a real socket and keeps every request it got, byte for byte. It knows no vendor: whoever
tries a connector says what to answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import h11

from tactful.connector.http import Answer

_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived: method, path with its query, headers by small name, body."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Say:
    """Answer, and hang up."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Reset:
    """Hang up rudely once the request is read."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing until the other side gives up."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Answer one byte at a time, so slowly that it never ends."""

    answer: Answer
    seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Cut:
    """Announce a whole answer and hang up in the middle of it."""

    answer: Answer


Act = Say | Reset | Silence | Drip | Cut
Script = Callable[[Received], Act]


def say(status: int, content: bytes | str = b"", **headers: str) -> Say:
    """Return an answer to give; underscores in header names stand for hyphens."""
    raw = content.encode() if isinstance(content, str) else content
    return Say(Answer(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, raw))


@dataclass
class Provider:
    """A running provider: change `script` at any time; `received` has every request that it read whole."""

    base_url: str
    script: Script
    received: list[Received] = field(default_factory=list[Received])


@contextlib.asynccontextmanager
async def provider(script: Script, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Provider]:
    """Give a provider that acts by `script` to a block, and stop it afterwards.

    Args:
        script: What to do with a request.
        tls: Speak TLS with this context.
    """
    here = Provider("", script)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, h11.ProtocolError, asyncio.CancelledError):
                await _serve(here, reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    here.base_url = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{port}"
    try:
        yield here
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # an aborted transport closes its socket on the loop's next turn


async def _serve(here: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await _read(reader)
    if request is None:
        return
    here.received.append(request)
    act = here.script(request)
    match act:
        case Say(answer):
            writer.write(_written(answer))
            await writer.drain()
        case Reset():
            _hang_up(writer)
        case Silence():
            await reader.read()
        case Drip(answer, seconds):
            for byte in _written(answer):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(seconds)
        case Cut(answer):
            whole = _written(answer, longer_by=100)
            writer.write(whole)
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Received | None:
    """Return one whole request; None where the other side left before its end."""
    connection = h11.Connection(h11.SERVER)
    head: h11.Request | None = None
    content = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            content += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in head.headers}
            return Received(head.method.decode(), head.target.decode(), headers, bytes(content))
        else:
            return None


def _written(answer: Answer, longer_by: int = 0) -> bytes:
    headers = {"content-length": str(len(answer.content) + longer_by), "connection": "close", **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} X\r\n{lines}\r\n".encode() + answer.content


def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset and not an end."""
    sock = cast("socket.socket | None", writer.get_extra_info("socket"))
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
