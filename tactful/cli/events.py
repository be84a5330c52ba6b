"""`tactful track` and `tactful contact`: telling what a customer did, and having something said to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.text import Text

from tactful.cli.terminal import HERE, AsJson, CustomerId, Pairs, Server, client, examples, out, pairs, print_json
from tactful.client import as_plain

app = typer.Typer()


@app.command(
    epilog=examples(
        "tactful track customer.registered --customer ada",
        "tactful track order.placed --customer ada order_id=1017 total=29.90 currency=GBP occasion=birthday",
        "tactful track order.placed --customer ada --at 2026-03-01T10:00:00+00:00 'items:=[\"roses\"]'",
    )
)
def track(
    event: Annotated[str, typer.Argument(help="The event, as the strategy declares it.")],
    properties: Pairs = None,
    *,
    customer_id: CustomerId,
    at: Annotated[str | None, typer.Option(help="When it happened, ISO 8601 with an offset. Now, if left out.")] = None,
    message_id: Annotated[str | None, typer.Option(help="Your own id of it: told twice, it is taken once.")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Tell of something a customer did; the journeys it begins, moves on or ends are settled with it."""
    with client(server) as tactful:
        when = _instant(at)
        taken = tactful.track(customer_id, event, pairs(properties), timestamp=when, message_id=message_id)
    if as_json:
        print_json(as_plain(taken))
    elif taken.duplicate:
        out.print("That was told before; nothing has changed.", style="yellow")
    else:
        out.print(f"{event} of {customer_id} is taken in.", style="green")


@app.command(
    epilog=examples(
        "tactful contact invoice --customer ada number=2026-17 due_on=2026-04-01",
        "tactful contact invoice --customer ada --request-key invoice-2026-17 --wait 20",
    )
)
def contact(
    communication: Annotated[str, typer.Argument(help="What to say, as the strategy calls it.")],
    properties: Pairs = None,
    *,
    customer_id: CustomerId,
    step: Annotated[str | None, typer.Option(help="The step that says it, where several do.")] = None,
    strategy: Annotated[str | None, typer.Option(help="The strategy, where several are published.")] = None,
    request_key: Annotated[str | None, typer.Option(help="Your own id of this request: the same again is one.")] = None,
    wait: Annotated[float | None, typer.Option(min=0, max=30, help="Seconds to wait for the verdict.")] = None,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Have this said to this customer, under all the rules; the verdict is the answer."""
    with client(server) as tactful:
        made = tactful.make_contact(
            customer_id,
            communication,
            step=step,
            strategy=strategy,
            properties=pairs(properties),
            request_key=request_key,
            wait=timedelta(seconds=wait) if wait is not None else None,
        )
    if as_json:
        print_json(as_plain(made))
        return
    style = "green" if made.state == "sent" else "red" if made.state == "parked" else "yellow"
    out.print(Text(made.sentence, style=style))
    if not made.decided:
        out.print(f"It is taken in and not decided yet: tactful timeline {customer_id}", style="dim")
    for line in made.verdict.trace if made.verdict is not None else ():
        out.print(Text(f"  {'✓' if line.passed else '✕'} {line.sentence}", style="dim" if line.passed else ""))


def _instant(said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(f'"{said}" is no instant with an offset, such as 2026-03-01T10:00:00Z')
    return at
