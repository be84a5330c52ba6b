"""`tactful sends`: what waits for a person, causes first, and what is done about it.

Nothing is done without a filter unless `--all` says so, and nothing without a yes: how many are meant is shown first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from tactful.cli.connectors import login
from tactful.cli.filtered import as_query, filtered, is_everything
from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, out, print_json
from tactful.client import TactfulClient, as_plain
from tactful.wire.sends import (
    ActAnswer,
    CauseAnswer,
    ForecastAnswer,
    OneBody,
    RestartAnswer,
    RetryBody,
    SendsFilter,
    SettleBody,
)

app = typer.Typer()
sends = typer.Typer(
    invoke_without_command=True,
    help="What waits for a person: causes and forecasts; take up again, let be, say that it arrived.",
    epilog=examples(
        "tactful sends",
        "tactful sends --connector smtp",
        "tactful sends retry --connector smtp --fault transient --dry-run",
        "tactful sends skip --step welcome --communication hello --why 'the offer is over'",
    ),
)
app.add_typer(sends, name="sends")

LOOK_EVERY: Final = 1.0
UNKNOWN: Final = (
    "Of unknown ones nobody knows whether they arrived: with --even-unknown some customers may hear it TWICE, "
    "unless the provider takes our key."
)

Everything = Annotated[bool, typer.Option("--all", help="Everything that waits is meant: no filter is needed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Why = Annotated[str | None, typer.Option(help="Why; kept with every contact.")]
WhyNeeded = Annotated[str, typer.Option("--why", help="Why; kept with every contact.")]
As = Annotated[
    str, typer.Option("--as", help="Who does it; kept with every contact.", metavar="NAME", show_default="your login")
]


@sends.callback()
@filtered(without=("contacts",))
def overview(
    context: typer.Context,
    *,
    meant: SendsFilter,
    forecast: Annotated[bool, typer.Option(help="Say what a retry would do now.")] = True,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what waits for a person, causes first, and what a retry of each would do now."""
    if context.invoked_subcommand is not None:
        if not is_everything(meant):
            raise typer.BadParameter(f"the filter goes after {context.invoked_subcommand}, which would not see it here")
        return
    with client(server) as tactful:
        found = tactful.sends(as_query(meant), forecast=forecast)
    if as_json:
        print_json(as_plain(found))
        return
    if not found.causes:
        out.print("Nothing waits for a person.", style="green")
    for cause in found.causes:
        _print_cause(cause)
    for restart in found.restarts:
        _print_restart(restart)


@sends.command("list", epilog=examples("tactful sends list --connector smtp", "tactful sends list --reason unknown"))
@filtered(without=("contacts",))
def list_(
    *,
    meant: SendsFilter,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="Go on where the page before ended.", metavar="PLACE")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the parked contacts themselves, the newest first."""
    with client(server) as tactful:
        found = tactful.sends_list(as_query(meant), after=after, limit=limit)
    if as_json:
        print_json(as_plain(found))
        return
    for one in found.contacts:
        whose = one.user_id or str(one.customer_key)
        head = Text.assemble(
            (str(one.contact_key), "dim"), f"  {whose}  ", (f"{one.step} / {one.communication}", "bold")
        )
        out.print(Text.assemble(head, f"  {one.sentence}"))
    if not found.contacts:
        out.print("None.", style="green")
    if found.next:
        out.print(Text(f"… there is more: --after {found.next}", style="dim"))


@sends.command(
    epilog=examples(
        "tactful sends retry --connector smtp --since 2026-03-24T02:00:00Z --dry-run",
        "tactful sends retry --step welcome --rate 50 --why 'the key is renewed'",
        "tactful sends retry --contact 6f2d7e0c-5b0f-5a3e-9c57-1d0b8f4c2a11",
    )
)
@filtered()
def retry(
    *,
    meant: SendsFilter,
    everything: Everything = False,
    even_unknown: Annotated[bool, typer.Option("--even-unknown", help=UNKNOWN)] = False,
    rate: Annotated[int | None, typer.Option(min=1, max=10_000, help="Most contacts a second.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and change nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="Stay and show how far it is; the restart goes on without you.")] = True,
    why: Why = None,
    as_: As = "",
    yes: Yes = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Take parked contacts up again: each is decided afresh, by a restart that goes on by itself."""
    asked = RetryBody(
        filter=meant,
        all=everything,
        asked_by=as_ or login(),
        why=why,
        even_unknown=even_unknown,
        rate=rate,
        request_key=str(uuid4()),
    )
    with client(server) as tactful:
        if meant.contacts is not None and len(meant.contacts) == 1 and not dry_run:
            _one(tactful, meant.contacts[0], "retry", asked, as_json=as_json)
            return
        _check_meant(meant, everything=everything or dry_run)
        told = tactful.retry_sends(asked.model_copy(update={"dry_run": True})).forecast
        assert told is not None
        if dry_run:
            print_json(as_plain(told)) if as_json else _print_forecast(told)
            return
        if not as_json:
            _print_forecast(told)
        if even_unknown:
            err.print(UNKNOWN, style="bold red")
        many = told.contacts - (0 if even_unknown else told.untouched)
        _agree(f"Take up {many:,} {_contacts(many)} again?", many, yes=yes)
        begun = tactful.retry_sends(asked).restart
        assert begun is not None
        if wait:
            begun = _watch(tactful, begun, quiet=as_json)
    print_json(as_plain(begun)) if as_json else _print_restart(begun)


