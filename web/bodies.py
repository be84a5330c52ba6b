"""Bodies as they arrive: let in only so far as they may be long, read as JSON, and described for the OpenAPI document.

A body that is too long is refused as soon as that is known, from its length or while it comes in, without reading the
rest of it.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from tactful.doors.reading import read_json
from tactful.doors.refusals import RefusedError, refusal

ITEM_BYTES = 32 * 1024
BATCH_BYTES = 500 * 1024
STRATEGY_BYTES = 20 * 1024 * 1024
FORM_BYTES = 8 * 1024
HOOK_BYTES = 5 * 1024 * 1024


async def json_body(request: Request, *, most: int) -> object:
    """Return what a request's body says.

    Args:
        request: The request.
        most: Most bytes the body may have.

    Raises:
        RefusedError: It is too long, not said to be JSON, compressed, or no JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        said = f"The body is said to be {kind}." if kind else "Nothing says what the body is."
        hint = "With curl: -H 'Content-Type: application/json'"
        raise refusal("not_json", said, expected="Content-Type: application/json", hint=hint)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise refusal("not_json", "The body is compressed.", expected="a body as it is, without Content-Encoding")
    return read_json(await raw_body(request, most=most))


async def raw_body(request: Request, *, most: int) -> bytes:
    """Return a request's body byte for byte.

    Raises:
        RefusedError: It is too long, or the request ended before it did.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise refusal("no_body", "The request ended before its body did.") from None
    return bytes(body)


def _too_large(most: int) -> RefusedError:
    hint = "Send several requests." if most == BATCH_BYTES else None
    expected = f"at most {most // 1024:,} KB"
    return refusal("too_large", "The body is too long.", expected=expected, hint=hint)


DESCRIBED: list[type[BaseModel]] = []
"""Every body that an endpoint takes, for the OpenAPI document."""


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the OpenAPI document says of an endpoint whose body is of this type, and have it described there."""
    if model not in DESCRIBED:
        DESCRIBED.append(model)
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
