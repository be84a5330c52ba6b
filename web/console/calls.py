"""The page of calls: whom to call and what to say, and the acts on it: take, give back, finish.

It is the one page of the console that acts. Each act is a form's POST that must come from this very page, and what may
be done is decided by `database.calls` alone. Whoever calls says their name; it goes from page to page in the address,
so that nothing is kept in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, get_args
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.datastructures import FormData

from database import calls
from database.calls import CallTakenError, UnknownCallError
from database.storable import storable
from database.views.wording import zone_named
from tactful.doors.refusals import refusal
from tactful.wire.calls import LONGEST_NOTE, CallAnswer, CallsAnswer, Outcome, Which
from web.access import Authorised, from_this_site, name_shown
from web.bodies import ITEM_BYTES
from web.house import House, InHouse
from web.render import page

router = APIRouter(prefix="/console/calls", dependencies=[Authorised], include_in_schema=False)

PAGE: Final = 25
LONGEST_NAME: Final = 100
SHOWN: Final = ("all", "open", "taken", "mine")
DONE: Final = {
    "taken": "The call is yours for an hour.",
    "given_back": "The call is given back.",
    "reached": "Noted: reached.",
    "no_answer": "Noted: no answer. Where the strategy has another way, it follows.",
    "wrong_number": "Noted: a wrong number. It is not called any more.",
    "not_again": "Noted: no more marketing calls to this number.",
}
OUTCOMES: Final[dict[Outcome, str]] = {
    "reached": "Reached",
    "no_answer": "No answer",
    "wrong_number": "Wrong number",
    "not_again": "Does not want to be called again",
}
# Browsers name the page's origin with a form's POST only where the page lets them name it to itself.
_HEADERS: Final = {"Referrer-Policy": "same-origin"}

log = structlog.get_logger()

Name = Annotated[str, Query(max_length=LONGEST_NAME)]


@router.get("")
async def listed(  # noqa: PLR0917 - each is a part of the address
    request: Request,
    house: InHouse,
    by: Name = "",
    show: Annotated[str, Query(max_length=20)] = "all",
    after: Annotated[str | None, Query(max_length=400)] = None,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Show the calls to be made, those that wait longest first."""
    return await _page(request, house, _name(by) or name_shown(request, house), show, after, done=DONE.get(said))


@router.post("/{task_key}/take", dependencies=[Depends(from_this_site)], max_body_size=ITEM_BYTES)
async def take(task_key: UUID, request: Request, house: InHouse) -> Response:
    """Take a call; taken twice, it is taken."""
    form = await _form(request)
    now = house.clock()
    return await _act(request, house, form, "taken", lambda c, by: calls.take(c, task_key, by=by, now=now))


@router.post("/{task_key}/give-back", dependencies=[Depends(from_this_site)], max_body_size=ITEM_BYTES)
async def give_back(task_key: UUID, request: Request, house: InHouse) -> Response:
    """Give a call back; given back twice, it is given back."""
    form = await _form(request)
    now = house.clock()
    return await _act(request, house, form, "given_back", lambda c, by: calls.give_back(c, task_key, by=by, now=now))


@router.post("/{task_key}/finish", dependencies=[Depends(from_this_site)], max_body_size=ITEM_BYTES)
async def finish(task_key: UUID, request: Request, house: InHouse) -> Response:
    """Say what came of a call; said twice alike, it is written once."""
    form = await _form(request)
    now = house.clock()
    outcome = next((one for one in get_args(Outcome) if one == form.get("outcome")), None)
    if outcome is None:
        return await _again(request, house, form, "Say what came of the call first.", 422, about=task_key)
    note = str(form.get("note") or "").replace("\r\n", "\n")
    if len(note) > LONGEST_NOTE:
        wrong = f"The note has {len(note):,} characters; {LONGEST_NOTE:,} are kept at most."
        return await _again(request, house, form, wrong, 422, about=task_key)

    def work(conn: Connection, by: str) -> CallAnswer:
        return calls.finish(conn, task_key, outcome, by=by, now=now, note=note)

    return await _act(request, house, form, outcome, work)


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=20)


async def _act(
    request: Request, house: House, form: FormData, done: str, work: Callable[[Connection, str], CallAnswer]
) -> Response:
    """Do something for whoever the form names, and lead back to the list, which says that it is done."""
    by = _name(str(form.get("by") or ""))
    if not by:
        return await _again(request, house, form, "Say who you are first.", 422)
    try:
        task = await house.run(lambda conn: work(conn, by))
    except UnknownCallError:
        return await _again(request, house, form, "There is no such call any more.", 404)
    except CallTakenError as error:
        told = str(error)
        return await _again(request, house, form, f"{told[0].upper()}{told[1:]}.", 409)
    if task.state == "done":
        log.info("call.finished", contact_key=str(task.contact_key), outcome=task.outcome)
    where = urlencode({"by": by, "show": _shown(form.get("show")), "said": done})
    return RedirectResponse(f"/console/calls?{where}", status_code=303, headers=_HEADERS)


async def _again(
    request: Request, house: House, form: FormData, wrong: str, status: int, *, about: UUID | None = None
) -> HTMLResponse:
    """Show the list as it is now and what stood in the way; what was written of a call is still in its form."""
    by, show = _name(str(form.get("by") or "")), str(form.get("show") or "")
    written = {"key": about, "note": str(form.get("note") or ""), "outcome": str(form.get("outcome") or "")}
    return await _page(request, house, by, show, None, wrong=wrong, status=status, written=written)


async def _page(
    request: Request,
    house: House,
    by: str,
    show: str,
    after: str | None,
    *,
    done: str | None = None,
    wrong: str | None = None,
    status: int = 200,
    written: Mapping[str, object] | None = None,
) -> HTMLResponse:
    shown = _shown(show)
    now = house.clock()
    which: Which = "taken" if shown in {"taken", "mine"} else "open" if shown == "open" else "all"
    mine = by if shown == "mine" else None

    def work(conn: Connection) -> CallsAnswer:
        if shown == "mine" and not by:
            return CallsAnswer(calls=[])
        return calls.waiting(conn, now=now, which=which, by=mine, after=after, most=PAGE)

    found = await house.run(work)
    answer = page(
        request,
        "calls.html",
        status=status,
        found=found,
        by=by,
        show=shown,
        kinds=SHOWN,
        first=after is None,
        outcomes=OUTCOMES,
        longest_note=LONGEST_NOTE,
        longest_name=LONGEST_NAME,
        done=done,
        wrong=wrong,
        written=written or {},
        now=now,
        zones={call.task_key: zone_named(call.time_zone) for call in found.calls if call.time_zone},
    )
    answer.headers.update(_HEADERS)
    return answer


def _shown(said: object) -> str:
    return said if isinstance(said, str) and said in SHOWN else "all"


def _name(said: str) -> str:
    """Return a caller's name on one line.

    Raises:
        RefusedError: It is longer than a name.
    """
    name = " ".join(storable(said).split())
    if len(name) > LONGEST_NAME:
        message = f"The name has {len(name):,} characters."
        raise refusal("bad_value", message, field="by", expected=f"at most {LONGEST_NAME}")
    return name
