"""Everything decisions may look at, read in one statement under the customers' locks.

Of the past, the newest rows are read, so that a contact costs the same for a customer with ten thousand behind them.
Whoever has more than those in the longest window is read about once more, so that no limit loses sight of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection

from database import earlier, restarted
from database.customers import Facts, customer_from, details, instant, known_instant
from database.engine import Direct
from database.strategies import Loaded, load
from tactful.conditions import segment_of
from tactful.facts import (
    ChannelState,
    Contact,
    Customer,
    Journey,
    OpenStep,
    PastContact,
    Restart,
    Rival,
    Situation,
    Tried,
)
from tactful.rules.journey import moved_away
from tactful.rules.priority import KEEPS_ITS_PLACE
from tactful.strategy.limits import LONGEST_CAP_DAYS, LONGEST_LOOK_AHEAD_DAYS
from tactful.strategy.model import Strategy
from tactful.timing import zone_of
from tactful.words import Channel, ContactState, JourneyState, PartState, Purpose, ReceiptKind

WINDOW = timedelta(days=LONGEST_CAP_DAYS)
LOOK_AT_A_HOLD = timedelta(hours=6)
"""When a contact looks again whose connector a person has held for no named time, should nobody let it go before."""
MOST_PAST = 500
"""How many of the past are read at once; where there are as many, what no limit can miss of the rest is read too."""
AT_ONCE = timedelta(0)
NOTHING_ON_ITS_WAY: Mapping[str, timedelta] = {}
LONGEST_LOOK_AHEAD = timedelta(days=LONGEST_LOOK_AHEAD_DAYS)
MOST_RIVALS = 50
"""Of contacts due within the longest horizon, the soonest: what lies behind them is looked at when it is nearer."""

READ = Direct(f"""
SELECT c.contact_key, to_jsonb(c) AS contact, to_jsonb(j) AS journey, s.version AS published,
    {details("c.customer_key")},
    (SELECT properties FROM events e WHERE e.event_key = j.event_key) AS event,
    (SELECT jsonb_agg({earlier.ROW} ORDER BY p.counts_at DESC)
       FROM (SELECT * FROM contacts WHERE customer_key = c.customer_key AND counts_at > :since
                AND {earlier.MATTERS}
              ORDER BY counts_at DESC LIMIT {MOST_PAST}) p) AS past,
    (SELECT jsonb_agg(jsonb_build_array(r.contact_key, r.communication, r.due_at, r.expires_at, r.topic, r.channels,
                                        r.raised, CASE WHEN r.strategy = c.strategy THEN r.step END, r.planned_for,
                                        r.stage)
                      ORDER BY r.due_at)
       FROM (SELECT r.* FROM contacts r LEFT JOIN journeys k ON k.journey_key = r.journey_key
              WHERE r.customer_key = c.customer_key AND r.state = 'planned' AND r.contact_key <> c.contact_key
                AND r.purpose = 'marketing' AND r.due_at BETWEEN :overdue AND :horizon
                AND (k.journey_key IS NULL OR (k.state = 'open' AND (k.ends_at IS NULL OR k.ends_at > r.due_at)
                     AND k.cycle = r.cycle AND NOT jsonb_exists(k.milestones, r.communication)))
                AND NOT EXISTS (SELECT FROM lots l WHERE l.lot_key = r.lot_key AND l.state <> 'open')
              ORDER BY r.due_at LIMIT {MOST_RIVALS}) r) AS rivals,
    (SELECT jsonb_agg(jsonb_build_array(m.channel, m.part_key, m.connector, m.content, m.frozen_at, m.state,
                                        m.asked, m.receipt))
       FROM messages m WHERE m.contact_key = c.contact_key) AS parts,
    (SELECT jsonb_agg(jsonb_build_array(h.connector, h.until, h.fault, h.probe_until)) FROM connector_holds h) AS holds,
    (SELECT jsonb_agg(jsonb_build_array(o.strategy, o.step, o.state, o.started_at, o.ends_at, o.journey_key,
                                        o.milestones, o.first_step,
           (SELECT count(*) FROM contacts d WHERE d.journey_key = o.journey_key AND d.state = 'sent'),
           (SELECT count(*) FROM contacts d WHERE d.journey_key = o.journey_key AND d.state IN ('planned', 'held')
               AND d.contact_key <> c.contact_key)) ORDER BY o.started_at, o.journey_key)
       FROM journeys o WHERE o.customer_key = c.customer_key AND o.state IN ('open', 'paused')) AS journeys_open
