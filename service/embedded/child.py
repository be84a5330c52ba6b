"""One program that runs beside us: started, watched, ended; never outlives us, its output kept in a log file."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from service.embedded.errors import Interrupted, StartError

LOG_BYTES_MAX = 20 * 1024 * 1024
TAIL_BYTES = 8 * 1024
POLL = timedelta(milliseconds=30)

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """An account of this machine that a program runs as instead of ours."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """What to start, and how it is asked to end."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    account: Account | None = None
    """Only root may name one."""
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: timedelta = field(default=timedelta(seconds=10))
    """How long it may take to end when asked, before it is killed."""


class Child:
    """A running program. Start it from a thread that lives as long as it shall: on Linux it dies with that thread."""

    def __init__(self, program: Program) -> None:
        """Start the program at once.

        Raises:
            StartError: There is no such program, or it may not be run.
        """
        self.program = program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        account = program.account
        with program.log.open("ab") as log:
            try:
                self._running = subprocess.Popen(
                    list(program.argv),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(program.env),
                    cwd=program.cwd,
                    # A group of its own: the terminal's Ctrl-C reaches us alone, and we end things in order.
                    process_group=0,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                    preexec_fn=_tie_to_us(program.stop_signal),  # noqa: PLW1509 - one system call, no locks taken
                )
            except OSError as error:
                raise StartError(f"{program.name} cannot be started: {error.strerror} ({program.argv[0]})") from error

    @property
    def pid(self) -> int:
        """The program's process number."""
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), or None while it runs."""
        return self._running.poll()

    def wait_until(
        self, ready: Callable[[], bool], within: timedelta, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until the program is ready to serve; end it if it does not come to that.

        Args:
            ready: Asked again and again; must answer within a second or so.
            within: How long to wait at most.
            stopping: Whether the person has asked to stop meanwhile.

        Raises:
            StartError: It ended, or was not ready in time; with the end of its log.
            Interrupted: The person asked to stop.
        """
        try:
            self._wait_until(ready, within, stopping)
        except BaseException:
            self.stop()
            raise

    def _wait_until(self, ready: Callable[[], bool], within: timedelta, stopping: Callable[[], bool]) -> None:
        name, log = self.program.name, self.program.log
        deadline = time.monotonic() + within.total_seconds()
        while not ready():
            if stopping():
                raise Interrupted
            if self.exit_code is not None:
                raise StartError(f"{name} {ending(self.exit_code)}.\n{tail(log)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} did not answer within {within.total_seconds():.0f} s.\n{tail(log)}")
            time.sleep(POLL.total_seconds())

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Ask the program to end and wait for it; kill it when its grace is over or the person is in a hurry."""
        if self.exit_code is not None:
            return
        self._running.send_signal(self.program.stop_signal)
        deadline = time.monotonic() + self.program.grace.total_seconds()
        while self.exit_code is None:
            if hurried() or time.monotonic() > deadline:
                self.kill()
            time.sleep(POLL.total_seconds())

    def kill(self) -> None:
        """End the program at once, as a crash would."""
        self._running.kill()
        self._running.wait()


def ending(exit_code: int) -> str:
    """Say in words how a program ended."""
    if exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def tail(log: Path, lines: int = 15) -> str:
    """Return where a log is and its last lines, indented; reads only its end."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        last = []
    return "\n".join([f"The end of {log}:", *(f"    {line}" for line in last or ["(empty)"])])


def trim(log: Path) -> None:
    """Keep a log from growing without end: past its limit it becomes <name>.1 and starts anew."""
    try:
        if log.stat().st_size > LOG_BYTES_MAX:
            log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)  # the program appends, so it goes on at the new end
    except FileNotFoundError:
        pass


def _tie_to_us(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what makes the kernel end the program when we end, even by SIGKILL; Linux only."""
    if _LIBC is None:
        return None
    libc, us = _LIBC, os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != us:  # we ended between the fork and the line above
            os._exit(1)

    return in_child
