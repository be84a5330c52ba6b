"""The pages customers reach from their messages: to say no, to choose, to answer one small question.

The link is the permission, so nobody signs in and no cookie is set. Looking at a page changes nothing, because mail
programs and scanners follow links by themselves; only a POST does (RFC 8058 for the one click of mail programs).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from sqlalchemy import Connection

from database import intake, views
from tactful.doors import RefusedError, Vocabulary
from tactful.doors.values import declared
from tactful.intake import Identify, Statement, Who
from tactful.links import LONGEST_TOKEN, BadTokenError, Question, Unsubscribe, read_token
from tactful.strategy.model import FieldType
from tactful.words import ConsentState, Purpose
from web.bodies import FORM_BYTES
from web.house import House, InHouse, vocabulary
from web.render import page

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=LONGEST_TOKEN)]
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@router.get("/u/{token}")
async def choose(request: Request, token: Token, house: InHouse) -> Response:
    """Show the topics of a channel, the one the message was about ready to be ended; change nothing."""
    link = _link(house, token, Unsubscribe)
    if not isinstance(link, Unsubscribe):
        return _broken(request)

    def work(conn: Connection) -> tuple[Vocabulary, Mapping[str, ConsentState]]:
        return vocabulary(conn), views.statements_of(conn, link.customer_key, link.channel)

    declared_, statements = await house.run(work)
    topics = [
        {"name": name, "says": topic.says, "ends": name == link.topic, "stopped": statements.get(name) == "opted_out"}
        for name, topic in declared_.topics.items()
        if topic.purpose is Purpose.MARKETING or name == link.topic
    ]
    sender = next((strategy.sender.name for strategy in declared_.strategies), "us")
    return page(request, "unsubscribe.html", topics=topics, channel=link.channel, sender=sender)


@router.post("/u/{token}", max_body_size=FORM_BYTES)
async def end(request: Request, token: Token, house: InHouse) -> Response:
    """End the topic of the message, or those that were ticked on the page."""
    link = _link(house, token, Unsubscribe)
    if not isinstance(link, Unsubscribe):
        return _broken(request)
    form = await request.form(max_files=0, max_fields=200)
    one_click = form.get(ONE_CLICK[0]) == ONE_CLICK[1]
    wanted = [link.topic] if one_click else [str(topic) for topic in form.getlist("topic")]
    source = "one-click unsubscribe" if one_click else "unsubscribe page"
    told = await house.run(lambda conn: _opt_out(conn, house.clock(), link, wanted, source))
    if one_click:
        return PlainTextResponse("Unsubscribed.")
    return page(request, "unsubscribed.html", topics=told, channel=link.channel)


@router.get("/q/{token}")
async def ask(request: Request, token: Token, house: InHouse) -> Response:
    """Show the question; change nothing."""
    link = _link(house, token, Question)
    if not isinstance(link, Question):
        return _broken(request)
    asked = await house.run(lambda conn: vocabulary(conn).properties.get(link.property))
    return _question(request, link.property, asked.type if asked else "text")


@router.post("/q/{token}", max_body_size=FORM_BYTES)
async def answer(request: Request, token: Token, house: InHouse) -> Response:
    """Keep the answer as the customer's property."""
    link = _link(house, token, Question)
    if not isinstance(link, Question):
        return _broken(request)
    form = await request.form(max_files=0, max_fields=20)
    said = str(form.get("answer", "")).strip()
    asked = await house.run(lambda conn: vocabulary(conn).properties.get(link.property))
    kind: FieldType = asked.type if asked else "text"
    if not said or "\x00" in said:
        return _question(request, link.property, kind, said=said, wrong="Please write an answer first.")
    try:
        value = declared(said, kind, link.property)
    except RefusedError as error:
        wrong = f"We could not read that: please write {error.refusals[0].expected}."
        return _question(request, link.property, kind, said=said, wrong=wrong)
    await house.run(lambda conn: _keep(conn, house.clock(), link.customer_key, {link.property: value}))
    return page(request, "answered.html")


def _link(house: House, token: str, kind: type[Unsubscribe | Question]) -> Unsubscribe | Question | None:
    """Return what the link is for; None where it is broken or of another kind."""
    try:
        link = read_token(house.config.secret, token)
    except BadTokenError:
        return None
    return link if isinstance(link, kind) else None


def _broken(request: Request) -> HTMLResponse:
    return page(request, "broken_link.html", status=404)


def _question(
    request: Request, name: str, kind: FieldType, *, said: str = "", wrong: str | None = None
) -> HTMLResponse:
    status = 422 if wrong else 200
    return page(request, "question.html", status=status, name=name, kind=kind, said=said, wrong=wrong)


def _opt_out(conn: Connection, now: datetime, link: Unsubscribe, wanted: list[str], source: str) -> list[str]:
    """Keep that the customer said no to the topics, and return what these say; unknown topics are passed over."""
    who = views.ids_of(conn, link.customer_key)
    topics = {name: topic.says for name, topic in vocabulary(conn).topics.items()}
    known = [topic for topic in dict.fromkeys(wanted) if topic in topics or topic == link.topic]
    if who is not None and known:
        statements = [
            Statement(
                channel=link.channel,
                topic=topic,
                state=ConsentState.OPTED_OUT,
                basis="withdrawn",
                source=source,
                stated_at=now,
                evidence={"link": "signed", "about": link.topic},
            )
            for topic in known
        ]
        intake.identify(conn, Identify(who, f"link-{uuid4()}", now, statements=tuple(statements)), now=now)
    return [topics.get(topic, topic) for topic in known]


def _keep(conn: Connection, now: datetime, customer_key: UUID, properties: Mapping[str, object]) -> None:
    who: Who | None = views.ids_of(conn, customer_key)
    if who is not None:
        intake.identify(conn, Identify(who, f"link-{uuid4()}", now, properties=properties), now=now)
