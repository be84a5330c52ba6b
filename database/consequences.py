"""What receipts say beyond their contact: of the address, and of what the customer wants to hear.

Called with the locks of everybody whom it concerns held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from database import intake, suppressions
from database.suppressions import SoftBounce
from tactful.connector import Told
from tactful.intake import Suppress
from tactful.words import Channel, ConsentState, ReceiptKind, SuppressionClass

Part = Mapping[str, Any]
"""The part of a contact that a receipt is about: its channel, its address, its topic, its customer."""
ABOUT_ADDRESS: Final = frozenset(
    {ReceiptKind.BOUNCED, ReceiptKind.REJECTED, ReceiptKind.RETURNED, ReceiptKind.COMPLAINED}
)
NO_MORE: Final = frozenset({ReceiptKind.COMPLAINED, ReceiptKind.UNSUBSCRIBED})


def addresses(told: Iterable[tuple[Told, Part]]) -> Iterator[tuple[Channel, str]]:
    """Yield the addresses that are in question, whose holders have to be locked."""
    for one, part in told:
        if one.kind in ABOUT_ADDRESS and part["address"]:
            yield Channel(part["channel"]), part["address"]


def write(
    conn: Connection, told: Sequence[tuple[str, Told, Part]], revisions: Mapping[UUID, int], *, now: datetime
) -> None:
    """Write the suppressions and the opt-outs that follow from receipts which are new."""
    said: list[Suppress] = []
    soft: list[SoftBounce] = []
    for connector, one, part in told:
        if not part["address"]:
            continue  # erased with the customer
        channel, address = Channel(part["channel"]), str(part["address"])
        kind = _suppression(one)
        if kind is not None:
            said.append(Suppress(kind, one.kind.value, connector, min(one.at, now), channel=channel, address=address))
        elif one.kind is ReceiptKind.BOUNCED:
            soft.append(SoftBounce(channel, address, min(one.at, now), connector, one.dedupe_id))
    if soft:
        suppressions.bounced_many(conn, soft, now=now)
    if said:
        suppressions.suppress_many(conn, said, now=now)
    statements = [_opt_out(*one, revisions, now) for one in told if one[1].kind in NO_MORE]
    if statements:
        conn.execute(intake.STATE, statements)


def _suppression(told: Told) -> SuppressionClass | None:
    """Return how an address is suppressed after a receipt; None where it is not, or not yet."""
    match told.kind:
        case ReceiptKind.COMPLAINED:
            return SuppressionClass.MARKETING
        case ReceiptKind.RETURNED:
            return SuppressionClass.UNDELIVERABLE
        case ReceiptKind.BOUNCED | ReceiptKind.REJECTED if told.permanent:
            return SuppressionClass.UNDELIVERABLE
        case _:
            return None


def _opt_out(connector: str, told: Told, part: Part, revisions: Mapping[UUID, int], now: datetime) -> dict[str, object]:
    """Return the statement by which the customer of a contact wants no more of its topic on its channel."""
    return {
        "customer_key": part["customer_key"],
        "channel": part["channel"],
        "topic": part["topic"],
        "state": ConsentState.OPTED_OUT.value,
        "basis": "withdrawn",
        "source": connector,
        "evidence": intake.as_json({"receipt": told.kind.value}),
        "stated_at": min(told.at, now),
        "expires_at": None,
        "revision": revisions[part["customer_key"]],
        "now": now,
    }
