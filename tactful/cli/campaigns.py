"""`tactful campaign`: what one would come to, sending it, how far it is, stopping it and having it go on."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tactful.cli.costs import show_sums
from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, facts, heading, out, print_json
from tactful.client import TactfulClient, as_plain
from tactful.wire.campaigns import FASTEST, CampaignAnswer, CampaignPreview

LOOK_EVERY: Final = timedelta(seconds=2)
FAR_AWAY: Final = timedelta(minutes=10)
"""What is due later than this is not waited for."""

app = typer.Typer()
campaign = typer.Typer(no_args_is_help=True, help="Campaigns: send one, see how far it is, stop it, have it go on.")
app.add_typer(campaign, name="campaign")

Lot = Annotated[UUID, typer.Argument(help="The campaign's key, as `send` has told it.", metavar="LOT")]


@campaign.command(
    epilog=examples(
        "tactful campaign send florist mothers-day --dry-run",
        "tactful campaign send florist mothers-day",
        "tactful campaign send florist mothers-day --at '2027-03-01 09:00' --yes",
        "tactful campaign send florist mothers-day --at now --rate 50 --yes --json",
    )
)
def send(
    strategy: Annotated[str, typer.Argument(help="The published strategy.")],
    step: Annotated[str, typer.Argument(help="Its step with `campaign:`.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="When it begins: '2027-02-26 10:00' on every customer's clock, an instant with an offset, or now. "
            "The strategy's own moment, if left out.",
            metavar="MOMENT",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would come to, and begin nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")] = False,
    request_key: Annotated[
        str | None,
        typer.Option("--request-key", help="Another key sends a further lot, to whoever was not in it before."),
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, max=FASTEST, help="Most contacts a second.")] = None,
    asked_by: Annotated[
        str | None, typer.Option("--as", help="Who asks; kept with it.", metavar="NAME", show_default="your login")
    ] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Send a campaign to its audience, under all the rules. Sent twice, it is sent once."""
    with client(server) as tactful:
        seen = None if yes and not dry_run else tactful.preview_campaign(strategy, step, at=at)
        if seen is not None and dry_run:
            print_json(as_plain(seen)) if as_json else _show_preview(seen)
            return
        if seen is not None:
            _confirm(seen, as_json=as_json)
        begun = tactful.send_campaign(
            strategy, step, at=at, request_key=request_key, asked_by=asked_by or getpass.getuser(), rate=rate
        )
        if as_json:
            print_json(as_plain(begun))
            return
        if begun.new:
            out.print(f"{begun.step} is begun: {begun.lot_key}", style="green")
        else:
            out.print(f"{begun.step} was begun before, by {begun.asked_by}; nothing is begun anew.", style="yellow")
        _follow(tactful, begun)


