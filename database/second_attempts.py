"""Going on where an attempt was cut off: nobody knows how far it got.

A provider that can be asked is asked first. Otherwise only one that takes our key can be called again without risk:
with the same bytes, inside its window, and if the very addresses that were tried may still be written to. Another way
would be another message. What can be neither asked about nor repeated parks as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from database import freezing, holds
from database.attempts import LEASE, Asking
from database.freezing import Part
from database.rulings import Decided, Ruling
from database.situation import FrozenPart
from tactful.verdict import Defer, Send, Verdict, Wait
from tactful.words import Channel, ContactState, PartState, Reason


def second_attempt(ruling: Ruling, verdict: Verdict) -> Decided:
    """Ask about an attempt that was cut off, repeat it, or park what can be neither asked about nor repeated."""
    open_parts = tuple(part for part in ruling.known.parts if part.state is PartState.CLAIMED)
    to_ask = tuple(part for part in open_parts if part.connector in ruling.sending.settling)
    if to_ask:
        return _ask(ruling, to_ask, verdict, others_open=len(to_ask) < len(open_parts))
    if not all(ruling.sending.dedupes(part.connector, ruling.now - part.frozen_at) for part in open_parts):
        return ruling.park(Reason.UNKNOWN, verdict.trace)
    if isinstance(verdict, Defer | Wait):
        return ruling.keep_claimed(verdict)
    ways = _ways(verdict)
    tried = {(part.channel, part.content["to"]): part.connector for part in open_parts}
    if not isinstance(verdict, Send) or not tried.keys() <= ways.keys():
        return ruling.park(Reason.UNKNOWN, verdict.trace)
    if any(ways[way] != connector for way, connector in tried.items()):
        return ruling.keep_claimed(Wait(ruling.now + holds.HELD_FOR, Reason.CONNECTOR_HELD, verdict.trace))
    return _repeat(ruling, verdict, freezing.thaw(open_parts))


def _repeat(ruling: Ruling, verdict: Send, parts: tuple[Part, ...]) -> Decided:
    probes = ruling.probes(parts)
    if probes is None:
        return ruling.keep_claimed(ruling.waits_for_a_probe(verdict))
    return ruling.claim(verdict, parts, probes, repeats=True)


def _ask(ruling: Ruling, parts: Sequence[FrozenPart], verdict: Verdict, *, others_open: bool) -> Decided:
    """Have the providers asked what became of an attempt, under a lease and a fence of its own."""
    if not ruling.ask.looks_up:
        return ruling.keep_claimed(Wait(ruling.now + LEASE, Reason.RETRYING, verdict.trace))
    contact = ruling.known.situation.contact
    waits = Wait(ruling.now + LEASE, Reason.RETRYING, verdict.trace)
    row = ruling.row(ContactState.CLAIMED, waits) | {"verdict": "ask", "asks": True, "lease_until": waits.until}
    outcome = Asking(
        contact.contact_key,
        contact.fence + 1,
        freezing.thaw(parts),
        max(part.asked for part in parts),
        sent=ruling.sent,
        waits=ruling.waits(),
        others_open=others_open,
        leaves=ruling.ask.leaves,
    )
    return Decided(ruling.known, ruling.ask, row, outcome)


def _ways(verdict: Verdict) -> Mapping[tuple[Channel, str], str]:
    """Return the connectors by which a verdict goes, by channel and address; none where it does not."""
    routes = verdict.routes if isinstance(verdict, Send) else ()
    return {(route.channel, route.address): route.connector for route in routes}
