"""What the events of SES mean, as they stand in a notification. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from tactful.connector import Told
from tactful.connector.hooks import inner, told_at, told_key, told_one, told_text
from tactful.words import ReceiptKind

KEY = "tactful_key"
_EVENTS = {
    "Send": (ReceiptKind.ACCEPTED, "send"),
    "Reject": (ReceiptKind.REJECTED, "reject"),
    "Rendering Failure": (ReceiptKind.REJECTED, "failure"),
    "Bounce": (ReceiptKind.BOUNCED, "bounce"),
    "Complaint": (ReceiptKind.COMPLAINED, "complaint"),
    "Delivery": (ReceiptKind.DELIVERED, "delivery"),
    "DeliveryDelay": (ReceiptKind.DEFERRED, "deliveryDelay"),
    "Open": (ReceiptKind.OPENED, "open"),
    "Click": (ReceiptKind.CLICKED, "click"),
    "Subscription": (ReceiptKind.UNKNOWN, "subscription"),
}
"""What an event is, and under which name more is said of it."""


def told_of(message: str, otherwise: datetime) -> Iterator[Told]:
    """Yield what the message of a notification tells; nothing where it is no event: SES greets a topic in plain words.

    Args:
        message: The text of the notification.
        otherwise: The instant to take where none is told.
    """
    try:
        said = cast("Mapping[str, object]", json.loads(message))
    except (ValueError, RecursionError):
        return
    event = told_text(said, "eventType") or told_text(said, "notificationType")
    if not event:
        return
    kind, place = _EVENTS.get(event, (ReceiptKind.UNKNOWN, ""))
    more = inner(said, place)
    provider_id = told_text(said, "mail", "messageId")
    at = told_text(more, "timestamp") or told_text(said, "mail", "timestamp")
    name = told_text(more, "feedbackId") or f"{event} {provider_id} {at}"
    for meant in _meant(kind, more):
        yield Told(
            kind=meant,
            at=told_at(at, otherwise),
            dedupe_id=f"{name} {meant}",
            provider_id=provider_id or None,
            key=_key(inner(said, "mail", "tags", KEY)),
            recipient=_recipient(said, more),
            permanent=told_text(more, "bounceType") == "Permanent",
            reason=_reason(more),
            raw=said,
        )


def _meant(kind: ReceiptKind, more: object) -> tuple[ReceiptKind, ...]:
    """Return the kinds of a receipt, looked at closely."""
    if kind is ReceiptKind.COMPLAINED and told_text(more, "complaintFeedbackType") == "not-spam":
        return (ReceiptKind.UNKNOWN,)
    if kind is ReceiptKind.COMPLAINED and told_text(more, "complaintSubType") == "OnAccountSuppressionList":
        return (ReceiptKind.REJECTED, kind)
    if inner(more, "newTopicPreferences", "unsubscribeAll") is True:
        return (ReceiptKind.UNSUBSCRIBED,)
    return (kind,)


def _reason(more: object) -> str:
    names = ("bounceType", "bounceSubType", "complaintSubType", "complaintFeedbackType", "delayType", "reason")
    return " ".join(filter(None, (told_text(more, name) for name in names)))


def _recipient(said: Mapping[str, object], more: object) -> str | None:
    """Return whom it is about; None where SES names several: of a complaint it knows the domain, and guesses who."""
    named = inner(more, "bouncedRecipients") or inner(more, "complainedRecipients")
    if named is None:
        return told_one(said, "mail", "destination")
    many = cast("list[object]", named) if isinstance(named, list) else []
    return told_text(many[0], "emailAddress") or None if len(many) == 1 else None


def _key(tags: object) -> UUID | None:
    """Return our key of the values of its tag; SES tells a list."""
    return told_key(cast("list[object]", tags)[0]) if isinstance(tags, list) and tags else None
