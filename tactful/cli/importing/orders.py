"""Orders: a row becomes an `order.placed` of the past, under an id that is the same however often it is read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from zoneinfo import ZoneInfo

from tactful.cli.importing.cells import BadCellError, amount_of, instant_of, text_of
from tactful.cli.importing.columns import ORDER_NAMES, Columns, find_columns, require
from tactful.cli.importing.lines import FileError
from tactful.cli.importing.records import Row


class Occurrences:
    """How often each row's content was seen, kept on disk so that a file of any length fits."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE seen (digest TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID")

    def count(self, digest: str) -> int:
        """Return how many times this content was seen, this time included."""
        statement = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count"
        with closing(self._database.execute(statement, (digest,))) as found:
            return int(found.fetchone()[0])

    def close(self) -> None:
        """Give up what was counted."""
        self._database.close()


@dataclass(frozen=True)
class OrderRows:
    """How rows become orders.

    Attributes:
        columns: What the columns mean.
        event: The event's name.
        currency: The currency of amounts without one; None where a column says it.
        zone: Whose days and hours the file means.
        date_form: The form of dates, as `strptime` has it; None for ISO.
        constants: Properties that every order gets, as told with --set.
    """

    columns: Columns
    event: str
    currency: str | None
    zone: ZoneInfo
    date_form: str | None
    constants: Mapping[str, str]
    seen: Occurrences = field(default_factory=Occurrences)

    def message(self, row: Row) -> dict[str, object]:
        """Return the row as a track message.

        Raises:
            BadCellError: A cell is missing or not as it should be.
        """
        if row.values.get("type") == "track":  # a message of Segment's, as it was kept
            return {
                "messageId": self._message_id({}, {"message": json.dumps(row.values, sort_keys=True)}),
                **row.values,
            }
        said = {meaning: text_of(row.values.get(column)) for meaning, column in self.columns.known.items()}
        customer = said.get("customer")
        if not customer:
            raise BadCellError("names no customer")
        if not said.get("placed"):
            raise BadCellError("has no date")
        properties = self._properties(row, said)
        return {
            "type": "track",
            "userId": customer,
            "event": self.event,
            "timestamp": instant_of(said["placed"], self.zone, self.date_form),
            "properties": properties,
            "messageId": self._message_id(said, properties),
        }

    def _properties(self, row: Row, said: Mapping[str, str]) -> dict[str, object]:
        properties: dict[str, object] = dict(self.constants)
        for name, column in self.columns.properties.items():
            value = row.values.get(column)
            if text_of(value):
                properties[name] = value if isinstance(value, list | dict) else text_of(value)
        if said.get("order_id"):
            properties["order_id"] = said["order_id"]
        if said.get("total"):
            properties["total"] = amount_of(said["total"])
            properties["currency"] = said.get("currency") or self.currency
        return properties

    def _message_id(self, said: Mapping[str, str], properties: Mapping[str, object]) -> str:
        """Return the order's own id, or one from what the row says and how many like it came before in the file.

        The cells are taken as they stand: another --time-zone is no other order.
        """
        if said.get("order_id"):
            return f"import/{self.event}/{said['order_id']}"
        content = "\x1f".join((self.event, *sorted(f"{k}={v}" for k, v in {**properties, **said}.items())))
        digest = blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"import/{self.event}/{digest}/{self.seen.count(digest)}"


def order_columns(
    header: Sequence[str], declared: Iterable[str], told: Mapping[str, str], currency: str | None
) -> Columns:
    """Return what the columns of a file of orders mean.

    Raises:
        FileError: Customer or date have no column, or amounts no currency.
    """
    fields = set(declared) - {"order_id", "total", "currency"}
    columns = find_columns(header, ORDER_NAMES, declared=fields, told=told)
    if "type" in header:
        return columns
    require(columns, "customer", "the customer", header, ORDER_NAMES)
    require(columns, "placed", "the date of the order", header, ORDER_NAMES)
    if "total" in columns.known and "currency" not in columns.known and not (currency or columns.currency):
        raise FileError(
            f'Nothing says which currency the column "{columns.known["total"]}" is in. Say it: --currency GBP\n'
            "(a column called value_gbp, or one called currency, says it too)"
        )
    return columns