@campaign.command(epilog=examples("tactful campaign status", "tactful campaign status LOT --json"))
def status(
    lot: Annotated[UUID | None, typer.Argument(help="The campaign's key; the newest ones, if left out.")] = None,
    *,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how far a campaign is: what was sent, what was not and why, what is still to come."""
    with client(server) as tactful:
        if lot is None:
            found = tactful.campaigns()
            if as_json:
                print_json(as_plain(found))
                return
            if not found.campaigns:
                out.print("No campaign has been sent yet: tactful campaign send --help", style="yellow")
            for each in found.campaigns:
                out.print(Text.assemble((f"{each.strategy}/{each.step}", "bold"), f"  {each.sentence}"))
                facts({"key": each.lot_key, "begins": each.moment, "asked by": each.asked_by})
            return
        one = tactful.campaign(lot)
    _show(one, as_json=as_json)


@campaign.command(epilog=examples("tactful campaign stop LOT"))
def stop(lot: Lot, *, server: Server = HERE, as_json: AsJson = False) -> None:
    """Stop a campaign: what is being sent finishes, nothing more is begun. `resume` has it go on."""
    with client(server) as tactful:
        _show(tactful.stop_campaign(lot), as_json=as_json)


@campaign.command(epilog=examples("tactful campaign resume LOT"))
def resume(lot: Lot, *, server: Server = HERE, as_json: AsJson = False) -> None:
    """Have a stopped campaign go on; every contact is decided afresh."""
    with client(server) as tactful:
        _show(tactful.resume_campaign(lot), as_json=as_json)


def _confirm(seen: CampaignPreview, *, as_json: bool) -> None:
    """Show what a campaign would come to and ask whether it is meant; where nobody can answer, it is not."""
    if as_json or not sys.stdin.isatty():
        err.print("Say --yes: there is nobody to ask whether it is meant. --dry-run shows what it would come to.")
        raise typer.Exit(Exit.USAGE)
    _show_preview(seen)
    if not typer.confirm(f"Send it to {seen.audience:,} customers?"):
        out.print("Nothing is begun.")
        raise typer.Exit(Exit.OK)


def _show_preview(seen: CampaignPreview) -> None:
    out.print(Text.assemble((f"{seen.strategy}/{seen.step}", "bold"), f"  {seen.audience:,} customers"))
    facts(
        {
            "begins": seen.moment,
            "brake": seen.brake,
            "already in it": f"{seen.already_in:,}" if seen.already_in else None,
            "segments": _numbers(seen.segments),
            "languages": _numbers(seen.languages),
            "sent already as": seen.lot_key,
        }
    )
    part = seen.looked_at < seen.audience
    heading(f"As things stand, of {seen.looked_at:,} customers" + (" drawn from them" if part else ""))
    if not seen.foreseen:
        out.print("  nobody is in its audience", style="yellow")
    for each in seen.foreseen:
        by = f" by {' and '.join(each.channels)}" if each.channels else ""
        why = f": {each.sentence}" if each.sentence else ""
        style = "green" if each.verdict == "send" else "yellow"
        out.print(Text(f"  {each.customers:>7,}  {each.communication}  {each.verdict}{by}{why}", style=style))
    out.print("  Caps, gaps and what matters more are decided at each contact's hour.", style="dim")


def _numbers(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name} {number:,}" for name, number in counts.items())


def _follow(tactful: TactfulClient, begun: CampaignAnswer) -> None:
    """Show the progress until nothing more is due soon; Ctrl-C ends the looking, not the campaign."""
    again = f"Look again with: tactful campaign status {begun.lot_key}"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    now = begun
    try:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            bar = progress.add_task(begun.step, total=None)
            while err.is_terminal and _worth_waiting(now):
                time.sleep(LOOK_EVERY.total_seconds())
                now = tactful.campaign(begun.lot_key)
                progress.update(bar, completed=now.settled, total=now.contacts or None)
    except KeyboardInterrupt:
        out.print(f"It goes on without being watched. {again}")
        return
    _show(now, as_json=False)
    if now.state != "done":
        out.print(again, style="dim")


def _worth_waiting(now: CampaignAnswer) -> bool:
    """Say whether something will happen soon."""
    if now.state != "open":
        return False
    if now.frozen_at is None:
        return datetime.now(UTC) - now.created_at < FAR_AWAY
    return now.next_at is not None and now.next_at - datetime.now(UTC) < FAR_AWAY


def _show(found: CampaignAnswer, *, as_json: bool) -> None:
    if as_json:
        print_json(as_plain(found))
        return
    style = {"done": "green", "stopped": "red"}.get(found.state, "")
    out.print(Text.assemble((f"{found.strategy}/{found.step}", "bold"), "  ", (found.sentence, style)))
    next_at = f"{found.next_at.astimezone(UTC):%d %b %Y %H:%M} UTC" if found.next_at else None
    facts(
        {
            "key": found.lot_key,
            "begins": found.moment,
            "customers": f"{found.customers:,}",
            "next": next_at,
            "at most": f"{found.rate:,} a second" if found.rate else None,
            "asked by": found.asked_by,
        }
    )
    for each in found.counts:
        out.print(Text(f"  {each.contacts:>7,}  {each.communication}  {each.sentence}"))
    if found.costs:
        heading("What it costs")
        show_sums(found.costs)
