"""The connectors that the doors listen to, kept as `tactful.toml` has them while the process runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Generator
from pathlib import Path

import structlog

from service.reloading import LOOK_EVERY, Reloaded, Watch
from service.tellers import Tellers, read_tellers

log = structlog.get_logger()


class Listening:
    """What providers may tell something by, read anew when the file changes or the process gets SIGHUP."""

    def __init__(self, configuration: Path | None, *, hears: bool = True) -> None:
        """Read the file; what is wrong in it is said, and none of it keeps the doors shut.

        Args:
            configuration: The file; None where there is none.
            hears: Whether hooks are listened to here; else only the channels are kept as the file has them.
        """
        self._file, self._hears = configuration, hears
        self._watch = Watch(configuration) if configuration is not None else None
        self._asked = threading.Event()
        self._over = False
        found = read_tellers(configuration, hears=hears) if configuration is not None else Tellers()
        self.tellers = Reloaded(found, _close)
        self._tell(found)

    @contextlib.contextmanager
    def watched(self) -> Generator[None]:
        """Watch the file as long as a block lasts."""
        thread = threading.Thread(target=self._keep, name="configuration", daemon=True)
        thread.start()
        main = threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGHUP")
        before = signal.signal(signal.SIGHUP, self._on_hangup) if main else None
        try:
            yield
        finally:
            if main:
                signal.signal(signal.SIGHUP, before)
            self._over = True
            self._asked.set()
            thread.join()

    def _on_hangup(self, *_: object) -> None:
        self._asked.set()

    def _keep(self) -> None:
        while not self._over:
            asked = self._asked.wait(LOOK_EVERY.total_seconds())
            self._asked.clear()
            if self._file is None or self._watch is None or self._over or not (self._watch.changed() or asked):
                continue
            found = read_tellers(self._file, hears=self._hears)
            if found.problems:
                holds = "the last good one"
                log.error("configuration.refused", file=str(self._file), problems=list(found.problems), holds=holds)
                continue
            self.tellers.swap(found)
            self._tell(found)

    def _tell(self, found: Tellers) -> None:
        if found.problems:
            log.warning("hooks.incomplete", problems=list(found.problems), answers="503 for these connectors")
        if self._hears:
            log.info("hooks.open", connectors=sorted(found.by_name))


def _close(tellers: Tellers) -> None:
    with contextlib.suppress(RuntimeError):  # nothing was sent with them: at most a connection to fetch a certificate
        asyncio.run(tellers.aclose())
