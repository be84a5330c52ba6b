"""Standing refusals as rows: told once, lifted by a named person, never changed or deleted.

A refusal of an address concerns everybody who has it: all of them are locked, in the order of their keys, before it is
written, so that no claim of theirs is decided at a revision that does not know of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database import customers
from database.engine import Direct
from database.errors import UnknownCustomerError
from tactful.intake import Lift, Suppress
from tactful.rules.bounces import COUNTED_FOR, too_many_bounces
from tactful.words import Channel, SuppressionClass

TOLD = uuid.UUID("a3f4c1de-4b0e-5c7a-9d54-7f0d7d1b6c21")
SOFT_BOUNCES = "soft_bounces"

HOLDERS = Direct(
    "SELECT DISTINCT customer_key FROM addresses WHERE replaced_at IS NULL AND (channel, address) IN "
    "(SELECT a.channel, a.address FROM jsonb_to_recordset(CAST(:addresses AS jsonb)) "
    "AS a(channel text, address text))"
)
HELD = Direct(
    "SELECT DISTINCT channel, address FROM addresses WHERE replaced_at IS NULL AND (channel, address) IN "
    "(SELECT a.channel, a.address FROM jsonb_to_recordset(CAST(:addresses AS jsonb)) "
    "AS a(channel text, address text))"
)
# What stands already, and what was lifted since it was stated, is not written anew: lists are told every night.
WRITE = Direct("""
INSERT INTO suppressions (kind, customer_key, channel, address, topic, reason, source, stated_at, expires_at, revision,
                          told_key)
SELECT w.kind, w.customer_key, w.channel, w.address, w.topic, w.reason, w.source, w.stated_at, w.expires_at, w.revision,
       w.told_key
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS w(kind text, customer_key uuid, channel text, address text,
       topic text, reason text, source text, stated_at timestamptz, expires_at timestamptz, revision bigint,
       told_key uuid)
 WHERE NOT EXISTS (
   SELECT 1 FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no)
    WHERE s.customer_key = w.customer_key AND s.address IS NOT DISTINCT FROM w.address
      AND s.channel IS NOT DISTINCT FROM w.channel AND s.topic IS NOT DISTINCT FROM w.topic AND s.kind = w.kind
      AND s.reason = w.reason AND s.expires_at IS NOT DISTINCT FROM w.expires_at
      AND coalesce(l.lifted_at >= w.stated_at, s.expires_at IS NULL OR s.expires_at > :now))
   AND NOT EXISTS (
   SELECT 1 FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no)
    WHERE w.customer_key IS NULL AND s.customer_key IS NULL AND s.channel = w.channel AND s.address = w.address
      AND s.topic IS NOT DISTINCT FROM w.topic AND s.kind = w.kind
      AND s.reason = w.reason AND s.expires_at IS NOT DISTINCT FROM w.expires_at
      AND coalesce(l.lifted_at >= w.stated_at, s.expires_at IS NULL OR s.expires_at > :now))
ON CONFLICT (told_key) DO NOTHING RETURNING told_key
""")
LIFT = text(
    "INSERT INTO suppression_lifts (suppression_no, lifted_at, lifted_by, why, revision) "
    "SELECT suppression_no, :now, :by, :why, CAST(:revision AS bigint) FROM suppressions s "
    "WHERE s.customer_key IS NOT DISTINCT FROM CAST(:customer_key AS uuid) "
    "AND (CAST(:address AS text) IS NULL OR s.address = :address) "
    "AND (CAST(:channel AS text) IS NULL OR s.channel = :channel) "
    "AND (CAST(:topic AS text) IS NULL OR s.topic = :topic) "
    "AND (CAST(:kind AS text) IS NULL OR s.kind = :kind) "
    "ON CONFLICT DO NOTHING RETURNING suppression_no"
)
BOUNCE = Direct("""
INSERT INTO soft_bounces (channel, address, told_id, source, bounced_at, received_at)
SELECT b.channel, b.address, b.told_id, b.source, b.bounced_at, :now
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS b(channel text, address text, told_id text, source text,
       bounced_at timestamptz)
