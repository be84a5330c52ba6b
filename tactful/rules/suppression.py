"""Standing refusals: *undeliverable* stops everything, *marketing* stops marketing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tactful.facts import Address, Suppression
from tactful.strategy.model import Topic
from tactful.verdict import Line, Number
from tactful.words import Channel, Purpose, Reason, SuppressionClass

SUPPRESSION = "suppression"


def unsuppressed(
    channels: Iterable[Channel],
    topic: Topic,
    addresses: Iterable[Address],
    suppressions: Iterable[Suppression],
    now: datetime,
) -> tuple[Line, dict[Channel, str]]:
    """Say at which addresses nothing stands against the contact.

    A suppression holds for all it does not name: without channel, address and topic it stops everything of its class.
    Of several addresses on one channel, the first that is free is taken.

    Returns:
        The line, and the address by channel. Channels without any address are not suppressed: they are simply absent.

    Source: docs/rules.md#suppression
    """
    standing = [one for one in suppressions if _stands(one, topic, now)]
    free: dict[Channel, str] = {}
    said: dict[str, Number] = {}
    wanted = tuple(channels)
    for address in addresses:
        if address.channel not in wanted or address.channel in free:
            continue
        against = next((one for one in standing if _hits(one, address)), None)
        if against is None:
            free[address.channel] = address.address
            said.pop(address.channel, None)
        else:
            said.setdefault(address.channel, f"{against.kind.value}: {against.reason}")
    return Line(SUPPRESSION, Reason.SUPPRESSED if said and not free else None, said), free


def _stands(suppression: Suppression, topic: Topic, now: datetime) -> bool:
    if suppression.expires_at is not None and suppression.expires_at <= now:
        return False
    if suppression.topic is not None and suppression.topic != topic.name:
        return False
    return suppression.kind is SuppressionClass.UNDELIVERABLE or topic.purpose is not Purpose.SERVICE


def _hits(suppression: Suppression, address: Address) -> bool:
    if suppression.channel is not None and suppression.channel is not address.channel:
        return False
    return suppression.address is None or suppression.address.casefold() == address.address.casefold()
