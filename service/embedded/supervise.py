"""Keeps programs running together: started in order, watched, ended in reverse when one ends or the person asks."""

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Protocol

from service.embedded.child import Child, ending, tail, trim
from service.embedded.errors import StartError
from service.embedded.home import Home
from service.embedded.leftovers import forget, remember

TICK = timedelta(milliseconds=500)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Part(Protocol):
    """One program that can be started and ended."""

    name: str
    child: Child | None

    def start(self, stopping: Callable[[], bool] = ..., /) -> None:
        """Start it and wait until it is ready."""
        ...

    def stop(self, hurried: Callable[[], bool] = ..., /) -> None:
        """End it and wait for that."""
        ...


class StopRequest:
    """Whether the person has asked to stop (Ctrl-C, SIGTERM, a closed terminal), and whether they are in a hurry."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._times = 0
        self._interrupting = False

    def asked(self) -> bool:
        """Whether the person has asked to stop."""
        return self._times > 0

    def hurried(self) -> bool:
        """Whether they have asked again."""
        return self._times > 1

    @contextmanager
    def listening(self) -> Generator["StopRequest"]:
        """Take the signals for the length of the block."""
        before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def interrupting(self) -> Generator[None]:
        """Let a request break into the block as a KeyboardInterrupt: for work that asks nobody whether to go on."""
        self._interrupting = True
        try:
            yield
        finally:
            self._interrupting = False

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._times += 1
        if self._interrupting:
            raise KeyboardInterrupt


class Supervisor:
    """The programs that run together."""

    def __init__(self, home: Home, request: StopRequest) -> None:
        """Nothing runs yet.

        Args:
            home: Where the running programs are recorded, so that the next start can end what this one could not.
            request: Whether to stop.
        """
        self._home = home
        self._request = request
        self._parts: list[Part] = []

    def start(self, part: Part) -> None:
        """Start a program and wait until it is ready.

        Raises:
            StartError: It cannot be started; with the end of its log.
            Interrupted: The person asked to stop.
        """
        self._parts.append(part)
        part.start(self._request.asked)
        if part.child is not None:
            remember(self._home.running, part.name, part.child.pid)

    def watch(self, tick: Callable[[], None]) -> None:
        """Watch until the person asks to stop.

        Args:
            tick: Called about twice a second.

        Raises:
            StartError: A program ended by itself; which, how, and the end of its log.
        """
        while not self._request.asked():
            for part in self._parts:
                child = part.child
                if child is not None and child.exit_code is not None:
                    log = child.program.log
                    raise StartError(f"{part.name} {ending(child.exit_code)}; stopping the others.\n{tail(log)}")
                if child is not None:
                    trim(child.program.log)
            tick()
            time.sleep(TICK.total_seconds())

    def stop(self) -> None:
        """End all programs, the last started first; at once if the person is in a hurry."""
        while self._parts:
            part = self._parts.pop()
            part.stop(self._request.hurried)
            forget(self._home.running, part.name)
