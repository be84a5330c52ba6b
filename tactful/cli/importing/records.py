"""Rows from lines: CSV with whatever delimiter, or JSON lines. One bad row never spoils its neighbours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, cast

from pydantic_core import from_json

from tactful.cli.importing.lines import LONGEST, FileError, Line, Source
from tactful.strategy.spelling import quoted

DELIMITERS: Final = (",", ";", "\t", "|")
MOST_COLUMNS: Final = 500
SHOWN: Final = 200
LOOKED_AHEAD: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, its values by column, and its cells as they stand in the file."""

    line: int
    values: dict[str, object]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, why, and how it begins."""

    line: int
    reason: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """What a file holds: its columns and its rows, one after the other."""

    columns: tuple[str, ...]
    rows: Iterator[Row | BadRow]
    delimiter: str | None = field(default=None)


def read_table(source: Source, delimiter: str | None = None) -> Table:
    """Return the table in a file.

    Args:
        source: The open file.
        delimiter: What stands between cells; None to find out from the first line.

    Raises:
        FileError: The first line is no header, or the file is JSON but not JSON lines.
    """
    lines = source.lines()
    first = next((line for line in lines if line.raw.strip()), None)
    if first is None:
        raise FileError(f"{source.path} is empty.")
    if first.raw.lstrip().startswith(b"["):
        raise FileError(f"{source.path} is one JSON list. One object a line is needed: jq -c '.[]' FILE > FILE.jsonl")
    if first.raw.lstrip().startswith(b"{"):
        return _json_lines(first, lines)
    header = _text(first)
    if not first.whole or header is None:
        why = f"is longer than {LONGEST // 1024} KB" if not first.whole else "is not UTF-8; try --encoding cp1252"
        raise FileError(f"{source.path}: the header in line {first.number} {why}.")
    between = delimiter or _sniffed(header)
    columns = tuple(cell.strip() for cell in _cells(header, between))
    _check_header(columns, source)
    return Table(columns, _csv_rows(lines, columns, between), between)


def _sniffed(header: str) -> str:
    """Return the delimiter that the header has most of, outside quotes."""
    outside = "".join(part for i, part in enumerate(header.split('"')) if i % 2 == 0)
    return max(DELIMITERS, key=outside.count)


def _check_header(columns: Sequence[str], source: Source) -> None:
    if len(columns) > MOST_COLUMNS:
        raise FileError(f"{source.path} has {len(columns):,} columns; at most {MOST_COLUMNS} can be.")
    twice = [name for name in columns if columns.count(name) > 1 and name]
    if twice:
        raise FileError(f"{source.path} has the column {quoted(twice[0])} twice. Give each its own name.")


def _csv_rows(lines: Iterator[Line], columns: Sequence[str], delimiter: str) -> Iterator[Row | BadRow]:
    """Yield the rows; one may go over several lines where a quoted cell does."""
    waiting: list[Line] = []
    while (line := waiting.pop(0) if waiting else next(lines, None)) is not None:
        if not line.raw.strip():
            continue
        joined, waiting, closed = _joined(line, waiting, lines, delimiter)
        yield _csv_row(joined, columns, delimiter) if closed else _bad(line, "a quoted cell begins here and never ends")


def _joined(line: Line, waiting: list[Line], lines: Iterator[Line], delimiter: str) -> tuple[Line, list[Line], bool]:
    """Return a line with those its quoted cells go on in, the lines that still wait, and whether all quotes closed.

    Where a quote never closes, within what one row may be long, the lines looked ahead at are given back.
    """
    raw, quote = line.raw, _ends_quoted(line.raw, delimiter, quote=False)
    ahead: list[Line] = []
    while quote:
        following = waiting.pop(0) if waiting else next(lines, None)
        if following is None or not following.whole or len(raw) + len(following.raw) > LONGEST:
            given_back = [*ahead, *([following] if following is not None else []), *waiting]
            return line, given_back, False
        ahead.append(following)
        raw += following.raw
        quote = _ends_quoted(following.raw, delimiter, quote=True)
    return Line(line.number, raw, line.whole), waiting, True


def _ends_quoted(raw: bytes, delimiter: str, *, quote: bool) -> bool:
    """Say whether the end of a line is inside a quoted cell; `quote` says whether its beginning is."""
    if b'"' not in raw:
        return quote
    text = raw.decode("utf-8", "replace").rstrip("\r\n")
    i, at_start = 0, not quote
    while i < len(text):
        character = text[i]
        if quote:
            if character == '"' and text[i + 1 : i + 2] == '"':
                i += 1
            elif character == '"':
                quote = False
        elif character == '"' and at_start:
            quote = True
        at_start = character == delimiter and not quote
        i += 1
    return quote


def _csv_row(line: Line, columns: Sequence[str], delimiter: str) -> Row | BadRow:
    text = _text(line)
    if not line.whole:
        return _bad(line, f"the line is longer than {LONGEST // 1024} KB")
    if text is None:
        return _bad(line, _not_utf8(line.raw))
    try:
        cells = tuple(_cells(text, delimiter))
    except csv.Error as error:
        return _bad(line, f"is no CSV: {error}")
    if "\x00" in text:
        return BadRow(line.number, "has a NUL character in it", cells)
    if len(cells) != len(columns):
        return BadRow(line.number, f"has {len(cells)} cells, and the header has {len(columns)}", cells)
    return Row(line.number, dict(zip(columns, cells, strict=True)), cells)


def _json_lines(first: Line, lines: Iterator[Line]) -> Table:
    """Return the table of JSON lines. Its columns are those of its first rows."""
    rows = (_json_row(line) for line in chain([first], lines) if line.raw.strip())
    ahead = list(islice(rows, LOOKED_AHEAD))
    columns = tuple(dict.fromkeys(name for row in ahead if isinstance(row, Row) for name in row.values))
    return Table(columns, (_with_columns(row, frozenset(columns)) for row in chain(ahead, rows)))


def _with_columns(row: Row | BadRow, columns: frozenset[str]) -> Row | BadRow:
    more = next((name for name in row.values if name not in columns), None) if isinstance(row, Row) else None
    if more is None:
        return row
    return BadRow(row.line, f"has {quoted(more)}, which none of the first {LOOKED_AHEAD} rows has", row.cells)


def _json_row(line: Line) -> Row | BadRow:
    if not line.whole:
        return _bad(line, f"the line is longer than {LONGEST // 1024} KB")
    text = _text(line)
    if text is None:
        return _bad(line, _not_utf8(line.raw))
    try:
        value = from_json(line.raw, allow_inf_nan=False)
    except ValueError as error:
        return _bad(line, f"is no JSON: {error}")
    if not isinstance(value, dict):
        return _bad(line, "is no JSON object")
    return Row(line.number, cast("dict[str, object]", value), (text.strip(),))


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _text(line: Line) -> str | None:
    try:
        return line.raw.decode()
    except UnicodeDecodeError:
        return None


def _not_utf8(raw: bytes) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8; try --encoding cp1252"
    return "is not UTF-8"


def _bad(line: Line, reason: str) -> BadRow:
    shown = line.raw.decode("utf-8", "replace").rstrip("\r\n")
    return BadRow(line.number, reason, (shown[:SHOWN] + ("…" if len(shown) > SHOWN else ""),))
