"""`tactful migrate`: hand over to the application, which alone knows the database.

The wheel carries no tables; where it is installed without the application there is nothing to migrate with.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import typer

from tactful.errors import TactfulError

APPLICATION = "service.migrate"
app = typer.Typer()


class NoApplicationError(TactfulError):
    """The application is not installed here."""


@app.command()
def migrate() -> None:
    """Bring the database at TACTFUL_DATABASE_URL to the tables that this version needs. Safe to repeat."""
    if importlib.util.find_spec("service") is None:
        msg = "only the library is installed here; run `tactful migrate` in a checkout or in the image"
        raise NoApplicationError(msg)
    done = subprocess.run([sys.executable, "-m", APPLICATION], check=False)  # noqa: S603 - our own module
    raise typer.Exit(done.returncode)
