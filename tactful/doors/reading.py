"""Bytes to bodies: JSON within limits, then the shape of the message, each mistake with its place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from tactful.doors.refusals import RefusedError, refusal
from tactful.strategy.spelling import did_you_mean, listed, quoted
from tactful.wire.answers import Refusal

M = TypeVar("M", bound=BaseModel)

DEEPEST = 8
LARGEST_NUMBER = 10**15
MOST_TOLD = 20


def read_json(raw: bytes) -> object:
    """Return what a body says.

    Raises:
        RefusedError: It is no JSON; with line and column.
    """
    if not raw.strip():
        raise refusal("no_body", "The request has no body.", expected="a JSON object")
    try:
        return from_json(raw.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except ValueError as error:
        raise refusal(
            "bad_json", f"The body is not JSON: {error}.", expected="JSON in UTF-8, objects at most 8 deep"
        ) from None


def read_body(model: type[M], data: object, *, at: str = "") -> M:
    """Return the body as its type; `at` says where in the request it stands.

    Raises:
        RefusedError: Its shape is wrong; with everything that is.
    """
    if not isinstance(data, dict):
        raise refusal("bad_body", f"{_whole(at)} is {kind_of(data)}.", field=at or None, expected="a JSON object")
    check_values(cast("object", data), at)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RefusedError(_refusals(model, error.errors(include_url=False), at)) from None


def check_values(value: object, at: str, depth: int = 1) -> None:
    """Refuse what no message needs and a database cannot keep: NUL characters, endless depth, numbers beyond use.

    Raises:
        RefusedError: With the place of the first such value.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise refusal("bad_text", f"{_whole(at)} has a NUL character in it.", field=at, expected="text without it")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
            raise refusal("bad_number", f"{_whole(at)} is out of range.", field=at, expected="at most 15 digits")
    elif isinstance(value, dict | list):
        if depth > DEEPEST:
            raise refusal(
                "too_deep", f"{_whole(at)} is nested too deep.", field=at, expected=f"at most {DEEPEST} levels"
            )
        for name, inner in _entries(cast("dict[str, object] | list[object]", value)):
            check_values(inner, inside(at, name), depth + 1)


def inside(at: str, name: str | int) -> str:
    """Return the path of something inside `at`: `traits.email`, `batch[3]`."""
    if isinstance(name, int):
        return f"{at}[{name}]"
    return f"{at}.{name}" if at else name


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words."""
    kinds = {"bool": "true or false", "int": "a number", "float": "a number", "str": "text", "NoneType": "nothing"}
    return (kinds | {"list": "a list", "dict": "an object"}).get(type(value).__name__, "something else")


def _entries(value: dict[str, object] | list[object]) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, list):
        return enumerate(value)
    if any("\x00" in name for name in value):
        raise refusal("bad_text", "A name in the body has a NUL character in it.", expected="names without it")
    return value.items()


def _whole(at: str) -> str:
    return at or "The body"


def _refusals(model: type[BaseModel], errors: list[ErrorDetails], at: str) -> list[Refusal]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [_refusal(error, names, at) for error in errors[:MOST_TOLD]]


def _refusal(error: ErrorDetails, names: list[str], at: str) -> Refusal:
    field = at
    for part in error["loc"]:
        field = inside(field, part)
    match error["type"]:
        case "extra_forbidden":
            name = str(error["loc"][-1])
            expected = f"only {listed(names, most=30)}" if len(error["loc"]) == 1 else "only the documented fields"
            return Refusal(
                code="unknown_field",
                message=f"There is no field called {quoted(name)} here.",
                field=field,
                expected=expected,
                hint=did_you_mean(name, names) if len(error["loc"]) == 1 else None,
            )
        case "missing":
            return Refusal(code="missing_field", message=f"{field} is missing.", field=field)
        case _:
            said = error["msg"].removeprefix("Input should be ")
            message = f"{field} is not as it should be."
            return Refusal(code="bad_value", message=message, field=field, expected=said)
