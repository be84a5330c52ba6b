"""Suppressions: a standing no told, lifted by somebody who says why, and looked at.

Whatever waits is decided when it is due, so nothing need be woken: a claim of a higher revision sees what stands.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from database import customers, suppressions, views
from database.views import suppressions as told_of
from tactful.doors import read_body
from tactful.doors.suppressions import read_against, read_lift, read_suppress
from tactful.intake import Lift, Suppress
from tactful.wire.suppressions import (
    LONGEST_ADDRESS,
    Against,
    LiftBody,
    LiftedAnswer,
    ListedSuppression,
    SuppressBody,
    SuppressedAnswer,
    SuppressionsAnswer,
)
from web.bodies import ITEM_BYTES, json_body, takes
from web.failures import unknown_customer
from web.house import InHouse, vocabulary

router = APIRouter(tags=["suppressions"])


@router.post("/suppressions", openapi_extra=takes(SuppressBody))
async def suppress(request: Request, house: InHouse) -> SuppressedAnswer:
    """Tell a standing no: of a customer, or of an address, whoever has it. The answer means: committed."""
    body = read_body(SuppressBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> SuppressedAnswer:
        said = read_suppress(body, vocabulary(conn), now=now)
        new = suppressions.suppress(conn, said, now=now)
        return SuppressedAnswer(new=new, customers=_concerned(conn, said))

    return await house.run(work)


@router.post("/suppressions/lift", openapi_extra=takes(LiftBody))
async def lift(request: Request, house: InHouse) -> LiftedAnswer:
    """Lift what stands against a customer or an address, as far as it is named; it is kept, with who and why."""
    body = read_body(LiftBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> LiftedAnswer:
        said = read_lift(body, vocabulary(conn))
        lifted = suppressions.lift(conn, said, now=now)
        if said.who is not None:
            told = told_of.of_customer(conn, customers.resolve(conn, said.who), now=now)
        else:
            assert said.channel is not None
            assert said.address is not None
            told = told_of.of_address(conn, said.channel, said.address, now=now)
        return LiftedAnswer(lifted=lifted, standing=told_of.standing(told))

    return await house.run(work)


@router.get("/suppressions")
async def told(
    house: InHouse,
    customer: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    channel: Annotated[str | None, Query(max_length=20)] = None,
    address: Annotated[str | None, Query(min_length=1, max_length=LONGEST_ADDRESS)] = None,
) -> SuppressionsAnswer:
    """Answer what was ever told against a customer and their addresses, or against one address."""
    now = house.clock()
    asked = Against(user_id=customer, channel=channel, address=address)

    def work(conn: Connection) -> list[ListedSuppression] | None:
        meant = read_against(asked, vocabulary(conn))
        if meant.address is not None and meant.channel is not None:
            return told_of.of_address(conn, meant.channel, meant.address, now=now)
        key = views.find_customer(conn, customer or "")
        return told_of.of_customer(conn, key, now=now) if key is not None else None

    found = await house.run(work)
    if found is None:
        raise unknown_customer(customer, field="customer")
    return SuppressionsAnswer(suppressions=found)


def _concerned(conn: Connection, said: Suppress | Lift) -> int:
    if said.channel is None or said.address is None:
        return 1
    return len(suppressions.holders(conn, [(said.channel, said.address)]))
