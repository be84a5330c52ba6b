"""How a command hands over to the application, which alone knows the database and how connectors are configured.

The wheel carries neither; where it is installed without the application there is nothing to hand over to.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import typer

from tactful.errors import TactfulError


class NoApplicationError(TactfulError):
    """The application is not installed here."""


def hand_over(command: str, module: str, *arguments: str) -> None:
    """Run a module of the application in this command's stead, and end with its exit code.

    Args:
        command: What people typed, to name where it can be typed.
        module: The module.
        arguments: What it is told.

    Raises:
        NoApplicationError: The application is not installed here.
    """
    if importlib.util.find_spec("service") is None:
        msg = f"only the library is installed here; run `{command}` in a checkout or in the image"
        raise NoApplicationError(msg)
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)  # noqa: S603 - our own module
    raise typer.Exit(done.returncode)
