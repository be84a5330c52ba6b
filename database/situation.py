"""Everything a decision may look at, read in one statement under the customer's lock.

Only the newest rows of a window are read, so that a contact costs the same for a customer with ten thousand behind
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from database import restarted
from database.customers import DETAILS, customer_from, instant, known_instant
from database.strategies import Loaded, load
from tactful.facts import ChannelState, Contact, Journey, PastContact, Rival, Situation
from tactful.words import Channel, ContactState, JourneyState, Purpose

WINDOW = timedelta(days=400)
MOST_PAST = 500
MOST_RIVALS = 50

READ = text(f"""
SELECT to_jsonb(c) AS contact, to_jsonb(j) AS journey, s.version AS published, {DETAILS},
    (SELECT properties FROM events e WHERE e.event_key = j.event_key) AS event,
    (SELECT jsonb_agg(jsonb_build_array(p.contact_key, p.counts_at, p.channels, p.topic, p.stage, p.purpose,
                                        p.communication, p.question) ORDER BY p.counts_at DESC)
       FROM (SELECT * FROM contacts WHERE customer_key = :customer_key AND counts_at > :since
                AND contact_key <> :contact_key
                AND (purpose = 'marketing' OR question IS NOT NULL OR communication = c.communication)
              ORDER BY counts_at DESC LIMIT {MOST_PAST}) p) AS past,
    (SELECT jsonb_agg(jsonb_build_array(r.contact_key, r.communication, r.due_at, r.expires_at, r.topic, r.channels,
                                        r.raised, CASE WHEN r.strategy = c.strategy THEN r.step END) ORDER BY r.due_at)
       FROM (SELECT r.* FROM contacts r JOIN journeys k ON k.journey_key = r.journey_key
              WHERE r.customer_key = :customer_key AND r.state = 'planned' AND r.contact_key <> :contact_key
                AND k.state = 'open' AND r.due_at <= :now ORDER BY r.due_at DESC LIMIT {MOST_RIVALS}) r) AS rivals,
    (SELECT jsonb_agg(jsonb_build_array(m.channel, m.part_key, m.connector, m.content, m.frozen_at, m.state))
       FROM messages m WHERE m.contact_key = :contact_key) AS parts,
    (SELECT jsonb_agg(jsonb_build_array(h.connector, h.until, h.fault))
       FROM connector_holds h WHERE h.until > :now) AS holds,
    (SELECT jsonb_agg(o.step ORDER BY o.started_at) FROM journeys o
      WHERE o.customer_key = :customer_key AND o.state = 'open') AS journeys_open
FROM contacts c
LEFT JOIN journeys j ON j.journey_key = c.journey_key
JOIN strategies s ON s.strategy = c.strategy
WHERE c.contact_key = :contact_key AND c.customer_key = :customer_key
""")  # noqa: S608 - nothing but our own constants is put in


@dataclass(frozen=True)
class FrozenPart:
    """A part of a contact as it was frozen at an earlier claim."""

    channel: Channel
    part_key: UUID
    connector: str
    content: Mapping[str, Any]
    frozen_at: datetime
    state: str


@dataclass(frozen=True)
class Known:
    """The situation, and what else making the contact needs: content, governance, the story around it."""

    situation: Situation
    row: Mapping[str, Any]
    content: Loaded
    governance: Loaded
    event: Mapping[str, object]
    parts: tuple[FrozenPart, ...]
    journeys: tuple[str, ...]


def read(
    conn: Connection,
    locked: RowMapping,
    contact_key: UUID,
    connectors: Mapping[Channel, tuple[str, ...]],
    now: datetime,
) -> Known | None:
    """Return what is known for one contact of a locked customer; None where there is no such contact.

    Args:
        conn: The transaction that holds the lock.
        locked: The customer's row as the lock returned it.
        contact_key: Which contact.
        connectors: The connectors configured for each channel, first choice first.
        now: Aware UTC instant of this attempt.
    """
    asked = {
        "customer_key": locked["customer_key"],
        "contact_key": contact_key,
        "now": now,
        "since": now - WINDOW,
    }
    found = conn.execute(READ, asked).mappings().one_or_none()
    if found is None:
        return None
    row = found["contact"]
    holds = {name: (known_instant(until), fault) for name, until, fault in found["holds"] or ()}
    journey = _journey(found["journey"]) if found["journey"] else None
    content = load(conn, row["strategy"], row["version"])
    restart = None
    if row["restarts"]:
        step = content.strategy.steps.get(row["step"])
        restart = restarted.read(conn, [restarted.Asked(contact_key, step)])[contact_key]
        journey = restarted.as_it_was(journey, row) if journey is not None else None
    situation = Situation(
        contact=_contact(row),
        customer=customer_from(locked, found),
        journey=journey,
        past=tuple(_past(*values) for values in found["past"] or ()),
        rivals=tuple(_rival(*values) for values in found["rivals"] or ()),
        channels=tuple(_channel(channel, names, holds) for channel, names in connectors.items() if names),
        restart=restart,
    )
    return Known(
        situation=situation,
        row=row,
        content=content,
        governance=load(conn, row["strategy"], found["published"]),
        event=cast("dict[str, object]", (found["event"] or {}) | (row["request"] or {})),
        parts=tuple(
            FrozenPart(Channel(channel), UUID(key), connector, content, known_instant(at), state)
            for channel, key, connector, content, at, state in found["parts"] or ()
        ),
        journeys=tuple(str(step) for step in found["journeys_open"] or ()),
    )


def _contact(row: Mapping[str, Any]) -> Contact:
    return Contact(
        contact_key=UUID(row["contact_key"]),
        communication=row["communication"],
        state=ContactState(row["state"]),
        due_at=known_instant(row["due_at"]),
        expires_at=instant(row["expires_at"]),
        cycle=row["cycle"],
        attempts=row["attempts"],
        fence=row["fence"],
    )


def _journey(row: Mapping[str, Any]) -> Journey:
    return Journey(
        journey_key=UUID(row["journey_key"]),
        step=row["step"],
        state=JourneyState(row["state"]),
        started_at=known_instant(row["started_at"]),
        cycle=row["cycle"],
        due_at=instant(row["due_at"]),
        ends_at=instant(row["ends_at"]),
        key=row["key"] or None,
        milestones=tuple(row["milestones"]),
    )


def _past(  # noqa: PLR0917 - the columns of one row
    key: str, at: str, channels: list[str], topic: str, stage: str, purpose: str, name: str, question: str | None
) -> PastContact:
    reached = tuple(Channel(channel) for channel in channels)
    return PastContact(UUID(key), known_instant(at), reached, topic, stage, Purpose(purpose), name, question)


def _rival(  # noqa: PLR0917 - the columns of one row
    key: str, name: str, due: str, expires: str | None, topic: str, channels: list[str], raised: int, step: str | None
) -> Rival:
    wanted = tuple(Channel(channel) for channel in channels)
    return Rival(UUID(key), name, known_instant(due), instant(expires), topic, wanted, raised, step)


def _channel(channel: Channel, names: tuple[str, ...], holds: Mapping[str, tuple[datetime, str]]) -> ChannelState:
    """Return the first connector of a channel that is not held; where all are, the one that opens first."""
    for name in names:
        if name not in holds:
            return ChannelState(channel, name)
    first = min(names, key=lambda name: holds[name][0])
    return ChannelState(channel, first, *holds[first])
