"""`tactful calls`: the calls that people are to make, taking one, and saying what came of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from tactful.cli.connectors import login
from tactful.cli.terminal import HERE, AsJson, Server, client, examples, out, print_json
from tactful.client import as_plain
from tactful.wire.calls import CallAnswer, Outcome

app = typer.Typer()
calls = typer.Typer(no_args_is_help=True, help="Calls to be made by people: the list, take one, say what came of it.")
app.add_typer(calls, name="calls")

Task = Annotated[UUID, typer.Argument(help="Its key, as the list shows it.", metavar="KEY", show_default=False)]
By = Annotated[str | None, typer.Option("--as", help="Who calls.", metavar="NAME", show_default="your login")]


@calls.command("list", epilog=examples("tactful calls list", "tactful calls list --json"))
def list_calls(*, server: Server = HERE, as_json: AsJson = False) -> None:
    """Show the calls to be made, those that wait longest first."""
    with client(server) as tactful:
        found = tactful.calls()
    if as_json:
        print_json(as_plain(found))
        return
    for each in found.calls:
        _show(each)
    if not found.calls:
        out.print("Nobody is to be called.", style="green")


@calls.command(epilog=examples("tactful calls take 6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e --as maya"))
def take(task: Task, *, by: By = None, server: Server = HERE, as_json: AsJson = False) -> None:
    """Take a call: for an hour it is nobody else's."""
    with client(server) as tactful:
        taken = tactful.take_call(task, by=by or login())
    print_json(as_plain(taken)) if as_json else _show(taken)


@calls.command(epilog=examples("tactful calls finish 6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e --outcome reached"))
def finish(
    task: Task,
    *,
    outcome: Annotated[Outcome, typer.Option(help="What came of it; not_again: asked not to be called any more.")],
    by: By = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what came of a call. A wrong number is not called again; not_again stops marketing there."""
    with client(server) as tactful:
        done = tactful.finish_call(task, outcome, by=by or login())
    print_json(as_plain(done)) if as_json else _show(done)


def _show(call: CallAnswer) -> None:
    style = {"open": "yellow", "taken": "cyan"}.get(call.state, "green")
    who = f" by {call.taken_by}" if call.state == "taken" else f": {call.outcome}" if call.outcome else ""
    out.print(
        Text.assemble((f"{call.state}{who}", style), f"  {call.phone}  {call.customer or 'no id'}  {call.task_key}")
    )
    out.print(Text(f"  {call.step} / {call.communication}, since {call.put_at:%d %b %H:%M} UTC", "dim"))
    for line in (call.says or "").splitlines():
        out.print(Text(f"  {line}"))
