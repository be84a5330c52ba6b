"""The `tactful` command."""

from __future__ import annotations

import typer

from tactful.cli import strategy

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Runs a company's contact strategy.")
app.add_typer(strategy.app)


def main() -> None:
    """Run the command line."""
    app()
