"""What customers did, one message at a time, in batches, or as the past told afterwards."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import Connection

from database import intake
from tactful.doors import read_body, read_track
from tactful.wire import BatchAnswer, BatchBody, ImportBody, Taken, TrackBody
from web.api.batches import take_batch
from web.api.people import made_up_id
from web.bodies import BATCH_BYTES, ITEM_BYTES, json_body, takes
from web.house import InHouse, vocabulary

router = APIRouter(tags=["events"])


@router.post("/track", openapi_extra=takes(TrackBody))
async def track(request: Request, house: InHouse) -> Taken:
    """Take in something a customer did, and open, move on or end their journeys in the same transaction."""
    body = read_body(TrackBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> Taken:
        done = read_track(body, vocabulary(conn), now=now, made_up=made_up_id)
        taken = intake.track(conn, done, now=now)
        return Taken(
            message_id=done.message_id,
            customer_key=taken.customer_key,
            event_key=taken.event_key,
            duplicate=taken.duplicate,
        )

    return await house.run(work)


@router.post("/batch", openapi_extra=takes(BatchBody))
async def batch(request: Request, house: InHouse) -> BatchAnswer:
    """Take in up to 500 identify and track messages, in order; what is refused is told item by item."""
    body = read_body(BatchBody, await json_body(request, most=BATCH_BYTES))
    now = house.clock()
    options = ImportBody(batch=body.batch)
    return await house.run(lambda conn: take_batch(conn, options, now))


@router.post("/import", openapi_extra=takes(ImportBody))
async def import_(request: Request, house: InHouse) -> BatchAnswer:
    """Take in a batch of the past: historical events set clocks and begin nothing else."""
    body = read_body(ImportBody, await json_body(request, most=BATCH_BYTES))
    now = house.clock()
    return await house.run(lambda conn: take_batch(conn, body, now))
