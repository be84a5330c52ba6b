"""The first pages: customers, one customer's story, the mailbox, the strategies, how everything is doing."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from database import views
from database.views import CustomerLine, FrozenMessage, MailLine, Page
from database.views.wording import zone_named
from tactful.doors import RefusedError
from tactful.doors.costs import read_period
from tactful.wire import ContactAnswer, CustomerAnswer, TimelineAnswer
from tactful.words import Channel
from web.access import Authorised
from web.health import look
from web.house import InHouse
from web.render import STYLE, page
from web.safety import MESSAGE

router = APIRouter(include_in_schema=False)
guarded = APIRouter(prefix="/console", dependencies=[Authorised], include_in_schema=False)

Before = Annotated[str | None, Query(max_length=400)]
CHANNELS = [channel.value for channel in Channel]


@router.get("/tactful.css")
async def style() -> Response:
    """Return the one style sheet of all pages; its address changes with it."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@guarded.get("")
async def first() -> RedirectResponse:
    """Lead to the customers."""
    return RedirectResponse("/console/customers")


@guarded.get("/customers")
async def customers(
    request: Request, house: InHouse, q: Annotated[str, Query(max_length=255)] = "", before: Before = None
) -> HTMLResponse:
    """Show customers, the newest first, or those whose id or address was typed."""
    typed = q.replace("\x00", "").strip()

    def work(conn: Connection) -> Page[CustomerLine]:
        if typed:
            return views.customers_found(conn, typed)
        return views.customer_lines(conn, before=before)

    found = await house.run(work)
    return page(request, "customers.html", found=found, typed=typed, first=before is None)


@guarded.get("/customers/{customer_id:path}")
async def customer(request: Request, house: InHouse, customer_id: str, before: Before = None) -> HTMLResponse:
    """Show a customer: profile, consents, journeys, and the story of what was said to them and why."""
    now = house.clock()

    def work(conn: Connection) -> tuple[CustomerAnswer, TimelineAnswer] | list[str]:
        key = views.find_customer(conn, customer_id.replace("\x00", ""))
        found = views.customer(conn, key, now=now) if key is not None else None
        if key is None or found is None:
            return views.near_ids(conn, customer_id.replace("\x00", ""))
        return found, views.timeline(conn, key, before=before, most=100)

    found = await house.run(work)
    if isinstance(found, list):
        return page(request, "nobody.html", status=404, customer_id=customer_id, near=found[:5])
    who, story = found
    zone: tzinfo = zone_named(who.time_zone)
    temporal = house.config.temporal_ui_url
    shown = "customer.html"
    return page(request, shown, who=who, story=story, zone=zone, first=before is None, temporal=temporal, now=now)


@guarded.get("/contacts/{contact_key}")
async def contact(request: Request, house: InHouse, contact_key: UUID) -> HTMLResponse:
    """Show one contact: where it stands, every rule that was asked, its messages."""

    def work(conn: Connection) -> tuple[ContactAnswer, tzinfo] | None:
        found = views.contact(conn, contact_key)
        who = views.customer(conn, found.customer_key, now=house.clock()) if found is not None else None
        return (found, zone_named(who.time_zone if who else None)) if found is not None else None

    found = await house.run(work)
    if found is None:
        return page(request, "missing.html", status=404, what="contact")
    return page(request, "contact.html", contact=found[0], zone=found[1])


@guarded.get("/mailbox")
async def mailbox(
    request: Request, house: InHouse, channel: Annotated[str | None, Query(max_length=20)] = None, before: Before = None
) -> HTMLResponse:
    """Show messages as they were frozen, the newest first."""
    wanted = channel if channel in CHANNELS else None

    def work(conn: Connection) -> Page[MailLine]:
        return views.mail_lines(conn, channel=wanted, before=before)

    found = await house.run(work)
    return page(request, "mailbox.html", found=found, channel=wanted, channels=CHANNELS, first=before is None)


@guarded.get("/messages/{contact_key}/{channel}")
async def message(request: Request, house: InHouse, contact_key: UUID, channel: str) -> HTMLResponse:
    """Show one message with all its parts."""
    found = await _message(house, contact_key, channel)
    if found is None:
        return page(request, "missing.html", status=404, what="message")
    return page(request, "message.html", message=found)


@guarded.get("/messages/{contact_key}/{channel}/body")
async def body(house: InHouse, contact_key: UUID, channel: str) -> Response:
    """Return the HTML of a message by itself, without rights: it is shown in a frame."""
    found = await _message(house, contact_key, channel)
    html = found.content.get("html") if found is not None else None
    headers = {"Content-Security-Policy": MESSAGE, "Cache-Control": "no-store"}
    return HTMLResponse(html or "", 200 if html else 404, headers)


@guarded.get("/costs")
async def costs(
    request: Request,
    house: InHouse,
    since: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
) -> HTMLResponse:
    """Show what messages cost; a period that is none is said to be, and the month so far shown instead."""
    now, wrong = house.clock(), None
    try:
        begins, ends = read_period(since or None, until or None, now=now)
    except RefusedError as refused:
        begins, ends = read_period(None, None, now=now)
        wrong = " ".join(each.message for each in refused.refusals)
    found = await house.run(lambda conn: views.costs(conn, views.CostsAsked(begins, ends)))
    return page(request, "costs.html", found=found, since=since, until=until, wrong=wrong)


@guarded.get("/strategies")
async def strategies(request: Request, house: InHouse) -> HTMLResponse:
    """Show the published strategies, and what of them waits for a later version."""
    found = await house.run(views.published_strategies)
    return page(request, "strategies.html", strategies=found)


@guarded.get("/health")
async def health(request: Request, house: InHouse) -> HTMLResponse:
    """Show how everything is doing."""
    return page(request, "health.html", health=await look(house))


async def _message(house: InHouse, contact_key: UUID, channel: str) -> FrozenMessage | None:
    return await house.run(lambda conn: views.frozen_message(conn, contact_key, channel))


router.include_router(guarded)
