"""`tactful identify`, `customer` and `timeline`: telling of customers, and looking at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from tactful.cli.terminal import HERE, AsJson, Pairs, Server, client, examples, facts, heading, out, pairs, print_json
from tactful.client import as_plain
from tactful.strategy.standards import time_zones
from tactful.wire.answers import CustomerAnswer, TimelineEntry

app = typer.Typer()

Customer = Annotated[str, typer.Argument(help="The customer's id in your systems.", metavar="ID")]
_STYLES = {"sent": "green", "parked": "red", "planned": "yellow", "claimed": "yellow", "held": "yellow"}


@app.command(
    epilog=examples(
        "tactful identify ada email=ada@fleur.example first_name=Ada time_zone=Europe/London",
        "tactful identify ada --opt-in news:email --source 'shop checkout'",
        "tactful identify ada birthday=1990-05-01 phone:=null",
    )
)
def identify(
    customer_id: Customer,
    traits: Pairs = None,
    *,
    opt_in: Annotated[list[str] | None, typer.Option(help="They said yes to it.", metavar="TOPIC:CHANNEL")] = None,
    opt_out: Annotated[list[str] | None, typer.Option(help="They said no to it.", metavar="TOPIC:CHANNEL")] = None,
    source: Annotated[str, typer.Option(help="Where they said so.")] = "command line",
    basis: Annotated[
        str, typer.Option(help="The lawful basis: express, soft opt-in, implied, contract or legitimate interest.")
    ] = "express",
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell facts about a customer, who is registered if nobody has that id yet."""
    said = [
        {"topic": topic, "channel": channel, "state": state, "source": source, "basis": basis}
        for state, ones in (("opted_in", opt_in), ("opted_out", opt_out))
        for topic, channel in map(_topic_and_channel, ones or ())
    ]
    with client(server) as tactful:
        taken = tactful.identify(customer_id, pairs(traits), opt_ins=said)
    if as_json:
        print_json(as_plain(taken))
    else:
        out.print(f"{customer_id} is known.", style="green")


@app.command(epilog=examples("tactful customer ada", "tactful customer ada --json"))
def customer(customer_id: Customer, *, server: Server = HERE, as_json: AsJson = False) -> None:
    """Show a customer: profile, consents, and the journeys they are on: which, how far, how long."""
    with client(server) as tactful:
        found = tactful.customer(customer_id)
    if as_json:
        print_json(as_plain(found))
        return
    _print_customer(found)


@app.command(epilog=examples("tactful timeline ada", "tactful timeline ada --limit 20", "tactful timeline ada --json"))
def timeline(
    customer_id: Customer,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many entries of the past.")] = 100,
    before: Annotated[str | None, typer.Option(help="Go on where the page before ended.", metavar="PLACE")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Show a customer's story: what they did, and what was said to them or not, and why. The newest comes last."""
    with client(server) as tactful:
        story = tactful.timeline(customer_id, before=before, limit=limit)
        zone = None if as_json else tactful.customer(customer_id).time_zone
    if as_json:
        print_json(as_plain(story))
        return
    if story.next:
        out.print(Text(f"… there is more before that: --before {story.next}", style="dim"))
    _print_story(story.entries[::-1], _zone(zone))


def _topic_and_channel(said: str) -> tuple[str, str]:
    topic, between, channel = said.partition(":")
    if not between:
        raise typer.BadParameter(f'"{said}" is not TOPIC:CHANNEL, such as news:email')
    return topic, channel


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name in time_zones() and name else UTC


def _print_customer(found: CustomerAnswer) -> None:
    zone = _zone(found.time_zone)
    known = {name: value for name, value in found.properties.items() if value is not None}
    name = " ".join(str(known.pop(part)) for part in ("first_name", "last_name") if part in known)
    title = (found.user_ids or found.anonymous_ids or [str(found.customer_key)])[0]
    out.print(Text.assemble((title, "bold"), f"  {name}" if name else ""))
    facts(
        {
            "status": found.status if found.status != "active" else None,
            "segment": found.segment,
            "with us since": _day(found.registered_at, zone),
            **{address.channel: address.address for address in found.addresses},
            **{name.replace("_", " "): value for name, value in known.items()},
            "time zone": found.time_zone,
            "language": found.language,
            "prefers": ", ".join(found.preferred_channels),
            "orders": _orders(found, zone),
        }
    )
    heading("Consents")
    if not found.consents and not found.suppressions:
        out.print("  nothing was said: marketing stays silent, service goes out", style="dim")
    for consent in found.consents:
        said = f"{consent.state.replace('_', ' ')} on {_day(consent.stated_at, zone)} ({consent.source})"
        facts({f"{consent.topic} by {consent.channel}": said})
    for no in found.suppressions:
        facts({no.channel or "everything": f"{no.kind}: {no.reason} ({no.source})"})
    heading("Journeys")
    if not found.journeys:
        out.print("  none: one begins with an event that a step waits for", style="dim")
    for journey in found.journeys:
        out.print(Text(f"  {journey.sentence}", style="" if journey.state == "open" else "dim"))
        if journey.next_at is not None and journey.state == "open":
            out.print(Text(f"    next on {_moment(journey.next_at, zone)}", style="dim"))


def _orders(found: CustomerAnswer, zone: tzinfo) -> str:
    orders = found.orders
    spent = "".join(f", {amount} {currency}" for currency, amount in orders.spent.items())
    return f"{orders.count}{spent}" + (f", last on {_day(orders.last_at, zone)}" if orders.last_at else "")


def _print_story(entries: Sequence[TimelineEntry], zone: tzinfo) -> None:
    for entry in entries:
        style = _STYLES.get(entry.state or "", "") if entry.kind == "contact" else "dim"
        told = f"Planned. {entry.sentence}" if entry.planned else entry.sentence
        title = (entry.title, f"bold {style}".strip())
        costs = "".join(f"  {cost.amount} {cost.currency}" for cost in entry.costs)
        out.print(Text.assemble((_moment(entry.at, zone), "dim"), "  ", title, f"  {told}".rstrip(), (costs, "dim")))


def _day(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%d %b %Y}"


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %Y %H:%M}"
