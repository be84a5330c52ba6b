"""Whether a contact is still worth making."""

from __future__ import annotations

from datetime import datetime

from tactful.facts import Contact
from tactful.verdict import Line
from tactful.words import Reason

EXPIRY = "expiry"
LIFE = "life"
"""The name under which a trace says that a contact's life was over before it could be made."""


def unexpired(contact: Contact, now: datetime) -> Line:
    """Say whether the contact's life is not over; it ends at the instant `expires_at`. Holds for mandatory ones too.

    Source: docs/rules.md#expiry
    """
    if contact.expires_at is None:
        return Line(EXPIRY)
    said = {"expires_at": contact.expires_at.isoformat()}
    return Line(EXPIRY, Reason.EXPIRED if now >= contact.expires_at else None, said)
