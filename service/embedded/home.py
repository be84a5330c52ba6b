"""TACTFUL_HOME: the folder of all state of `make run`, and the lock that keeps two of them from sharing it."""

import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.embedded.errors import StartError


@dataclass(frozen=True)
class Home:
    """The folder of all state, and where in it each thing lies."""

    path: Path

    @property
    def logs(self) -> Path:
        """One log file per program."""
        return self.path / "logs"

    @property
    def running(self) -> Path:
        """One record per running program, by which the next start finds what an ended one left."""
        return self.path / "running"

    @property
    def link_secret(self) -> Path:
        """What signs the links in messages; whoever loses it, loses the links that are out there."""
        return self.path / "links.secret"

    @property
    def temporal(self) -> Path:
        """Temporal's database file."""
        return self.path / "temporal" / "temporal.db"


@contextmanager
def open_home(path: Path) -> Generator[Home]:
    """Make the folder if need be, and hold it for oneself until the end of the block.

    The lock is the kernel's and goes with its holder, however that ends.

    Args:
        path: The folder; parents are made too.

    Raises:
        StartError: Another `make run` holds it, or it cannot be used.
    """
    home = Home(path.absolute())
    try:
        if not home.path.exists():
            home.path.mkdir(parents=True)
            # Root's PostgreSQL runs as another account, which must be able to pass through; what is private lies below.
            home.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (home.logs, home.running, home.temporal.parent):
            folder.mkdir(exist_ok=True, mode=0o700)
        lock = os.open(home.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(
            f"Tactful cannot keep its state in {home.path}: {error.strerror} ({error.filename}).\n"
            "Set TACTFUL_HOME to a folder that you may write to."
        ) from error
    with os.fdopen(lock, "r+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                f"Another `make run` (pid {held.read().strip() or 'unknown'}) uses {home.path}.\n"
                "Stop it first, or set TACTFUL_HOME and the ports to others."
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield home


def kept_secret(file: Path) -> str:
    """Return the secret in a file, which is made at first use and which we alone may read."""
    if not file.exists():
        write_secret(file, secrets.token_urlsafe(24))
    return file.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """Write what we alone may read; never readable by others, not even for a moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
