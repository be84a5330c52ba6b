"""What providers tell later of messages they took, in our words: kept once, and what follows from it for the contact.

A receipt proves that the message had gone out, so it settles what nobody knew; one that failed gives the way behind its
turn. Told twice, in any order, or before we know the message ourselves: it comes to the same. It judges no signature
and no provider's wording: whoever parses has done that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from database import consequences, customers, recalls, suppressions
from database.engine import Direct
from database.freezing import cost_columns
from database.storable import storable
from tactful.connector import Money, Told
from tactful.words import Channel, ReceiptKind

FIRST_LOOK: Final = timedelta(seconds=1)
"""When a receipt is looked for again whose message is not known; each time after twice the time."""
LOOKED_FOR: Final = timedelta(days=1)
"""How long: by then every call has been recorded, or has parked."""
KEPT_FOR: Final = timedelta(days=30)
"""How long what is told of nobody's message is kept, so that it can be looked at."""
MOST_AT_ONCE: Final = 500
LONGEST_ID: Final = 500
RAW_BYTES: Final = 16_000

KNOWN = Direct(
    "SELECT r.dedupe_id FROM receipts r WHERE r.connector = :connector AND r.dedupe_id = ANY(CAST(:ids AS text[]))"
)
# Our own key comes first; where the provider does not give it back, its name for the message does.
PARTS = Direct("""
SELECT t.n, m.contact_key, m.channel, c.customer_key, c.topic, m.content ->> 'to' AS address
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(n integer, part_key uuid, connector text, provider_id text)
 CROSS JOIN LATERAL (
   SELECT k.contact_key, k.channel, k.content FROM messages k WHERE k.part_key = t.part_key
    UNION ALL
   SELECT p.contact_key, p.channel, p.content FROM messages p
    WHERE p.connector = t.connector AND p.provider_id = t.provider_id
      AND NOT EXISTS (SELECT FROM messages k WHERE k.part_key = t.part_key)
    LIMIT 1) m
  JOIN contacts c ON c.contact_key = m.contact_key
""")
# Of somebody who was erased meanwhile nothing is kept but that it happened.
KEEP = Direct("""
INSERT INTO receipts (connector, dedupe_id, contact_key, channel, provider_id, part_key, kind, permanent, machine,
                      reason, cost, currency, occurred_at, received_at, look_at, raw)
SELECT t.connector, t.dedupe_id, t.contact_key, t.channel, t.provider_id, t.part_key, t.kind, t.permanent, t.machine,
       t.reason, t.cost, t.currency, t.occurred_at, :now,
       CASE WHEN t.contact_key IS NULL AND (t.part_key IS NOT NULL OR t.provider_id IS NOT NULL)
            THEN CAST(:look_at AS timestamptz) END,
       CASE WHEN u.status = 'erased' THEN '{}' ELSE t.raw END
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(connector text, dedupe_id text, contact_key uuid, channel text,
       provider_id text, part_key uuid, kind text, permanent boolean, machine boolean, reason text, cost numeric,
       currency text, occurred_at timestamptz, customer_key uuid, raw jsonb)
  LEFT JOIN customers u ON u.customer_key = t.customer_key
ON CONFLICT (connector, dedupe_id) DO NOTHING RETURNING connector, dedupe_id
""")
DUE = Direct(
    "SELECT receipt_no, connector, dedupe_id, provider_id, part_key, kind, permanent, machine, occurred_at, cost, "
    "currency FROM receipts WHERE look_at <= :now ORDER BY look_at LIMIT :most"
)
FOUND = Direct("""
UPDATE receipts r SET contact_key = f.contact_key, channel = f.channel, look_at = NULL,
       raw = CASE WHEN u.status = 'erased' THEN '{}' ELSE r.raw END
  FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f(receipt_no bigint, contact_key uuid, channel text,
       customer_key uuid)
  JOIN customers u ON u.customer_key = f.customer_key
 WHERE r.receipt_no = f.receipt_no AND r.contact_key IS NULL RETURNING r.connector, r.dedupe_id
""")
LATER = Direct("""
UPDATE receipts SET look_at = CASE WHEN :now - received_at < :looked_for
                                   THEN :now + greatest(:now - received_at, :first_look) END
 WHERE receipt_no = ANY(:nos) AND contact_key IS NULL
""")
FORGET = Direct("""
DELETE FROM receipts WHERE receipt_no IN (
  SELECT receipt_no FROM receipts WHERE contact_key IS NULL AND received_at < :before
   ORDER BY received_at LIMIT :most)
""")
# What follows for the contact. Of what was told of a part the weightiest stands: what says that it arrived or failed
# before what says neither, then the latest, so that the order in which it was told is nothing. The part is out; so is
# the contact, unless another part of it is not known; and who waits looks again: at once after a failure, if its
# journey is still open, and no more when it has arrived. What was not known to be handed over, and lies there still,
# can be stopped from now on.
FOLLOW = Direct(f"""
WITH told AS (
  SELECT * FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(contact_key uuid, channel text, kind text, counts boolean,
         says boolean, arrived boolean, failed boolean, weight integer, occurred_at timestamptz, provider_id text,
         revision bigint, cost numeric, currency text, cost_at timestamptz)
), was AS (
  SELECT t.*, m.state IN ('claimed', 'unknown') AS open,
         m.state IN ('claimed', 'unknown') AND c.state IN ('claimed', 'parked') AS settles,
         t.counts AND (m.receipt IS NULL OR (t.says, t.occurred_at, t.weight) >=
           (array_position(CAST(:weights AS text[]), m.receipt) >= :says_from, m.receipt_at,
            array_position(CAST(:weights AS text[]), m.receipt))) AS stands,
         t.cost IS NOT NULL AND (m.cost_told_at IS NULL OR t.cost_at >= m.cost_told_at) AS prices
    FROM told t JOIN messages m ON m.contact_key = t.contact_key AND m.channel = t.channel
    JOIN contacts c ON c.contact_key = t.contact_key
), part AS (
  UPDATE messages m SET receipt = CASE WHEN was.stands THEN was.kind ELSE m.receipt END,
         receipt_at = CASE WHEN was.stands THEN was.occurred_at ELSE m.receipt_at END,
         state = CASE WHEN m.state IN ('claimed', 'unknown') THEN 'sent' ELSE m.state END,
         provider_id = coalesce(m.provider_id, was.provider_id),
         cost = CASE WHEN was.prices THEN was.cost ELSE m.cost END,
         currency = CASE WHEN was.prices THEN was.currency ELSE m.currency END,
         cost_told_at = CASE WHEN was.prices THEN was.cost_at ELSE m.cost_told_at END
    FROM was WHERE m.contact_key = was.contact_key AND m.channel = was.channel
  RETURNING m.contact_key, m.channel, m.connector, m.provider_id,
            CASE WHEN was.open AND NOT was.says THEN m.state END AS state
), whole AS (
  SELECT w.*, coalesce(j.state IN ('open', 'paused'), true) AS wanted,
         EXISTS (SELECT FROM messages o WHERE o.contact_key = w.contact_key AND o.state IN ('claimed', 'unknown')
           AND NOT EXISTS (SELECT FROM told t WHERE t.contact_key = o.contact_key AND t.channel = o.channel))
           AS others_open,
         EXISTS (SELECT FROM messages o WHERE o.contact_key = w.contact_key AND o.state = 'waiting') AS waits
    FROM (SELECT contact_key, max(revision) AS revision, bool_or(settles) AS settles,
                 bool_or(stands AND failed) AS failed, bool_or(stands AND arrived) AS arrived
            FROM was GROUP BY contact_key) w
    JOIN contacts c ON c.contact_key = w.contact_key LEFT JOIN journeys j ON j.journey_key = c.journey_key
), contact AS (
  UPDATE contacts c SET state = CASE WHEN w.settles AND NOT w.others_open THEN 'sent' ELSE c.state END,
         reason = CASE WHEN w.settles AND NOT w.others_open THEN NULL ELSE c.reason END,
         lease_until = CASE WHEN w.settles AND NOT w.others_open THEN NULL ELSE c.lease_until END,
         sent_at = CASE WHEN w.settles THEN coalesce(c.sent_at, least(c.counts_at, :now)) ELSE c.sent_at END,
         again_at = CASE WHEN c.state <> 'sent' AND NOT w.settles THEN c.again_at
                         WHEN w.waits THEN coalesce(c.again_at, :now)
                         WHEN w.failed AND w.wanted THEN :now
                         WHEN NOT w.arrived THEN c.again_at END,
         updated_at = :now, revision = w.revision
    FROM whole w WHERE c.contact_key = w.contact_key
  RETURNING c.contact_key, c.customer_key, c.journey_key, c.restarts, c.lot_key, c.version, c.again_at, c.step,
            c.communication, c.cycle, w.settles, w.revision
), stoppable AS ({recalls.HANDED_OVER}), decision AS (
  INSERT INTO decisions (contact_key, decided_at, verdict, trace, version, revision)
  SELECT contact_key, :now, 'receipt', '[]', version, revision FROM contact WHERE settles
)
INSERT INTO outbox (customer_key, kind, workflow_id, workflow_type, subject_key, written_at)
SELECT c.customer_key, CASE WHEN w.of_journey THEN 'wake' ELSE 'again' END,
       CASE WHEN w.of_journey THEN j.strategy || '/' || j.first_step || '/' || j.journey_key
            ELSE 'contact/' || c.contact_key || CASE WHEN c.restarts > 0 THEN '/' || c.restarts ELSE '' END END,
       CASE WHEN w.of_journey THEN '' ELSE 'ResolveContact' END,
       CASE WHEN w.of_journey THEN c.journey_key ELSE c.contact_key END, :now
  FROM contact c LEFT JOIN journeys j USING (journey_key),
       LATERAL (SELECT c.journey_key IS NOT NULL AND c.restarts = 0 AS of_journey) w
 WHERE c.lot_key IS NULL AND (c.settles OR c.again_at <= :now)
""")  # noqa: S608 - nothing but our own constants is put in
_VAGUE: Final = [kind for kind in ReceiptKind if not (kind.arrived or kind.failed)]
_WEIGHTS: Final = [
    *(kind.value for kind in _VAGUE),
    *(kind.value for kind in ReceiptKind if kind.arrived),
    *(kind.value for kind in ReceiptKind if kind.failed),
]
"""Every kind, what says least first: of two told of one instant the later in this list stands."""


