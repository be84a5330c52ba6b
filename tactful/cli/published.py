"""`tactful publish` and `tactful strategies`: making a strategy the one that holds, and seeing which does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from tactful.cli.problems import print_problems
from tactful.cli.strategy import check_files
from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, facts, out, print_json
from tactful.client import as_plain
from tactful.strategy import StrategyErrors
from tactful.strategy.folder import read_folder

app = typer.Typer()


@app.command(
    epilog=examples("tactful publish strategies/florist", "tactful publish strategies/florist --note 'spring prices'")
)
def publish(
    folder: Annotated[
        Path, typer.Argument(help="The folder with strategy.yaml in it.", show_default="this folder")
    ] = Path(),
    *,
    note: Annotated[str | None, typer.Option(help="What is new in it, for those who look later.")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Check a strategy folder and publish it as a new version. The same content again is no new version."""
    files = read_folder(folder)
    reading = check_files(files)
    if reading.strategy is None and as_json:
        raise StrategyErrors(reading.problems)
    if reading.problems:
        print_problems(err, reading.problems, files)
    if reading.strategy is None:
        err.print("Nothing was published.", style="red")
        raise typer.Exit(Exit.WRONG)
    with client(server) as tactful:
        done = tactful.publish(files, note=note)
    if as_json:
        print_json(as_plain(done))
        return
    if done.waits_for_later:
        out.print("Checked, but waiting for a later version of Tactful:", style="yellow")
        for waiting in done.waits_for_later:
            out.print(Text(f"  {waiting}"))
    if done.unchanged:
        out.print(f"{done.strategy} version {done.version} is this already; nothing has changed.")
    else:
        out.print(f"{done.strategy} version {done.version} is published ({done.hash[:12]}).", style="green")


@app.command(epilog=examples("tactful strategies", "tactful strategies --json"))
def strategies(*, server: Server = HERE, as_json: AsJson = False) -> None:
    """Show the published strategies: version, steps, and what waits for a later version of Tactful."""
    with client(server) as tactful:
        found = tactful.strategies()
    if as_json:
        print_json(as_plain(found))
        return
    if not found.strategies:
        out.print("No strategy is published yet: tactful publish FOLDER", style="yellow")
    for strategy in found.strategies:
        out.print(Text.assemble((strategy.strategy, "bold"), f"  version {strategy.version}"))
        published = f"{strategy.published_at:%d %b %Y %H:%M} UTC" + (f": {strategy.note}" if strategy.note else "")
        facts({"vision": strategy.vision, "published": published, "content": strategy.hash[:12]})
        facts({step: ", ".join(said) for step, said in strategy.steps.items()}, indent=4)
        if strategy.waits_for_later:
            out.print(f"  {len(strategy.waits_for_later)} things in it wait for a later version; --json lists them")