FROM contacts c
LEFT JOIN journeys j ON j.journey_key = c.journey_key
JOIN strategies s ON s.strategy = c.strategy
WHERE c.contact_key = ANY(:contact_keys)
""")  # noqa: S608 - nothing but our own constants is put in


WHOSE = Direct(
    "SELECT * FROM customers WHERE customer_key IN (SELECT customer_key FROM contacts "
    "WHERE contact_key = ANY(:contact_keys))"
)


@dataclass(frozen=True)
class FrozenPart:
    """A part of a contact as it was frozen at an earlier claim."""

    channel: Channel
    part_key: UUID
    connector: str
    content: Mapping[str, Any]
    frozen_at: datetime
    state: PartState
    asked: int = 0
    receipt: ReceiptKind | None = None


@dataclass(frozen=True, slots=True)
class OpenOne:
    """A journey the customer is on, as a mandatory message may speak of it."""

    name: str
    step: str
    state: str
    started_at: datetime
    said: int
    to_come: int
    reached: int


@dataclass(frozen=True)
class Known:
    """The situation, and what else making the contact needs: content, governance, the story around it.

    `row` and `story` are the contact's row and its journey's as JSON says them: instants are texts there. `trying` are
    the connectors whose hold is over, but of which nobody knows yet whether they work again.
    """

    situation: Situation
    row: Facts
    story: Facts | None
    content: Loaded
    governance: Loaded
    event: Mapping[str, object]
    parts: tuple[FrozenPart, ...]
    journeys: tuple[OpenOne, ...]
    trying: frozenset[str] = frozenset()


def read_all(
    conn: Connection,
    locked: Mapping[UUID, Facts],
    contact_keys: Sequence[UUID],
    connectors: Mapping[Channel, tuple[str, ...]],
    now: datetime,
    *,
    in_home: Mapping[str, timedelta] = NOTHING_ON_ITS_WAY,
    again: bool = False,
) -> dict[UUID, Known]:
    """Return what is known for contacts of locked customers, by key; those of nobody locked are left out.

    Args:
        conn: The transaction that holds the locks.
        locked: The customers' rows as the lock returned them, by key.
        contact_keys: Which contacts.
        connectors: The connectors configured for each channel, first choice first.
        now: Aware UTC instant of this attempt.
        in_home: The connectors that take days to reach a customer, and how long.
        again: Read all of them as if a person took them up again now.
    """
    seen = {"since": now - WINDOW, "overdue": now - KEEPS_ITS_PLACE, "horizon": now + LONGEST_LOOK_AHEAD}
    rows = READ.rows(conn, contact_keys=list(contact_keys), now=now, **seen)
    many = [row["contact_key"] for row in rows if len(row["past"] or ()) == MOST_PAST]
    if many:
        whole = earlier.read(conn, many, since=seen["since"], now=now)
        for row in rows:
            row["past"] = whole.get(row["contact_key"], row["past"])
    restarts = _restarts(conn, rows, again=again)
    found: dict[UUID, Known] = {}
    for row in rows:
        customer = locked.get(UUID(row["contact"]["customer_key"]))
        if customer is not None:
            key, restart = row["contact_key"], restarts.get(row["contact_key"])
            found[key] = _known(conn, customer, row, connectors, restart, now, in_home=in_home)
    return found


def read_again(
    conn: Connection, contact_keys: Sequence[UUID], connectors: Mapping[Channel, tuple[str, ...]], now: datetime
) -> dict[UUID, Known]:
    """Return what is known for parked contacts as if each were taken up again now. Locks nothing, for nothing follows.

    Args:
        conn: A transaction.
        contact_keys: Which contacts.
        connectors: The connectors configured for each channel, first choice first.
        now: Aware UTC instant.
    """
    whose = {row["customer_key"]: row for row in WHOSE.rows(conn, contact_keys=list(contact_keys))}
    return read_all(conn, whose, contact_keys, connectors, now, again=True)


def _restarts(conn: Connection, rows: Iterable[Facts], *, again: bool) -> Mapping[UUID, Restart]:
    """Return what has happened since, to those that a person takes up again."""
    asked: list[restarted.Asked] = []
    for row in rows:
        contact = row["contact"]
        if contact["restarts"] or again:
            step = load(conn, contact["strategy"], contact["version"]).strategy.steps.get(contact["step"])
            asked.append(restarted.Asked(row["contact_key"], step))
    return restarted.read(conn, asked) if asked else {}


def _known(  # noqa: PLR0917 - what one contact is known by
    conn: Connection,
    locked: Facts,
    found: Facts,
    connectors: Mapping[Channel, tuple[str, ...]],
    restart: Restart | None,
    now: datetime,
    *,
    in_home: Mapping[str, timedelta],
) -> Known:
    row = found["contact"]
    journey = _journey(found["journey"]) if found["journey"] else None
    customer, governance = customer_from(locked, found), load(conn, row["strategy"], found["published"])
    if journey is not None and not journey.state.ended:
        journey = replace(journey, moved_to=_moved_to(found["journey"], customer, governance.strategy, now))
    if journey is not None and restart is not None:
        journey = restarted.as_it_was(journey, row)
    holds, trying = _holds(found["holds"] or (), now)
    parts = tuple(_part(*values) for values in found["parts"] or ())
    situation = Situation(
        contact=_contact(row),
        customer=customer,
        journey=journey,
        past=tuple(_past(*values) for values in found["past"] or ()),
        rivals=tuple(_rival(*values) for values in found["rivals"] or ()),
        channels=tuple(_channel(channel, names, holds, in_home) for channel, names in connectors.items() if names),
        tried=tuple(Tried(part.channel, part.state, part.receipt) for part in parts),
        restart=restart,
        inside=tuple(
            OpenStep(step, instant(ends_at))
            for strategy, step, _, _, ends_at, *_ in found["journeys_open"] or ()
            if strategy == row["strategy"]
        ),
    )
    return Known(
        situation=situation,
        row=row,
        story=found["journey"],
        content=load(conn, row["strategy"], row["version"]),
        governance=governance,
        event=cast("dict[str, object]", (found["event"] or {}) | (row["request"] or {})),
        parts=parts,
        journeys=tuple(
            OpenOne(first, step, state, known_instant(at), said, to_come, len(milestones))
            for _, step, state, at, _, _, milestones, first, said, to_come in found["journeys_open"] or ()
        ),
        trying=trying,
    )


def _holds(
    rows: Iterable[tuple[str, str | None, str, str | None]], now: datetime
) -> tuple[dict[str, tuple[datetime, str]], frozenset[str]]:
    """Return the connectors that are held now, until when and why; and those that one contact may try."""
    held: dict[str, tuple[datetime, str]] = {}
    trying: set[str] = set()
    for name, until, fault, probe_until in rows:
        opens_at = instant(until) or now + LOOK_AT_A_HOLD
        if opens_at <= now:
            opens_at = instant(probe_until) or now
        if opens_at > now:
            held[name] = opens_at, fault
        else:
            trying.add(name)
    return held, frozenset(trying)


def _part(  # noqa: PLR0917 - the columns of one row
    channel: str,
    key: str,
    connector: str,
    content: Mapping[str, Any],
    at: str,
    state: str,
    asked: int,
    receipt: str | None,
) -> FrozenPart:
    told = ReceiptKind(receipt) if receipt else None
    return FrozenPart(Channel(channel), UUID(key), connector, content, known_instant(at), PartState(state), asked, told)


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
        arm=row["arm"],
        planned_for=known_instant(row["planned_for"]),
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


def _moved_to(story: Facts, customer: Customer, strategy: Strategy, now: datetime) -> str | None:
    """Return the segment by moving to which the customer leaves the step, also where only time has passed."""
    step = strategy.steps.get(story["step"])
    if step is None or "leave" not in step.when_moved.values():
        return None
    segment = segment_of(customer, strategy.segments, now, zone_of(customer, strategy))
    return moved_away(step, story["segment"], segment)


def _past(  # noqa: PLR0917 - the columns of one row
    key: str, at: str, channels: list[str], topic: str, stage: str, purpose: str, name: str, question: str | None
) -> PastContact:
    reached = tuple(Channel(channel) for channel in channels)
    return PastContact(UUID(key), known_instant(at), reached, topic, stage, Purpose(purpose), name, question)


def _rival(  # noqa: PLR0917 - the columns of one row
    key: str,
    name: str,
    due: str,
    expires: str | None,
    topic: str,
    channels: list[str],
    raised: int,
    step: str | None,
    first_due: str,
    stage: str,
) -> Rival:
    wanted, due_at = tuple(Channel(channel) for channel in channels), known_instant(due)
    first_due_at, expires_at = known_instant(first_due), instant(expires)
    return Rival(UUID(key), name, due_at, expires_at, topic, wanted, raised, step, first_due_at, stage)


def _channel(
    channel: Channel,
    names: tuple[str, ...],
    holds: Mapping[str, tuple[datetime, str]],
    in_home: Mapping[str, timedelta],
) -> ChannelState:
    """Return the first connector of a channel that is not held; where all are, the one that opens first."""
    for name in names:
        if name not in holds:
            return ChannelState(channel, name, in_home=in_home.get(name, AT_ONCE))
    first = min(names, key=lambda name: holds[name][0])
    return ChannelState(channel, first, *holds[first], in_home.get(first, AT_ONCE))
