"""`tactful connector send`: one test message by a connector, handed over to the application."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tactful.cli.application import hand_over
from tactful.cli.terminal import AsJson, examples
from tactful.words import Channel

app = typer.Typer()


@app.command(
    epilog=examples(
        "tactful connector send twilio --to '+44 7700 900123' --from +15005550006",
        "tactful connector send ses --to me@fleur.example --from hello@fleur.example --yes",
    )
)
def send(
    name: Annotated[str, typer.Argument(help="Its name in tactful.toml.", metavar="NAME", show_default=False)],
    *,
    to: Annotated[str, typer.Option("--to", help="The address: yours.", metavar="ADDRESS", show_default=False)],
    text: Annotated[
        str | None, typer.Option("--text", help="What it says, after [Test].", show_default="that it is a test")
    ] = None,
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="Where it serves several.", show_default=False)
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option("--from", help="Who it is from, as the strategy's `sender` says.", show_default="nobody"),
    ] = None,
    sure: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Really send one test message by a connector as tactful.toml (or TACTFUL_CONFIG) configures it.

    No ledger, rule or customer knows of it. Exit code 1 where it was not accepted, with what that means.
    """
    asked = {"connector": name, "to": to, "channel": channel, "sender": sender, "sure": sure, "as_json": as_json}
    said = {"text": text} if text is not None else {}
    hand_over("tactful connector send", "service.trying", json.dumps(asked | said))
