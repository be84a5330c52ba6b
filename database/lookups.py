"""What became of an attempt that was cut off, as its provider says when asked by our key: found, not there, cannot say.

Nobody sends again without a plain *not there*; then the contact is decided afresh, and the same frozen bytes go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from database import customers, endings
from database.attempts import Asking, NotClaimed
from database.endings import Ended, Ending
from database.freezing import cost_columns
from tactful.connector import CannotSay, Finding, Found, NotThere
from tactful.words import ContactState, Reason

MOST_ASKED: Final = 10
"""How often a provider is asked that cannot say; then a person has to settle it."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Asked:
    """What was asked, and one finding for each part."""

    customer_key: UUID
    asking: Asking
    findings: Sequence[Finding]


def settle(conn: Connection, asked: Asked, *, now: datetime) -> NotClaimed:
    """Write what providers said became of an attempt, and return what the journey looks at next.

    Args:
        conn: A transaction in which nothing has happened yet.
        asked: What was asked, and the findings.
        now: Aware UTC instant.
    """
    asking = asked.asking
    revisions = customers.revise_all(conn, {asked.customer_key})
    ending = _ending(asking, asked.findings, now)
    parts = [
        _part(part.message.channel.value, finding, ending)
        for part, finding in zip(asking.parts, asked.findings, strict=True)
    ]
    ended = Ended(asked.customer_key, asking.contact_key, asking.fence, asking.leaves, ending, parts)
    answer = endings.write_all(conn, (ended,), revisions, now=now)[0]
    return answer if answer is not None else endings.overtaken(conn, asking.contact_key, now=now)


def _ending(asking: Asking, findings: Sequence[Finding], now: datetime) -> Ending:
    """Return what the contact becomes; as long as one part is not known, it is not decided about."""
    if any(isinstance(finding, CannotSay) for finding in findings):
        if asking.asked + 1 >= MOST_ASKED:
            return Ending(ContactState.PARKED, Reason.UNKNOWN)
        pause = min(FIRST_PAUSE * 2**asking.asked, LONGEST_PAUSE)
        return Ending(ContactState.CLAIMED, Reason.RETRYING, now + pause)
    if asking.others_open:
        return Ending(ContactState.CLAIMED, Reason.RETRYING, now)
    missing = asking.waits or any(isinstance(finding, NotThere) for finding in findings)
    if asking.sent or any(isinstance(finding, Found) for finding in findings):
        return Ending(ContactState.SENT, again_at=now if missing else None, retries=missing)
    return Ending(ContactState.PLANNED, Reason.RETRYING, now)


def _part(channel: str, finding: Finding, ending: Ending) -> Mapping[str, object]:
    match finding:
        case Found():
            return {
                "channel": channel,
                "state": "sent",
                "provider_id": finding.provider_id,
                "fault": None,
                "detail": finding.detail or None,
                **cost_columns(finding.cost),
            }
        case NotThere():
            return {"channel": channel, "state": "waiting", "fault": "not there"}
        case CannotSay():
            parked = ending.state is ContactState.PARKED
            said = {"channel": channel, "fault": "cannot say", "detail": finding.why, "asked": 1}
            return said | {"state": "unknown" if parked else "claimed"}
