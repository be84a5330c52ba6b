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

from database import customers, endings, outbox
from database.attempts import Asking, NotClaimed
from database.endings import Ended, Ending
from database.engine import Direct
from tactful.connector import CannotSay, Finding, Found, NotThere
from tactful.intake import Person
from tactful.temporal import RESOLVE_CONTACT, contact_workflow_id
from tactful.words import ContactState, Reason

MOST_ASKED: Final = 10
"""How often a provider is asked that cannot say; then a person has to settle it."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)

# The attempt is over as far as anybody knows; whoever looks next asks, or calls again where that is safe, or parks.
REOPEN = Direct("""
WITH contact AS (
  UPDATE contacts SET state = 'claimed', reason = 'retrying', lease_until = :now, fence = fence + 1,
         restarts = restarts + 1, lot_key = NULL, counts_at = coalesce(counts_at, :now), updated_at = :now,
         revision = :revision
   WHERE contact_key = :contact_key AND customer_key = :customer_key AND state = 'parked' AND reason = 'unknown'
     AND EXISTS (SELECT 1 FROM messages m WHERE m.contact_key = :contact_key AND m.state IN ('unknown', 'claimed'))
  RETURNING contact_key, customer_key, version, restarts
), part AS (
  UPDATE messages m SET state = 'claimed', asked = 0 FROM contact c
   WHERE m.contact_key = c.contact_key AND m.state IN ('unknown', 'claimed')
), decision AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, reason, trace, version, asked_by, why, revision)
  SELECT contact_key, :now, 'settle', 'unknown', '[]', version, :asked_by, :why, :revision FROM contact
)
SELECT restarts FROM contact
""")


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


def ask_again(conn: Connection, customer_key: UUID, contact_key: UUID, person: Person, *, now: datetime) -> bool:
    """Have a parked contact settled of which nobody knows whether it arrived: its provider is asked, if it can be.

    Nothing is sent unless the provider says that it never got the message, or takes our key; one that can do neither
    has it parked again. False where the contact does not wait for that.

    Args:
        conn: A transaction in which nothing has happened yet.
        customer_key: Whose contact.
        contact_key: Which contact.
        person: Who asks, and why.
        now: Aware UTC instant.
    """
    revision = customers.revise(conn, customer_key)
    row = REOPEN.row(
        conn,
        contact_key=contact_key,
        customer_key=customer_key,
        asked_by=person.name,
        why=person.why,
        revision=revision,
        now=now,
    )
    if row is None:
        return False
    workflow_id = contact_workflow_id(contact_key, row["restarts"])
    outbox.start(conn, workflow_id, RESOLVE_CONTACT, contact_key, customer_key, now=now)
    return True


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
            }
        case NotThere():
            return {"channel": channel, "state": "waiting", "fault": "not there"}
        case CannotSay():
            parked = ending.state is ContactState.PARKED
            said = {"channel": channel, "fault": "cannot say", "detail": finding.why, "asked": 1}
            return said | {"state": "unknown" if parked else "claimed"}
