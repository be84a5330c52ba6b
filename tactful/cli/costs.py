"""`tactful costs`: what messages cost, by connector and communication, each currency by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from tactful.cli.terminal import HERE, AsJson, Server, client, examples, heading, out, print_json
from tactful.client import as_plain
from tactful.wire.costs import CostLine, CostsAnswer, SumAnswer

app = typer.Typer()


@app.command(
    epilog=examples(
        "tactful costs",
        "tactful costs --from 2026-03-01 --to 2026-03-31 --strategy florist",
        "tactful costs --connector lob --json",
    )
)
def costs(
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", help="A day (UTC) or an instant.", metavar="DAY", show_default="this month's first day"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", help="A day (UTC), which counts, or an instant.", metavar="DAY", show_default="now"),
    ] = None,
    connector: Annotated[str | None, typer.Option(help="Only by this connector.", metavar="NAME")] = None,
    strategy: Annotated[str | None, typer.Option(help="Only of this strategy.", metavar="NAME")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what messages cost: by currency in all, then by connector and communication. Currencies are never added."""
    with client(server) as tactful:
        found = tactful.costs(since=since, until=until, connector=connector, strategy=strategy)
    print_json(as_plain(found)) if as_json else _show(found)


def show_sums(sums: Iterable[SumAnswer]) -> None:
    """Print sums, a line each."""
    for each in sums:
        out.print(Text(f"  {in_words(each)}", style="" if each.currency else "yellow"))


def in_words(one: SumAnswer) -> str:
    """Return a sum in words: how much, of how many messages, and what is not in it."""
    said: list[str] = []
    if one.messages:
        priced = f"{one.amount} {one.currency} for " if one.currency else ""
        said.append(f"{priced}{one.messages:,} {'message' if one.messages == 1 else 'messages'}")
        if not one.currency:
            said[-1] += " without a price"
        elif one.told:
            said.append(
                "all as the provider told" if one.told == one.messages else f"{one.told:,} as the provider told"
            )
    if one.unsettled:
        more = f"{one.unsettled_amount} {one.currency} more" if one.currency else "no price known"
        said.append(f"{one.unsettled:,} not known to have gone out ({more})")
    return ", ".join(said)


def _show(found: CostsAnswer) -> None:
    out.print(Text(f"Handed over from {_moment(found.since)} to before {_moment(found.until)} UTC", style="bold"))
    if not found.totals:
        out.print("  nothing", style="yellow")
        return
    show_sums(found.totals)
    heading("By connector and communication")
    for line in found.lines:
        out.print(Text.assemble("  ", (_whose(line), "bold"), f"  {in_words(line)}"))
    if found.left_out:
        out.print(Text(f"  and {found.left_out:,} lines more; --connector or --strategy narrows it", style="dim"))
    if any(each.currency is None for each in found.totals):
        out.print(Text("  A price is set by unit_cost in the connector's table of tactful.toml.", style="dim"))


def _whose(line: CostLine) -> str:
    return f"{line.connector}  {line.strategy}/{line.step}/{line.communication}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y %H:%M}"
