"""What every command shares: where the server is, how results and errors are shown, what exit codes mean.

Results go to standard output, everything else to standard error, so that `--json` can be piped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Annotated, Any, Final

import typer
from pydantic import SecretStr
from pydantic_core import from_json
from rich.console import Console
from rich.text import Text

from tactful.client import DEFAULT_SERVER, RefusedByServerError, TactfulClient, UnreachableError
from tactful.errors import TactfulError

TOKEN: Final = "TACTFUL_API_TOKEN"  # noqa: S105 - the variable's name
SERVER: Final = "TACTFUL_SERVER"
DEBUG: Final = "TACTFUL_DEBUG"


class Exit(IntEnum):
    """What exit codes mean, for every command."""

    OK = 0
    WRONG = 1
    """Something is wrong with what was asked: refused, not found, mistakes in a file."""
    USAGE = 2
    """The command line itself: an unknown option, a missing argument."""
    UNREACHABLE = 3
    """No server was reached, or it cannot do its part now: the same again later is right."""
    INTERRUPTED = 130


Server = Annotated[
    str,
    typer.Option(
        "--server", envvar=SERVER, help="Where the Tactful server is.", metavar="URL", rich_help_panel="Server"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
CustomerId = Annotated[str, typer.Option("--customer", "-c", help="The customer's id in your systems.", metavar="ID")]
Pairs = Annotated[
    list[str] | None,
    typer.Argument(
        help="Values, as name=text or name:=json (name:=null takes one away).",
        metavar="NAME=VALUE…",
        show_default=False,
    ),
]
HERE: Final = DEFAULT_SERVER

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def client(server: str) -> TactfulClient:
    """Return a client of the server; the token is TACTFUL_API_TOKEN, never an argument, which others could see."""
    token = os.environ.get(TOKEN)
    return TactfulClient(server, token=SecretStr(token) if token else None)


def print_json(value: object) -> None:
    """Print a result as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def pairs(said: Sequence[str] | None) -> dict[str, object]:
    """Return NAME=VALUE arguments as values.

    Raises:
        typer.BadParameter: One is not of that form.
    """
    found: dict[str, object] = {}
    for one in said or ():
        name, between, value = one.partition("=")
        if not between or not name.strip(":"):
            raise typer.BadParameter(f"\"{one}\" is not NAME=VALUE. Values with blanks go in quotes: 'name=two words'")
        if not name.endswith(":"):
            found[name] = value
            continue
        try:
            found[name[:-1]] = from_json(value)
        except ValueError as error:
            raise typer.BadParameter(f'"{one}": what stands after := is no JSON ({error})') from None
    return found


def examples(*lines: str) -> str:
    """Return examples for the end of a command's --help."""
    return "\n\n".join(["[bold]Examples[/bold]", *(f"  {line}" for line in lines)])


def facts(rows: Mapping[str, object | None] | Iterable[tuple[str, object | None]], indent: int = 2) -> None:
    """Print names and values below each other; what has no value is left out."""
    shown = [(name, value) for name, value in dict(rows).items() if value not in (None, "", [], {})]
    width = max((len(name) for name, _ in shown), default=0) + 2
    for name, value in shown:
        lines = str(value).splitlines() or [""]
        out.print(Text.assemble(" " * indent, (name.ljust(width), "dim"), lines[0]))
        for line in lines[1:]:
            out.print(Text(" " * (indent + width) + line))


def heading(text: str) -> None:
    """Print a heading, with a blank line before it."""
    out.print()
    out.print(Text(text, style="bold"))


def show_failure(error: BaseException, *, as_json: bool) -> Exit:
    """Print why a command failed, and return its exit code. Never a traceback: `--debug` shows that."""
    code = Exit.UNREACHABLE if _is_away(error) else Exit.WRONG
    if not isinstance(error, TactfulError):
        err.print(Text(f"Something went wrong inside tactful ({type(error).__name__}: {error}).", style="red"))
        err.print("This is a mistake of ours. With --debug it shows where; please report it with that.")
        return Exit.WRONG
    if as_json:
        sys.stderr.write(json.dumps(_as_json(error), ensure_ascii=False) + "\n")
        return code
    if isinstance(error, RefusedByServerError):
        for refusal in error.refusals:
            at = f"{refusal.field}: " if refusal.field else ""
            err.print(Text.assemble((at, "bold"), (refusal.message, "red")))
            if refusal.expected:
                err.print(Text(f"  right would be: {refusal.expected}"))
            if refusal.hint:
                err.print(Text(f"  {refusal.hint}"))
    else:
        err.print(Text(str(error), style="red"))
    if isinstance(error, UnreachableError):
        err.print(f"Is it running? It is looked for where --server or {SERVER} say; `tactful doctor` looks closer.")
    return code


def _is_away(error: BaseException) -> bool:
    away = isinstance(error, UnreachableError)
    return away or (isinstance(error, RefusedByServerError) and error.status >= 500)  # noqa: PLR2004 - HTTP: theirs


def _as_json(error: TactfulError) -> dict[str, Any]:
    if isinstance(error, RefusedByServerError):
        refusals = [refusal.model_dump() for refusal in error.refusals]
        return {"error": refusals[0], "problems": refusals if len(refusals) > 1 else []}
    code = "unreachable" if isinstance(error, UnreachableError) else "wrong"
    return {"error": {"code": code, "message": str(error), "field": None, "expected": None, "hint": None}}
