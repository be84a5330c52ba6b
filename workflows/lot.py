"""The base of what works on a lot: it asks, sleeps until the next of the lot's rows is due, and asks again.

Which contacts are left is in the ledger; a wake-up carries nothing. Stopping and going on are rows too: the signal only
has the workflow look.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities import contract
    from activities.contract import Stand, WorkingLots, WorkLot
    from tactful.temporal import WAKE, LotEntry

SHORTEST_SLEEP: Final = timedelta(seconds=10)
"""Rows that become due one by one are waited for together."""


class LotWork:
    """One lot being worked on. Subclasses say in `run` what comes first."""

    def __init__(self) -> None:
        self._woken = False
        self._stand: Stand | None = None

    @workflow.signal(name=WAKE)
    def wake(self) -> None:
        """Have the workflow look at the lot again: it was stopped, or is to go on."""
        self._woken = True

    @workflow.query
    def stand(self) -> Stand | None:
        """Return where the lot stood when it was last looked at."""
        return self._stand

    async def freeze(self, entry: LotEntry) -> None:
        """Have the audience written down, when it is time."""
        await self._until_done(WorkingLots.freeze_lot, entry)

    async def work(self, entry: LotEntry) -> None:
        """Have all contacts of the lot settled, each when it is due."""
        await self._until_done(WorkingLots.work_lot, entry)

    async def _until_done(self, activity: Callable[[WorkingLots, WorkLot], Awaitable[Stand]], entry: LotEntry) -> None:
        while True:
            self._woken = False
            self._stand = stand = await workflow.execute_activity_method(
                activity,
                WorkLot(lot_key=entry.lot_key),
                start_to_close_timeout=contract.WORK_TIMEOUT,
                heartbeat_timeout=contract.WORK_HEARTBEAT,
                retry_policy=contract.WORK_RETRIES,
            )
            if stand.done:
                return
            if stand.stopped:
                await workflow.wait_condition(lambda: self._woken)
            elif stand.again_at is not None:
                await self._rest(stand.again_at)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(entry)

    async def _rest(self, moment: datetime) -> None:
        """Wait until `moment`, or until woken; what is due already is not waited for."""
        wait = moment - workflow.now()
        if wait > timedelta(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await workflow.wait_condition(lambda: self._woken, timeout=max(wait, SHORTEST_SLEEP))
