"""What customers wrote, handed on: to a person by email, or answered where the provider does not carry our answer.

Beside its other work, every worker looks for it. A person may be forwarded the same message twice, after a crash or an
unclear answer; a customer is answered at most once.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from database import inbound
from database.engine import Database
from database.errors import DatabaseError
from database.inbound import ToHandOn
from tactful.connector import AnyConnector, Fault, Message, SendFault, send
from tactful.keys import NAMESPACE
from tactful.strategy.model import Sender
from tactful.words import Channel

LOOK_EVERY: Final = timedelta(seconds=2)
CALL_WITHIN: Final = timedelta(seconds=20)
MOST_AT_ONCE: Final = 10

log = structlog.get_logger()


class HandingOn:
    """Hands on by the connectors of one worker."""

    def __init__(
        self,
        database: Database,
        connectors: Mapping[str, AnyConnector],
        by_channel: Mapping[Channel, tuple[str, ...]],
    ) -> None:
        self._database = database
        self.equip(connectors, by_channel)

    def equip(self, connectors: Mapping[str, AnyConnector], by_channel: Mapping[Channel, tuple[str, ...]]) -> None:
        """Use other connectors from now on."""
        self._connectors = connectors
        self._mail = next((connectors[name] for name in by_channel.get(Channel.EMAIL, ())), None)

    async def run(self) -> None:
        """Look until cancelled; an outage is waited out."""
        while True:
            try:
                while await self.look(now=datetime.now(UTC)) == MOST_AT_ONCE:
                    pass
            except DatabaseError as error:
                log.warning("reply.waiting", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - one odd row must not end it for all others
                log.error("reply.bug", error=type(error).__name__)  # noqa: TRY400 - no values in logs
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self, *, now: datetime) -> int:
        """Hand on what is due; return how much it was."""
        due = await asyncio.to_thread(self._database.run, lambda c: inbound.due(c, most=MOST_AT_ONCE, now=now))
        await asyncio.gather(*(self._hand_on(one, now) for one in due))
        return len(due)

    async def _hand_on(self, one: ToHandOn, now: datetime) -> None:
        what = "answered" if one.answer is not None else "forwarded"
        connector = self._connectors.get(one.connector) if one.answer is not None else self._mail
        message = _message(one, now)
        fault: SendFault | None = None
        if connector is None or message is None:
            fault = SendFault(Fault.CONFIG, "no way", "there is no connector, or the strategy names no sender for it")
        else:
            try:
                await send(connector, message, deadline=time.monotonic() + CALL_WITHIN.total_seconds())
            except SendFault as refused:
                fault = refused
        once = one.answer is not None and fault is not None and fault.fault is Fault.AMBIGUOUS
        if fault is None or once:
            await asyncio.to_thread(self._database.run, lambda c: inbound.done(c, one.no, now=now))
            log.info("reply.handed_on", inbound=one.no, how=what)
            return
        over = one.attempts >= inbound.MOST_TRIES
        if over:
            await asyncio.to_thread(self._database.run, lambda c: inbound.give_up(c, one.no))
        log.error("reply.not_handed_on", inbound=one.no, how=what, fault=fault.fault.value, code=fault.code, last=over)


def _message(one: ToHandOn, now: datetime) -> Message | None:
    """Return what is sent; None where the strategy does not say who it is from, or where to."""
    sender = one.sender
    if sender is None:
        return None
    if one.answer is not None:
        own = {Channel.SMS: sender.sms, Channel.EMAIL: sender.email, Channel.PUSH: sender.push}.get(one.channel)
        return Message(
            key=uuid.uuid5(NAMESPACE, f"answer/{one.no}"),
            channel=one.channel,
            to=one.customer,
            written_at=now,
            language="en",
            marketing=False,
            sender_name=sender.name,
            sender_address=own or sender.name,
            text=one.answer,
            subject=sender.name if one.channel is Channel.EMAIL else None,
        )
    return _forwarded(one, sender, now) if sender.email else None


def _forwarded(one: ToHandOn, sender: Sender, now: datetime) -> Message:
    who = one.user_id or "somebody unknown"
    by_mail = one.channel is Channel.EMAIL
    answering = "Answer this mail, and they get it." if by_mail else f"They wrote by {one.channel}; answer them there."
    lines = [
        f"{who} wrote to us by {one.channel} from {one.customer}, {one.occurred_at:%d %B %Y, %H:%M} UTC:",
        one.text,
        answering,
    ]
    return Message(
        key=uuid.uuid5(NAMESPACE, f"forward/{one.no}"),
        channel=Channel.EMAIL,
        to=sender.email or "",
        written_at=now,
        language="en",
        marketing=False,
        sender_name=sender.name,
        sender_address=sender.email,
        reply_to=one.customer if by_mail else None,
        subject=f"A customer answered: {who}"[:200].replace("\n", " "),
        text="\n\n".join(lines),
    )
