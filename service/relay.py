"""The relay: tells Temporal what the outbox says, in order per customer, in every worker.

A start refuses an id that was ever used, a wake-up that finds nobody has arrived: telling twice is harmless, so a
word is deleted only after it was told.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from database import outbox
from database.engine import Database
from database.outbox import Word
from tactful.temporal import RESOLVE_CONTACT, WAKE, ContactEntry, LotEntry, StepEntry

IDLE: Final = timedelta(milliseconds=200)
"""How long words gather before the next look: one look for many costs little more than one look for one."""
AT_ONCE: Final = 100
LONGEST_PAUSE: Final = timedelta(seconds=30)
RPC_TIMEOUT: Final = timedelta(seconds=10)

# A restart is for a workflow that failed or was ended on Temporal's pages while its journey goes on; a contact that
# was settled is looked at again when it bounces.
_REUSE: Final = {
    "start": WorkflowIDReusePolicy.REJECT_DUPLICATE,
    "restart": WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    "again": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
}

log = structlog.get_logger()


class Relay:
    """Carries words from one database's outbox to one Temporal."""

    def __init__(self, database: Database, client: Client, task_queue: str) -> None:
        self._database = database
        self._client = client
        self._task_queue = task_queue

    async def run(self) -> None:
        """Carry words until cancelled; an outage of either side is waited out, and nothing is lost by it."""
        pause = IDLE
        while True:
            try:
                told = await self.carry()
                pause = IDLE
            except Exception as error:  # noqa: BLE001 - the outbox keeps what is not told; one odd error ends nothing
                told, pause = 0, min(pause * 2, LONGEST_PAUSE)
                log.warning("relay.waiting", error=type(error).__name__, pause_s=pause.total_seconds())
            if told < AT_ONCE:
                await asyncio.sleep(pause.total_seconds())

    async def carry(self) -> int:
        """Tell one batch; return how many words were told. What could not be told is taken again a little later.

        Raises:
            RPCError: Temporal could not be told any of them.
        """
        words = await asyncio.to_thread(self._database.run, lambda c: outbox.take(c, most=AT_ONCE))
        if not words:
            return 0
        answers = await asyncio.gather(*(self._tell(word) for word in words), return_exceptions=True)
        told = [word.outbox_no for word, answer in zip(words, answers, strict=True) if answer is None]
        untold = [word.outbox_no for word, answer in zip(words, answers, strict=True) if answer is not None]
        settling = asyncio.ensure_future(
            asyncio.to_thread(self._database.run, lambda c: outbox.settle(c, told, untold))
        )
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            await settling
            raise
        outages = [answer for answer in answers if isinstance(answer, RPCError)]
        for word, answer in zip(words, answers, strict=True):
            if answer is not None:
                error = answer.status.name if isinstance(answer, RPCError) else type(answer).__name__
                log.warning("relay.untold", workflow_id=word.workflow_id, kind=word.kind, error=error)
        if outages and not told:
            raise outages[0]
        return len(told)

    async def _tell(self, word: Word) -> None:
        if word.kind == "wake":
            await self._wake(word)
        else:
            await self._start(word)

    async def _start(self, word: Word) -> None:
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                word.workflow_type,
                _entry(word),
                id=word.workflow_id,
                task_queue=self._task_queue,
                id_reuse_policy=_REUSE[word.kind],
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=WAKE if word.kind == "again" else None,
                rpc_timeout=RPC_TIMEOUT,
            )

    async def _wake(self, word: Word) -> None:
        try:
            await self._client.get_workflow_handle(word.workflow_id).signal(WAKE, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            # A namespace that is not found is our mistake, a workflow that is not found has ended.
            if error.status is not RPCStatusCode.NOT_FOUND or "namespace" in str(error).lower():
                raise


def _entry(word: Word) -> LotEntry | ContactEntry | StepEntry:
    """Return the input of the workflow that a word starts."""
    if word.customer_key is None:
        return LotEntry(lot_key=word.subject_key)
    if word.workflow_type == RESOLVE_CONTACT:
        return ContactEntry(contact_key=word.subject_key, customer_key=word.customer_key)
    return StepEntry(journey_key=word.subject_key, customer_key=word.customer_key)
