"""`tactful doctor`: every part looked at, and for what is not well, what to do."""

from __future__ import annotations

import os
from importlib.metadata import version

import typer
from rich.text import Text

from tactful.cli.terminal import HERE, SERVER, TOKEN, AsJson, Exit, Server, client, examples, out, print_json
from tactful.client import ClientError, RefusedByServerError, TactfulClient
from tactful.wire.answers import PartOfHealth

app = typer.Typer()


@app.command(epilog=examples("tactful doctor", "tactful doctor --server https://contact.fleur.example --json"))
def doctor(*, server: Server = HERE, as_json: AsJson = False) -> None:
    """Look at every part: server, token, database, tables, outbox, Temporal. Exit code 1: one is not well."""
    with client(server) as tactful:
        parts = look(tactful)
    well = all(part.ok for part in parts)
    if as_json:
        print_json({"ok": well, "parts": [part.model_dump() for part in parts]})
    else:
        for part in parts:
            mark = ("✓", "green") if part.ok else ("✕", "red")
            out.print(Text.assemble(mark, f" {part.name:<11}", part.sentence))
            if part.what_to_do:
                out.print(Text(f"  {'':<11}{part.what_to_do}", style="yellow"))
        out.print("All is well." if well else "Something needs attention.", style="green" if well else "red")
    raise typer.Exit(Exit.OK if well else Exit.WRONG)


def look(tactful: TactfulClient) -> list[PartOfHealth]:
    """Return how every part is doing, from here to the last one that can be seen."""
    try:
        health = tactful.health()
    except ClientError as error:
        told = f"Start it (make run, or python -m web), or say where it is: --server or {SERVER}."
        return [PartOfHealth(name="server", ok=False, sentence=str(error), what_to_do=told)]
    own = version("tactful")
    alike = f"version {health.version}, as this command" if health.version == own else f"version {health.version}"
    other = None if health.version == own else f"This command is version {own}: update the older of the two."
    server = PartOfHealth(name="server", ok=True, sentence=f"Answers at {tactful.server}, {alike}.", what_to_do=other)
    return [server, _token(tactful, database_well=health.ok), *health.parts]


def _token(tactful: TactfulClient, *, database_well: bool) -> PartOfHealth:
    given = bool(os.environ.get(TOKEN))
    try:
        tactful.strategies()
    except RefusedByServerError as error:
        if error.status in {401, 403}:
            told = f"Set {TOKEN} to the server's." if error.status == 401 else error.refusals[0].expected  # noqa: PLR2004
            return PartOfHealth(name="token", ok=False, sentence=error.refusals[0].message, what_to_do=told)
        if database_well:
            return PartOfHealth(name="token", ok=False, sentence=str(error))
    except ClientError as error:
        return PartOfHealth(name="token", ok=False, sentence=str(error))
    said = "The token is accepted." if given else "No token is needed from here."
    return PartOfHealth(name="token", ok=True, sentence=said)
