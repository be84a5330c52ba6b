"""What providers tell us: `POST /hooks/{connector}`. Answered with 2xx only when all of it is stored.

Whether it is genuine and what it means is the connector's to say, over the bytes as they came. What is not genuine is
refused and leaves nothing; what is genuine and cannot be read is kept as it came, so that nothing is lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

import httpx
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from database import heard
from tactful.connector import (
    AnswersHooks,
    AnyConnector,
    Handshake,
    Hook,
    News,
    NotGenuineError,
    PreparesHooks,
    Reply,
    SendFault,
    TellsLater,
    Told,
    UnreadableHookError,
)
from tactful.doors import refusal
from tactful.words import ReceiptKind
from web.bodies import HOOK_BYTES, raw_body
from web.config import is_local
from web.house import House, InHouse

PREPARE_SECONDS: Final = 8.0
HANDSHAKE_SECONDS: Final = 8.0
KEPT_UNREAD: Final = 12_000
"""How much of a hook is kept that nobody could read, in characters."""

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


@router.post("/hooks/{name}", max_body_size=HOOK_BYTES)
async def hear(request: Request, name: str, house: InHouse) -> Response:
    """Take what a provider tells."""
    with house.tellers.use() as tellers:
        connector = tellers.by_name.get(name)
        if connector is None:
            raise _nobody(name, broken=name in tellers.broken)
        hook = Hook(_url(request, house), _headers(request), await raw_body(request, most=HOOK_BYTES), house.clock())
        try:
            await _prepare(name, connector, hook)
            news = await asyncio.to_thread(_read, name, connector, hook)
        except NotGenuineError as error:
            house.refused_hooks.note(name, str(error))
            raise refusal("not_genuine", "This is not signed as it should be.", hint="The log says why.") from None
        await _shake_hands(news, house)
        answers, channel = isinstance(connector, AnswersHooks), connector.capabilities.channels[0]
        kept = await house.run(lambda conn: heard.keep(conn, name, channel, news, answers=answers, now=hook.at))
        log.info("hook.heard", connector=name, told=len(news))
        if kept.of_no_message:
            log.info("hook.of_no_message", connector=name, told=kept.of_no_message, by_address=kept.by_address)
        return _answer(connector.reply(hook, kept.say) if isinstance(connector, AnswersHooks) else Reply())


async def _prepare(name: str, connector: AnyConnector, hook: Hook) -> None:
    if not isinstance(connector, PreparesHooks):
        return
    try:
        await connector.prepare(hook, deadline=time.monotonic() + PREPARE_SECONDS)
    except SendFault as fault:
        log.warning("hook.not_verified", connector=name, fault=fault.fault.value, code=fault.code)
        raise _later("What it is verified with cannot be had at the moment.") from None


def _read(name: str, connector: AnyConnector, hook: Hook) -> Sequence[News]:
    """Return what a genuine hook tells; one that cannot be read is a thing of unknown kind.

    Raises:
        NotGenuineError: It is not genuine.
    """
    teller = cast("TellsLater", connector)
    try:
        teller.verify(hook)
    except NotGenuineError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's bytes bring about, they are not let in
        raise NotGenuineError(f"it cannot be verified ({type(error).__name__})") from None
    try:
        return tuple(teller.news(hook))
    except UnreadableHookError as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - a bug of a connector must not lose what a provider told
        why = f"the connector failed ({type(error).__name__})"
    log.error("hook.unreadable", connector=name, why=why)
    digest = hashlib.sha256(hook.content).hexdigest()
    raw = {"unreadable": why, "content": hook.content[:KEPT_UNREAD].decode(errors="replace")}
    return (Told(kind=ReceiptKind.UNKNOWN, at=hook.at, dedupe_id=f"unreadable/{digest}", reason=why, raw=raw),)


async def _shake_hands(news: Iterable[News], house: House) -> None:
    """Call the addresses that a provider wants called before it tells anything; whose they are was verified.

    Raises:
        RefusedError: One does not answer as it should; the provider is to ask again.
    """
    for one in news:
        if isinstance(one, Handshake) and not await _called(one.url, house):
            raise _later("The address to be called did not answer.")


async def _called(url: str, house: House) -> bool:
    parts = urlsplit(url)
    local = is_local(urlsplit(house.config.public_url).hostname or "")
    if parts.scheme != "https" and not (local and is_local(parts.hostname or "")):
        log.warning("hook.handshake_refused", why="the address to be called is not https")
        return False
    try:
        async with (
            httpx.AsyncClient(timeout=HANDSHAKE_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url) as answer,  # what it says is not read
        ):
            log.info("hook.handshake", status=answer.status_code)
            return answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("hook.handshake_failed", error=type(error).__name__)
        return False


def _nobody(name: str, *, broken: bool) -> Exception:
    if broken:
        return _later("This connector is not configured as it should be.")
    return refusal("unknown_connector", f'No connector "{name[:40]}" is told anything here.', field="connector")


def _later(message: str) -> Exception:
    return refusal("cannot_hear", message, hint="Tell us again later; nothing was stored.")


def _url(request: Request, house: House) -> str:
    """Return the address as the provider called it, whatever a proxy has made of the host."""
    path = cast("bytes", request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    query = cast("bytes", request.scope.get("query_string", b"")).decode("latin-1")
    return f"{house.config.public_url}{path}{'?' if query else ''}{query}"


def _headers(request: Request) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _answer(reply: Reply) -> Response:
    return Response(reply.content, reply.status, {"content-type": reply.content_type} if reply.content else None)
