"""Contacts: asked for by other systems, looked at one by one, and as a feed of what changes."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Query, Request, Response
from sqlalchemy import Connection

from database import requests, views
from tactful.doors import RefusedError, read_body, read_request, refusal
from tactful.wire import ContactAnswer, ContactBody, FeedAnswer
from tactful.wire.explanation import ExplanationAnswer
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import House, InHouse, vocabulary

router = APIRouter(tags=["contacts"])

FIRST_LOOK_SECONDS = 0.1
LOOK_EVERY_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30


@router.post("/contacts", openapi_extra=takes(ContactBody))
async def request_contact(
    request: Request,
    response: Response,
    house: InHouse,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    wait: Annotated[float | None, Query(ge=0, le=LONGEST_WAIT_SECONDS)] = None,
) -> ContactAnswer:
    """Make this contact for this customer; the verdict is the answer.

    200: decided: sent, or not, or later, and why. 202: committed, but not decided within `wait` seconds; ask
    `GET /v1/contacts/{contact_key}` again. The same key again is the same contact.
    """
    body = read_body(ContactBody, await json_body(request, most=ITEM_BYTES))
    if idempotency_key and body.request_key and idempotency_key != body.request_key:
        message = "The header Idempotency-Key and request_key differ."
        raise refusal("bad_value", message, field="request_key", expected="one of the two, or the same in both")
    request_key = idempotency_key or body.request_key or f"tactful-{uuid4()}"
    now = house.clock()

    def work(conn: Connection) -> UUID:
        return requests.request_contact(conn, read_request(body, vocabulary(conn), request_key=request_key), now=now)

    key = await house.run(work)
    found = await decided_contact(house, key, wait)
    response.status_code = 200 if found.decided else 202
    return found


@router.get("/contacts")
async def feed(
    house: InHouse,
    after: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> FeedAnswer:
    """Answer the contacts that changed since `after` (the `next` of the answer before), oldest change first."""
    return await house.run(lambda conn: views.contacts_after(conn, after, most=limit))


@router.get("/contacts/{contact_key}")
async def contact(contact_key: UUID, house: InHouse) -> ContactAnswer:
    """Answer one contact: where it stands, every rule that was asked, what the provider said."""
    return await _found(house, contact_key)


@router.get("/contacts/{contact_key}/explanation")
async def explanation(contact_key: UUID, house: InHouse) -> ExplanationAnswer:
    """Answer what became of a contact, in one sentence first, then every rule that was asked, with what it counted."""
    now = house.clock()
    found = await house.run(lambda conn: views.explain_contact(conn, contact_key, now=now))
    if found is None:
        raise _unknown(contact_key)
    return found


async def decided_contact(house: House, contact_key: UUID, seconds: float | None) -> ContactAnswer:
    """Return the contact as soon as there is a verdict, or as it stands when time is up: the house's own, if None.

    The row is read again and again rather than waited for: the verdict is another program's transaction.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + (house.config.contact_wait.total_seconds() if seconds is None else seconds)
    found = await _found(house, contact_key)
    pause = FIRST_LOOK_SECONDS
    while not found.decided and loop.time() < until:
        await asyncio.sleep(pause)
        pause = min(2 * pause, LOOK_EVERY_SECONDS)
        found = await _found(house, contact_key)
    return found


async def _found(house: House, contact_key: UUID) -> ContactAnswer:
    found = await house.run(lambda conn: views.contact(conn, contact_key))
    if found is None:
        raise _unknown(contact_key)
    return found


def _unknown(contact_key: UUID) -> RefusedError:
    message = f"There is no contact {contact_key}."
    return refusal("unknown_contact", message, field="contact_key", expected="a key that was answered before")