@dataclass(frozen=True)
class Heard:
    """What became of what was told.

    Attributes:
        kept: How much is kept now.
        waiting: How much of it is of no message that we know.
        before: How much was told before.
        by_address: Of how much that is of no message something followed for those who have the address.
    """

    kept: int
    waiting: int
    before: int
    by_address: int = 0


@dataclass(frozen=True)
class _Place:
    """A thing told and the part of a contact that it is about."""

    connector: str
    told: Told
    part: Mapping[str, Any]


def note(conn: Connection, connector: str, told: Told, *, now: datetime) -> bool:
    """Keep one receipt as `hear` does; False where it was told before."""
    return hear(conn, connector, [told], now=now).kept == 1


def hear(
    conn: Connection, connector: str, told: Sequence[Told], *, channel: Channel | None = None, now: datetime
) -> Heard:
    """Keep what a provider told, each thing once, and write what follows; set-based, whatever there is.

    Args:
        conn: A transaction in which nothing was written yet.
        connector: By which connector.
        told: What it told, in any order.
        channel: On which channel an address is that stands for a message; None where none does.
        now: Aware UTC instant at which it came in.
    """
    once = {one.dedupe_id: one for one in sorted(map(_clean, told), key=lambda one: one.dedupe_id)}
    known = {row["dedupe_id"] for row in KNOWN.rows(conn, connector=connector, ids=list(once))}
    new = [one for dedupe_id, one in once.items() if dedupe_id not in known]
    if not new:
        return Heard(0, 0, len(told))
    parts = _parts(conn, [(connector, one.key, one.provider_id) for one in new])
    places = [_Place(connector, one, parts[n]) for n, one in enumerate(new) if n in parts]
    of_nobody = [one for n, one in enumerate(new) if n not in parts]
    loose = [_Place(connector, one, part) for one, part in consequences.held(conn, channel, of_nobody)]
    revisions = _lock(conn, [*places, *loose])
    rows = [_row(connector, one, parts.get(n, {}), now) for n, one in enumerate(new)]
    kept = {row["dedupe_id"] for row in KEEP.rows(conn, told=json.dumps(rows), now=now, look_at=now + FIRST_LOOK)}
    _follow(conn, [place for place in places if place.told.dedupe_id in kept], revisions, now)
    loose = [place for place in loose if place.told.dedupe_id in kept]
    consequences.write(conn, [(place.connector, place.told, place.part) for place in loose], revisions, now=now)
    waiting = sum(row["dedupe_id"] in kept and row["contact_key"] is None for row in rows)
    return Heard(len(kept), waiting, len(told) - len(kept), len(loose))


