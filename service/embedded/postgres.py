"""A PostgreSQL server for development and tests: a thin starter over PostgreSQL's own programs."""

import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from service.embedded.child import Child, Program
from service.embedded.errors import StartError
from service.embedded.home import kept_secret
from service.embedded.placement import place
from service.embedded.ports import ADDRESS
from service.embedded.postgres_data import USER, PostgresData, environment

DATABASE = "tactful"
START_WITHIN = timedelta(seconds=60)
PAUSE = timedelta(milliseconds=200)

# Connections by TCP from this machine alone, with a password; no socket file, whose path could become too long.
_OPTIONS = {
    "listen_addresses": ADDRESS,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# For tests: a killed server loses nothing by it, since what it wrote is with the kernel; only a machine's crash would.
# (synchronous_commit must stay on: turned off, a commit would live in the killed server's own memory.)
_OPTIONS_FOR_TESTS = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer:
    """PostgreSQL on 127.0.0.1; may be killed and started again on the same folder at any time."""

    name = "postgres"

    def __init__(
        self, *, home: Path, port: int, log: Path, programs: Path | None = None, for_tests: bool = False
    ) -> None:
        """Describe the server, and find its programs and the place of its data; nothing is started yet.

        Args:
            home: The folder of all state; exists.
            port: Where clients connect.
            log: Where its output goes.
            programs: The bin/ folder of another PostgreSQL than the one from PyPI.
            for_tests: Survive the server being killed, but not the machine; faster.

        Raises:
            StartError: There is no PostgreSQL, or nowhere to put its data.
        """
        self.port = port
        self.placement = place(home, programs)
        self._data = PostgresData(self.placement, synced=not for_tests)
        self._password_file = home / "postgres.password"
        self._log = log
        self._for_tests = for_tests
        self.child: Child | None = None

    @property
    def database_url(self) -> str:
        """The database's address for SQLAlchemy, password and all."""
        return self.url(DATABASE)

    def url(self, database: str) -> str:
        """Return the address of one database of this server, password and all."""
        return f"postgresql+psycopg://{USER}:{quote(self._password())}@{ADDRESS}:{self.port}/{database}"

    def start(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start the server, making its data and the database `tactful` the first time, and wait until it answers.

        Raises:
            StartError: It ended or did not answer in time, or the data was made by another version.
            Interrupted: The person asked to stop.
        """
        self.stop()  # one that was killed from outside must be buried before its lock counts as stale
        self._data.make_ready(self._password())
        deadline = time.monotonic() + START_WITHIN.total_seconds()
        while True:
            self.child = Child(self._program())
            try:
                self.child.wait_until(self._answers, START_WITHIN, stopping)
                break
            except StartError as error:
                # A killed server's own children take a second to notice; until then they guard its memory.
                if "shared memory block" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE.total_seconds())
        self._make_database()

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """End the sessions, write everything down, end the server."""
        if self.child is not None:
            self.child.stop(hurried)

    def kill(self) -> None:
        """End the server at once, as a crash would, and wait until its own children have noticed."""
        if self.child is None or self.child.exit_code is not None:
            return
        family = psutil.Process(self.child.pid).children(recursive=True)
        self.child.kill()
        psutil.wait_procs(family, timeout=START_WITHIN.total_seconds())

    def _program(self) -> Program:
        options = _OPTIONS | {"port": str(self.port)} | (_OPTIONS_FOR_TESTS if self._for_tests else {})
        argv = [str(self.placement.programs / "postgres"), "-D", str(self._data.path)]
        return Program(
            self.name,
            [*argv, *(word for name, value in options.items() for word in ("-c", f"{name}={value}"))],
            environment(),
            self._log,
            account=self.placement.account,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,  # "fast": ends sessions, rolls back what is open, writes the rest
            grace=timedelta(seconds=20),
        )

    def _password(self) -> str:
        return kept_secret(self._password_file)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=ADDRESS,
            port=self.port,
            user=USER,
            password=self._password(),
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartError(
                    f"The password in {self._password_file} is not that of the database in {self._data.path}.\n"
                    "One of the two was replaced. Put it back, or set TACTFUL_HOME to a new folder."
                ) from None
            return False
        return True

    def _make_database(self) -> None:
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
