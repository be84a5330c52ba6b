"""`tactful suppression`: telling a standing no, lifting one, and looking at what stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from tactful.cli.connectors import login
from tactful.cli.terminal import HERE, AsJson, Server, client, examples, out, print_json
from tactful.client import as_plain
from tactful.wire.suppressions import LiftBody, ListedSuppression, SuppressBody

app = typer.Typer()
suppression = typer.Typer(
    no_args_is_help=True,
    help="Suppressions: tell a standing no to a customer or an address, lift one, see what stands. "
    "Many at once: tactful import suppressions.",
)
app.add_typer(suppression, name="suppression")

Kind = Literal["marketing", "undeliverable"]
Customer = Annotated[
    str | None, typer.Option("--customer", "-c", help="Against a customer, by their id in your systems.", metavar="ID")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", help="Against an address, whoever has it: email:ada@fleur.example.", metavar="CHANNEL:ADDRESS"
    ),
]
Channel = Annotated[
    str | None, typer.Option("--channel", help="Of the customer, on this channel alone; left out: on all.")
]
Topic = Annotated[str | None, typer.Option("--topic", help="About this topic alone; left out: about all.")]


@suppression.command(
    epilog=examples(
        "tactful suppression add --customer ada --kind marketing --reason unsubscribed",
        "tactful suppression add --address email:ada@fleur.example --kind undeliverable --reason bounced",
        "tactful suppression add --customer ada --kind marketing --topic ideas --reason asked --expires "
        "2027-01-01T00:00Z",
    )
)
def add(
    *,
    kind: Annotated[Kind, typer.Option(help="undeliverable stops everything, marketing stops marketing.")],
    reason: Annotated[str, typer.Option(help="Why: bounced, deceased, unsubscribed, complained, …")],
    customer: Customer = None,
    address: Address = None,
    channel: Channel = None,
    topic: Topic = None,
    source: Annotated[str, typer.Option(help="Who says so.")] = "command line",
    at: Annotated[str | None, typer.Option(help="When it was said, ISO 8601; left out: now.", metavar="TIME")] = None,
    expires: Annotated[
        str | None, typer.Option(help="From when it stands no longer; left out: until it is lifted.", metavar="TIME")
    ] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell a standing no. Nothing that is claimed from now on goes there; what waits is decided when it is due."""
    against = _against(customer, address, channel, topic)
    body = SuppressBody.model_validate(
        against | {"kind": kind, "reason": _said(reason, "--reason"), "source": source, "at": at, "expires_at": expires}
    )
    with client(server) as tactful:
        done = tactful.suppress(body)
    if as_json:
        print_json(as_plain(done))
        return
    whom = f"{done.customers:,} {'customer' if done.customers == 1 else 'customers'}"
    if done.new:
        out.print(f"Suppressed: it concerns {whom} as things are.", style="green")
    else:
        out.print("It stands already, or was lifted since it was said; nothing was written.", style="yellow")


@suppression.command(
    epilog=examples(
        "tactful suppression lift --customer ada --why 'she called'",
        "tactful suppression lift --address email:ada@fleur.example --why 'new mailbox'",
    )
)
def lift(
    *,
    why: Annotated[str, typer.Option(help="Why; kept beside it.")],
    customer: Customer = None,
    address: Address = None,
    channel: Channel = None,
    topic: Topic = None,
    kind: Annotated[Kind | None, typer.Option(help="Of this kind alone; left out: of both.")] = None,
    as_: Annotated[
        str, typer.Option("--as", help="Who lifts it; kept beside it.", metavar="NAME", show_default="your login")
    ] = "",
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Lift what stands against a customer or an address, as far as it is named. It is kept, with who and why."""
    against = _against(customer, address, channel, topic)
    said = {"kind": kind, "why": _said(why, "--why"), "asked_by": as_ or login()}
    with client(server) as tactful:
        done = tactful.lift_suppressions(LiftBody.model_validate(against | said))
    if as_json:
        print_json(as_plain(done))
        return
    if done.lifted:
        out.print(f"Lifted: {done.lifted:,}.", style="green")
    else:
        out.print("Nothing of that kind stands.", style="yellow")
    for one in done.standing:
        out.print(Text.assemble("still stands: ", _line(one)))


@suppression.command(
    "list",
    epilog=examples("tactful suppression list --customer ada", "tactful suppression list --address sms:+447700900123"),
)
def list_(
    *,
    customer: Customer = None,
    address: Address = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what was told against a customer and their addresses, or against an address; also what was lifted."""
    against = _against(customer, address, None, None)
    with client(server) as tactful:
        found = tactful.suppressions(
            against.get("user_id"), channel=against.get("channel"), address=against.get("address")
        )
    if as_json:
        print_json(as_plain(found))
        return
    for one in found.suppressions:
        out.print(_line(one))
    if not found.suppressions:
        out.print("None.", style="green")


def _against(customer: str | None, address: str | None, channel: str | None, topic: str | None) -> dict[str, Any]:
    """Return whom it is against, as the API takes it.

    Raises:
        typer.BadParameter: Neither or both are named, or one of the options says nothing.
    """
    for option, said in (("--customer", customer), ("--channel", channel), ("--topic", topic)):
        _said(said, option)
    if (customer is None) == (address is None):
        raise typer.BadParameter("say whom it is against: --customer ID, or --address CHANNEL:ADDRESS")
    if address is None:
        return {"user_id": customer, "channel": channel, "topic": topic}
    if channel is not None:
        raise typer.BadParameter("an address says its channel itself: email:ada@fleur.example", param_hint="--channel")
    kind, between, where = address.partition(":")
    if not between or not kind or not where.strip():
        hint = f'"{address}" is not CHANNEL:ADDRESS, such as email:ada@fleur.example'
        raise typer.BadParameter(hint, param_hint="--address")
    return {"channel": kind, "address": where, "topic": topic}


def _said(said: str | None, option: str) -> str | None:
    if said is not None and not said.strip():
        raise typer.BadParameter("it says nothing; leave it out, or say which", param_hint=option)
    return said


def _line(one: ListedSuppression) -> Text:
    where = one.address or one.channel or "everything"
    about = f" about {one.topic}" if one.topic else ""
    style = "red" if one.state == "standing" else "dim"
    line = Text.assemble((one.state, style), f"  {one.kind}: {one.reason} · {where}{about} · {one.source}")
    line.append(f" · said {_day(one.stated_at)}", "dim")
    if one.expires_at is not None:
        line.append(f" · until {_day(one.expires_at)}", "dim")
    if one.lifted_at is not None:
        line.append(f" · lifted {_day(one.lifted_at)} by {one.lifted_by}: {one.why_lifted}", "dim")
    return line


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y}"
