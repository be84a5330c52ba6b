"""`tactful explain`: why somebody got something, or did not, in words that can be read out to them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from tactful.cli.terminal import HERE, AsJson, Server, client, examples, heading, out, print_json
from tactful.client import as_plain
from tactful.wire.explanation import AttemptAnswer, DecisionAnswer, ExplanationAnswer

app = typer.Typer()


@app.command(
    epilog=examples(
        "tactful explain --customer ada --communication our-story",
        "tactful explain 0b9d4c3e-5a55-4e6a-9a0e-2f6f9b1e0f1c --codes",
        "tactful explain --customer ada --communication reminder --step repurchase --json",
    )
)
def explain(
    contact: Annotated[str | None, typer.Argument(help="The contact's key.", metavar="CONTACT")] = None,
    *,
    customer: Annotated[
        str | None, typer.Option("--customer", "-c", help="The customer's id in your systems.", metavar="ID")
    ] = None,
    communication: Annotated[str | None, typer.Option(help="What was, or was not, said.", metavar="NAME")] = None,
    step: Annotated[str | None, typer.Option(help="The step, where several say it.", metavar="NAME")] = None,
    strategy: Annotated[str | None, typer.Option(help="The strategy, where several have it.", metavar="NAME")] = None,
    codes: Annotated[bool, typer.Option("--codes", help="Show the codes behind the sentences.")] = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Say why a contact was made or not: one sentence, then every rule, attempt and receipt. Also why there is none."""
    by_name = customer is not None and communication is not None
    if (contact is None) is not by_name or (contact is not None and (customer or communication)):
        raise typer.BadParameter("Name a CONTACT by its key, or --customer and --communication.")
    with client(server) as tactful:
        if customer is not None and communication is not None:
            told = tactful.explain_communication(customer, communication, step=step, strategy=strategy)
        else:
            told = tactful.explain(_key(contact or ""))
    if as_json:
        print_json(as_plain(told))
    else:
        typer.echo(shown(told, codes=codes), nl=False)


def shown(told: ExplanationAnswer, *, codes: bool = False) -> str:
    """Return an explanation as the terminal shows it."""
    with out.capture() as captured:
        _print(told, codes=codes)
    return captured.get()


def _key(said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        hint = "tactful timeline CUSTOMER --json has them; or name --customer and --communication."
        raise typer.BadParameter(f'"{said}" is no key of a contact. {hint}') from None


def _print(told: ExplanationAnswer, *, codes: bool) -> None:
    whose = told.user_id or told.customer_key
    code = f"  [{told.state}{f', {told.reason}' if told.reason else ''}]" if codes and told.state else ""
    out.print(Text.assemble((f"{told.communication} of {told.step}", "bold"), f" to {whose}", (code, "dim")))
    out.print(Text(told.sentence))
    if codes and told.contact_key is not None:
        out.print(Text(f"contact {told.contact_key}, customer {told.customer_key}", style="dim"))
    _list("How it came about", told.background)
    for decision in told.decisions[:-1]:
        if decision is told.decisions[0]:
            heading("Decided before")
        out.print(Text(f"  {decision.sentence}"))
    if told.decisions:
        heading("Decided last")
        _print_decision(told.decisions[-1], codes=codes)
    _list("Attempts", [_attempt(one, codes=codes) for one in told.attempts])
    _list("What the provider told us later", told.receipts)
    if told.if_due_now is not None:
        heading("If it were due now (nothing is decided by asking)")
        _print_decision(told.if_due_now, codes=codes)
    _list("The same at other times", told.others)
    out.print()
    out.print(Text(f"All times are those of {told.zone}.", style="dim"))


def _attempt(one: AttemptAnswer, *, codes: bool) -> str:
    code = f"  [{one.code}]" if codes and one.code else ""
    cost = f"  ({one.cost.amount} {one.cost.currency}{', told' if one.cost.told else ''})" if one.cost else ""
    return f"{one.sentence}{code}{cost}"


def _list(title: str, sentences: list[str]) -> None:
    if sentences:
        heading(title)
        for sentence in sentences:
            out.print(Text(f"  {sentence}"))


def _print_decision(decision: DecisionAnswer, *, codes: bool) -> None:
    code = f"  [{decision.verdict}, version {decision.version}]" if codes else ""
    out.print(Text.assemble(f"  {decision.sentence}", (code, "dim")))
    for rule in decision.rules:
        mark = ("✓", "green") if rule.passed else ("✕", "red")
        code = f"  [{rule.rule}{f': {rule.reason}' if rule.reason else ''}]" if codes else ""
        out.print(Text.assemble("  ", mark, f" {rule.sentence}", (code, "dim")))
        for detail in rule.details:
            out.print(Text(f"      {detail}", style="dim"))