def look(conn: Connection, *, now: datetime) -> int:
    """Look for the messages of receipts that came before we knew these; return how many were found.

    Args:
        conn: A transaction in which nothing was written yet.
        now: Aware UTC instant.
    """
    due = DUE.rows(conn, now=now, most=MOST_AT_ONCE)
    if not due:
        return 0
    parts = _parts(conn, [(row["connector"], row["part_key"], row["provider_id"]) for row in due])
    places = [_Place(row["connector"], _told(row), parts[n]) for n, row in enumerate(due) if n in parts]
    revisions = _lock(conn, places)
    found = [_of_part(parts[n]) | {"receipt_no": row["receipt_no"]} for n, row in enumerate(due) if n in parts]
    matched: set[tuple[str, str]] = set()
    if found:
        rows = FOUND.rows(conn, found=json.dumps(found))
        matched = {(row["connector"], row["dedupe_id"]) for row in rows}
        _follow(conn, [place for place in places if (place.connector, place.told.dedupe_id) in matched], revisions, now)
    nos = [row["receipt_no"] for n, row in enumerate(due) if n not in parts]
    LATER.run(conn, nos=nos, now=now, looked_for=LOOKED_FOR, first_look=FIRST_LOOK)
    return len(matched)


def forget(conn: Connection, *, now: datetime) -> int:
    """Delete what was told long ago of messages that are none of ours; return how many, at most a page."""
    return FORGET.run(conn, before=now - KEPT_FOR, most=MOST_AT_ONCE)


