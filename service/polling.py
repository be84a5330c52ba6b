"""Asking providers that call nobody: mail servers for bounces, and others that keep what happened until it is fetched.

Beside its other work, every worker looks whether one is due; a row in the database sees to it that one of all looks at
a time. What was fetched is stored with the cursor in one transaction, and acknowledged only then. A worker that dies in
between leaves it to be fetched again: told twice, it is kept once. What cannot be stored, by a mistake of ours or
because PostgreSQL has no such value, is kept as unknown, and said loudly.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from database import heard, polls
from database.engine import Database
from database.errors import DatabaseError, UnstorableError
from database.polls import Look
from tactful.connector import (
    AnyConnector,
    Asking,
    Fault,
    Fetched,
    Inbound,
    Polls,
    SendFault,
    Told,
    acknowledge,
    poll,
)
from tactful.words import ReceiptKind

LOOK_EVERY: Final = timedelta(seconds=1)
FETCH_WITHIN: Final = timedelta(seconds=20)
ACKNOWLEDGE_WITHIN: Final = timedelta(seconds=10)
AT_ONCE: Final = timedelta(milliseconds=100)
"""How soon the next look follows where there is more."""
PATIENCE: Final = timedelta(minutes=15)
"""How long is waited where only a person can mend it: a wrong password that is tried each minute locks the account."""

log = structlog.get_logger()


class Polling:
    """Asks by the connectors of one worker."""

    def __init__(self, database: Database, connectors: Mapping[str, AnyConnector]) -> None:
        self._database = database
        self.equip(connectors)

    def equip(self, connectors: Mapping[str, AnyConnector]) -> None:
        """Use other connectors from now on, and see at once whether those that failed work now."""
        asked = {name: (each, each.polls_every()) for name, each in connectors.items() if isinstance(each, Polls)}
        self._connectors = {name: (each, every) for name, (each, every) in asked.items() if every is not None}
        self._eager = True

    async def run(self) -> None:
        """Look until cancelled; an outage is waited out. Returns never, also where nobody is to be asked."""
        while True:
            try:
                await self.look(now=datetime.now(UTC))
            except DatabaseError as error:
                log.warning("poll.waiting", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - one odd provider must not end it for all others
                log.error("poll.bug", error=type(error).__name__)  # noqa: TRY400 - no values in logs
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self, *, now: datetime) -> int:
        """Ask every provider that is due, as long as each has more; return how many things were told."""
        connectors, eager, self._eager = self._connectors, self._eager, False
        if not connectors:
            return 0
        try:
            due = await asyncio.to_thread(
                self._database.run, lambda c: polls.take(c, connectors.keys(), eager=eager, now=now)
            )
        except DatabaseError:
            self._eager |= eager
            raise
        told = await asyncio.gather(*(self._ask(look, *connectors[look.connector], now) for look in due))
        return sum(told)

    async def _ask(self, look: Look, connector: AnyConnector, every: timedelta, now: datetime) -> int:
        """Make one look and say when the next is due; return how many things were told."""
        try:
            fetched = await self._fetch(look, connector, now)
        except SendFault as fault:
            why = {"fault": fault.fault.value, "code": fault.code, "detail": fault.detail}
            log.warning("poll.failed", connector=look.connector, **why)
            await self._failed(look, fault.fault.value, now + max(every, _pause(fault)))
            return 0
        except DatabaseError:  # nothing is stored, nothing acknowledged: it is due again when the lease ends
            raise
        except Exception as error:  # noqa: BLE001 - what one provider told must not end the asking of all others
            log.error("poll.bug", connector=look.connector, error=type(error).__name__)  # noqa: TRY400 - no values
            await self._failed(look, "bug", now + PATIENCE)
            return 0
        due_at = now + (AT_ONCE if fetched.more else every)
        await asyncio.to_thread(self._database.run, lambda c: polls.worked(c, look, due_at=due_at, now=now))
        return len(fetched.news)

    async def _fetch(self, look: Look, connector: AnyConnector, now: datetime) -> Fetched:
        """Fetch, store, acknowledge: in this order."""
        fetched = await poll(connector, Asking(look.cursor, now), deadline=_within(FETCH_WITHIN))
        if fetched.news or fetched.cursor not in {None, look.cursor}:
            await self._keep(look, connector, fetched, now)
            _tell(look, fetched)
        await acknowledge(connector, fetched.taken, deadline=_within(ACKNOWLEDGE_WITHIN))
        return fetched

    async def _keep(self, look: Look, connector: AnyConnector, fetched: Fetched, now: datetime) -> None:
        """Store all at once; where one cannot be stored, each by itself: none may stop all behind it."""

        async def stored(*news: Told | Inbound, cursor: str | None = None) -> None:
            await asyncio.to_thread(self._database.run, lambda c: _store(c, look, connector, news, cursor, now))

        async def stored_or_named(one: Told | Inbound) -> None:
            try:
                await stored(one)
            except Exception as error:  # noqa: BLE001 - whatever it is, that it came is kept
                _passes(error)
                why = type(error).__name__
                log.error("poll.unstored", connector=look.connector, error=why, dedupe_id=one.dedupe_id)  # noqa: TRY400 - no values
                kind, name, reason = ReceiptKind.UNKNOWN, one.provider_id, f"not stored ({why})"
                await stored(Told(kind=kind, at=now, dedupe_id=one.dedupe_id, provider_id=name, reason=reason))

        try:
            await stored(*fetched.news, cursor=fetched.cursor)
        except Exception as mistake:  # noqa: BLE001 - which one it is, is found out thing by thing
            _passes(mistake)
            for one in fetched.news:
                await stored_or_named(one)
            await stored(cursor=fetched.cursor)

    async def _failed(self, look: Look, why: str, due_at: datetime) -> None:
        await asyncio.to_thread(self._database.run, lambda c: polls.failed(c, look, why, due_at=due_at))


def _passes(error: Exception) -> None:
    """Raise an error again that says nothing of what was to be stored: the database is away, full, or another's."""
    if isinstance(error, DatabaseError) and not isinstance(error, UnstorableError):
        raise error


def _store(  # noqa: PLR0917 - what one transaction holds
    conn: Connection,
    look: Look,
    connector: AnyConnector,
    news: Sequence[Told | Inbound],
    cursor: str | None,
    now: datetime,
) -> None:
    """Keep what was fetched, and where the next look begins, in one transaction."""
    heard.keep(conn, look.connector, connector.capabilities.channels[0], news, answers=False, now=now)
    if cursor is not None:
        polls.reach(conn, look, cursor)


def _tell(look: Look, fetched: Fetched) -> None:
    unknown = [one for one in fetched.news if isinstance(one, Told) and one.kind is ReceiptKind.UNKNOWN]
    replies = sum(isinstance(one, Inbound) for one in fetched.news)
    if fetched.news:
        told = len(fetched.news)
        log.info("poll.heard", connector=look.connector, told=told, replies=replies, unknown=len(unknown))
    for one in unknown:
        log.warning("poll.unknown", connector=look.connector, why=one.reason, dedupe_id=one.dedupe_id)


def _pause(fault: SendFault) -> timedelta:
    lasting = fault.fault in {Fault.CONFIG, Fault.QUOTA, Fault.UNSUPPORTED}
    return fault.retry_after or (PATIENCE if lasting else timedelta(0))


def _within(span: timedelta) -> float:
    return time.monotonic() + span.total_seconds()