@sends.command(epilog=examples("tactful sends skip --step welcome --why 'the offer is over'"))
@filtered()
def skip(
    *,
    why: WhyNeeded,
    meant: SendsFilter,
    everything: Everything = False,
    as_: As = "",
    yes: Yes = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Let parked contacts be: they are not sent. Unknown ones are passed over, for they may have arrived."""
    asked = SettleBody(filter=meant, all=everything, asked_by=as_ or login(), why=why)
    _settle(server, "skip", "Let be", asked, yes=yes, as_json=as_json)


@sends.command("mark-sent", epilog=examples("tactful sends mark-sent --connector smtp --why 'seen in the relay log'"))
@filtered(without=("reason",))
def mark_sent(
    *,
    why: WhyNeeded,
    meant: SendsFilter,
    everything: Everything = False,
    as_: As = "",
    yes: Yes = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Say of unknown contacts that they arrived: somebody has looked."""
    asked = SettleBody(filter=meant, all=everything, asked_by=as_ or login(), why=why)
    _settle(server, "mark-sent", "Mark as sent", asked, yes=yes, as_json=as_json)


@sends.command(epilog=examples("tactful sends settle --connector twilio"))
@filtered(without=("reason",))
def settle(
    *,
    why: Why = None,
    meant: SendsFilter,
    everything: Everything = False,
    as_: As = "",
    yes: Yes = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Have providers asked about unknown contacts; one goes out again only if it never got there, or under our key."""
    asked = SettleBody(filter=meant, all=everything, asked_by=as_ or login(), why=why)
    _settle(server, "settle", "Ask about", asked, yes=yes, as_json=as_json)


@sends.command(epilog=examples("tactful sends stop 6f2d7e0c-5b0f-5a3e-9c57-1d0b8f4c2a11"))
def stop(
    restart: Annotated[UUID, typer.Argument(help="The restart's key, as `tactful sends` shows it.")],
    *,
    why: Why = None,
    as_: As = "",
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Stop a restart: what is being sent finishes, the rest is parked again."""
    with client(server) as tactful:
        stopped = tactful.stop_restart(restart, OneBody(asked_by=as_ or login(), why=why))
    print_json(as_plain(stopped)) if as_json else _print_restart(stopped)


@sends.command(epilog=examples("tactful sends watch 6f2d7e0c-5b0f-5a3e-9c57-1d0b8f4c2a11"))
def watch(
    restart: Annotated[UUID, typer.Argument(help="The restart's key, as `tactful sends` shows it.")],
    *,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how far a restart is, until it is done or waits for a later hour."""
    with client(server) as tactful:
        found = _watch(tactful, tactful.restart(restart), quiet=as_json)
    print_json(as_plain(found)) if as_json else _print_restart(found)


def _check_meant(meant: SendsFilter, *, everything: bool) -> None:
    if not everything and is_everything(meant):
        raise typer.BadParameter("say which are meant, such as --connector smtp, or --all")


def _settle(server: str, act: str, verb: str, asked: SettleBody, *, yes: bool, as_json: bool) -> None:
    keys = asked.filter.contacts
    with client(server) as tactful:
        if keys is not None and len(keys) == 1:
            _one(tactful, keys[0], act, asked, as_json=as_json)
            return
        _check_meant(asked.filter, everything=asked.all)
        if keys is None:
            fits = act in {"mark-sent", "settle"}
            waiting = tactful.sends(as_query(asked.filter), forecast=False).causes
            many = sum(cause.contacts for cause in waiting if cause.reason in _PARKED and _unknown(cause) is fits)
        else:
            many = len(keys)
        _agree(f"{verb} {many:,} {_contacts(many)}?", many, yes=yes)
        done = _all_of(tactful, act, asked)
    if as_json:
        print_json(as_plain(done))
        return
    out.print(Text(f"{verb}: {done.contacts:,} {_contacts(done.contacts)}.", style="green"))
    if done.passed_over:
        out.print(Text(f"Passed over: {done.passed_over:,}, to which that cannot be done.", style="yellow"))


_PARKED: Final = frozenset({"failed", "bad_message", "unknown"})


def _unknown(cause: CauseAnswer) -> bool:
    return cause.reason == "unknown"


def _all_of(tactful: TactfulClient, act: str, asked: SettleBody) -> ActAnswer:
    """Ask until nothing is left: one request does so many and no more."""
    done = tactful.settle_sends(act, asked)
    contacts = done.contacts
    while done.left and done.contacts:
        done = tactful.settle_sends(act, asked)
        contacts += done.contacts
    return done.model_copy(update={"contacts": contacts})


def _one(tactful: TactfulClient, key: UUID, act: str, asked: SettleBody, *, as_json: bool) -> None:
    even_unknown = isinstance(asked, RetryBody) and asked.even_unknown
    body = OneBody(asked_by=asked.asked_by, why=asked.why, even_unknown=even_unknown)
    found = tactful.act_on_contact(key, act, body)
    if as_json:
        print_json(as_plain(found))
        return
    out.print(Text(found.sentence, style="green" if found.state == "sent" else "yellow"))
    if not found.decided:
        out.print(f"It is taken up and not decided yet: tactful timeline {found.user_id or found.customer_key}")


def _agree(question: str, many: int, *, yes: bool) -> None:
    if not many:
        out.print("Nothing of that kind waits.", style="yellow")
        raise typer.Exit
    if not yes and not typer.confirm(question, err=True):
        err.print("Nothing was done.")
        raise typer.Exit(Exit.WRONG)


def _watch(tactful: TactfulClient, begun: RestartAnswer, *, quiet: bool) -> RestartAnswer:
    """Show how far a restart is until it is through, or until all that is left waits for a later time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as progress:
        bar = progress.add_task("Restarting", total=None)
        while True:
            progress.update(bar, total=begun.contacts or None, completed=begun.settled)
            later = begun.frozen and begun.next_at is not None and (begun.next_at - _now()).total_seconds() > 60  # noqa: PLR2004
            if begun.state == "done" or begun.ended_at is not None or later:
                return begun
            time.sleep(LOOK_EVERY)
            begun = tactful.restart(begun.lot_key)


def _now() -> datetime:
    return datetime.now().astimezone()


def _print_cause(cause: CauseAnswer) -> None:
    what = [cause.connector, cause.fault or cause.reason.replace("_", " ")]
    where = f"{cause.strategy}/{cause.step}/{cause.communication}"
    if cause.reason in {"unknown", "overdue", "connector_held"}:
        what.append(cause.reason.replace("_", " "))
    told = " · ".join([*dict.fromkeys(part for part in what if part), where, f"since {_moment(cause.since)}"])
    out.print(Text.assemble((f"{cause.contacts:,}", "bold red"), f" · {told}"))
    out.print(Text(f"  {cause.sentence}", style="dim"))
    if cause.forecast is not None:
        out.print(Text(f"  a retry now: {_forecast(cause.forecast)}"))
    elif cause.reason == "connector_held":
        out.print(Text("  they go by themselves when the connector is open again", style="dim"))


def _forecast(told: ForecastAnswer) -> str:
    about = "" if told.exact else "about "
    parts = [f"{about}{told.at_once:,} would be sent at once"] if told.at_once else []
    parts += [
        f"{about}{wait.contacts:,} would wait for {_moment(wait.until)} ({wait.reason.replace('_', ' ')})"
        for wait in told.waits
    ]
    parts += [f"{about}{no.contacts:,} {_NOT_SENT.get(no.reason, no.reason.replace('_', ' '))}" for no in told.not_sent]
    if told.untouched:
        parts.append(f"{about}{told.untouched:,} unknown, not touched")
    return " · ".join(parts) or "nothing"


_NOT_SENT: Final[Mapping[str, str]] = {
    "expired": "expire before",
    "opted_out": "opted out since",
    "goal_reached": "reached the goal",
    "overtaken": "are overtaken by a later message",
}


def _print_forecast(told: ForecastAnswer) -> None:
    out.print(Text(f"{told.contacts:,} {_contacts(told.contacts)}: {_forecast(told)}"))
    if not told.exact:
        out.print(Text(f"  ({told.looked_at:,} of them were looked at, by chance)", style="dim"))
    for no in told.not_sent:
        out.print(Text(f"  {no.contacts:,} not: {no.sentence}", style="dim"))


def _print_restart(restart: RestartAnswer) -> None:
    style = {"open": "yellow", "stopped": "red", "done": "green"}[restart.state]
    state = "under way" if restart.state == "open" else restart.state
    head = f"restart {restart.lot_key} by {restart.asked_by}: {restart.settled:,} of {restart.contacts:,} settled"
    out.print(Text.assemble((state, style), f"  {head}"))
    counts = (f"{one.contacts:,} {one.reason or one.state}" for one in restart.counts)
    out.print(Text("  " + " · ".join(count.replace("_", " ") for count in counts), style="dim"))
    if restart.next_at is not None:
        out.print(Text(f"  goes on at {_moment(restart.next_at)}: tactful sends watch {restart.lot_key}", style="dim"))


def _moment(at: datetime) -> str:
    """Return an instant as this machine's clock shows it, with the day where it is not today's."""
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == _now().date() else f"{here:%a %d %b %H:%M}"


def _contacts(many: int) -> str:
    return "contact" if many == 1 else "contacts"