def _clean(told: Told) -> Told:
    """Return what was told as it can be kept."""
    raw = json.dumps(storable(dict(told.raw)), default=str)
    return replace(
        told,
        dedupe_id=storable(told.dedupe_id, most=LONGEST_ID),
        provider_id=storable(told.provider_id, most=LONGEST_ID) if told.provider_id else None,
        reason=storable(told.reason)[:LONGEST_ID],
        raw=json.loads(raw) if len(raw) <= RAW_BYTES else {"cut": raw[:RAW_BYTES]},
    )


def _parts(conn: Connection, asked: Sequence[tuple[str, UUID | None, str | None]]) -> dict[int, Mapping[str, Any]]:
    """Return, by its place in what is asked, the part that each connector, key and provider's name is about."""
    told = [
        {"n": n, "connector": connector, "part_key": str(key) if key else None, "provider_id": provider_id}
        for n, (connector, key, provider_id) in enumerate(asked)
    ]
    return {row["n"]: row for row in PARTS.rows(conn, told=json.dumps(told))}


def _lock(conn: Connection, places: Iterable[_Place]) -> dict[UUID, int]:
    """Lock everybody whom it concerns: whose contact it is, and all who have an address that is in question."""
    places = list(places)
    concerned = consequences.addresses((place.told, place.part) for place in places)
    keys = {place.part["customer_key"] for place in places} - {None} | suppressions.holders(conn, concerned)
    return customers.revise_all(conn, keys) if keys else {}


