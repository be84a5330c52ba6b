"""What messages cost, by connector, communication and currency."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from database import views
from tactful.doors.costs import read_period
from tactful.wire.costs import CostsAnswer
from web.house import InHouse

router = APIRouter(tags=["costs"])

Name = Annotated[str | None, Query(max_length=100)]


@router.get("/costs")
async def costs(
    house: InHouse,
    since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    connector: Name = None,
    strategy: Name = None,
) -> CostsAnswer:
    """Answer what messages cost that were handed over in a period: the month so far, if none is named.

    Currencies are never added; messages without a price are counted, with no amount.
    """
    begins, ends = read_period(since, until, now=house.clock())
    asked = views.CostsAsked(begins, ends, connector, strategy)
    return await house.run(lambda conn: views.costs(conn, asked))