ON CONFLICT (source, told_id) DO NOTHING RETURNING channel, address, source
""")
# What came back before the address was suppressed for it, or given back, is settled.
BOUNCED = Direct("""
SELECT b.channel, b.address, array_agg(b.bounced_at) AS bounced_at
  FROM jsonb_to_recordset(CAST(:told AS jsonb)) AS t(channel text, address text)
  JOIN soft_bounces b ON b.channel = t.channel AND b.address = t.address AND b.bounced_at > :since
   AND b.bounced_at > coalesce((SELECT max(coalesce(l.lifted_at, s.stated_at)) FROM suppressions s
       LEFT JOIN suppression_lifts l USING (suppression_no) WHERE s.channel = t.channel AND s.address = t.address
       AND s.customer_key IS NULL AND s.reason = 'soft_bounces'), '-infinity')
 GROUP BY b.channel, b.address ORDER BY b.channel, b.address
""")


@dataclass(frozen=True, slots=True)
class SoftBounce:
    """A message that came back for now: to which address, when, who tells, and the teller's own id of it."""

    channel: Channel
    address: str
    bounced_at: datetime
    source: str
    told_id: str


def suppress(conn: Connection, said: Suppress, *, now: datetime) -> bool:
    """Write one refusal; return False if it stands already, or was lifted since it was stated.

    Raises:
        UnknownCustomerError: nobody has been identified by that id.
    """
    (outcome,) = suppress_many(conn, [said], now=now)
    if isinstance(outcome, UnknownCustomerError):
        raise outcome
    return outcome


def suppress_many(conn: Connection, many: Sequence[Suppress], *, now: datetime) -> list[bool | UnknownCustomerError]:
    """Write many refusals in one transaction, set-based: a list of a hundred thousand is told in pages.

    Returns:
        Of each whether it is new: False where it stood already or was lifted since it was stated. An unknown customer
        is an answer too.
    """
    named = customers.resolve_many(conn, [said.who for said in many if said.who is not None])
    addresses = [(said.channel, said.address) for said in many if said.channel and said.address]
    keys = set(named.values()) | holders(conn, addresses)
    locked = customers.lock_all(conn, keys) if keys else {}
    told: dict[UUID, dict[str, Any]] = {}
    scopes: dict[tuple[object, ...], UUID] = {}
    written: list[UUID | UnknownCustomerError | None] = []
    for said in many:
        key = named.get(said.who) if said.who is not None else None
        if said.who is not None and key is None:
            written.append(UnknownCustomerError(said.who))
            continue
        row = _row(said, key, locked, now)
        scope = tuple(row[name] for name in _SCOPE)
        first = scopes.setdefault(scope, row["told_key"]) == row["told_key"] and row["told_key"] not in told
        told |= {row["told_key"]: row} if first else {}
        written.append(row["told_key"] if first else None)
    if not told:
        return [one if isinstance(one, UnknownCustomerError) else False for one in written]
    new = {row["told_key"] for row in WRITE.rows(conn, told=json.dumps(list(told.values()), default=str), now=now)}
    return [one if isinstance(one, UnknownCustomerError) else one in new for one in written]


def held(conn: Connection, addresses: Iterable[tuple[Channel, str]]) -> set[tuple[Channel, str]]:
    """Return those of these addresses at which somebody can be reached."""
    named = list(addresses)
    asked = [{"channel": channel.kept_as.value, "address": address} for channel, address in named]
    found = HELD.rows(conn, addresses=json.dumps(asked)) if asked else []
    kept = {(row["channel"], row["address"]) for row in found}
    return {(channel, address) for channel, address in named if (channel.kept_as.value, address) in kept}


