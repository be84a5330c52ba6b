"""Which contacts a person means, and that they mean them: filters held against what there can be.

An act without any filter is refused unless it says that all are meant: a slip of the keyboard restarts nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from tactful.doors import values
from tactful.doors.refusals import Gathering, refusal
from tactful.intake import Which
from tactful.wire.sends import SendsFilter, SettleBody

EVERYTHING = "a filter, or all: true (on the command line --all)"


def read_which(
    said: SendsFilter, *, now: datetime, customer: Callable[[str], UUID | None], at: str = "filter"
) -> Which:
    """Return which contacts a filter means.

    Args:
        said: The filter.
        now: Aware UTC instant; what is parked later is not meant.
        customer: Finds a customer's key by an id.
        at: Where the filter stands in the request.

    Raises:
        RefusedError: With everything that is wrong with it.
    """
    gathering = Gathering()
    since = gathering.take(values.later_instant, said.since, f"{at}.since" if at else "since")
    until = gathering.take(values.later_instant, said.until, f"{at}.until" if at else "until")
    gathering.settle()
    if since is not None and until is not None and until <= since:
        raise refusal("bad_value", "until is not later than since.", field="until", expected="a later instant")
    key = customer(said.customer) if said.customer is not None else None
    if said.customer is not None and key is None:
        message = f'No customer is known by the id "{said.customer}".'
        raise refusal("unknown_customer", message, field="customer", expected="an id that was identified before")
    return Which(
        parked_by=now,
        connector=said.connector,
        fault=said.fault,
        reason=said.reason,
        strategy=said.strategy,
        step=said.step,
        communication=said.communication,
        customer_key=key,
        since=since,
        until=until,
        contacts=tuple(said.contacts) if said.contacts is not None else None,
    )


def check_meant(body: SettleBody) -> None:
    """Refuse an act on everything that does not say so.

    Raises:
        RefusedError: There is no filter and no `all`.
    """
    if body.all or body.filter.model_dump(exclude_none=True):
        return
    message = "This would be done to every contact that waits for a person."
    raise refusal("no_filter", message, field="filter", expected=EVERYTHING)
