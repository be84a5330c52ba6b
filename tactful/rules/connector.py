"""Whether the connectors that would carry a contact are open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tactful.facts import ChannelState
from tactful.rules.channels import connector_of
from tactful.verdict import Line, Number, Route
from tactful.words import Reason

CONNECTOR = "connector"


def connectors_open(way: Iterable[Route], states: Sequence[ChannelState], now: datetime) -> Line:
    """Say whether every connector of a way is open. `passes_at` is when the last hold ends, if nobody lifts it before.

    Source: docs/rules.md#connector
    """
    said: dict[str, Number] = {}
    opens_at = now
    for route in way:
        state = connector_of(route.channel, states, now)
        if state is not None and state.held_until is not None and state.held_until > now:
            said[state.connector] = state.held_why or "held"
            opens_at = max(opens_at, state.held_until)
        else:
            said[route.connector] = "open"
    return Line(CONNECTOR, numbers=said) if opens_at == now else Line(CONNECTOR, Reason.CONNECTOR_HELD, said, opens_at)
