"""Customers: a row becomes an `identify` message, addresses and opt-ins included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from tactful.cli.importing.cells import BadCellError, instant_of, text_of, yes_or_no
from tactful.cli.importing.columns import CUSTOMER_NAMES, Columns, find_columns, normalised, require
from tactful.cli.importing.lines import FileError
from tactful.cli.importing.records import Row
from tactful.strategy.spelling import did_you_mean, listed
from tactful.words import Channel

PLAIN = ("email", "phone", "time_zone", "language", "country", "push_token", "first_name", "last_name")
ENVELOPE = ("street", "street2", "city", "postal_code", "state")
OPT_IN = "opt_in"
PROOF = {"opt_in_basis": "basis", "opt_in_source": "source", "opt_in_evidence": "evidence", "opt_in_at": "at"}


@dataclass(frozen=True)
class OptInColumn:
    """A column that says yes or no to a topic on a channel: `opt_in.ideas.email`."""

    column: str
    topic: str
    channel: str


@dataclass(frozen=True)
class CustomerRows:
    """How rows become customers.

    Attributes:
        columns: What the columns mean.
        opt_ins: The columns of opt-ins.
        proof: The columns that say how opt-ins came about, by the field they fill.
        zone: Whose days and hours the file means.
        date_form: The form of dates, as `strptime` has it; None for ISO.
        written_at: When the file was written: the facts are as of then.
        source: Where opt-ins are said to come from, where no column says it.
    """

    columns: Columns
    opt_ins: tuple[OptInColumn, ...]
    proof: Mapping[str, str]
    zone: ZoneInfo
    date_form: str | None
    written_at: datetime
    source: str

    def message(self, row: Row) -> dict[str, object]:
        """Return the row as an identify message.

        Raises:
            BadCellError: A cell is missing or not as it should be.
        """
        if row.values.get("type") == "identify":  # a message of Segment's, as it was kept
            return row.values
        said = {meaning: text_of(row.values.get(column)) for meaning, column in self.columns.known.items()}
        if not said.get("customer"):
            raise BadCellError("names no customer")
        traits: dict[str, object] = {name: said[name] for name in PLAIN if said.get(name)}
        if said.get("registered_at"):
            traits["registered_at"] = instant_of(said["registered_at"], self.zone, self.date_form)
        traits |= self._address(row, said)
        for name, column in self.columns.properties.items():
            value = row.values.get(column)
            if text_of(value):
                traits[name] = value if isinstance(value, list | dict | bool) else text_of(value)
        timestamp = self.written_at.isoformat()
        message: dict[str, object] = {
            "type": "identify",
            "userId": said["customer"],
            "traits": traits,
            "timestamp": timestamp,
        }
        return message | {"optIns": [*self._opt_ins(row), *self._listed_opt_ins(row)]}

    def _address(self, row: Row, said: Mapping[str, str]) -> dict[str, object]:
        whole = row.values.get(self.columns.known.get("address", ""))
        if isinstance(whole, dict):
            return {"address": cast("dict[str, object]", whole)}
        if text_of(whole):
            return {"address": text_of(whole)}
        parts = {name: said[name] for name in ENVELOPE if said.get(name)}
        if not parts:
            return {}
        names = {"name": " ".join(said[name] for name in ("first_name", "last_name") if said.get(name))}
        return {"address": {**{k: v for k, v in names.items() if v}, **parts, "country": said.get("country") or None}}

    def _proof(self, row: Row) -> dict[str, object]:
        proof: dict[str, object] = {"source": self.source}
        for part, column in self.proof.items():
            cell = text_of(row.values.get(column))
            if cell:
                proof[part] = instant_of(cell, self.zone, self.date_form) if part == "at" else cell
        return proof

    def _opt_ins(self, row: Row) -> list[dict[str, object]]:
        proof = self._proof(row)
        said: list[dict[str, object]] = []
        for one in self.opt_ins:
            cell = text_of(row.values.get(one.column))
            if not cell:
                continue
            state = cell.lower() if cell.lower() in {"opted_in", "pending", "opted_out"} else None
            state = state or ("opted_in" if yes_or_no(cell) else "opted_out")
            said.append({"topic": one.topic, "channel": one.channel, "state": state, **proof})
        return said

    def _listed_opt_ins(self, row: Row) -> list[object]:
        """Return the opt-ins of the one column for all: a message's own list, or `ideas:email reminders:sms`."""
        own = row.values.get("optIns", row.values.get("opt_ins"))
        if isinstance(own, list):
            return cast("list[object]", own)
        said: list[object] = []
        for word in re.split(r"[\s,;]+", text_of(own)):
            topic, colon, channel = word.partition(":")
            if word and not (topic and colon and channel):
                raise BadCellError(f'opts in to "{word}"; write topic:channel, as in ideas:email')
            if word:
                said.append({"topic": topic, "channel": channel, "state": "opted_in", **self._proof(row)})
        return said


def customer_rows(  # noqa: D417 - the rest is said by CustomerRows
    header: Sequence[str],
    *,
    declared: Iterable[str],
    topics: Iterable[str],
    told: Mapping[str, str],
    zone: ZoneInfo,
    date_form: str | None,
    written_at: datetime,
    source: str,
) -> CustomerRows:
    """Return how the rows of a file become customers.

    Args:
        header: The columns.
        declared: The properties the published strategies declare.
        topics: Their topics.
        told: Columns as given with --map.

    Raises:
        FileError: There is no column for the customer, or one of an opt-in names no topic or channel.
    """
    opt_ins = tuple(_opt_in(name, topics) for name in header if _is_opt_in(name))
    proof = {PROOF[normalised(name)]: name for name in header if normalised(name) in PROOF}
    taken = {one.column for one in opt_ins} | set(proof.values()) | {"type", "optIns", "opt_ins"}
    rest = [name for name in header if name not in taken]
    columns = find_columns(rest, CUSTOMER_NAMES, declared=declared, told=told)
    if "type" not in header:
        require(columns, "customer", "the customer's id", header, CUSTOMER_NAMES)
    return CustomerRows(columns, opt_ins, proof, zone, date_form, written_at, source)


def _is_opt_in(name: str) -> bool:
    parts = name.replace(":", ".").split(".")
    return len(parts) == 3 and normalised(parts[0]) == OPT_IN  # noqa: PLR2004 - opt_in, topic, channel


def _opt_in(name: str, topics: Iterable[str]) -> OptInColumn:
    _, topic, channel = (part.strip() for part in name.replace(":", ".").split("."))
    names = sorted(topics)
    for kind, said, right in (("topic", topic, names), ("channel", channel, [c.value for c in Channel])):
        if said not in right:
            hint = did_you_mean(said, right) or f"There are: {listed(right) or 'none; publish a strategy first'}."
            raise FileError(f'The column "{name}" names no {kind}: there is no "{said}". {hint}')
    return OptInColumn(name, topic, channel)
