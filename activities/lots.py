"""The batch lane at work: contacts claimed together, called side by side, recorded together.

No more is claimed than is called at once, and the calls begin right after the claim, so that a worker that dies leaves
no more in doubt than what it had in flight. What is left to do is asked of the ledger each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import contract
from activities.contacts import Contacts, crash_at, tell
from activities.contract import Stand, WorkingLots, WorkLot
from database import brakes, campaigns, claims, lots, records, restarts, strategies
from database.attempts import Ask, Asking, Claimed
from database.errors import DatabaseDownError, DatabaseFullError, DatabaseStuckError
from database.lots import Lot
from database.records import Made
from tactful.planning import stays_open

T = TypeVar("T")
LANES: Final = 2
"""Shares of what is called at once: while one is called, the other is claimed or recorded."""
BEAT: Final = timedelta(seconds=5)
BRAKE_EVERY: Final = timedelta(seconds=5)
"""How often a campaign that is being sent looks at its brake."""
RECORD_AGAIN: Final = timedelta(milliseconds=500)

_OF_THE_WHOLE: Final = {kind.__name__ for kind in (DatabaseDownError, DatabaseFullError, DatabaseStuckError)}

log = structlog.get_logger()


class Lots(WorkingLots):
    """Works on lots, with the database and the connectors of a worker's contacts."""

    def __init__(self, contacts: Contacts, *, at_once: int = 50) -> None:
        """Take what makes contacts, and how many may be called at once."""
        self._contacts = contacts
        self._chunk = max(1, at_once // LANES)

    @activity.defn
    async def freeze_lot(self, ask: WorkLot) -> Stand:
        """Write a campaign's audience down, as far as it is time to."""
        shift = _Shift(self._contacts, ask, self._chunk)
        async with _beating(shift):
            return await shift.freeze()

    @activity.defn
    async def work_lot(self, ask: WorkLot) -> Stand:
        """Decide, claim, call and record what of a lot is due, many at a time, and say when to ask again."""
        shift = _Shift(self._contacts, ask, self._chunk)
        async with _beating(shift):
            return await shift.work()


class _Shift:
    """One attempt at working on a lot: for a few minutes, or until nothing is due."""

    def __init__(self, contacts: Contacts, ask: WorkLot, chunk: int) -> None:
        self._contacts = contacts
        self._lot_key = ask.lot_key
        self._chunk = chunk
        self._started_at, self._began = activity.info().started_time, time.monotonic()
        self._claiming = asyncio.Lock()
        self._ending = False
        self._passed_over: set[Ask] = set()
        self._free_at = self._began
        self._brake_at = self._began
        self.settled = 0

    @property
    def now(self) -> datetime:
        """Return the instant: Temporal's for the start of the attempt, and what has gone by since."""
        return self._started_at + timedelta(seconds=time.monotonic() - self._began)

    @property
    def over(self) -> bool:
        """Say whether nothing more is to be begun in this attempt."""
        long_enough = time.monotonic() - self._began > contract.WORK_FOR.total_seconds()
        return self._ending or long_enough or activity.is_worker_shutdown()

    async def freeze(self) -> Stand:
        """Write page after page of the audience."""
        while True:
            lot = await self._run(lambda c: lots.read(c, self._lot_key))
            if lot.frozen_at is not None:
                return Stand(done=True)
            if lot.state != "open":
                return Stand(done=True) if lot.kind == "restart" else Stand(stopped=True)
            if self.over:
                return Stand(again_at=self.now)
            if lot.kind == "restart":
                await self._run(lambda c: restarts.freeze_page(c, lot, now=self.now))  # noqa: B023 - run now
                crash_at("mid_freeze")
                continue
            frozen = await self._run(lambda c: campaigns.freeze_page(c, lot, now=self.now))  # noqa: B023 - run now
            crash_at("mid_freeze")
            await self._brake(lot)
            if frozen.again_at is not None and frozen.again_at > self.now:
                return Stand(again_at=frozen.again_at)

    async def work(self) -> Stand:
        """Settle what is due, then end the journeys of which nothing is left."""
        lot = await self._run(lambda c: lots.read(c, self._lot_key))
        if lot.kind == "restart" and lot.state == "stopped":
            return await self._let_go(lot)
        if lot.state == "open":
            await self._brake(lot)
            await self._all_lanes(lot)
            if not self.over:
                await self._leave(lot)
        return await self._run(self._stand)

    async def _brake(self, lot: Lot) -> None:
        """Stop a campaign that reaches more people, or brings more complaints, than its step allows."""
        self._brake_at = time.monotonic() + BRAKE_EVERY.total_seconds()
        what = await self._run(lambda c: brakes.brake(c, lot, now=self.now))
        if what is not None:
            log.error("campaign.braked", lot_key=str(self._lot_key), what=what)

    async def _let_go(self, lot: Lot) -> Stand:
        """Park again what a stopped restart leaves undone; what is being sent is seen to its end first."""
        await self._all_lanes(lot)
        while await self._run(lambda c: restarts.release_page(c, lot, now=self.now)):
            pass
        again_at = await self._run(lambda c: lots.next_at(c, self._lot_key))
        if again_at is not None:
            return Stand(again_at=again_at)
        await self._run(lambda c: restarts.end(c, self._lot_key, now=self.now))
        return Stand(done=True)

    async def _all_lanes(self, lot: Lot) -> None:
        """Run the lanes; whatever ends one, the calls of the others are finished and recorded."""
        lanes = [asyncio.ensure_future(self._lane(lot)) for _ in range(LANES)]
        try:
            await asyncio.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self._ending = (
                self._ending
                or any(lane.done() and lane.exception() for lane in lanes)
                or not all(lane.done() for lane in lanes)
            )
            await asyncio.gather(*lanes, return_exceptions=True)
        for lane in lanes:
            lane.result()

    async def _lane(self, lot: Lot) -> None:
        while not self.over:
            async with self._claiming:  # so that no two lanes take the same contacts
                if time.monotonic() >= self._brake_at:
                    await self._brake(lot)
                asks = await self._run(lambda c: self._due(c, lot))
                if not asks:
                    return
                await self._keep_rate(lot, len(asks))
                deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
                crash_at("before_claim")
                claimed = await self._claim(asks)
                crash_at("after_claim")
            recorded = await asyncio.gather(*(self._make(ask, held, deadline) for ask, held in claimed))
            crash_at("after_accept")
            await self._record(recorded)
            crash_at("after_record")
            self.settled += len(asks)

    def _due(self, conn: Connection, lot: Lot) -> Sequence[Ask]:
        most = self._chunk if lot.rate is None else max(1, min(self._chunk, lot.rate))
        found = lots.due(conn, self._lot_key, now=self.now, most=most + len(self._passed_over))
        return [ask for ask in found if ask not in self._passed_over][:most]

    async def _keep_rate(self, lot: Lot, many: int) -> None:
        """Wait until so many more may be begun; what was not used is never made up for."""
        if lot.rate is None:
            return
        await asyncio.sleep(self._free_at - time.monotonic())
        self._free_at = time.monotonic() + many / lot.rate

    async def _claim(self, asks: Sequence[Ask]) -> list[tuple[Ask, Claimed]]:
        """Claim contacts together; if that fails by one of them, one by one, and pass over the one."""
        sending, now = self._contacts.sending, self.now
        try:
            answers = await self._run(lambda c: claims.claim_all(c, asks, sending, now=now))
        except ApplicationError as error:
            if not _by_one(error):
                raise
            if len(asks) == 1:
                self._pass_over(asks[0], error.type)
                return []
            return [held for ask in asks for held in await self._claim([ask])]
        claimed: list[tuple[Ask, Claimed]] = []
        for ask, held in zip(asks, answers, strict=True):
            if isinstance(held, Claimed):
                claimed.append((ask, held))
            elif isinstance(held, Asking):
                deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
                tell(ask.contact_key, await self._contacts.look_up(ask.customer_key, held, deadline, now=now))
            elif held is not None:
                tell(ask.contact_key, held)
            else:
                self._pass_over(ask, "UnknownContactError")
        return claimed

    def _pass_over(self, ask: Ask, error: str | None) -> None:
        self._passed_over.add(ask)
        log.error("lot.passed_over", contact_key=str(ask.contact_key), error=error)

    async def _make(self, ask: Ask, claimed: Claimed, deadline: float) -> Made:
        outcomes = await self._contacts.call_all(claimed.parts, deadline)
        crash_at("mid_batch")
        outcomes = self._contacts.outages.watch(ask.customer_key, outcomes, at=time.monotonic())
        return Made(ask.customer_key, claimed, outcomes)

    async def _record(self, made: Sequence[Made]) -> None:
        """Record what became of the calls together; while the leases last, a database that falters is asked again."""
        began = time.monotonic()
        while made:
            try:
                became = await self._run(lambda c: records.record_all(c, made, now=self.now))
            except ApplicationError as error:
                if _by_one(error):
                    for one in made if len(made) > 1 else ():
                        await self._record([one])
                    return
                if time.monotonic() - began > contract.CONTACT_TIMEOUT.total_seconds():
                    raise
                await asyncio.sleep(RECORD_AGAIN.total_seconds())
            else:
                for one, outcome in zip(made, became, strict=True):
                    tell(one.claimed.contact_key, outcome)
                return

    async def _leave(self, lot: Lot) -> None:
        stays = await self._run(lambda c: _stays(c, lot))
        while await self._run(lambda c: lots.leave(c, lot, stays=stays, now=self.now)):
            pass

    def _stand(self, conn: Connection) -> Stand:
        lot = lots.read(conn, self._lot_key)
        if lot.state != "open":
            return Stand(done=lot.state == "done", stopped=lot.state == "stopped")
        again_at = lots.next_at(conn, self._lot_key)
        if again_at is None:
            lots.finish(conn, self._lot_key, now=self.now)
            return Stand(done=True)
        if self._passed_over and again_at <= self.now:
            again_at = self.now + contract.AFTER_AN_OUTAGE
        return Stand(again_at=again_at)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        return await self._contacts.run(work)


def _by_one(error: ApplicationError) -> bool:
    """Say whether something is wrong with one contact, rather than with the database as a whole."""
    return error.type not in _OF_THE_WHOLE


def _stays(conn: Connection, lot: Lot) -> bool:
    """Say whether the step waits for its goal though all is said; of a restart, which has many steps, they may."""
    if lot.step is None or lot.version is None:
        return True
    return stays_open(strategies.load(conn, lot.strategy, lot.version).strategy.steps[lot.step])


@contextlib.asynccontextmanager
async def _beating(shift: _Shift) -> AsyncGenerator[None]:
    """Tell Temporal during a block that the work goes on, and how many were settled."""

    async def beat() -> None:
        while True:
            activity.heartbeat(shift.settled)
            await asyncio.sleep(BEAT.total_seconds())

    beats = asyncio.ensure_future(beat())
    try:
        yield
    finally:
        beats.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beats
