"""The API under /v1: Segment's tracking calls, and what is asked of Tactful itself. Documented in docs/api.md."""

from fastapi import APIRouter

from tactful.wire.answers import ErrorAnswer
from web.access import Authorised
from web.api import (
    audit,
    calls,
    campaigns,
    connectors,
    contacts,
    costs,
    events,
    people,
    sends,
    strategies,
    suppressions,
    sweeping,
)

_ERRORS = {
    400: "not JSON",
    401: "the token is missing or wrong",
    404: "unknown customer or contact",
    409: "an id belongs to another customer",
    413: "too long",
    415: "not said to be JSON",
    422: "not as it should be; says what would be right",
    503: "try again later; nothing was taken in",
}

router = APIRouter(
    prefix="/v1",
    dependencies=[Authorised],
    responses={status: {"model": ErrorAnswer, "description": said} for status, said in _ERRORS.items()},
)
for part in (
    *(audit, calls, people, suppressions, events, contacts, sends, strategies, campaigns, costs),
    *(connectors, sweeping),
):
    router.include_router(part.router)
