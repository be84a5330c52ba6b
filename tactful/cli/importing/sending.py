"""Sending: rows in batches to the server, what is refused into a rejects file, and a count of everything.

A batch is one transaction of the server. Sent again it changes nothing, so an import that broke off is simply begun
again.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from tactful.cli.importing.cells import BadCellError
from tactful.cli.importing.records import BadRow, Row
from tactful.client import TactfulClient, UnavailableError, UnreachableError
from tactful.wire.answers import BatchAnswer, ItemAnswer

MOST_ITEMS: Final = 200
MOST_BYTES: Final = 400 * 1024
PATIENCE_SECONDS: Final = 60
Message = Mapping[str, object]


@dataclass
class Count:
    """What became of the rows of a file."""

    rows: int = 0
    new: int = 0
    already_there: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict[str, int])

    def reject(self, reason: str) -> None:
        """Count a rejected row; the reasons are kept by their kind, at most 20 of them."""
        self.rejected += 1
        if reason in self.reasons or len(self.reasons) < 20:  # noqa: PLR2004
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


class Rejects:
    """The rejects file: line, reason and the row as it stood, made when the first row is rejected."""

    def __init__(self, path: Path, columns: Sequence[str], because: str = "reason") -> None:
        self.path = path
        self._header = ("line", because)
        self._columns = columns
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        """Take away what an earlier import of the same file left; nothing that is not ours."""
        with suppress(OSError, UnicodeDecodeError):
            with self.path.open(encoding="utf-8") as old:
                begins = ",".join(self._header)
                ours = old.read(len(begins)) == begins
            if ours:
                self.path.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def written(self) -> bool:
        """Whether anything was rejected."""
        return self._file is not None

    def add(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Write down a row."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow((*self._header, *self._columns))
        csv.writer(self._file).writerow((line, reason, *cells))


@dataclass
class Sending:
    """One import on its way.

    Attributes:
        client: The server.
        rejects: Where bad rows go.
        historical: Events tell the past.
        create_customers: Unknown customers are registered.
        dry_run: Nothing is kept.
        told: Called after every batch and every bad row with the rows done so far.
    """

    client: TactfulClient
    rejects: Rejects
    historical: bool = False
    create_customers: bool = False
    dry_run: bool = False
    told: Callable[[], None] = lambda: None
    count: Count = field(default_factory=Count)

    def send(self, rows: Iterable[Row | BadRow], message: Callable[[Row], Message]) -> Count:
        """Send every row as the message it becomes, and return the count.

        Raises:
            ClientError: The server went away for longer than a minute, or refuses batches as a whole.
        """
        for batch in _batches(self._messages(rows, message)):
            answer = self._told([sent for _, sent in batch])
            for (row, _), item in zip(batch, answer.results, strict=True):
                self._note(row, item)
            self.told()
        return self.count

    def _messages(
        self, rows: Iterable[Row | BadRow], message: Callable[[Row], Message]
    ) -> Iterator[tuple[Row, Message]]:
        for row in rows:
            self.count.rows += 1
            if isinstance(row, BadRow):
                self._reject(row.line, row.reason, row.cells)
                continue
            try:
                yield row, message(row)
            except BadCellError as error:
                self._reject(row.line, str(error), row.cells)

    def _told(self, batch: Sequence[Message]) -> BatchAnswer:
        again = Retrying(
            retry=retry_if_exception_type((UnavailableError, UnreachableError)),
            stop=stop_after_delay(PATIENCE_SECONDS),
            wait=wait_exponential_jitter(multiplier=0.5, max=10),
            reraise=True,
        )
        return again(
            self.client.import_batch,
            batch,
            historical=self.historical,
            create_customers=self.create_customers,
            dry_run=self.dry_run,
        )

    def _note(self, row: Row, item: ItemAnswer) -> None:
        if item.status == "stored":
            self.count.new += 1
        elif item.status == "duplicate":
            self.count.already_there += 1
        else:
            told = item.error
            hint = f" {told.hint}" if told and told.hint else ""
            reason = f"{told.message}{hint}" if told else "the server gave no reason"
            self._reject(row.line, reason, row.cells, kind=told.code if told else None)

    def _reject(self, line: int, reason: str, cells: Sequence[str], kind: str | None = None) -> None:
        self.count.reject(kind or reason)
        self.rejects.add(line, reason, cells)
        self.told()


def _batches(messages: Iterable[tuple[Row, Message]]) -> Iterator[list[tuple[Row, Message]]]:
    """Yield the messages in batches that the server takes: few enough, and not too long together."""
    batch: list[tuple[Row, Message]] = []
    length = 0
    for row, message in messages:
        bytes_ = len(json.dumps(message, default=str))
        if batch and (len(batch) == MOST_ITEMS or length + bytes_ > MOST_BYTES):
            yield batch
            batch, length = [], 0
        batch.append((row, message))
        length += bytes_ + 1
    if batch:
        yield batch


def seconds_since(began: float) -> float:
    """Return how long ago `began` (monotonic) was, never nothing."""
    return max(time.monotonic() - began, 0.001)
