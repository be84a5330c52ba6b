"""The connectors of a running worker, exchanged for those of a changed `tactful.toml`.

All at once and between two calls: what was claimed before goes out by the connectors it was claimed with, and these are
closed only when no call can be under way on them any more. A file that is wrong changes nothing.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from activities import contract
from database.errors import DatabaseError
from service.connectors import Connectors
from service.reloading import LOOK_EVERY, Watch, read_again

CLOSED_AFTER: Final = contract.CONTACT_TIMEOUT + timedelta(seconds=10)
"""By then every call that began on the connectors before has ended."""

log = structlog.get_logger()


class Equipping:
    """Looks after the connectors of one worker."""

    def __init__(
        self, path: Path, first: Connectors, read: Callable[[], Connectors], equip: Callable[[Connectors], None]
    ) -> None:
        """Begin with those that the worker started with.

        Args:
            path: The file that is watched.
            first: What was made of it at start; closed by whoever made it.
            read: Makes connectors of it anew.
            equip: Has everything in the worker use other connectors from now on; may wait for the database.
        """
        self._path = path
        self._read = read
        self._equip = equip
        self._watch = Watch(path)
        self._asked = asyncio.Event()
        self._first = self._current = first
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watch until cancelled. SIGHUP has the file read at once, changed or not."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)
        try:
            while True:
                asked = await self._wait()
                if await asyncio.to_thread(self._watch.changed) or asked:
                    await self.look()
        finally:
            for task in self._closing:
                task.cancel()
            if self._current is not self._first:
                await self._current.aclose()

    async def look(self) -> None:
        """Read the file, and exchange the connectors if it is right."""
        found = await asyncio.to_thread(read_again, self._path, self._read)
        if found is None:
            return
        try:
            await asyncio.to_thread(self._equip, found)
        except DatabaseError as error:  # the next look finds the file unchanged, so it is asked for here
            log.warning("configuration.waiting", error=type(error).__name__)
            await found.aclose()
            self._asked.set()
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            return
        before, self._current = self._current, found
        log.info("configuration.reloaded", connectors=sorted(found.by_name))
        task = asyncio.create_task(_close_later(before))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _wait(self) -> bool:
        """Return whether somebody asked before it was time to look."""
        try:
            async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                await self._asked.wait()
        except TimeoutError:
            return False
        self._asked.clear()
        return True


async def _close_later(connectors: Connectors) -> None:
    try:
        await asyncio.sleep(CLOSED_AFTER.total_seconds())
    finally:
        await connectors.aclose()
