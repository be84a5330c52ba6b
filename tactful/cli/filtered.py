"""The options that say which of the contacts that wait for a person are meant: said once, for every command of `sends`.

An option that says nothing is a mistake, never the lack of one: what it would have kept out would be meant as well.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError

from tactful.wire.sends import SendsFilter

T = TypeVar("T")

PANEL: Final = "Filter"


def _option(*spelled: str, says: str, metavar: str | None = None) -> Any:  # noqa: ANN401 - typer's own type is private
    return Annotated[str | None, typer.Option(*spelled, help=says, metavar=metavar, rich_help_panel=PANEL)]


OPTIONS: Final[Mapping[str, Any]] = {
    "connector": _option(says="The connector it was handed to."),
    "fault": _option(says="What the connector said: transient, bad_content, …, or with its code."),
    "reason": _option(says="failed, bad_message or unknown.", metavar="REASON"),
    "strategy": _option(says="The strategy."),
    "step": _option(says="The step."),
    "communication": _option(says="The communication."),
    "customer": _option("--customer", "-c", says="The customer's id.", metavar="ID"),
    "since": _option(says="Parked at or after, ISO 8601.", metavar="TIME"),
    "until": _option(says="Parked before.", metavar="TIME"),
    "contacts": Annotated[
        list[UUID] | None, typer.Option("--contact", help="This contact; may be repeated.", rich_help_panel=PANEL)
    ],
}


def filtered(*, without: tuple[str, ...] = ()) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command the options of a filter; what they say reaches it as `meant`, a `SendsFilter`.

    Args:
        without: The names of options that this command has no use for.
    """
    options = {name: kind for name, kind in OPTIONS.items() if name not in without}

    def with_options(command: Callable[..., T]) -> Callable[..., T]:
        own = inspect.signature(command, eval_str=True)
        told = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in options.items()
        ]
        places = [told if name == "meant" else [one] for name, one in own.parameters.items()]

        @functools.wraps(command)
        def run(*args: object, **said: object) -> T:
            which = {name: said.pop(name, None) for name in options}
            return command(*args, meant=read_filter(which), **said)

        signature = own.replace(parameters=[one for place in places for one in place])
        run.__signature__ = signature  # type: ignore[attr-defined] # where inspect, and so typer, looks first
        run.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
        return run

    return with_options


def read_filter(said: Mapping[str, object]) -> SendsFilter:
    """Return what the options say.

    Raises:
        typer.BadParameter: One of them says nothing, or what cannot be.
    """
    for name, value in said.items():
        if isinstance(value, str) and not value.strip():
            raise typer.BadParameter("it says nothing; leave it out, or say which", param_hint=_spelled(name))
    given = {name: value for name, value in said.items() if value is not None and value != []}
    try:
        return SendsFilter.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said_of_it = first["msg"].replace("Input should be", "right would be")
        raise typer.BadParameter(said_of_it, param_hint=_spelled(str(first["loc"][0]))) from None


def as_query(meant: SendsFilter) -> dict[str, str]:
    """Return a filter as the query of a request."""
    return meant.model_dump(mode="json", exclude_none=True)


def is_everything(meant: SendsFilter) -> bool:
    """Say whether a filter keeps nothing out."""
    return not as_query(meant)


def _spelled(name: str) -> str:
    return "--contact" if name == "contacts" else f"--{name}"
