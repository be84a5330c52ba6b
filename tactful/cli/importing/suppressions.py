"""Suppressions: a row becomes a standing no to a customer or an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tactful.cli.importing.cells import BadCellError, instant_of, text_of
from tactful.cli.importing.columns import CUSTOMER_NAMES, Columns, find_columns
from tactful.cli.importing.lines import FileError
from tactful.cli.importing.records import Row
from tactful.strategy.spelling import did_you_mean, listed
from tactful.words import SuppressionClass

BECAUSE: Final = "rejected_because"
"""The rejects file's column: `reason` is the suppression's own."""
AGAINST: Final[Mapping[str, str | None]] = {
    "customer": None,
    "email": "email",
    "phone": "sms",
    "push_token": "push",
    "address": "letter",
}
"""What a row can be against, with the channel of an address."""
OF_PHONE: Final = ("sms", "call")
"""What a telephone number serves: a no is to one of them."""
NAMES: Final[Mapping[str, Sequence[str]]] = {
    **{meaning: CUSTOMER_NAMES[meaning] for meaning in (*AGAINST, "country")},
    "kind": ("kind", "class", "suppression_type"),
    "reason": ("reason", "why", "cause"),
    "source": ("source", "list"),
    "topic": ("topic",),
    "channel": ("channel",),
    "at": (
        *("at", "stated_at", "stated_on", "suppressed_at", "suppressed_on", "date", "timestamp", "created_at"),
        *("added_at", "added_on", "unsubscribed_at", "unsubscribed_on", "bounced_at", "bounced_on", "complained_at"),
    ),
    "expires_at": ("expires_at", "expires_on", "expires", "until"),
}
KINDS: Final = tuple(kind.value for kind in SuppressionClass)


@dataclass(frozen=True)
class SuppressionRows:
    """How rows become suppressions.

    Attributes:
        columns: What the columns mean.
        against: The meaning of the column that says whom: `customer`, `email`, ….
        usual: What holds where no column or an empty cell says otherwise: kind, reason, source, topic, channel.
        zone: Whose days and hours the file means.
        date_form: The form of dates, as `strptime` has it; None for ISO.
        written_at: When the file was written: rows that say no time were said then.
    """

    columns: Columns
    against: str
    usual: Mapping[str, str]
    zone: ZoneInfo
    date_form: str | None
    written_at: datetime

    def message(self, row: Row) -> dict[str, object]:
        """Return the row as a message that suppresses.

        Raises:
            BadCellError: A cell is missing or not as it should be.
        """
        found = {meaning: text_of(row.values.get(column)) for meaning, column in self.columns.known.items()}
        said = {**self.usual, **{meaning: cell for meaning, cell in found.items() if cell}}
        whom = found.get(self.against, "")
        if not whom:
            raise BadCellError(f"names no {self.against.replace('_', ' ')}")
        channel = AGAINST[self.against]
        against = {"userId": whom} if channel is None else {"address": whom, "channel": channel}
        if said.get("channel") and (channel is None or (self.against == "phone" and said["channel"] in OF_PHONE)):
            against["channel"] = said["channel"]
        if self.against == "phone" and said.get("country"):
            against["country"] = said["country"]
        return {
            "type": "suppress",
            **against,
            "kind": self._kind(said),
            **{name: said[name] for name in ("reason", "source", "topic") if said.get(name)},
            "at": self._instant(said, "at") or self.written_at.isoformat(),
            "expiresAt": self._instant(said, "expires_at"),
        }

    def _kind(self, said: Mapping[str, str]) -> str:
        kind = said.get("kind", "").lower()
        if kind not in KINDS:
            raise BadCellError(f'is of the kind "{kind}"; there are {listed(KINDS)}')
        return kind

    def _instant(self, said: Mapping[str, str], name: str) -> str | None:
        return instant_of(said[name], self.zone, self.date_form) if said.get(name) else None


def suppression_rows(  # noqa: D417 - the rest is said by SuppressionRows
    header: Sequence[str],
    *,
    told: Mapping[str, str],
    by: str | None,
    usual: Mapping[str, str],
    topics: Iterable[str],
    zone: ZoneInfo,
    date_form: str | None,
    written_at: datetime,
) -> SuppressionRows:
    """Return how the rows of a file become suppressions.

    Args:
        header: The columns.
        told: Columns as given with --map.
        by: Which column says whom, where there are several.

    Raises:
        FileError: Nothing says whom, of which kind or why; or several columns say whom.
    """
    columns = find_columns(header, NAMES, declared=(), told=told)
    whom = [meaning for meaning in AGAINST if meaning in columns.known]
    if not whom:
        names = listed([name for meaning in AGAINST for name in NAMES[meaning][:2]], most=30)
        raise FileError(
            f"There is no column that says whom to suppress. Found: {listed(header, most=30) or 'none'}.\n"
            f"Understood are {names}; or say which it is: --map email=COLUMN"
        )
    if by is not None and by not in whom:
        hint = did_you_mean(by, whom) or f"There are: {listed(whom)}."
        raise FileError(f'--by {by}: no column of the file is "{by}". {hint}')
    if by is None and len(whom) > 1:
        raise FileError(
            f"The file names {listed(whom)}. Say which of them is suppressed: "
            f"--by {whom[0]} (an address is suppressed for whoever has it, a customer wherever they are)"
        )
    for needed, option in (("kind", "--kind marketing"), ("reason", "--reason unsubscribed")):
        if needed not in columns.known and not usual.get(needed):
            raise FileError(f"No column says the {needed}. Say it for all rows: {option}, or --map {needed}=COLUMN")
    _check_topic(usual.get("topic"), topics)
    return SuppressionRows(columns, by or whom[0], usual, zone, date_form, written_at)


def _check_topic(said: str | None, topics: Iterable[str]) -> None:
    names = sorted(topics)
    if said and said not in names:
        hint = did_you_mean(said, names) or f"There are: {listed(names) or 'none; publish a strategy first'}."
        raise FileError(f'There is no topic "{said}". {hint}')
