"""Calls that did not come to a yes, kept one by one: the message's own row knows the last of them only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from database.freezing import Part
from tactful.connector import SendFault

KEEP = text(
    "INSERT INTO failed_attempts (contact_key, channel, connector, failed_at, fault, detail) "
    "SELECT :contact_key, f.channel, f.connector, :now, f.fault, f.detail "
    "FROM jsonb_to_recordset(CAST(:failed AS jsonb)) AS f(channel text, connector text, fault text, detail text)"
)


def keep(conn: Connection, contact_key: UUID, failed: Iterable[tuple[Part, SendFault]], *, now: datetime) -> None:
    """Keep what was answered to the calls of a contact that failed; nothing where none did."""
    rows = [
        {
            "channel": part.message.channel.value,
            "connector": part.connector,
            "fault": f"{fault.fault} {fault.code}",
            "detail": fault.detail or None,
        }
        for part, fault in failed
    ]
    if rows:
        conn.execute(KEEP, {"contact_key": contact_key, "failed": json.dumps(rows), "now": now})