def holders(conn: Connection, addresses: Iterable[tuple[Channel, str]]) -> set[UUID]:
    """Return everybody who can be reached at one of these addresses."""
    asked = [{"channel": channel.kept_as.value, "address": address} for channel, address in addresses]
    if not asked:
        return set()
    return {row["customer_key"] for row in HOLDERS.rows(conn, addresses=json.dumps(asked))}


def lift(conn: Connection, said: Lift, *, now: datetime) -> int:
    """Lift what stands against a customer, or against an address, as far as it is named; return how many were lifted.

    What is told later stands again, and what was lifted is not told anew by the same file.

    Raises:
        UnknownCustomerError: nobody has been identified by that id.
    """
    key = customers.resolve(conn, said.who) if said.who is not None else None
    addresses = [(said.channel, said.address)] if said.channel and said.address else []
    keys = ({key} if key else set[UUID]()) | holders(conn, addresses)
    locked = customers.lock_all(conn, keys) if keys else {}
    revision = locked[key]["revision"] if key else None  # an address has none: its holders are at different ones
    row = {
        "customer_key": key,
        "revision": revision,
        "channel": said.channel,
        "address": said.address,
        "topic": said.topic,
    }
    row |= {"kind": said.kind.value if said.kind else None, "by": said.by, "why": said.why, "now": now}
    return len(conn.execute(LIFT, row).all())


def bounced_many(conn: Connection, many: Sequence[SoftBounce], *, now: datetime) -> list[tuple[Channel, str]]:
    """Count soft bounces; suppress as undeliverable the addresses that have too many, and return these.

    Args:
        conn: A transaction in which nothing has happened yet, or in which all holders of the addresses are locked.
        many: What came back; told twice, it counts once.
        now: Aware UTC instant.
    """
    keys = holders(conn, [(one.channel, one.address) for one in many])
    if keys:
        customers.lock_all(conn, keys)
    rows = [_soft(one, now) for one in sorted(many, key=lambda one: one.told_id)]
    new = BOUNCE.rows(conn, told=json.dumps(rows, default=str), now=now)
    sources = {(row["channel"], row["address"]): row["source"] for row in new}
    since = now - COUNTED_FOR
    found = BOUNCED.rows(conn, told=json.dumps([{"channel": c, "address": a} for c, a in sources]), since=since)
    over = [row for row in found if too_many_bounces(row["bounced_at"], now)]
    said = [
        Suppress(
            SuppressionClass.UNDELIVERABLE,
            SOFT_BOUNCES,
            sources[row["channel"], row["address"]],
            now,
            channel=Channel(row["channel"]),
            address=row["address"],
        )
        for row in over
    ]
    outcomes = suppress_many(conn, said, now=now) if said else []
    return [(Channel(row["channel"]), row["address"]) for row, is_new in zip(over, outcomes, strict=True) if is_new]


def _soft(one: SoftBounce, now: datetime) -> dict[str, object]:
    return {
        "channel": one.channel.value,
        "address": one.address,
        "told_id": one.told_id,
        "source": one.source,
        "bounced_at": min(one.bounced_at, now),
    }


_SCOPE = ("kind", "customer_key", "channel", "address", "topic", "reason", "expires_at")
"""What two refusals have in common that are one."""


def _row(said: Suppress, key: UUID | None, locked: Mapping[UUID, customers.Facts], now: datetime) -> dict[str, Any]:
    row = {
        "kind": said.kind.value,
        "customer_key": key,
        "channel": said.channel.value if said.channel else None,
        "address": said.address,
        "topic": said.topic,
        "reason": said.reason,
        "source": said.source,
        "stated_at": min(said.stated_at, now),
        "expires_at": said.expires_at,
    }
    told = {**row, "stated_at": said.stated_at}  # as told: an arrival's clock would make it another one each time
    told_key = uuid.uuid5(TOLD, "\x1f".join(str(value) for value in told.values()))
    revision = locked[key]["revision"] if key else max((one["revision"] for one in locked.values()), default=0)
    return {**row, "revision": revision, "told_key": told_key}
