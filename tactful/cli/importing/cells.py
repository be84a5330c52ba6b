"""Cells as people write them: amounts with their commas, days without an hour, yes and no."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from tactful.errors import TactfulError
from tactful.strategy.spelling import quoted

NOON: Final = time(12)
YES: Final = frozenset({"yes", "y", "true", "1", "x"})
NO: Final = frozenset({"no", "n", "false", "0", ""})
_PLAIN = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d{1,2}", re.ASCII)


class BadCellError(TactfulError):
    """A cell does not say what its column promises."""


def text_of(value: object) -> str:
    """Return a cell as text; JSON's null and an empty cell are both empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def amount_of(cell: str) -> str:
    """Return an amount as a plain decimal: `1,234.50` and `1.234,50` become `1234.50`.

    Raises:
        BadCellError: It is no amount.
    """
    said = cell.strip().lstrip("$€£").replace("\u00a0", "").replace(" ", "")
    if _PLAIN.fullmatch(said):
        return said
    if _COMMA.fullmatch(said):
        return said.replace(".", "").replace(",", ".")
    if _THOUSANDS.fullmatch(said):
        return said.replace(",", "")
    raise BadCellError(f"{quoted(cell)} is no amount")


def instant_of(cell: str, zone: ZoneInfo, form: str | None) -> str:
    """Return an instant with its offset; a day alone is its noon, and what has no offset is the zone's.

    Args:
        cell: What the file says.
        zone: Whose clocks it means.
        form: As `strptime` has it, where the file has a form of its own.

    Raises:
        BadCellError: It is neither instant nor day.
    """
    said = cell.strip()
    try:
        at = datetime.strptime(said, form) if form else _iso(said)  # noqa: DTZ007 - the zone is put to it below
    except ValueError:
        example = (
            f"{form} was told" if form else "ISO 8601 such as 2026-03-24 or 2026-03-24T09:30:00Z is; --date-format"
        )
        raise BadCellError(f"{quoted(cell)} is no date ({example})") from None
    if form and not any(sign in form for sign in ("%H", "%I", "%c", "%X", "%s")):
        at = datetime.combine(at.date(), NOON)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def yes_or_no(cell: str) -> bool:
    """Return whether a cell says yes.

    Raises:
        BadCellError: It says neither.
    """
    said = cell.strip().lower()
    if said in YES:
        return True
    if said in NO:
        return False
    raise BadCellError(f"{quoted(cell)} is neither yes nor no")


def _iso(said: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(said), NOON)
    except ValueError:
        return datetime.fromisoformat(said)
