"""By which channels the customer can be reached: the routes in order of choice, each with what remains of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tactful.facts import ChannelState
from tactful.strategy import model
from tactful.timing import shifted
from tactful.verdict import Line, Number, Route
from tactful.words import Channel, Reason

CHANNEL = "channel"
LOOK_FOR_CONNECTOR = timedelta(hours=1)
"""How long until a channel that no connector serves is looked at again."""

_AT_ONCE = timedelta(0)
Way = tuple[Route, ...]
"""The channels of one route that can be used, all of them together."""


def reachable(
    by: Sequence[model.Route],
    addresses: Mapping[Channel, str],
    states: Sequence[ChannelState],
    preferred: Sequence[Channel],
    now: datetime,
) -> tuple[Line, tuple[Way, ...]]:
    """Say by which routes the customer can be reached, first choice first.

    Routes keep the strategy's order, but those with a channel that the customer prefers come before. Of a combined
    route, the channels without an address or a connector are left out. A wait between routes (`after`) is for
    contacts that were made and did not arrive (`following_up`); a route that cannot be used at all is not waited for.

    Args:
        by: The communication's routes.
        addresses: The address by channel, of the channels that are lawful and not suppressed.
        states: The connectors by channel, first choice first.
        preferred: The customer's channels, dearest first.
        now: Aware UTC instant.

    Returns:
        The line, with why a channel is left out; and the ways to reach the customer.

    Source: docs/rules.md#channel
    """
    ordered = by_preference(by, preferred)
    serving: dict[Channel, str] = {}
    for channel in addresses:
        connector = connector_of(channel, states, now)
        if connector is not None:
            serving[channel] = connector.connector
    ways: list[Way] = []
    left_out: dict[str, Number] = {}
    for route in ordered:
        way: list[Route] = []
        for channel in route.channels:
            if channel in serving:
                way.append(Route(channel, serving[channel], addresses[channel]))
            else:
                lacks = Reason.NO_CONNECTOR if channel in addresses else Reason.NO_ADDRESS
                left_out[channel] = lacks.value
        if way:
            ways.append(tuple(way))
    if ways:
        return Line(CHANNEL, numbers=left_out), tuple(ways)
    if Reason.NO_CONNECTOR.value in left_out.values():
        return Line(CHANNEL, Reason.NO_CONNECTOR, left_out, ask_at=shifted(now, LOOK_FOR_CONNECTOR)), ()
    return Line(CHANNEL, Reason.NO_ADDRESS, left_out), ()


def connector_of(channel: Channel, states: Sequence[ChannelState], now: datetime) -> ChannelState | None:
    """Return the first connector of a channel that is open; where all are held, the one that opens first."""
    serving = [state for state in states if state.channel is channel]
    if len(serving) < 2:  # noqa: PLR2004  one or none: no choice
        return serving[0] if serving else None
    return min(serving, key=lambda state: now if state.held_until is None else max(state.held_until, now))


def way_in_home(way: Way, states: Sequence[ChannelState]) -> timedelta:
    """Return how long it takes until the first part of a contact is with the customer.

    Source: docs/rules.md#caps
    """
    if not any(state.in_home for state in states):
        return _AT_ONCE
    taking = {(state.channel, state.connector): state.in_home for state in states}
    return min((taking.get((route.channel, route.connector), _AT_ONCE) for route in way), default=_AT_ONCE)


def by_preference(by: Sequence[model.Route], preferred: Sequence[Channel]) -> Sequence[model.Route]:
    """Return routes in the order of choice: those with a channel that the customer prefers before the others."""
    if not preferred or len(by) < 2:  # noqa: PLR2004  one or none: no choice
        return by
    return sorted(by, key=lambda route: _preference(route, preferred))


def _preference(route: model.Route, preferred: Sequence[Channel]) -> int:
    places = [preferred.index(channel) for channel in route.channels if channel in preferred]
    return min(places, default=len(preferred))
