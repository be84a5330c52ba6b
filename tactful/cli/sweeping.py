"""`tactful sweep`: what is overdue, orphaned or stuck, and starting again what has lost its workflow."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from tactful.cli.connectors import login
from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, facts, out, print_json
from tactful.client import TactfulClient, as_plain
from tactful.wire.sweeping import SweepAnswer

app = typer.Typer()

PATIENCE_SECONDS: Final = 60.0
LOOK_EVERY_SECONDS: Final = 0.5


@app.command(epilog=examples("tactful sweep", "tactful sweep --repair", "tactful sweep --json"))
def sweep(
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Start again what no workflow looks after. Harmless to repeat.")
    ] = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Have a worker look now for what is overdue, orphaned or stuck. Exit code 1: something was found."""
    with client(server) as tactful:
        found = _swept(tactful, repair=repair)
    if found is None:
        err.print("No worker has swept within a minute. Is one running? `tactful doctor` looks closer.", style="red")
        raise typer.Exit(Exit.UNREACHABLE)
    if as_json:
        print_json(as_plain(found))
    else:
        facts(
            {
                "late by more than an hour": f"{found.overdue:,} contacts",
                "planned in an ended journey": f"{found.orphaned:,} contacts",
                "untold to Temporal for 10 min": f"{found.untold:,} words",
                "without a workflow": f"{found.without_workflow:,} of {found.looked_at:,} looked for",
                "started again": f"{found.restarted:,}" if repair else None,
            }
        )
        done = "All is well." if found.well else "Something needs attention."
        out.print(done, style="green" if found.well else "red")
    raise typer.Exit(Exit.OK if found.well else Exit.WRONG)


def _swept(tactful: TactfulClient, *, repair: bool) -> SweepAnswer | None:
    before = tactful.ask_for_sweep(repairs=repair, asked_by=login()).swept_at
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = tactful.sweep()
        if found.swept_at is not None and found.swept_at != before:
            return found
        time.sleep(LOOK_EVERY_SECONDS)
    return None
