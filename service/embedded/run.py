"""`make run`: Temporal, PostgreSQL and the application on this machine, from nothing, until Ctrl-C."""

import time
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service.embedded.demo import application
from service.embedded.errors import Interrupted, StartError
from service.embedded.home import Home, open_home
from service.embedded.leftovers import end_leftovers
from service.embedded.ports import ADDRESS, require_free
from service.embedded.postgres import DATABASE, USER, PostgresServer
from service.embedded.settings import EmbeddedSettings, from_environment
from service.embedded.stack import Action, Application, Stack
from service.embedded.supervise import StopRequest, Supervisor
from service.embedded.temporal import TemporalServer


def main(join: Callable[[Stack], Application] = application) -> int:
    """Run everything until the person stops it.

    Args:
        join: What runs on the two servers.

    Returns:
        The exit code: 0 when the person stopped it, 1 when something failed.
    """
    console = Console(highlight=False)
    try:
        settings = from_environment()
        with open_home(settings.home) as home, StopRequest().listening() as request:
            _run(settings, home, request, join, console)
    except StartError as error:
        Console(stderr=True, highlight=False).print(Text(f"\n{error}", style="red"))
        return 1
    except (Interrupted, KeyboardInterrupt):
        pass
    with suppress(OSError):  # the terminal may be gone
        console.print("Stopped. `make run` goes on from here.")
    return 0


def _run(
    settings: EmbeddedSettings,
    home: Home,
    request: StopRequest,
    join: Callable[[Stack], Application],
    console: Console,
) -> None:
    for name in end_leftovers(home.running):
        console.print(f"Ended a {name} that an earlier run had left behind.")
    require_free(settings.ports())
    supervisor = Supervisor(home, request)
    try:
        stack = _start_servers(settings, home, supervisor, console)
        joined = join(stack)
        for step in joined.steps:
            if isinstance(step, Action):
                with _saying(console, step.says), request.interrupting(), _explained(home, step.says):
                    step.run()
            else:
                with _saying(console, f"Starting {step.name}"):
                    supervisor.start(step)
        console.print(_addresses(stack, joined))
        with _explained(home, "Showing what happens"):
            supervisor.watch(lambda: joined.tick(console) if joined.tick else None)
    finally:
        with suppress(OSError):
            console.print("\nStopping… (Ctrl-C again: at once)" if request.asked() else "\nStopping…")
        supervisor.stop()


def _start_servers(settings: EmbeddedSettings, home: Home, supervisor: Supervisor, console: Console) -> Stack:
    postgres = PostgresServer(
        home=home.path,
        port=settings.postgres_port,
        log=home.logs / "postgres.log",
        programs=settings.postgres_bin,
    )
    temporal = TemporalServer(
        port=settings.temporal_port,
        ui_port=settings.temporal_ui_port,
        file=home.temporal,
        log=home.logs / "temporal.log",
    )
    if postgres.placement.moved is not None:
        console.print(f"Note: {postgres.placement.moved}")
    with _saying(console, "Starting PostgreSQL"):
        supervisor.start(postgres)
    with _saying(console, "Starting Temporal"):
        supervisor.start(temporal)
    return Stack(
        home=home,
        database_url=postgres.database_url,
        temporal_address=temporal.address,
        temporal_ui_url=temporal.ui_url,
        web_port=settings.web_port,
    )


@contextmanager
def _saying(console: Console, what: str) -> Generator[None]:
    """Show what is being done, then how long it took."""
    began = time.monotonic()
    with console.status(f"{what}…"):
        yield
    console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]")


@contextmanager
def _explained(home: Home, what: str) -> Generator[None]:
    """Turn whatever fails in the block into a message, and keep its traceback in a log."""
    try:
        yield
    except (StartError, Interrupted):
        raise
    except Exception as error:
        log = home.logs / "run.log"
        with log.open("a") as file:
            traceback.print_exc(file=file)
        raise StartError(f"{what} failed: {error}\nThe traceback is at the end of {log}") from error


def _addresses(stack: Stack, joined: Application) -> Panel:
    table = Table.grid(padding=(0, 2))
    shown = {
        **joined.addresses,
        "Temporal's pages": stack.temporal_ui_url,
        "Temporal": stack.temporal_address,
        "PostgreSQL": f"postgresql://{USER}@{ADDRESS}:{stack.database_url.rsplit(':', 1)[1].split('/')[0]}/{DATABASE}",
        "its password": str(stack.home.path / "postgres.password"),
        "logs": str(stack.home.logs),
    }
    for label, address in shown.items():
        table.add_row(label, Text(address, style="cyan"))
    return Panel(
        table, title="Tactful is running", subtitle="Ctrl-C stops everything", expand=False, border_style="green"
    )
