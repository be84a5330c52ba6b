"""What a provider told, by a hook or because it was asked: kept whole, with all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from database import inbound, receipts
from tactful.connector import Inbound, News, Told
from tactful.words import Channel


def keep(
    conn: Connection, connector: str, channel: Channel, news: Iterable[News], *, answers: bool, now: datetime
) -> str | None:
    """Keep everything that was told, each thing once; return what the customer who wrote is answered.

    Args:
        conn: A transaction in which nothing was written yet.
        connector: By which connector.
        channel: On which channel customers write by it.
        news: What was told, in any order.
        answers: Whether the provider carries the answer; else it is handed on to be sent.
        now: Aware UTC instant at which it came in.
    """
    news = list(news)
    told = [one for one in news if isinstance(one, Told)]
    said = sorted((one for one in news if isinstance(one, Inbound)), key=lambda one: (one.at, one.dedupe_id))
    if told:
        receipts.hear(conn, connector, told, now=now)
    taken = [inbound.take(conn, connector, channel, one, answers=answers, now=now) for one in said]
    return next((one.say for one in taken if one.say is not None), None)
