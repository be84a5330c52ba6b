"""What receipts say beyond their contact: of the address, and of what the customer wants to hear.

Where a provider speaks of no message of ours but of an address, it holds for whoever has that address. Called with the
locks of everybody whom it concerns held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from database import intake, suppressions
from database.addresses import address_of
from database.suppressions import SoftBounce
from tactful.connector import Fault, Told
from tactful.intake import Suppress
from tactful.words import Channel, ConsentState, ReceiptKind, SuppressionClass

Part = Mapping[str, Any]
"""The part of a contact that a receipt is about: its channel, its address, its topic, its customer. Of an address alone
neither topic nor customer is known."""
ABOUT_ADDRESS: Final = frozenset(
    {ReceiptKind.BOUNCED, ReceiptKind.REJECTED, ReceiptKind.RETURNED, ReceiptKind.COMPLAINED}
)
SUPPRESSED: Final = Fault.SUPPRESSED.value
"""Why an address is suppressed that has said no to the provider, however we learn of it: START takes it back."""
NO_MORE: Final = frozenset({ReceiptKind.COMPLAINED, ReceiptKind.UNSUBSCRIBED})


def held(conn: Connection, channel: Channel | None, told: Iterable[Told]) -> Iterator[tuple[Told, Part]]:
    """Yield what is told of no message of ours, but of an address that somebody has, and that something follows from.

    What nobody has is no concern of ours: it is kept like all that is told, and nothing follows.
    """
    if channel is None:
        return
    acting = ABOUT_ADDRESS | NO_MORE
    named = [(one, address_of(channel, one.recipient)) for one in told if one.recipient and one.kind in acting]
    known = suppressions.held(conn, [(channel, address) for _, address in named])
    for one, address in named:
        if (channel, address) in known:
            yield one, {"customer_key": None, "topic": None, "channel": channel.value, "address": address}


def addresses(told: Iterable[tuple[Told, Part]]) -> Iterator[tuple[Channel, str]]:
    """Yield the addresses that are in question, whose holders have to be locked."""
    for one, part in told:
        if (one.kind in ABOUT_ADDRESS or part["customer_key"] is None) and part["address"]:
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
        kind = _suppression(one, of_message=part["customer_key"] is not None)
        if kind is not None:
            why = SUPPRESSED if one.kind is ReceiptKind.UNSUBSCRIBED else one.kind.value
            said.append(Suppress(kind, why, connector, min(one.at, now), channel=channel, address=address))
        elif one.kind is ReceiptKind.BOUNCED:
            soft.append(SoftBounce(channel, address, min(one.at, now), connector, one.dedupe_id))
    if soft:
        suppressions.bounced_many(conn, soft, now=now)
    if said:
        suppressions.suppress_many(conn, said, now=now)
    of_topic = [one for one in told if one[1].kind in NO_MORE and one[2]["customer_key"] is not None]
    statements = [_opt_out(*one, revisions, now) for one in of_topic]
    if statements:
        conn.execute(intake.STATE, statements)


def _suppression(told: Told, *, of_message: bool) -> SuppressionClass | None:
    """Return how an address is suppressed after a receipt; None where it is not, or not yet."""
    match told.kind:
        case ReceiptKind.COMPLAINED:
            return SuppressionClass.MARKETING
        case ReceiptKind.UNSUBSCRIBED if not of_message:
            return SuppressionClass.MARKETING  # from what, is not known: from everything
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
