"""Customers: what we are told of them, and what is known."""

from __future__ import annotations

from typing import Annotated, TypeVar
from uuid import uuid4

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from database import intake, views
from tactful.doors import RefusedError, read_body, read_identify
from tactful.wire import CustomerAnswer, IdentifyBody, Taken, TimelineAnswer
from tactful.wire.explanation import ExplanationAnswer
from web.bodies import ITEM_BYTES, json_body, takes
from web.failures import unknown_customer
from web.house import InHouse, vocabulary

T = TypeVar("T")

router = APIRouter(tags=["customers"])


@router.post("/identify", openapi_extra=takes(IdentifyBody))
async def identify(request: Request, house: InHouse) -> Taken:
    """Take in facts about a customer, who is registered if nobody has that id yet. The answer means: committed."""
    body = read_body(IdentifyBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> Taken:
        said = read_identify(body, vocabulary(conn), now=now, made_up=made_up_id)
        return Taken(message_id=said.message_id, customer_key=intake.identify(conn, said, now=now))

    return await house.run(work)


@router.get("/customers/{customer_id:path}/timeline")
async def timeline(
    customer_id: str,
    house: InHouse,
    before: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TimelineAnswer:
    """Answer a customer's story: what they did, which journeys ran, what was said to them or not, and why."""

    def work(conn: Connection) -> TimelineAnswer | RefusedError:
        key = views.find_customer(conn, customer_id)
        return _nobody(conn, customer_id) if key is None else views.timeline(conn, key, before=before, most=limit)

    return _or_raise(await house.run(work))


@router.get("/customers/{customer_id:path}/explanation")
async def explanation(
    customer_id: str,
    house: InHouse,
    communication: Annotated[str, Query(max_length=100)],
    step: Annotated[str | None, Query(max_length=100)] = None,
    strategy: Annotated[str | None, Query(max_length=100)] = None,
) -> ExplanationAnswer:
    """Answer why the customer got a communication or not; also where it never came about."""
    now = house.clock()

    def work(conn: Connection) -> ExplanationAnswer | RefusedError:
        key = views.find_customer(conn, customer_id)
        if key is None:
            return _nobody(conn, customer_id)
        return views.explain_communication(conn, key, communication, step=step, strategy=strategy, now=now)

    return _or_raise(await house.run(work))


@router.get("/customers/{customer_id:path}")
async def customer(customer_id: str, house: InHouse) -> CustomerAnswer:
    """Answer a customer's profile, consents, orders and journeys: which, how far, how long.

    `customer_id` is the customer's id in your systems, an anonymous id, or our own customer_key.
    """
    now = house.clock()

    def work(conn: Connection) -> CustomerAnswer | RefusedError:
        key = views.find_customer(conn, customer_id)
        found = views.customer(conn, key, now=now) if key is not None else None
        return found or _nobody(conn, customer_id)

    return _or_raise(await house.run(work))


def made_up_id() -> str:
    """Return a message id for a sender who gave none."""
    return f"tactful-{uuid4()}"


def _nobody(conn: Connection, customer_id: str) -> RefusedError:
    return unknown_customer(customer_id, near=views.near_ids(conn, customer_id))


def _or_raise(found: T | RefusedError) -> T:
    if isinstance(found, RefusedError):
        raise found
    return found
