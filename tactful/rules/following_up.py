"""What is left to try of a contact that was made before: parts refused for now, the other way where one did not arrive.

It is the same contact all along: nothing here counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.facts import Tried
from tactful.rules.channels import CHANNEL, by_preference
from tactful.strategy import model
from tactful.verdict import Line
from tactful.words import Channel, PartState, Reason

LEFT = frozenset({PartState.WAITING, PartState.CLAIMED, PartState.UNKNOWN})
"""Parts that no provider has accepted or refused for good; *unknown* ones come here only when a person says so."""


def left_to_try(
    by: Sequence[model.Route], tried: Sequence[Tried], preferred: Sequence[Channel]
) -> tuple[Line, tuple[model.Route, ...]]:
    """Return the routes that a contact may still take, and a line that ends it where there are none.

    A part that was refused for now, or of which nobody knows, comes first, by itself. Else, where no part is known to
    have arrived, the routes behind those that were taken.

    Args:
        by: The communication's routes.
        tried: The parts that were frozen before; none for a contact that was never made.
        preferred: The customer's channels, dearest first.

    Returns:
        The line, and the routes in order; all of them for a contact of which nothing has gone out.

    Source: docs/rules.md#channel
    """
    if not any(part.state is PartState.SENT for part in tried):
        return Line(CHANNEL), tuple(by)
    waiting = tuple(part.channel for part in tried if part.state in LEFT)
    if waiting:
        return Line(CHANNEL), (model.Route(channels=waiting),)
    said = {part.channel.value: part.receipt.value if part.receipt else part.state.value for part in tried}
    if any(part.arrived for part in tried):
        return Line(CHANNEL, Reason.ARRIVED, said), ()
    behind = _behind(by, tried, preferred)
    if behind:
        return Line(CHANNEL), behind
    sent = any(part.state is PartState.SENT and not (part.receipt and part.receipt.failed) for part in tried)
    return Line(CHANNEL, Reason.ARRIVED if sent else Reason.BAD_RECIPIENT, said), ()


def next_route(by: Sequence[model.Route], taken: Sequence[Channel], preferred: Sequence[Channel]) -> model.Route | None:
    """Return the route that follows the channels taken, to be tried if they do not reach the customer; None if none.

    Source: docs/rules.md#channel
    """
    tried = tuple(Tried(channel, PartState.SENT) for channel in taken)
    return next(iter(_behind(by, tried, preferred)), None)


def _behind(by: Sequence[model.Route], tried: Sequence[Tried], preferred: Sequence[Channel]) -> tuple[model.Route, ...]:
    """Return the routes behind the last one of which a channel was taken, without any that was."""
    ordered = by_preference(by, preferred)
    taken = {part.channel for part in tried}
    last = max((place for place, route in enumerate(ordered) if taken & set(route.channels)), default=-1)
    return tuple(route for route in ordered[last + 1 :] if not taken & set(route.channels))
