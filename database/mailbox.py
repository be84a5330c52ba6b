"""The mailbox: what the mailbox connectors deliver, kept in a table, once per key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from tactful.connector import Message

DELIVER = text(
    "INSERT INTO mailbox (part_key, channel, content, delivered_at) "
    "VALUES (:part_key, :channel, CAST(:content AS jsonb), :now) ON CONFLICT (part_key) DO NOTHING"
)


def deliver(conn: Connection, message: Message, *, now: datetime) -> str:
    """Keep a message and return the id it is kept under; the same key again changes nothing."""
    row = {"part_key": message.key, "channel": message.channel.value, "content": message.model_dump_json()}
    conn.execute(DELIVER, row | {"now": now})
    return str(message.key)
