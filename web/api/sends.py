"""What waits for a person: causes and forecasts, and what is done about it. Every act says who does it.

An act on many is done page by page, each page a transaction; a restart is a workflow's work, begun by a row.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from database import forecasts, restarts, sends, views
from database.restarts import RestartRequest
from database.sends import Act, Asking
from database.views.restarts import restart
from database.views.restarts import restarts as restarts_of
from database.views.sends import causes, sends_list
from tactful.doors import read_body, refusal
from tactful.doors.sends import check_meant, read_which
from tactful.intake import Person, Which
from tactful.wire import ContactAnswer
from tactful.wire.sends import (
    ActAnswer,
    OneBody,
    RestartAnswer,
    RetryAnswer,
    RetryBody,
    SendsAnswer,
    SendsFilter,
    SendsListAnswer,
    SettleBody,
)
from web.api.contacts import decided_contact
from web.bodies import ITEM_BYTES, json_body, takes
from web.house import House, InHouse

router = APIRouter(tags=["sends"])

MOST_AT_ONCE = 5000
"""How many contacts one request skips or marks; with more, `left` says how many."""


class SendsQuery(SendsFilter):
    """The filter as a query."""

    forecast: bool = True
    """Whether to say of each cause what a retry would do now."""


class SendsListQuery(SendsFilter):
    """The filter and the place in the list, as a query."""

    after: Annotated[str | None, Query(max_length=400)] = None
    limit: Annotated[int, Query(ge=1, le=500)] = 100


@router.get("/sends")
async def waiting(house: InHouse, asked: Annotated[SendsQuery, Query()]) -> SendsAnswer:
    """Answer what waits for a person, causes first, what a retry of each would do now, and the restarts under way."""
    now = house.clock()

    def work(conn: Connection) -> SendsAnswer:
        which = _which(conn, asked, house, at="")
        found = causes(conn, which, now=now)
        if asked.forecast:
            asking = Asking("retry", which, Person("forecast"))
            found = forecasts.with_forecasts(conn, found, asking, house.tellers.current.channels, now=now)
        return SendsAnswer(causes=found, restarts=restarts_of(conn, now=now))

    return await house.run(work)


@router.get("/sends/list")
async def listed(house: InHouse, asked: Annotated[SendsListQuery, Query()]) -> SendsListAnswer:
    """Answer the parked contacts themselves, the newest first."""

    def work(conn: Connection) -> SendsListAnswer:
        return sends_list(conn, _which(conn, asked, house, at=""), asked.after, most=asked.limit)

    return await house.run(work)


@router.post("/sends/retry", openapi_extra=takes(RetryBody))
async def retry(request: Request, house: InHouse) -> RetryAnswer:
    """Take contacts up again, each decided afresh, by a restart that goes on by itself; or say what one would do."""
    body = read_body(RetryBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()
    if not body.dry_run:
        check_meant(body)

    def work(conn: Connection) -> RetryAnswer:
        which, person = _which(conn, body.filter, house), Person(body.asked_by, body.why)
        if body.dry_run:
            asking = Asking("retry", which, person, even_unknown=body.even_unknown)
            return RetryAnswer(forecast=forecasts.forecast(conn, asking, house.tellers.current.channels, now=now))
        asked = RestartRequest(
            which,
            person,
            body.request_key or f"tactful-{uuid4()}",
            even_unknown=body.even_unknown,
            rate=body.rate,
            said=body.filter.model_dump(mode="json", exclude_none=True),
        )
        return RetryAnswer(restart=restart(conn, restarts.begin(conn, asked, now=now).lot_key))

    return await house.run(work)


@router.post("/sends/skip", openapi_extra=takes(SettleBody))
async def skip(request: Request, house: InHouse) -> ActAnswer:
    """Let contacts be: they are not sent. What may have arrived is passed over."""
    return await _act(request, house, "skip")


@router.post("/sends/mark-sent", openapi_extra=takes(SettleBody))
async def mark_sent(request: Request, house: InHouse) -> ActAnswer:
    """Say of unknown contacts that they arrived."""
    return await _act(request, house, "mark_sent")


@router.post("/sends/settle", openapi_extra=takes(SettleBody))
async def settle(request: Request, house: InHouse) -> ActAnswer:
    """Have providers asked about unknown contacts; one goes out again only if it never got there, or under our key."""
    return await _act(request, house, "settle")


@router.get("/sends/restarts/{lot_key}")
async def restart_of(lot_key: UUID, house: InHouse) -> RestartAnswer:
    """Answer how far a restart is."""
    return await house.run(lambda conn: restart(conn, lot_key))


@router.post("/sends/restarts/{lot_key}/stop", openapi_extra=takes(OneBody))
async def stop(lot_key: UUID, request: Request, house: InHouse) -> RestartAnswer:
    """Stop a restart: what is being sent finishes, the rest is parked again."""
    body = read_body(OneBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()

    def work(conn: Connection) -> RestartAnswer:
        restarts.stop(conn, lot_key, Person(body.asked_by, body.why), now=now)
        return restart(conn, lot_key)

    return await house.run(work)


@router.post("/contacts/{contact_key}/{act}", openapi_extra=takes(OneBody))
async def one(
    contact_key: UUID,
    act: Literal["retry", "skip", "mark-sent", "settle"],
    request: Request,
    response: Response,
    house: InHouse,
) -> ContactAnswer:
    """Take one parked contact up again, let it be, have it asked about, or say that it arrived; once, however often.

    200: it is decided. 202: it is taken up and not decided yet; ask `GET /v1/contacts/{contact_key}` again.
    """
    body = read_body(OneBody, await json_body(request, most=ITEM_BYTES))
    now = house.clock()
    doing: Act = "mark_sent" if act == "mark-sent" else act

    def work(conn: Connection) -> int:
        which = Which(parked_by=now, contacts=(contact_key,))
        asking = Asking(doing, which, Person(body.asked_by, body.why), even_unknown=body.even_unknown)
        return sends.do_page(conn, asking, now=now).done

    done = await house.run(work)
    found = await decided_contact(house, contact_key, None if act in {"retry", "settle"} and done else 0)
    if not done:
        _refuse_untouched(found, act)
    response.status_code = 200 if found.decided else 202
    return found


def _refuse_untouched(found: ContactAnswer, act: str) -> None:
    """Refuse what cannot be done to a contact as it stands; what was done before is no mistake.

    Raises:
        RefusedError: It is not parked, or not parked for what the act is about.
    """
    if found.state != "parked":
        return  # somebody was quicker, or it was done before: the answer says how it stands
    unknown = found.reason == "unknown"
    of_unknown = "settle to ask; mark-sent if it arrived; retry with even_unknown if it may go out twice"
    expected = of_unknown if unknown else "retry or skip"
    message = "Nobody knows whether it arrived." if unknown else "It surely did not arrive."
    raise refusal("not_possible", message, field="act", expected=expected, hint=f"{act} changed nothing.")


async def _act(request: Request, house: House, act: Act) -> ActAnswer:
    body = read_body(SettleBody, await json_body(request, most=ITEM_BYTES))
    check_meant(body)
    now = house.clock()
    which = await house.run(lambda conn: _which(conn, body.filter, house))
    asking = Asking(act, which, Person(body.asked_by, body.why))
    meant = await house.run(lambda conn: sends.count(conn, asking))
    contacts = 0
    while contacts < MOST_AT_ONCE:
        page = await house.run(lambda conn: sends.do_page(conn, asking, now=now))
        contacts += page.done
        if not page.found:
            break
    left = await house.run(lambda conn: sends.count(conn, asking))
    return ActAnswer(contacts=contacts, passed_over=meant.meant - meant.possible, left=left.possible)


def _which(conn: Connection, said: SendsFilter, house: House, at: str = "filter") -> Which:
    return read_which(said, now=house.clock(), customer=lambda id_: views.find_customer(conn, id_), at=at)
