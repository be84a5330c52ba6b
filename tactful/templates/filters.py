"""The filters templates may use: python-liquid's, held to a budget, and dates in words.

Every call pays by the size of what goes in and comes out, is refused values that are missing, and may not return
anything huge. What would read the clock or undo escaping is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any, Protocol, cast

from liquid import Environment
from liquid.exceptions import FilterArgumentError, LoopIterationLimitError
from liquid.filter import with_context
from liquid.undefined import is_undefined

from tactful.strategy.spelling import words
from tactful.templates.spoken import Amount, Day

LEFT_OUT = words("safe escapejs base64_encode base64_decode base64_url_safe_encode base64_url_safe_decode")
NUMBERS = words("abs at_least at_most ceil divided_by floor minus modulo plus round times")
PAIRWISE = words("compact sort sort_natural uniq")
LARGEST_NUMBER = 10**15
MOST_ITEMS = 2_000
MOST_CHARACTERS = 128 * 1024

Filter = Callable[..., Any]


@dataclass(slots=True)
class Budget:
    """Steps that are left."""

    left: int


class Context(Protocol):
    """What a filter needs to know of the message being made."""

    budget: Budget
    env: Environment


def spend(budget: Budget, steps: int) -> None:
    """Take steps from a budget.

    Raises:
        LoopIterationLimitError: Fewer are left.
    """
    budget.left -= steps
    if budget.left < 0:
        raise LoopIterationLimitError("more steps than a message may take", token=None)


def filters_for(given: Mapping[str, Filter], language: str, *, markup: bool) -> dict[str, Filter]:
    """Return the filters of one language and kind of text."""
    filters = {name: _held(name, filter_) for name, filter_ in given.items() if name not in LEFT_OUT}
    filters["date"] = _held("date", _date_in(language))
    if not markup:
        # The text part is made from the same template as the HTML: what writes entities there must not do so here.
        for name in ("escape", "escape_once", "newline_to_br"):
            filters[name] = _held(name, _unchanged)
    return filters


def _unchanged(value: object) -> object:
    return value


def _date_in(language: str) -> Filter:
    def dated(value: object, form: object = "long") -> str:
        if isinstance(value, str):
            try:
                value = Day(date.fromisoformat(value), language)
            except ValueError:
                raise FilterArgumentError("`date` takes a date, or text such as 2027-03-07", token=None) from None
        if not isinstance(value, Day):
            raise FilterArgumentError("`date` takes a date", token=None)
        try:
            return value.written(str(form))
        except ValueError as error:
            raise FilterArgumentError(str(error), token=None) from None

    return dated


def _held(name: str, filter_: Filter) -> Filter:
    """Return the filter with its missing values refused, its work paid for and its result bounded."""

    @wraps(filter_)
    def held(left: object, *args: object, context: Context, **kwargs: object) -> object:
        values = [left, *args]
        if name != "default":
            for value in values:
                if is_undefined(value):
                    str(value)  # raises, naming the variable
        if name in NUMBERS and not _is_number(left):
            raise FilterArgumentError(f"`{name}` takes a number", token=None)
        left = float(left) if isinstance(left, Decimal) else left
        sizes = [_size(value) for value in values]
        _pay(context.budget, name, sizes, left, args)
        if getattr(filter_, "with_environment", False):
            kwargs["environment"] = context.env
        result = filter_(left, *args, **kwargs)
        _pay(context.budget, name, [_size(result)], None, ())
        return result

    held.__dict__.pop("with_environment", None)
    return with_context(held)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("-").replace(".", "", 1).isdecimal()
    return isinstance(value, int | float) or (not isinstance(value, Amount | Day) and hasattr(value, "__float__"))


def _size(value: object) -> int:
    """Return a value's size in characters; refuse one that no message needs."""
    if isinstance(value, str):
        size = len(value)
    elif isinstance(value, range):
        size = 8 * _few(value.stop - value.start)
    elif isinstance(value, list | tuple | dict):
        size = 8 * _few(len(cast("list[object]", value)))
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise LoopIterationLimitError("a number beyond all measure", token=None)
    else:
        return 8
    if size > MOST_CHARACTERS:
        raise LoopIterationLimitError(f"a text of more than {MOST_CHARACTERS} characters", token=None)
    return size


def _few(count: int) -> int:
    if count > MOST_ITEMS:
        raise LoopIterationLimitError(f"a list of more than {MOST_ITEMS} items", token=None)
    return count


def _pay(budget: Budget, name: str, sizes: list[int], left: object, args: tuple[object, ...]) -> None:
    steps = 1 + sum(sizes) // 64
    if name in PAIRWISE and left is not None:
        steps += (sizes[0] // 8) ** 2 // 64
    if name in {"replace", "replace_last", "replace_first"} and isinstance(left, str) and args:
        swaps = left.count(str(args[0]))
        steps += swaps * (len(str(args[1])) if len(args) > 1 else 0) // 64
    if name == "join" and isinstance(left, list | tuple | range) and args:
        steps += len(cast("list[object]", left)) * len(str(args[0])) // 64
    spend(budget, steps)
