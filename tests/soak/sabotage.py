"""One safeguard taken away, in the soak's own processes only: each must be noticed, or the soak proves nothing.

Done from outside, by replacing a class, a statement or a configuration in the tests' worker: production code has no
switch for any of it.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from temporalio import activity

from activities import contract
from activities.contacts import Contacts, _made, crash_at
from activities.contract import Made, MakeContact
from database import claims, records
from database.claims import Claimed, NotClaimed
from database.records import Outcome
from service import wiring
from tactful.connector import Accepted


class Sabotage(StrEnum):
    """What is taken away."""

    CLAIM = "claim"
    """Nothing is written before the call: claim and record are one transaction after it."""
    KEY = "key"
    """The provider that sends once per key is not sent the key."""
    RECORD_FIRST = "record-first"
    """The contact is recorded as sent, then sent."""
    CAP_LOCK = "cap-lock"
    """Contacts of one customer are decided side by side: the lock only reads."""
    OPT_OUT_LOCK = "opt-out-lock"
    """An opt-out is written without the customer's lock."""

    @property
    def a_race(self) -> bool:
        """Say whether it shows between two transactions: best seen in calm weather, and with slow deciding."""
        return self in {Sabotage.CAP_LOCK, Sabotage.OPT_OUT_LOCK}


LOCK = re.compile(
    r"UPDATE customers( \w+)? SET revision = (?:\w+\.)?revision \+ 1 (?P<where>WHERE .*?)\s*RETURNING (?P<columns>.*)",
    re.DOTALL,
)


class WithoutClaim(Contacts):
    """Calls first and writes afterwards."""

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
        now = activity.info().started_time

        def look(conn: sa.Connection) -> Claimed | NotClaimed:
            with conn.begin_nested() as point:
                found = claims.claim(conn, ask.customer_key, ask.contact_key, self._sending, now=now)
                if isinstance(found, Claimed):
                    point.rollback()
            return found

        crash_at("before_claim")
        claimed = await self._run(look)
        crash_at("after_claim")
        if isinstance(claimed, NotClaimed):
            return _made(ask, claimed)
        outcomes = await asyncio.gather(*(self._call(part, deadline) for part in claimed.parts))
        crash_at("after_accept")

        def write(conn: sa.Connection) -> NotClaimed:
            again = claims.claim(conn, ask.customer_key, ask.contact_key, self._sending, now=now)
            if isinstance(again, NotClaimed):
                return again
            return records.record(conn, ask.customer_key, again, outcomes, now=now)

        recorded = await self._run(write)
        crash_at("after_record")
        return _made(ask, recorded)


class RecordsFirst(Contacts):
    """Writes that a contact was sent, then sends it."""

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
        now = activity.info().started_time
        crash_at("before_claim")
        claimed = await self._run(lambda c: claims.claim(c, ask.customer_key, ask.contact_key, self._sending, now=now))
        crash_at("after_claim")
        if isinstance(claimed, NotClaimed):
            return _made(ask, claimed)
        hoped = [Outcome(part, Accepted("surely")) for part in claimed.parts]
        at = now + timedelta(milliseconds=1)
        recorded = await self._run(lambda c: records.record(c, ask.customer_key, claimed, hoped, now=at))
        crash_at("after_record")
        await asyncio.gather(*(self._call(part, deadline) for part in claimed.parts))
        crash_at("after_accept")
        return _made(ask, recorded)


def sabotage_worker(what: Sabotage | None) -> None:
    """Take a safeguard away from the worker of this process."""
    match what:
        case Sabotage.CLAIM:
            wiring.Contacts = WithoutClaim
        case Sabotage.RECORD_FIRST:
            wiring.Contacts = RecordsFirst
        case Sabotage.CAP_LOCK:
            unlock()
        case _:
            pass


def unlock(engine: sa.Engine | None = None) -> None:
    """Make the customer's lock of an engine, or of every engine of this process, a mere look."""
    event.listen(engine or sa.Engine, "before_cursor_execute", _look_only, retval=True)


def _look_only(*arguments: Any) -> tuple[str, Any]:  # noqa: ANN401 - what SQLAlchemy hands to listeners
    statement, parameters = arguments[2], arguments[3]
    if "revision + 1" in statement and "UPDATE customers" in statement:
        changed, number = LOCK.subn(r"SELECT \g<columns> FROM customers\1 \g<where>", statement)
        if not number:
            raise LookupError("the lock reads differently now: tests/soak/sabotage.py must follow")
        return changed, parameters
    return statement, parameters
