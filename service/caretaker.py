"""The caretaker: what one worker of all does beside its work.

It lets go what waited for a connector, ends what campaigns that are done have left open, finds the messages of receipts
that came too early, and sweeps. Whichever worker
holds the lock is it; should that one end, another takes over within seconds. It sends nothing itself.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from database import holds, lots, receipts, sweep
from database.alone import Alone
from database.engine import Database
from database.errors import DatabaseError
from database.sweep import Found, Suspect

CARETAKER: Final = 5_201_314
"""The number of the lock."""
LOOK_EVERY: Final = timedelta(seconds=1)
STAND_BY: Final = timedelta(seconds=10)
SWEEP_EVERY: Final = timedelta(minutes=5)
LEAVE_EVERY: Final = timedelta(minutes=1)
UNLIMITED_RATE: Final = 50.0
"""How many contacts a second are let go for a connector without a rate."""
MOST_AT_ONCE: Final = 200
DESCRIBED_AT_ONCE: Final = 10
RPC_TIMEOUT: Final = timedelta(seconds=10)
_RUNS: Final = {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW}

log = structlog.get_logger()


class Caretaker:
    """Looks after one database and one Temporal."""

    def __init__(self, database: Database, client: Client, rates: Mapping[str, float]) -> None:
        self._database = database
        self._client = client
        self.rates = rates
        self._alone = Alone(database, CARETAKER)
        self._allowed: dict[str, tuple[float, float]] = {}
        self._sweep_at = time.monotonic() + SWEEP_EVERY.total_seconds() / 10
        self._leave_at = time.monotonic()

    async def run(self) -> None:
        """Take care until cancelled; an outage is waited out."""
        try:
            while True:
                duty = await asyncio.to_thread(self._alone.holds)
                if duty:
                    await self._look()
                await asyncio.sleep((LOOK_EVERY if duty else STAND_BY).total_seconds())
        finally:
            self._alone.let_go()

    async def _look(self) -> None:
        try:
            await self.let_go(now=datetime.now(UTC))
            if time.monotonic() >= self._leave_at:
                self._leave_at = time.monotonic() + LEAVE_EVERY.total_seconds()
                await self.leave_behind(now=datetime.now(UTC))
                await asyncio.to_thread(self._database.run, lambda c: receipts.forget(c, now=datetime.now(UTC)))
            await self.match_receipts(now=datetime.now(UTC))
            await self._sweep_if_due()
        except (DatabaseError, RPCError) as error:
            log.warning("caretaker.waiting", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one odd row must not end the care for all others
            log.error("caretaker.bug", error=type(error).__name__)  # noqa: TRY400 - no values in logs

    async def let_go(self, *, now: datetime) -> int:
        """Let go what waited for connectors that work again, best first, as many as their rates allow by now."""
        done = 0
        for connector in await asyncio.to_thread(self._database.run, holds.waited_for):
            most = self._allowance(connector)
            if most == 0:
                continue
            found = await asyncio.to_thread(
                self._database.run, lambda c, name=connector, most=most: holds.best(c, name, most=most, now=now)
            )
            if found:
                gone = await asyncio.to_thread(
                    self._database.run, lambda c, found=found: holds.let_go(c, found, now=now)
                )
                log.info("connector.draining", connector=connector, contacts=gone)
                done += gone
        return done

    async def leave_behind(self, *, now: datetime) -> int:
        """End the journeys that campaigns have left open because a contact of theirs was still to be settled."""
        ended = 0
        while now_ended := await asyncio.to_thread(self._database.run, lambda c: lots.leave_behind(c, now=now)):
            ended += now_ended
        if ended:
            log.info("journeys.left_behind", journeys=ended)
        return ended

    async def match_receipts(self, *, now: datetime) -> int:
        """Find the messages of receipts that came before we knew these."""
        matched = await asyncio.to_thread(self._database.run, lambda c: receipts.look(c, now=now))
        if matched:
            log.info("receipts.matched", receipts=matched)
        return matched

    def _allowance(self, connector: str) -> int:
        """Return how many contacts of a connector may be let go, by its rate and the time since the last."""
        rate = self.rates.get(connector, UNLIMITED_RATE)
        now = time.monotonic()
        since, left = self._allowed.get(connector, (now, 1.0))
        left = min(left + (now - since) * rate, max(rate, 1.0), MOST_AT_ONCE)
        self._allowed[connector] = (now, left - int(left))
        return int(left)

    async def _sweep_if_due(self) -> None:
        last, asked = await asyncio.to_thread(self._database.run, lambda c: (sweep.last(c), sweep.asked(c)))
        wanted = asked is not None and (last is None or last.at < asked[0])
        if wanted or time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_EVERY.total_seconds()
            await self.sweep(now=datetime.now(UTC), repairs=wanted and asked is not None and asked[1])

    async def sweep(self, *, now: datetime, repairs: bool = False) -> Found:
        """Count what is late, look for workflows that should be there, and start those again if asked to."""
        last = await asyncio.to_thread(self._database.run, sweep.last)
        after = last.found.after if last is not None else str(sweep.NO_KEY)
        found, suspects = await asyncio.to_thread(
            self._database.run, lambda c: (sweep.count(c, now=now), sweep.suspects(c, after=after, now=now))
        )
        status = await self._status(suspects)
        late = [each for each in suspects if each.late and status[each] in _RUNS]

        def write(conn: Connection) -> Found:
            missing = sweep.still(conn, (s for s in suspects if status[s] not in _RUNS), after=after, now=now)
            if repairs:
                ended = [each for each in missing if status[each] is WorkflowExecutionStatus.COMPLETED]
                sweep.repair(conn, [each for each in missing if each not in ended], ended, late, now=now)
            all_found = dataclasses.replace(
                found,
                without_workflow=len(missing),
                looked_at=len(suspects),
                restarted=len(missing) if repairs else 0,
                after=sweep.next_after(suspects, after),
            )
            sweep.keep(conn, all_found, now=now)
            return all_found

        found = await asyncio.to_thread(self._database.run, write)
        if not found.well or repairs:
            log.warning("sweep.found", **{k: v for k, v in dataclasses.asdict(found).items() if k != "after"})
        return found

    async def _status(self, suspects: Sequence[Suspect]) -> dict[Suspect, WorkflowExecutionStatus | None]:
        """Return how the workflow of each stands; None where Temporal knows of none."""
        limit = asyncio.Semaphore(DESCRIBED_AT_ONCE)

        async def status(suspect: Suspect) -> WorkflowExecutionStatus | None:
            async with limit:
                return await self._described(suspect.workflow_id)

        return dict(zip(suspects, await asyncio.gather(*(status(each) for each in suspects)), strict=True))

    async def _described(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "namespace" not in str(error).lower():
                return None
            raise
        return found.status
