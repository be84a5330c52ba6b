"""Connections to one mail server, kept open for the next mail: at most so many, each idle for at most so long.

It knows nothing of mails. A connection left in an unknown state is closed at once, by reset and not politely: closing
politely would go on sending what is in the buffer, for as long as a slow server takes to read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

FAREWELL_SECONDS = 1.0
"""How long a connection is waited for when it is closed politely."""
_ERRORS = (SMTPException, OSError)


class Pool:
    """At most `limit` connections at a time; who comes later waits for a place."""

    def __init__(self, connect: Callable[[], Awaitable[SMTP]], *, limit: int, idle: timedelta) -> None:
        self._connect = connect
        self._places = asyncio.Semaphore(limit)
        self._idle_seconds = idle.total_seconds()
        self._idle: list[tuple[float, SMTP]] = []  # with the loop's time until which it is kept, earliest first
        self._sweep: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def connection(self, *, fresh: bool) -> AsyncGenerator[tuple[SMTP, bool]]:
        """Lend a connection that is logged in and has no mail in progress, and say whether it was used before.

        It is kept if the block ends well or with a refusal in the server's own words; after anything else it is closed.

        Args:
            fresh: Open a new one: those at hand are suspected dead, and closed.
        """
        async with self._places:
            client, used = await self._take(fresh=fresh)
            try:
                yield client, used
            except SMTPResponseException as refusal:
                self._keep(client, sound=400 <= refusal.code <= 599)  # noqa: PLR2004 - the refusals of RFC 5321
                raise
            except BaseException:
                reset(client)
                raise
            self._keep(client, sound=True)

    async def aclose(self) -> None:
        """Close all connections. Those lent out are closed when they come back."""
        self._closed = True
        self._part_with(len(self._idle))
        if self._sweep:
            self._sweep.cancel()
        await asyncio.gather(*self._farewells)

    async def _take(self, *, fresh: bool) -> tuple[SMTP, bool]:
        if fresh:
            self._part_with(len(self._idle))
        while self._idle:
            _, client = self._idle.pop()
            if await _is_alive(client):
                return client, True
        return await self._connect(), False

    def _keep(self, client: SMTP, *, sound: bool) -> None:
        if self._closed or not sound or not client.is_connected:
            reset(client)
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time() + self._idle_seconds, client))
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._sweep_idle)

    def _sweep_idle(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._part_with(sum(until <= now for until, _ in self._idle))
        self._sweep = loop.call_at(self._idle[0][0], self._sweep_idle) if self._idle else None

    def _part_with(self, count: int) -> None:
        """Close the `count` connections that have been idle the longest, politely and in the background."""
        leaving, self._idle = self._idle[:count], self._idle[count:]
        for _, client in leaving:
            task = asyncio.create_task(_farewell(client))
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)


def reset(client: SMTP) -> None:
    """Close a connection at once; nothing that is still in its buffer is sent."""
    _abort(client.transport)
    client.close()


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if transport is not None:
        cast("asyncio.WriteTransport", transport).abort()


async def _is_alive(client: SMTP) -> bool:
    """Clear a connection of whatever was begun on it; say whether the server is still there."""
    try:
        await client.rset()
    except _ERRORS:
        reset(client)
        return False
    except BaseException:
        reset(client)
        raise
    return True


async def _farewell(client: SMTP) -> None:
    transport = client.transport
    with suppress(*_ERRORS):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await client.quit()
    _abort(transport)
