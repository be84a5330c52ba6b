"""What messages cost: summed by currency, and never two currencies together; what has no price is counted beside.

A message costs something once its provider took it, unless the provider cancelled it. What was refused, waits or was
stopped costs nothing. What is under way, and what nobody knows of, is counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from tactful.explain.amounts import amount_text
from tactful.wire.answers import CostAnswer
from tactful.wire.costs import CostLine, CostsAnswer, SumAnswer

MOST_LINES: Final = 1000
Row = Mapping[str, Any] | RowMapping

_SUMS = """m.currency,
       count(*) FILTER (WHERE m.state = 'sent') AS messages,
       sum(m.cost) FILTER (WHERE m.state = 'sent') AS amount,
       count(*) FILTER (WHERE m.state = 'sent' AND m.cost_told_at IS NOT NULL) AS told,
       count(*) FILTER (WHERE m.state <> 'sent') AS unsettled,
       sum(m.cost) FILTER (WHERE m.state <> 'sent') AS unsettled_amount
  FROM messages m JOIN contacts c USING (contact_key)
 WHERE m.state IN ('sent', 'claimed', 'unknown') AND m.receipt IS DISTINCT FROM 'cancelled'"""
PERIOD = text(f"""
SELECT m.connector, c.strategy, c.step, c.communication, {_SUMS}
   AND m.frozen_at >= :since AND m.frozen_at < :until
   AND (CAST(:connector AS text) IS NULL OR m.connector = :connector)
   AND (CAST(:strategy AS text) IS NULL OR c.strategy = :strategy)
 GROUP BY 1, 2, 3, 4, 5 ORDER BY m.currency, amount DESC NULLS LAST, messages DESC, 1, 2, 3, 4
""")
OF_LOT = text(f"SELECT {_SUMS} AND c.lot_key = :lot_key GROUP BY 1 ORDER BY 1")


@dataclass(frozen=True)
class Asked:
    """Which messages are meant: handed over from `since` to before `until`, of one connector or strategy, or of all."""

    since: datetime
    until: datetime
    connector: str | None = None
    strategy: str | None = None


def costs(conn: Connection, asked: Asked) -> CostsAnswer:
    """Return what messages of a period cost: in all, and by connector and communication."""
    row = {"since": asked.since, "until": asked.until, "connector": asked.connector, "strategy": asked.strategy}
    found = conn.execute(PERIOD, row).mappings().all()
    lines = [CostLine(**_named(each), **_sum(each)) for each in found[:MOST_LINES]]
    totals = [SumAnswer(**_sum(each)) for each in _added_up(found)]
    left_out = len(found) - len(lines)
    return CostsAnswer(since=asked.since, until=asked.until, totals=totals, lines=lines, left_out=left_out)


def lot_costs(conn: Connection, lot_key: UUID) -> list[SumAnswer]:
    """Return what the messages of a lot cost, by currency."""
    return [SumAnswer(**_sum(each)) for each in conn.execute(OF_LOT, {"lot_key": lot_key}).mappings()]


def cost_answer(amount: Decimal | None, currency: str | None, told_at: datetime | None) -> CostAnswer | None:
    """Return what a message costs; None where nobody knows."""
    if amount is None or currency is None:
        return None
    return CostAnswer(amount=amount_text(amount), currency=currency, told=told_at is not None)


def _added_up(lines: Iterable[Row]) -> Iterable[Row]:
    """Yield the sums of lines by currency, in their order."""
    of_currency: dict[str | None, list[Row]] = defaultdict(list)
    for line in lines:
        of_currency[line["currency"]].append(line)
    for currency, each in of_currency.items():
        counts = {name: sum(line[name] for line in each) for name in ("messages", "told", "unsettled")}
        amounts = {name: _total(line[name] for line in each) for name in ("amount", "unsettled_amount")}
        yield {"currency": currency, **counts, **amounts}


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _named(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("connector", "strategy", "step", "communication")}


def _sum(row: Row) -> dict[str, Any]:
    counts = {name: row[name] for name in ("currency", "messages", "told", "unsettled")}
    amounts = {name: row[name] for name in ("amount", "unsettled_amount")}
    return counts | {name: amount_text(amount) if amount is not None else None for name, amount in amounts.items()}
