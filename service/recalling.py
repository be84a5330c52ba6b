"""Stopping what is not wanted any more: letters that were handed over and are not printed yet.

Beside its other work, every worker looks for them and asks their providers. A worker that dies between a provider's
answer and the row asks again: to be stopped twice is as good as once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from database import recalls
from database.engine import Database
from database.errors import DatabaseError
from database.recalls import Wanted
from tactful.connector import AnyConnector, Stops, stop

LOOK_EVERY: Final = timedelta(seconds=5)
CALL_WITHIN: Final = timedelta(seconds=20)
MOST_AT_ONCE: Final = 20

log = structlog.get_logger()


class Recalling:
    """Stops messages at the providers of one worker."""

    def __init__(self, database: Database, connectors: Mapping[str, AnyConnector]) -> None:
        self._database = database
        self._connectors: Mapping[str, AnyConnector] = {}
        self.equip(connectors)

    def equip(self, connectors: Mapping[str, AnyConnector]) -> None:
        """Use other connectors from now on."""
        self._connectors = {name: each for name, each in connectors.items() if isinstance(each, Stops)}

    async def run(self) -> None:
        """Look until cancelled; an outage is waited out. Returns never, also where no connector can stop anything."""
        while True:
            try:
                while self._connectors and await self.look(now=datetime.now(UTC)) == MOST_AT_ONCE:
                    pass
            except DatabaseError as error:
                log.warning("recall.waiting", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - one odd row must not end it for all others
                log.error("recall.bug", error=type(error).__name__)  # noqa: TRY400 - no values in logs
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self, *, now: datetime) -> int:
        """Mark what is not wanted any more and have it stopped; return how many messages providers were asked about."""
        names = sorted(self._connectors)
        wanted = await asyncio.to_thread(
            self._database.run,
            lambda c: (recalls.notice(c, now=now), recalls.take(c, names, most=MOST_AT_ONCE, now=now))[1],
        )
        await asyncio.gather(*(self._stop(each, now) for each in wanted))
        return len(wanted)

    async def _stop(self, wanted: Wanted, now: datetime) -> None:
        deadline = time.monotonic() + CALL_WITHIN.total_seconds()
        said = await stop(self._connectors[wanted.connector], wanted.provider_id, deadline=deadline)
        state = await asyncio.to_thread(self._database.run, lambda c: recalls.settle(c, wanted, said, now=now))
        ids = {"contact_key": str(wanted.contact_key), "connector": wanted.connector}
        match state:
            case "cancelled":
                log.info("recall.stopped", **ids)
            case "too_late":
                log.info("recall.too_late", **ids)
            case "unsettled":
                log.error("recall.unsettled", **ids)
            case _:
                log.info("recall.open", **ids)
