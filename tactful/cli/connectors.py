"""`tactful connector`: how each connector stands, holding one, resuming one; and what engineers do with connectors."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from tactful.cli import adding, certifying, trying
from tactful.cli.terminal import HERE, AsJson, Server, client, examples, out, print_json
from tactful.client import as_plain
from tactful.wire.connectors import ConnectorAnswer

app = typer.Typer()
connector = typer.Typer(no_args_is_help=True, help="Connectors: see how each stands, hold one, try one out.")
app.add_typer(connector, name="connector")
for part in (trying, certifying, adding):
    connector.add_typer(part.app)

Name = Annotated[str, typer.Argument(help="Its name in tactful.toml.", metavar="NAME", show_default=False)]
AskedBy = Annotated[
    str | None, typer.Option("--as", help="Who asks; kept with it.", metavar="NAME", show_default="your login")
]


@connector.command("list", epilog=examples("tactful connector list", "tactful connector list --json"))
def list_connectors(*, server: Server = HERE, as_json: AsJson = False) -> None:
    """Show every connector: open or held, why, since when, by whom, how many contacts wait."""
    with client(server) as tactful:
        found = tactful.connectors()
    if as_json:
        print_json(as_plain(found))
        return
    if not found.connectors:
        out.print("No worker has been started yet, so no connector is known.", style="yellow")
    for each in found.connectors:
        _show(each)


@connector.command(epilog=examples("tactful connector hold twilio --why 'sender id under review'"))
def hold(
    name: Name,
    *,
    why: Annotated[str, typer.Option("--why", help="For those who find it held.", show_default=False)],
    until: Annotated[
        str | None,
        typer.Option(
            "--until", help="When to try again; left out: when it is resumed.", metavar="2026-11-22T09:00+00:00"
        ),
    ] = None,
    asked_by: AskedBy = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Send nothing more by a connector. What is due waits, within its life; calls under way finish."""
    with client(server) as tactful:
        held = tactful.hold_connector(name, why=why, asked_by=asked_by or login(), until=until)
    print_json(as_plain(held)) if as_json else _show(held)


@connector.command(epilog=examples("tactful connector resume twilio"))
def resume(name: Name, *, asked_by: AskedBy = None, server: Server = HERE, as_json: AsJson = False) -> None:
    """Try a held connector again now: one contact first, then the others, best first, each decided afresh."""
    with client(server) as tactful:
        resumed = tactful.resume_connector(name, asked_by=asked_by or login())
    print_json(as_plain(resumed)) if as_json else _show(resumed)


def login() -> str:
    """Return who is at this machine, as far as it knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


def _show(each: ConnectorAnswer) -> None:
    color = "green" if each.state == "open" else "yellow"
    channels = ", ".join(each.channels)
    line = Text.assemble((each.connector, "bold"), f"  {channels}  " if channels else "  ", (each.state, color))
    if each.since is not None:
        by = f" by {each.held_by}" if each.held_by else ""
        line.append(f" · {each.fault}{by} · since {_when(each.since)}")
        line.append(f" · until {_when(each.until)}" if each.until else " · until it is resumed")
    if each.waiting:
        line.append(f" · {each.waiting:,} waiting")
    out.print(line)
    if each.why:
        out.print(Text(f"  {each.why}"))


def _when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"
