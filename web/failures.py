"""Failures as callers see them: one shape, a fitting status, and never a traceback.

What is the caller's to put right is 4xx and says how; what is ours is 5xx, says when to try again, and is logged with
a number by which it can be found.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from database.errors import (
    DatabaseDownError,
    DatabaseFullError,
    DatabaseStuckError,
    IdTakenError,
    SchemaError,
    UnknownCommunicationError,
    UnknownCustomerError,
    UnknownLotError,
    UnstorableError,
)
from database.views.cursors import BadCursorError
from tactful.doors import RefusedError
from tactful.errors import TactfulError
from tactful.intake import Who
from tactful.strategy import Problem, StrategyErrors
from tactful.strategy.problems import MOST_SHOWN, errors_in
from tactful.strategy.spelling import did_you_mean, quoted
from tactful.wire.answers import ErrorAnswer, Refusal
from web.render import page

log = structlog.get_logger()

# What goes with a refusal, by code. The rest of a body that is too long is not waited for.
HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "unauthorised": {"WWW-Authenticate": 'Basic realm="Tactful"'},
    "too_large": {"Connection": "close"},
    "cannot_hear": {"Retry-After": "60"},
}
RETRY_SECONDS: Final = 5
PAGES: Final = ("/console", "/u/", "/q/")
# Refusals whose status is not 422, by code.
STATUS: Final[Mapping[str, int]] = {
    "no_body": 400,
    "bad_json": 400,
    "too_large": 413,
    "not_json": 415,
    "unauthorised": 401,
    "host_not_allowed": 403,
    "other_site": 403,
    "unknown_customer": 404,
    "unknown_contact": 404,
    "unknown_connector": 404,
    "unknown_campaign": 404,
    "unknown_lot": 404,
    "unknown_call": 404,
    "call_taken": 409,
    "id_taken": 409,
    "not_genuine": 403,
    "cannot_hear": 503,
}


def unknown_customer(who: Who | object, *, field: str | None = None, near: Sequence[str] = ()) -> RefusedError:
    """Return the refusal of a customer nobody has told us of."""
    return RefusedError([customer_refusal(who, field=field, near=near)])


def customer_refusal(who: Who | object, *, field: str | None = None, near: Sequence[str] = ()) -> Refusal:
    """Return why a customer is not known, with an id that is near."""
    named = (who.user_id or who.anonymous_id) if isinstance(who, Who) else str(who)
    return Refusal(
        code="unknown_customer",
        message=f"No customer is known by the id {quoted(str(named))}.",
        field=field,
        expected="an id that was identified before",
        hint=_meant(str(named), near) or "Tell us of them first: POST /v1/identify, or `tactful identify`.",
    )


def _meant(named: str, near: Sequence[str]) -> str | None:
    """Return the question for an id that is near; leading zeros are the likeliest thing to get lost."""
    same = next((id_ for id_ in near if id_.lstrip("0").casefold() == named.lstrip("0").casefold()), None)
    return f'Did you mean "{same}"?' if same else did_you_mean(named, near)


def id_taken_refusal(error: IdTakenError) -> Refusal:
    """Return why two ids cannot be joined."""
    message = f"The {error.kind} id belongs to another customer already."
    expected = "ids of one and the same customer"
    return Refusal(code="id_taken", message=message, field="anonymousId", expected=expected)


def refused(
    refusals: Sequence[Refusal], status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer to a request that was not let in."""
    answer = ErrorAnswer(error=refusals[0], problems=list(refusals) if len(refusals) > 1 else [])
    content = answer.model_dump(mode="json", exclude_defaults=True)
    content["error"] = answer.error.model_dump(mode="json")
    return JSONResponse(content, status or STATUS.get(refusals[0].code, 422), headers=dict(headers or {}))


