"""What was told against a customer or an address: what stands, what has run out, what was lifted, by whom and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from database.customers import SERVED
from tactful.wire.suppressions import ListedSuppression
from tactful.words import Channel

MOST = 200
_TOLD = """
SELECT s.kind, s.reason, s.source, s.stated_at, s.channel, s.address, s.topic, s.expires_at, l.lifted_at, l.lifted_by,
       l.why AS why_lifted,
       CASE WHEN l.suppression_no IS NOT NULL THEN 'lifted' WHEN s.expires_at <= :now THEN 'expired' ELSE 'standing' END
         AS state
  FROM suppressions s LEFT JOIN suppression_lifts l USING (suppression_no)
"""
_LAST = f" ORDER BY s.stated_at DESC, s.suppression_no DESC LIMIT {MOST}"
_THEIRS = f"(SELECT {SERVED}, address FROM addresses WHERE customer_key = :key AND replaced_at IS NULL)"  # noqa: S608 - our own words
OF_CUSTOMER = text(
    _TOLD
    + " WHERE s.customer_key = :key OR (s.customer_key IS NULL AND (s.channel, s.address) IN "
    + _THEIRS
    + ")"
    + _LAST
)
OF_ADDRESS = text(_TOLD + " WHERE s.customer_key IS NULL AND s.channel = :channel AND s.address = :address" + _LAST)


def of_customer(conn: Connection, customer_key: UUID, *, now: datetime) -> list[ListedSuppression]:
    """Return what was told against a customer and their present addresses, the newest first."""
    return _listed(conn.execute(OF_CUSTOMER, {"key": customer_key, "now": now}).mappings())


def of_address(conn: Connection, channel: Channel, address: str, *, now: datetime) -> list[ListedSuppression]:
    """Return what was told against an address, whoever has it, the newest first."""
    asked = {"channel": channel.value, "address": address, "now": now}
    return _listed(conn.execute(OF_ADDRESS, asked).mappings())


def _listed(rows: Any) -> list[ListedSuppression]:  # noqa: ANN401 - SQLAlchemy's rows
    return [ListedSuppression.model_validate(dict(row)) for row in rows]


def standing(told: list[ListedSuppression]) -> list[ListedSuppression]:
    """Return those that stand."""
    return [one for one in told if one.state == "standing"]
