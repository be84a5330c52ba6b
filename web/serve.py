"""The web process: settings, the database, a look at Temporal, and a server that stops when it is told to.

It starts without Temporal, since nothing that is told to it needs Temporal to be kept, and without the database, for
which it answers 503 until it is there. It does not start on tables of another version.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from database import migrate
from database.engine import Database
from database.errors import DatabaseDownError
from service.logs import set_up_logs
from service.settings import read_settings
from tactful.errors import TactfulError
from tactful.wire.answers import PartOfHealth
from web.app import create_app
from web.config import WebConfig
from web.house import HealthCheck
from web.listening import Listening

BACKLOG: Final = 512
GRACE_SECONDS: Final = 15

log = structlog.get_logger()


class PortTakenError(TactfulError):
    """Something else listens where the doors should."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    try:
        settings = read_settings()
        set_up_logs(settings.log_format, settings.log_level)
        serve(
            WebConfig.of(settings),
            Database(settings.database_url.get_secret_value(), pool_size=settings.pool_size),
            lambda: datetime.now(UTC),
            checks={"temporal": TemporalCheck()},
            configuration=settings.config,
        )
    except TactfulError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def serve(
    config: WebConfig,
    database: Database,
    clock: Callable[[], datetime],
    *,
    checks: Mapping[str, HealthCheck] | None = None,
    configuration: Path | None = None,
) -> None:
    """Serve until told to stop.

    Args:
        config: How the doors are set up.
        database: Where everything is kept.
        clock: Gives the current instant in UTC.
        checks: Further parts whose health is told, by name.
        configuration: The file that names connectors and channels: by which providers tell us something, and forecasts.

    Raises:
        SchemaError: The tables are of another version.
        PortTakenError: Something else listens there.
    """
    try:
        database.run(migrate.check)
    except DatabaseDownError:
        log.warning("web.database_down", answers="503 until it is there")
    listening = listen(config)
    listening_to = Listening(configuration, hears="public" in config.doors)
    app = create_app(config, database, clock, checks=checks, tellers=listening_to.tellers)
    try:
        with listening_to.watched():
            server_of(app).run(sockets=[listening])
    finally:
        listening.close()
        database.close()


class StoppableServer(uvicorn.Server):
    """A server for which a stop that was asked for is no failure: it ends by itself, not by the signal once more."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop on SIGTERM and SIGINT, as long as the block lasts."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def server_of(app: object) -> uvicorn.Server:
    """Return a server for the application, quiet but for its own log lines."""
    return StoppableServer(
        uvicorn.Config(
            app,  # pyright: ignore[reportArgumentType] - any ASGI application
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            lifespan="off",
        )
    )


def listen(config: WebConfig) -> socket.socket:
    """Return a socket that listens where the doors are.

    Raises:
        PortTakenError: Something else does, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # The protocol is named: only then does asyncio turn Nagle's algorithm off, which holds every answer back for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((config.host.strip("[]"), config.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        msg = (
            f"Cannot listen on {config.host} port {config.port}: {error.strerror}.\n"
            "Set TACTFUL_WEB_PORT to a free port, or TACTFUL_WEB_HOST to an address of this machine."
        )
        raise PortTakenError(msg) from error
    return listening


class TemporalCheck:
    """Whether Temporal answers, where `temporalio.envconfig` says it is; the connection is kept between looks."""

    def __init__(self) -> None:
        self._config = ClientConfig.load_client_connect_config()
        self._client: Client | None = None

    async def __call__(self) -> PartOfHealth:
        """Look."""
        where = self._config.setdefault("target_host", "127.0.0.1:7233")
        try:
            if self._client is None:
                self._client = await Client.connect(**self._config)  # pyright: ignore[reportCallIssue] - it is set above
            well = await self._client.service_client.check_health()
        except (RPCError, RuntimeError):  # the latter from a connection that is refused
            well = False
        if well:
            return PartOfHealth(name="temporal", ok=True, sentence=f"Temporal answers at {where}.")
        sentence = f"Temporal does not answer at {where}."
        told = "Start Temporal, or set TEMPORAL_ADDRESS. Events are kept meanwhile; nothing is lost."
        return PartOfHealth(name="temporal", ok=False, sentence=sentence, what_to_do=told)
