"""`tactful calls`: the calls that people are to make, taking one, and saying what came of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from tactful.cli.connectors import login
from tactful.cli.terminal import HERE, AsJson, Server, client, examples, out, print_json
from tactful.client import as_plain
from tactful.wire.calls import CallAnswer, Outcome, Which

app = typer.Typer()
calls = typer.Typer(no_args_is_help=True, help="Calls to be made by people: the list, take one, say what came of it.")
app.add_typer(calls, name="calls")

Task = Annotated[UUID, typer.Argument(help="Its key, as the list shows it.", metavar="KEY", show_default=False)]
By = Annotated[str | None, typer.Option("--as", help="Who calls.", metavar="NAME", show_default="your login")]


@calls.command("list", epilog=examples("tactful calls list", "tactful calls list --state taken --of maya"))
def list_calls(
    *,
    state: Annotated[Which, typer.Option(help="All of them, those nobody has, or those that are taken.")] = "all",
    of: Annotated[str | None, typer.Option("--of", help="Only those that this person took.", metavar="NAME")] = None,
    after: Annotated[str | None, typer.Option(help="Where the list before ended.", metavar="PLACE")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the calls to be made, those that wait longest first, 200 at most."""
    with client(server) as tactful:
        found = tactful.calls(state=state, by=of, after=after)
    if as_json:
        print_json(as_plain(found))
        return
    for each in found.calls:
        _show(each)
    if not found.calls:
        out.print("Nobody is to be called.", style="green")
    if found.next:
        out.print(Text(f"There are more: --after {found.next}", "dim"))


@calls.command(epilog=examples("tactful calls take 6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e --as maya"))
def take(task: Task, *, by: By = None, server: Server = HERE, as_json: AsJson = False) -> None:
    """Take a call: for an hour it is nobody else's."""
    with client(server) as tactful:
        taken = tactful.take_call(task, by=by or login())
    print_json(as_plain(taken)) if as_json else _show(taken)


@calls.command("give-back", epilog=examples("tactful calls give-back 6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e"))
def give_back(task: Task, *, by: By = None, server: Server = HERE, as_json: AsJson = False) -> None:
    """Give a call back: anybody may take it again."""
    with client(server) as tactful:
        given = tactful.give_back_call(task, by=by or login())
    print_json(as_plain(given)) if as_json else _show(given)


@calls.command(epilog=examples("tactful calls finish 6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e --outcome reached"))
def finish(
    task: Task,
    *,
    outcome: Annotated[Outcome, typer.Option(help="What came of it; not_again: asked not to be called any more.")],
    note: Annotated[
        str | None, typer.Option(help="For whoever reads the customer's story: what was said.", metavar="WORDS")
    ] = None,
    by: By = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what came of a call. A wrong number is not called again; not_again stops marketing there."""
    with client(server) as tactful:
        done = tactful.finish_call(task, outcome, by=by or login(), note=note)
    print_json(as_plain(done)) if as_json else _show(done)


def _show(call: CallAnswer) -> None:
    style = {"open": "yellow", "taken": "cyan"}.get(call.state, "green")
    who = f": {call.outcome}" if call.outcome else ""
    if call.state == "taken":
        who = f" by {call.taken_by} until {call.taken_until:%H:%M} UTC"
    out.print(
        Text.assemble((f"{call.state}{who}", style), f"  {call.phone}  {call.customer or 'no id'}  {call.task_key}")
    )
    latest = f", latest by {call.expires_at:%d %b %H:%M} UTC" if call.expires_at else ""
    since = f"since {call.put_at:%d %b %H:%M} UTC{latest}"
    out.print(Text(f"  {call.step} / {call.communication}, {since}", "dim"))
    if call.about:
        out.print(Text(f"  {call.about}", "bold"))
    for line in (call.says or "").splitlines():
        out.print(Text(f"  {line}"))
