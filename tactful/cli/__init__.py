"""The `tactful` command: every door of Tactful from a terminal.

It talks to the server over HTTP, but for what is pure (`check`, `schema`). Whatever goes wrong, people read a sentence
and programs an exit code; a traceback is shown to those who ask for it.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from tactful.cli import (
    audit,
    calls,
    campaigns,
    connectors,
    costs,
    customers,
    doctor,
    events,
    explain,
    imports,
    migrate,
    published,
    sends,
    strategy,
    suppressions,
    sweeping,
)
from tactful.cli.terminal import DEBUG, Exit, show_failure

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Runs a company's contact strategy.",
    epilog="Exit codes: 0 done · 1 something is wrong with what was asked · 2 the command line · 3 no server reached",
)
for part in (
    *(strategy, published, customers, events, suppressions, campaigns, imports, sends),
    *(calls, explain, costs, audit, connectors, doctor, sweeping, migrate),
):
    app.add_typer(part.app)


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        typer.echo(version("tactful"))
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", envvar=DEBUG, help="Show the traceback of a failure.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Runs a company's contact strategy."""
    del show_version  # said by its callback, before anything else is looked at
    if debug:
        os.environ[DEBUG] = "1"


def main() -> None:
    """Run the command line, and end with its exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:  # whoever read us has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        sys.exit(show_failure(error, as_json="--json" in sys.argv))
