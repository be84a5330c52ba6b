"""What a provider told, by a hook or because it was asked: kept whole, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from database import inbound, receipts
from tactful.connector import Inbound, News, Told
from tactful.words import Channel


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of what was told.

    Attributes:
        say: What the customer who wrote is answered; None for nothing.
        of_no_message: How many things are of no message that we know.
        by_address: Of how many of those something followed for whoever has the address.
    """

    say: str | None
    of_no_message: int = 0
    by_address: int = 0


def keep(
    conn: Connection, connector: str, channel: Channel, news: Iterable[News], *, answers: bool, now: datetime
) -> Kept:
    """Keep everything that was told, each thing once.

    Args:
        conn: A transaction in which nothing was written yet.
        connector: By which connector.
        channel: On which channel customers write by it, and addresses are that stand for a message.
        news: What was told, in any order.
        answers: Whether the provider carries the answer; else it is handed on to be sent.
        now: Aware UTC instant at which it came in.
    """
    news = list(news)
    told = [one for one in news if isinstance(one, Told)]
    said = sorted((one for one in news if isinstance(one, Inbound)), key=lambda one: (one.at, one.dedupe_id))
    heard = receipts.hear(conn, connector, told, channel=channel, now=now) if told else None
    taken = [inbound.take(conn, connector, channel, one, answers=answers, now=now) for one in said]
    say = next((one.say for one in taken if one.say is not None), None)
    return Kept(say, heard.waiting, heard.by_address) if heard else Kept(say)
