"""A proxy that leads every CONNECT to one place on this machine, and keeps which hosts were asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit


@contextlib.asynccontextmanager
async def tunnel(base_url: str) -> AsyncGenerator[tuple[str, list[str]]]:
    """Give the proxy's address and the hosts that were asked for to a block; all of them are the one at `base_url`."""
    asked: list[str] = []
    port = urlsplit(base_url).port
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" ")[1].decode())
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        ways = ((reader, there_writer), (there_reader, writer))
        tasks.update(asyncio.create_task(_carry(*way)) for way in ways)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.transport.abort()
