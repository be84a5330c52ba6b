"""`tactful audit`: every promise proved from the ledger, or the rows that break it."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, heading, out, print_json
from tactful.client import as_plain
from tactful.wire.audit import CheckName, FindingLine, ProgressLine, SummaryLine

app = typer.Typer()

PROMISES: dict[CheckName, str] = {
    "caps": "no window holds more than its cap",
    "gap": "contacts keep their distance",
    "opt_in": "every claim of marketing had a yes that held",
    "suppressed": "no claim went where a suppression stood",
    "mandatory": "no marketing rule held up a mandatory contact",
    "doubled": "nothing was sent twice",
    "accounted": "everything due is accounted for",
    "frozen": "what was sent is kept, what was kept back was not made",
}
_AGO = re.compile(r"(\d{1,4}) ?(h|hours?|d|days?|w|weeks?)")
_HOURS = {"h": 1, "d": 24, "w": 168}


@app.command(
    epilog=examples(
        "tactful audit",
        "tactful audit --since '7 days'",
        "tactful audit --since 2026-03-01 --strategy florist --json",
        "Exit code 0: all is as promised. 1: something is not; the rows are told.",
    )
)
def audit(
    *,
    since: Annotated[
        str | None,
        typer.Option(help="Judge claims from then on: a day, an instant, 24h or 7 days ago.", metavar="WHEN"),
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="Judge contacts of this strategy only.", metavar="NAME")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Prove from the ledger, by code of its own, that every promise was kept, or tell the rows where it was not."""
    began = _instant(since) if since is not None else None
    findings: list[FindingLine] = []
    summary: SummaryLine | None = None
    with client(server) as tactful, _progress(shown=not as_json) as advance:
        for line in tactful.audit(since=began, strategy=strategy):
            if isinstance(line, ProgressLine):
                advance(line)
            elif isinstance(line, SummaryLine):
                summary = line
            elif isinstance(line, FindingLine):
                findings.append(line)
    assert summary is not None
    if as_json:
        print_json(as_plain(summary) | {"findings": [as_plain(one) for one in findings]})
    else:
        _print(summary, findings)
    raise typer.Exit(Exit.OK if summary.ok else Exit.WRONG)


def _instant(said: str) -> datetime:
    """Return the instant that `--since` names.

    Raises:
        typer.BadParameter: It names none.
    """
    ago = _AGO.fullmatch(said.strip())
    if ago is not None:
        return datetime.now(UTC) - timedelta(hours=int(ago[1]) * _HOURS[ago[2][0]])
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError:
        right = "2026-03-01, 2026-03-01T10:00+00:00, 24h or '7 days'"
        raise typer.BadParameter(f'--since "{said}" is no instant. Right would be: {right}') from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@contextmanager
def _progress(*, shown: bool) -> Generator[Callable[[ProgressLine], None]]:
    """Show how many customers have been looked at; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal)) as progress:
        task = progress.add_task("customers", total=None)
        yield lambda line: progress.update(task, completed=line.done, total=line.of)


def _print(summary: SummaryLine, findings: list[FindingLine]) -> None:
    """Show each promise with what was looked at, and below it the rows that break it."""
    out.print(f"{summary.contacts:,} contacts of {summary.customers:,} customers")
    for one in summary.checks:
        mark = ("✕", "red") if one.found else ("✓", "green")
        told = f"{one.looked_at:,} looked at" + (f", {one.found:,} break it" if one.found else "")
        style = "red" if one.found else "dim"
        out.print(Text.assemble(mark, f" {one.check:<11}{PROMISES[one.check]}: ", (told, style)))
    for one in summary.checks:
        rows = [finding for finding in findings if finding.check == one.check]
        if rows:
            heading(PROMISES[one.check])
            for row in rows:
                out.print(Text(f"  {row.sentence}"))
                out.print(Text(f"    {_where(row)}", style="dim"))
        if one.found > len(rows):
            out.print(f"  … and {one.found - len(rows):,} more")
    out.print()
    if summary.ok:
        out.print("Every promise was kept.", style="green")
    else:
        out.print("Something is not as promised: `tactful explain CONTACT` says more.", style="red")


def _where(row: FindingLine) -> str:
    at = f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if row.at is not None else ""
    named = (("contact", row.contact_key), ("journey", row.journey_key), ("customer", row.customer_key))
    keys = [f"{name} {key}" for name, key in named if key is not None][:2]
    return " · ".join(filter(None, (at, *keys)))
