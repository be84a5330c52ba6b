"""Which fault an answer is: a connector's own table first, then what HTTP says of it.

Pure. What is said for every provider here is the cautious reading: what may have gone out is *ambiguous*, and an answer
that is wrong for every message alike holds the connector instead of costing each customer their message.
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tactful.connector.faults import Fault

WAIT_MAX = timedelta(days=1)
_DEFAULTS: Mapping[int, Fault] = {
    401: Fault.CONFIG,
    402: Fault.QUOTA,
    403: Fault.CONFIG,
    404: Fault.CONFIG,
    405: Fault.CONFIG,
    407: Fault.CONFIG,
    408: Fault.TRANSIENT,
    425: Fault.TRANSIENT,
    429: Fault.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class On:
    """A row of an error table: the answers it is about, and what they mean.

    Attributes:
        fault: What they mean.
        statuses: HTTP statuses; empty for any.
        codes: The provider's own codes; empty for any.
    """

    fault: Fault
    statuses: frozenset[int]
    codes: frozenset[str]

    def meets(self, status: int, code: str) -> bool:
        """Say whether an answer is among those it is about."""
        return (not self.statuses or status in self.statuses) and (not self.codes or code in self.codes)


def on(status: int | Iterable[int] | None, fault: Fault, *codes: str | int) -> On:
    """Return a row: `on(400, Fault.BAD_RECIPIENT, 21211, 21614)`, `on(range(500, 600), Fault.TRANSIENT)`."""
    statuses = () if status is None else (status,) if isinstance(status, int) else status
    return On(fault, frozenset(statuses), frozenset(str(code) for code in codes))


def fault_of(status: int, code: str, table: Iterable[On]) -> Fault:
    """Return what an answer that is no acceptance means: the first row that meets it, else what HTTP says.

    Args:
        status: The HTTP status; may be one of success, where a provider says its errors in the body.
        code: The provider's own code; empty for none.
        table: The connector's rows, first match wins.
    """
    for row in table:
        if row.meets(status, code):
            return row.fault
    if status in _DEFAULTS:
        return _DEFAULTS[status]
    if 400 <= status <= 499:  # noqa: PLR2004 - the client errors of HTTP
        return Fault.BAD_CONTENT
    return Fault.CONFIG if 300 <= status <= 399 else Fault.AMBIGUOUS  # noqa: PLR2004 - redirects; all others


def wait_asked_for(headers: Mapping[str, str], at: datetime) -> timedelta | None:
    """Return how long the provider asks us to wait, at most a day; None where it does not say.

    Args:
        headers: By name in small letters: `retry-after` in seconds or as a date, else `ratelimit-reset` in seconds.
        at: Aware instant of the answer, from which a date counts.
    """
    said = headers.get("retry-after", headers.get("ratelimit-reset", "")).strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=min(int(said), 10**9)), WAIT_MAX)
    try:
        then = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(timedelta(0), min(then - at, WAIT_MAX))