def _follow(conn: Connection, places: Sequence[_Place], revisions: Mapping[UUID, int], now: datetime) -> None:
    if not places:
        return
    of_part: dict[tuple[UUID, str], dict[str, Any]] = {}
    for row in (_following(place, revisions, now) for place in places):
        key = (row["contact_key"], row["channel"])
        before = of_part.get(key, row)
        # The price told latest stands, whether or not what told it does.
        priced = max(before, row, key=lambda one: one["cost_at"] or "")
        stands = row if _stands(row) > _stands(before) else before
        of_part[key] = stands | {name: priced[name] for name in ("cost", "currency", "cost_at")}
        of_part[key]["stopped"] = before["stopped"] or row["stopped"]
    rows = json.dumps(list(of_part.values()), default=str)
    FOLLOW.run(conn, told=rows, weights=_WEIGHTS, says_from=len(_VAGUE) + 1, now=now)
    stopped = [row for row in of_part.values() if row["stopped"]]
    if stopped:
        recalls.settle_told(conn, stopped, now=now)
    told = [(place.connector, place.told, place.part) for place in places]
    consequences.write(conn, told, revisions, now=now)


def _following(place: _Place, revisions: Mapping[UUID, int], now: datetime) -> dict[str, Any]:
    told, kind = place.told, place.told.kind
    return {
        "contact_key": place.part["contact_key"],
        "channel": place.part["channel"],
        "kind": kind.value,
        # What a program opened or clicked may have been opened on the way: it proves no arrival.
        "counts": not told.machine,
        "says": kind.arrived or kind.failed,
        "arrived": kind.arrived,
        "failed": kind.failed,
        "stopped": kind is ReceiptKind.CANCELLED,
        "weight": _WEIGHTS.index(kind.value) + 1,
        "occurred_at": min(told.at, now).isoformat(),
        "provider_id": told.provider_id,
        **cost_columns(told.cost),
        "cost_at": min(told.at, now).astimezone(UTC).isoformat() if told.cost else None,
        "revision": revisions[place.part["customer_key"]],
    }


def _stands(row: Mapping[str, Any]) -> tuple[bool, bool, datetime, int]:
    return row["counts"], row["says"], datetime.fromisoformat(row["occurred_at"]), row["weight"]


def _row(connector: str, told: Told, part: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return _of_part(part) | {
        "connector": connector,
        "dedupe_id": told.dedupe_id,
        "provider_id": told.provider_id,
        "part_key": str(told.key) if told.key else None,
        "kind": told.kind.value,
        "permanent": told.permanent,
        "machine": told.machine,
        "reason": told.reason,
        **cost_columns(told.cost),
        "occurred_at": min(told.at, now).isoformat(),
        "raw": told.raw,
    }


def _of_part(part: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("contact_key", "channel", "customer_key")
    return {key: str(part[key]) if part else None for key in keys}


def _told(row: Mapping[str, Any]) -> Told:
    return Told(
        kind=ReceiptKind(row["kind"]),
        at=row["occurred_at"],
        dedupe_id=row["dedupe_id"],
        provider_id=row["provider_id"],
        key=row["part_key"],
        permanent=row["permanent"],
        machine=row["machine"],
        cost=Money(amount=row["cost"], currency=row["currency"]) if row["cost"] is not None else None,
    )
