"""What `make run` brings up: the two servers' addresses, and the shape in which the application joins them."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from service.embedded.child import Child, Program
from service.embedded.home import Home, kept_secret
from service.embedded.ports import ADDRESS
from service.embedded.temporal import NAMESPACE


@dataclass(frozen=True)
class Stack:
    """The servers that run, as the application needs to know them."""

    home: Home
    database_url: str = field(repr=False)
    """With its password: for programs, never for the screen or a log."""
    temporal_address: str
    temporal_ui_url: str
    web_port: int

    @property
    def web_url(self) -> str:
        """Where the application's pages and API are."""
        return f"http://{ADDRESS}:{self.web_port}"

    def environment(self) -> dict[str, str]:
        """Return the environment for the application's programs: ours, and where the servers are."""
        return {
            **os.environ,
            "TACTFUL_HOME": str(self.home.path),
            "TACTFUL_DATABASE_URL": self.database_url,
            "TACTFUL_SECRET": os.environ.get("TACTFUL_SECRET") or kept_secret(self.home.link_secret),
            "TACTFUL_WEB_PORT": str(self.web_port),
            "TACTFUL_PUBLIC_URL": os.environ.get("TACTFUL_PUBLIC_URL") or self.web_url,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TEMPORAL_NAMESPACE": NAMESPACE,
        }

    def python(self, name: str, *arguments: str) -> Program:
        """Describe a program of ours: `python ARGUMENTS` in the checkout, with the stack's environment and a log."""
        checkout = Path(__file__).parents[2]
        return Program(
            name,
            [sys.executable, *arguments],
            self.environment(),
            self.home.logs / f"{name}.log",
            cwd=checkout,
            grace=timedelta(seconds=60),  # a worker lets the call that it is making finish
        )


class Served:
    """A program of the application that runs as long as everything does: the worker, the web."""

    def __init__(
        self, program: Program, *, ready: Callable[[], bool] = lambda: True, within: timedelta = timedelta(seconds=60)
    ) -> None:
        """Describe the program; nothing is started yet.

        Args:
            program: What to start.
            ready: Whether it serves; asked until it says so.
            within: How long that may take.
        """
        self.name = program.name
        self.child: Child | None = None
        self._program = program
        self._ready = ready
        self._within = within

    def start(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start it and wait until it serves.

        Raises:
            StartError: It ended or did not serve in time.
            Interrupted: The person asked to stop.
        """
        self.child = Child(self._program)
        self.child.wait_until(self._ready, self._within, stopping)

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Ask it to end, and wait."""
        if self.child is not None:
            self.child.stop(hurried)


@dataclass(frozen=True)
class Action:
    """Something done once at start-up, in our own process."""

    says: str
    """What it does, for the person who waits: "Publishing the florist"."""
    run: Callable[[], None]


@dataclass(frozen=True)
class Application:
    """What joins the two servers."""

    steps: Sequence[Served | Action] = ()
    """In order; programs are ended in the reverse order."""
    addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    """What to show when all is up: an address by what is there."""
    tick: Callable[[Console], None] | None = None
    """Called about twice a second while everything runs; prints what is new."""