def _answered(
    request: Request, refusals: Sequence[Refusal], status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer as whoever asked reads it: people in a browser get a page."""
    if not request.url.path.startswith(PAGES):
        return refused(refusals, status, headers)
    shown = page(request, "problem.html", status=status or STATUS.get(refusals[0].code, 422), told=refusals[0])
    shown.headers.update(headers or {})
    return shown


def add_handlers(app: FastAPI) -> None:
    """Have every failure of an application answered in the one shape."""
    app.add_exception_handler(RefusedError, _on_refused)
    app.add_exception_handler(StrategyErrors, _on_strategy_errors)
    app.add_exception_handler(TactfulError, _on_tactful_error)
    app.add_exception_handler(RequestValidationError, _on_bad_parameters)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_surprise)


async def _on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _answered(request, error.refusals, headers=HEADERS.get(error.refusals[0].code))


async def _on_strategy_errors(_: Request, error: Exception) -> Response:
    assert isinstance(error, StrategyErrors)
    problems = [problem_refusal(problem) for problem in error.problems[:MOST_SHOWN]]
    count = len(errors_in(error.problems))
    message = f"The strategy has {count} {'mistake' if count == 1 else 'mistakes'}; nothing was published."
    first = Refusal(code="bad_strategy", message=message, field="files", hint="`tactful check FOLDER` shows the same.")
    return refused([first, *problems])


def problem_refusal(problem: Problem) -> Refusal:
    """Return a problem of a strategy as the API tells it; its place is the field."""
    return Refusal(
        code="strategy_problem" if problem.severity == "error" else "strategy_warning",
        message=problem.found,
        field=f"{problem.file}:{problem.line}:{problem.column}",
        expected=problem.expected,
        hint=problem.hint,
    )


async def _on_tactful_error(request: Request, error: Exception) -> Response:
    match error:
        case UnknownCustomerError():
            return _answered(request, [customer_refusal(error.who, field="userId")])
        case IdTakenError():
            return _answered(request, [id_taken_refusal(error)])
        case UnknownCommunicationError() | UnknownLotError() | BadCursorError():
            return _answered(request, [_not_there(error)])
        case DatabaseDownError() | DatabaseFullError() | DatabaseStuckError() | SchemaError():
            code, message = _what_is_wrong(error)
            log.error("database.unavailable", code=code)
            told = Refusal(code=code, message=message, hint=f"Send the same again in {RETRY_SECONDS} s or later.")
            return _answered(request, [told], 503, {"Retry-After": str(RETRY_SECONDS)})
        case UnstorableError() if "\x00" in unquote(str(request.url)):
            message = "The address has a NUL character (%00) in it."
            return _answered(request, [Refusal(code="bad_text", message=message, expected="text without it")])
        case _:  # such as a statement that PostgreSQL refuses: nothing a caller can put right
            return await _on_surprise(request, error)


def _not_there(error: UnknownCommunicationError | UnknownLotError | BadCursorError) -> Refusal:
    """Return why something that a request names cannot be found."""
    match error:
        case UnknownCommunicationError():
            return Refusal(code="unknown_communication", message=f"{error}.", field="communication")
        case UnknownLotError():
            return Refusal(code="unknown_lot", message="There is nothing under way of that key.", field="lot_key")
        case BadCursorError():
            return Refusal(code="bad_cursor", message=f"{error}.", field="after")


def _what_is_wrong(
    error: DatabaseDownError | DatabaseFullError | DatabaseStuckError | SchemaError,
) -> tuple[str, str]:
    """Return code and sentence of a database that does not do its part."""
    match error:
        case DatabaseDownError():
            return "database_down", "The database cannot be reached; nothing was taken in."
        case DatabaseFullError():
            return "database_full", "The database has no room left; nothing was taken in."
        case DatabaseStuckError():
            return "database_busy", "The database is too busy; nothing was taken in."
        case SchemaError():
            return "schema", f"{error}."


async def _on_bad_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answered(
        request,
        [
            Refusal(
                code="bad_value",
                message=f"{wrong['loc'][-1]} is not as it should be.",
                field=str(wrong["loc"][-1]),
                expected=str(wrong["msg"]).removeprefix("Input should be "),
            )
            for wrong in error.errors()
        ],
    )


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    told = Refusal(code=status.name.lower(), message=f"{error.detail}.")
    if status is HTTPStatus.NOT_FOUND:
        message = f"There is nothing at {quoted(request.url.path)}."
        told = Refusal(code="not_found", message=message, hint="What there is stands in /openapi.json and docs/api.md.")
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        message = f"{request.method} is not possible at {quoted(request.url.path)}."
        told = Refusal(code="method_not_allowed", message=message, expected=allowed)
    return _answered(request, [told], status, error.headers)


async def _on_surprise(request: Request, error: Exception) -> Response:
    number = secrets.token_hex(4)
    log.error("request.failed", error=type(error).__name__, number=number, exc_info=error)
    message = f"Something went wrong on our side. It is in the log under the number {number}."
    return _answered(request, [Refusal(code="failed", message=message)], 500)
