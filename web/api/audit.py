"""The audit, streamed: a line of JSON for how far it is, one for every finding, one at the end for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from database.audit import audit, has_strategy
from tactful.audit import Audited
from tactful.doors import refusal
from tactful.errors import TactfulError
from tactful.wire.audit import BrokenOffLine
from web.house import House, InHouse

router = APIRouter(tags=["audit"])
log = structlog.get_logger()


@router.get("/audit", response_class=StreamingResponse)
async def audit_(
    house: InHouse,
    since: datetime | None = None,
    strategy: Annotated[str | None, Query(max_length=100)] = None,
) -> StreamingResponse:
    """Prove from the ledger that every promise was kept, or tell the rows where it was not.

    Answers `application/x-ndjson`: lines of `kind` progress and finding, and one summary at the end. A stream without
    a summary broke off.
    """
    now = house.clock()
    began = since.replace(tzinfo=since.tzinfo or UTC) if since is not None else None
    if began is not None and began > now:
        raise refusal(
            "bad_value", "The audit cannot begin in the future.", field="since", expected="an instant before now"
        )
    if strategy is not None and not await house.run(lambda conn: has_strategy(conn, strategy)):
        raise refusal(
            "unknown_strategy", f"There is no strategy {strategy}.", field="strategy", expected="one that was published"
        )
    lines = _lines(house, Audited(now, began, strategy))
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


def _lines(house: House, about: Audited) -> Iterator[str]:
    """Yield the lines; what stops the audit half-way is the last of them, for the status has long been told."""
    try:
        for line in audit(house.database, about):
            yield line.model_dump_json() + "\n"
    except TactfulError as error:
        log.warning("audit.broken_off", error=type(error).__name__)
        yield BrokenOffLine(message=f"The audit broke off: {error}.").model_dump_json() + "\n"
