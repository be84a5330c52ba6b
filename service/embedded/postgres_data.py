"""The folder of a PostgreSQL's data: made with a password, checked for its version, freed of a dead server's lock."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from service.embedded.errors import StartError
from service.embedded.home import write_secret
from service.embedded.placement import Placement

USER = "tactful"
_BUILTIN_LOCALES_SINCE = 17
_ITERATIONS_SINCE = 16


class PostgresData:
    """A folder of PostgreSQL's data, at its placement, belonging to the placement's account."""

    def __init__(self, placement: Placement, *, synced: bool) -> None:
        """Nothing is made yet.

        Args:
            placement: Programs, folder, account.
            synced: Whether a new folder is to outlive a crash of the machine right after, and its password to be
                hashed as often as PostgreSQL does it; slower.
        """
        self.path = placement.folder / "data"
        self._placement = placement
        self._synced = synced

    def make_ready(self, password: str) -> None:
        """Make the folder if there is none; else see that these programs can serve it and that nothing else does.

        Args:
            password: For the database's owner, `tactful`; used when the folder is made.

        Raises:
            StartError: It cannot be made, was made by another version, or a server runs on it.
        """
        if self.path.exists():
            self._check_version()
            self._clear_stale_lock()
        else:
            self._make(password)

    def _make(self, password: str) -> None:
        """Make the folder, whole or not at all."""
        unfinished = self.path.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self._placement.folder / "password"
        write_secret(password_file, password)
        if self._placement.account is not None:
            os.chown(password_file, self._placement.account.uid, self._placement.account.gid)
        argv = [str(self._placement.programs / "initdb"), "--pgdata", str(unfinished), "--username", USER]
        argv += ["--auth", "scram-sha-256", "--pwfile", str(password_file), "--encoding", "UTF8"]
        # Text sorts by code point and knows the case of all letters, alike on every machine.
        if self._version() >= _BUILTIN_LOCALES_SINCE:
            argv += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        else:
            argv += ["--locale", "C.UTF-8"]
        if not self._synced:
            argv += ["--no-sync"]
            if self._version() >= _ITERATIONS_SINCE:  # else each of thousands of connections hashes 4096 times
                argv += ["--set", "scram_iterations=1"]
        try:
            self._run(argv)
        finally:
            password_file.unlink()
        unfinished.rename(self.path)

    def _check_version(self) -> None:
        made_by = (self.path / "PG_VERSION").read_text().strip()
        if made_by != str(self._version()):
            raise StartError(
                f"The data in {self.path} was made by PostgreSQL {made_by}, and {self._placement.programs} is "
                f"PostgreSQL {self._version()}.\n"
                f"Set TACTFUL_POSTGRES_BIN to a PostgreSQL {made_by}'s bin/ folder, or TACTFUL_HOME to a new folder."
            )

    def _version(self) -> int:
        """Return the programs' major version."""
        said = self._run([str(self._placement.programs / "postgres"), "--version"])
        found = re.search(r"\(PostgreSQL\) (\d+)", said)
        if found is None:
            raise StartError(f"{self._placement.programs}/postgres does not say which PostgreSQL it is: {said!r}")
        return int(found[1])

    def _run(self, argv: list[str]) -> str:
        """Run one of PostgreSQL's programs to its end, as the server's account.

        Raises:
            StartError: It failed; with what it said.
        """
        account = self._placement.account
        try:
            done = subprocess.run(
                argv,
                env=environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise StartError(f"{Path(argv[0]).name} failed:\n{error.output}") from None
        except OSError as error:
            raise StartError(f"{argv[0]} cannot be run: {error.strerror}") from error
        return done.stdout

    def _clear_stale_lock(self) -> None:
        """Remove what a killed server left, if no server of this folder runs any more.

        PostgreSQL does so itself, except when another program has got the dead one's pid meanwhile.

        Raises:
            StartError: A server still runs on this folder.
        """
        lock = self.path / "postmaster.pid"
        with suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            holder = psutil.Process(int(lock.read_text().splitlines()[0]))
            if str(self.path) in holder.cmdline():
                raise StartError(
                    f"A PostgreSQL (pid {holder.pid}) already runs on {self.path}.\n"
                    f"End it first: kill -INT {holder.pid}"
                )
            lock.unlink()


def environment() -> dict[str, str]:
    """Return our environment without what would tell PostgreSQL's programs of another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
