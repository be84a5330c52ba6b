"""One safeguard taken away, in the soak's own processes only: each must be noticed, or the soak proves nothing.

Done from outside, by replacing a class, a statement or a configuration in the tests' worker: production code has no
switch for any of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from temporalio import activity

from activities import contract
from activities.contacts import Contacts, _made, crash_at
from activities.contract import Made, MakeContact
from connectors.direct_mail.lob import Lob
from connectors.email.sendgrid import SendGrid
from connectors.sms.twilio import Twilio
from database import claims, customers, heard, records
from database.attempts import Ask, Asking, Claimed, NotClaimed
from database.engine import Database, Direct
from database.heard import Kept
from database.records import Outcome
from service import wiring
from tactful.connector import Accepted, Cancelled, Hook

KEPT_AFTER_SECONDS = 0.5


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
    HOOK_FIRST = "hook-first"
    """What a vendor tells is answered with 2xx, then stored."""
    SIGNATURE = "signature"
    """Nobody looks whether a hook is signed."""
    STOP = "stop"
    """A letter is held for stopped, whatever its printer answers."""

    @property
    def breaks(self) -> str:
        """Return the zero that must not be zero any more."""
        return _BREAKS[self]

    @property
    def a_race(self) -> bool:
        """Say whether it shows between two transactions: best seen in calm weather, and with slow deciding."""
        return self in {Sabotage.CAP_LOCK, Sabotage.OPT_OUT_LOCK}

    @property
    def of_vendors(self) -> bool:
        """Say whether it is missed only where vendors tell by hooks, and where letters can be stopped."""
        return self in {Sabotage.HOOK_FIRST, Sabotage.SIGNATURE, Sabotage.STOP}


_BREAKS = {
    Sabotage.CLAIM: "doubled",
    Sabotage.KEY: "doubled",
    Sabotage.RECORD_FIRST: "lost",
    Sabotage.CAP_LOCK: "over-cap",
    Sabotage.OPT_OUT_LOCK: "opted-out",
    Sabotage.HOOK_FIRST: "unkept",
    Sabotage.SIGNATURE: "forged",
    Sabotage.STOP: "untrue",
}


class WithoutClaim(Contacts):
    """Calls first and writes afterwards."""

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
        now = activity.info().started_time
        asked = Ask(ask.customer_key, ask.contact_key, ask.leaves, looks_up=True)

        def look(conn: sa.Connection) -> Claimed | Asking | NotClaimed:
            with conn.begin_nested() as point:
                found = claims.claim(conn, asked, self.sending, now=now)
                if isinstance(found, Claimed):
                    point.rollback()
            return found

        crash_at("before_claim")
        claimed = await self.run(look)
        crash_at("after_claim")
        if isinstance(claimed, Asking):
            return _made(ask, await self.look_up(ask.customer_key, claimed, deadline, now=now))
        if isinstance(claimed, NotClaimed):
            return _made(ask, claimed)
        outcomes = await self.call_all(claimed.parts, deadline)
        crash_at("after_accept")

        def write(conn: sa.Connection) -> NotClaimed:
            again = claims.claim(conn, asked, self.sending, now=now)
            assert not isinstance(again, Asking), "what was to be sent a moment ago is not asked for now"
            if isinstance(again, NotClaimed):
                return again
            return records.record(conn, records.Made(ask.customer_key, again, outcomes), now=now)

        recorded = await self.run(write)
        crash_at("after_record")
        return _made(ask, recorded)


class RecordsFirst(Contacts):
    """Writes that a contact was sent, then sends it."""

    @activity.defn
    async def make_contact(self, ask: MakeContact) -> Made:
        deadline = time.monotonic() + contract.CALL_DEADLINE.total_seconds()
        now = activity.info().started_time
        asked = Ask(ask.customer_key, ask.contact_key, ask.leaves, looks_up=True)
        crash_at("before_claim")
        claimed = await self.run(lambda c: claims.claim(c, asked, self.sending, now=now))
        crash_at("after_claim")
        if isinstance(claimed, Asking):
            return _made(ask, await self.look_up(ask.customer_key, claimed, deadline, now=now))
        if isinstance(claimed, NotClaimed):
            return _made(ask, claimed)
        hoped = [Outcome(part, Accepted("surely")) for part in claimed.parts]
        made, at = records.Made(ask.customer_key, claimed, hoped), now + timedelta(milliseconds=1)
        recorded = await self.run(lambda c: records.record(c, made, now=at))
        crash_at("after_record")
        await self.call_all(claimed.parts, deadline)
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
        case Sabotage.STOP:
            Lob.parse_cancel = lambda self, answer: Cancelled()
        case _:
            pass


def sabotage_web(what: Sabotage | None) -> None:
    """Take a safeguard away from the doors of this process."""
    match what:
        case Sabotage.HOOK_FIRST:
            heard.keep = _keep_afterwards(heard.keep)
        case Sabotage.SIGNATURE:
            Twilio.verify = SendGrid.verify = Lob.verify = _believe
        case _:
            pass


def _believe(self: object, hook: Hook) -> None:
    """Let every hook pass."""


def _keep_afterwards(keep: Callable[..., Kept]) -> Callable[..., Kept]:
    database = Database(os.environ["TACTFUL_DATABASE_URL"])

    def keep_later(_: sa.Connection, *told: Any, **more: Any) -> Kept:  # noqa: ANN401 - whatever it takes
        threading.Timer(KEPT_AFTER_SECONDS, lambda: database.run(lambda c: keep(c, *told, **more))).start()
        return Kept(None)

    return keep_later


def unlock() -> None:
    """Make the customer's lock a mere look, in this process."""
    for name, instead in _LOOKS.items():
        if not hasattr(customers, name):
            raise LookupError(f"customers.{name} is no more: tests/soak/sabotage.py must follow")
        setattr(customers, name, instead)


@contextmanager
def unlocked() -> Generator[None]:
    """Make the customer's lock a mere look within a block."""
    before = {name: getattr(customers, name) for name in _LOOKS}
    unlock()
    try:
        yield
    finally:
        for name, lock in before.items():
            setattr(customers, name, lock)


_ONE = Direct("SELECT * FROM customers WHERE customer_key = :customer_key")
_ALL = Direct("SELECT * FROM customers WHERE customer_key = ANY(:customer_keys)")
_LOOKS = {"LOCK": _ONE, "REVISE": _ONE, "LOCK_ALL": _ALL, "REVISE_ALL": _ALL}
