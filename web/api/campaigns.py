"""Campaigns: what one would come to, sending it, how far it is, stopping it, having it go on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from database import campaigns, lots, strategies, views
from database.errors import UnknownLotError
from database.lots import Lot
from database.strategies import Loaded
from tactful.campaign import CampaignRequest
from tactful.doors import read_body, refusal
from tactful.doors.campaigns import read_campaign
from tactful.wire.campaigns import CampaignAnswer, CampaignBody, CampaignPreview, CampaignsAnswer
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import House, InHouse

router = APIRouter(tags=["campaigns"])

log = structlog.get_logger()


@router.post("/campaigns/preview", openapi_extra=takes(CampaignBody))
async def preview(request: Request, house: InHouse) -> CampaignPreview:
    """Answer what sending a campaign would come to as things stand. Nothing is begun."""
    body = read_body(CampaignBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> CampaignPreview:
        asked, loaded = _meant(conn, body, now)
        return views.campaign_preview(conn, asked, loaded, now)

    return await house.run(work)


@router.post("/campaigns", openapi_extra=takes(CampaignBody))
async def send(request: Request, house: InHouse) -> CampaignAnswer:
    """Send a campaign to its audience. Asked twice it is sent once: `new` says whether this request has begun it."""
    body = read_body(CampaignBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> CampaignAnswer:
        asked, loaded = _meant(conn, body, now)
        lot, new = campaigns.begin(conn, asked, loaded, now=now)
        return views.campaign(conn, lot, new=new)

    begun = await house.run(work)
    if begun.new:
        log.info("campaign.begun", lot_key=str(begun.lot_key), asked_by=body.asked_by)
    return begun


@router.get("/campaigns")
async def newest(house: InHouse, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> CampaignsAnswer:
    """Answer the newest campaigns, the newest first."""
    found = await house.run(lambda conn: views.campaigns(conn, most=limit))
    return CampaignsAnswer(campaigns=found)


@router.get("/campaigns/{lot_key}")
async def look(lot_key: UUID, house: InHouse) -> CampaignAnswer:
    """Answer how far a campaign is."""
    return await house.run(lambda conn: views.campaign(conn, _known(conn, lot_key)))


@router.post("/campaigns/{lot_key}/stop")
async def stop(lot_key: UUID, house: InHouse) -> CampaignAnswer:
    """Stop a campaign: what is being sent finishes, nothing more is begun until it is resumed."""
    answer = await _switched(house, lot_key, on=False)
    log.warning("campaign.stopped", lot_key=str(lot_key))
    return answer


@router.post("/campaigns/{lot_key}/resume")
async def resume(lot_key: UUID, house: InHouse) -> CampaignAnswer:
    """Have a stopped campaign go on, every contact decided afresh. Again changes nothing."""
    answer = await _switched(house, lot_key, on=True)
    log.info("campaign.resumed", lot_key=str(lot_key))
    return answer


async def _switched(house: House, lot_key: UUID, *, on: bool) -> CampaignAnswer:
    now = house.clock()

    def work(conn: Connection) -> CampaignAnswer:
        lot = _known(conn, lot_key)
        if lot.state == "done":
            raise refusal("done", "This campaign is done; there is nothing left of it.", field="lot_key")
        change = lots.resume if on else lots.stop
        return views.campaign(conn, change(conn, lot_key, now=now))

    return await house.run(work)


def _meant(conn: Connection, body: CampaignBody, now: datetime) -> tuple[CampaignRequest, Loaded]:
    published = {loaded.strategy.name: loaded for loaded in strategies.published(conn)}
    asked = read_campaign(body, [loaded.strategy for loaded in published.values()], now)
    return asked, published[asked.strategy]


def _known(conn: Connection, lot_key: UUID) -> Lot:
    try:
        lot = lots.read(conn, lot_key)
    except UnknownLotError:
        lot = None
    if lot is None or lot.kind != "campaign":
        message = f"There is no campaign {lot_key}."
        raise refusal("unknown_campaign", message, field="lot_key", expected="a key that was answered before")
    return lot
