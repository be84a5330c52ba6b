"""What is made of `tactful.toml`, and made anew when it or a secret's file changes: whole, the old let go when unused.

A file that is wrong changes nothing: what was made of the last good one stays, and the log says what is wrong.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Generic, TypeVar, cast

import structlog

from service.connectors import ConfigurationError, parsed

T = TypeVar("T")
LOOK_EVERY: Final = timedelta(seconds=3)

log = structlog.get_logger()


@dataclass
class _Made(Generic[T]):
    """One making of the file, and how many use it at the moment."""

    value: T
    users: int = 0
    replaced: bool = False


class Reloaded(Generic[T]):
    """What a file was made into last. Whoever uses it keeps it for as long as that takes, whatever is swapped."""

    def __init__(self, value: T, close: Callable[[T], object] = lambda _: None) -> None:
        """Begin with `value`; what was replaced and is used no more is handed to `close`."""
        self._made = _Made(value)
        self._close = close
        self._lock = threading.Lock()

    @property
    def current(self) -> T:
        """Return what holds now, for a glance."""
        return self._made.value

    @contextmanager
    def use(self) -> Generator[T]:
        """Give what holds now to a block, and keep it open until the block ends."""
        with self._lock:
            made = self._made
            made.users += 1
        try:
            yield made.value
        finally:
            with self._lock:
                made.users -= 1
                idle = made.replaced and made.users == 0
            if idle:
                self._close(made.value)

    def swap(self, value: T) -> None:
        """Have `value` hold from now on."""
        with self._lock:
            old, self._made = self._made, _Made(value)
            old.replaced = True
            idle = old.users == 0
        if idle:
            self._close(old.value)


class Watch:
    """Looks whether a file has changed, or one that it takes a secret from: `{ file = "…" }`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = self._digest_now()

    def changed(self) -> bool:
        """Say whether anything is another than at the last look."""
        before, self._digest = self._digest, self._digest_now()
        return before != self._digest

    def _digest_now(self) -> bytes:
        try:
            secrets = [_digest_of(self._path.parent / name) for name in sorted(set(_secrets_files(parsed(self._path))))]
        except ConfigurationError:
            secrets = []
        return b"".join([_digest_of(self._path), *secrets])


def _digest_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _secrets_files(said: object) -> Iterator[str]:
    """Yield what follows `file` in every `{ file = "…" }`, however deep."""
    match said:
        case {"file": str(name)} if len(cast("dict[str, object]", said)) == 1:
            yield name
        case dict():
            for each in cast("dict[str, object]", said).values():
                yield from _secrets_files(each)
        case _:
            pass


def read_again(path: Path, read: Callable[[], T]) -> T | None:
    """Return what a changed file is made into; None where it is wrong, after saying what is."""
    try:
        return read()
    except ConfigurationError as error:
        log.error("configuration.refused", file=str(path), problems=list(error.problems), holds="the last good one")  # noqa: TRY400
        return None
