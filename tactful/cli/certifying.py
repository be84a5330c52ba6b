"""`tactful connector certify`: the conformance kit on one connector, or on all of a checkout, while one watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from tactful.cli.terminal import AsJson, Exit, err, examples, out, print_json
from tactful.errors import TactfulError
from tactful.strategy.spelling import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from tactful.conformance import Case, Certificate, Check

app = typer.Typer()
EXTRA = {"h11", "trustme"}


class NoKitError(TactfulError):
    """The conformance kit cannot run here, or not as it was asked to."""


@app.command(
    epilog=examples(
        "tactful connector certify twilio",
        "tactful connector certify pigeon --case pigeon.case:CASE --group keys",
        "tactful connector certify pigeon --out certificate.json",
        "tactful connector certify --all --out docs/connectors/certificates",
    )
)
def certify(
    name: Annotated[
        str | None, typer.Argument(help="The connector, as tactful.toml calls it.", metavar="NAME", show_default=False)
    ] = None,
    *,
    case: Annotated[
        str | None,
        typer.Option("--case", help="Where its case is.", metavar="PACKAGE.MODULE:CASE", show_default="by its name"),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Only this group of the kit; may be said again.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every connector of the checkout that one is in.")] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Write the certificate here; with --all a folder.", metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a connector out on a provider of this machine that behaves as badly as real ones do. Nothing leaves it.

    Ends in a certificate. Exit code 1 where one check failed; a connector that no oracle stands behind is told so.
    """
    if (name is None) is not every or (every and case is not None):
        raise typer.BadParameter("say the connector's NAME, or --all")
    if group and to is not None:
        raise typer.BadParameter("a certificate is of all groups: --out does not go with --group")
    _needs_the_kit()
    cases = _cases(name, case)
    certificates = {each: _certified(each, one, group, quiet=as_json) for each, one in cases.items()}
    for each, certificate in certificates.items():
        if to is not None:
            _write(to / f"{each}.json" if every else to, certificate)
    documents = [certificate.document() for certificate in certificates.values()]
    if as_json:
        print_json(documents if every else documents[0])
    if any(certificate.failed for certificate in certificates.values()):
        raise typer.Exit(Exit.WRONG)


def _needs_the_kit() -> None:
    try:
        import_module("tactful.conformance")
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        msg = f"the conformance kit needs {error.name}: pip install 'tactful[conformance]'"
        raise NoKitError(msg) from None


def _cases(name: str | None, given: str | None) -> dict[str, Case]:
    from tactful.conformance.finding import find_case, names_in_house  # noqa: PLC0415 - an extra

    if name is not None:
        return {name: find_case(name, given)}
    names = names_in_house()
    if not names:
        raise NoKitError("there are no cases here: --all is for a checkout of Tactful, run in its first folder")
    return {each: find_case(each) for each in names}


def _certified(name: str, case: Case, wanted: Sequence[str] | None, *, quiet: bool) -> Certificate:
    from tactful.conformance.certify import certify as run  # noqa: PLC0415 - as before
    from tactful.conformance.groups import GROUPS  # noqa: PLC0415

    for one in wanted or ():
        if one not in GROUPS:
            hint = did_you_mean(one, GROUPS) or f"There are: {', '.join(GROUPS)}."
            raise NoKitError(f'the kit has no group "{one}". {hint}')
    names = [each for each in GROUPS if not wanted or each in wanted]
    if quiet:
        return asyncio.run(run(case, groups=names))
    out.print(Text(name, style="bold"))
    with err.status(f"{name}: {names[0]} …") as status:
        shown = _Shown(out, [*names, "network"], lambda following: status.update(f"{name}: {following} …"))
        certificate = asyncio.run(run(case, told=shown.hear, groups=names))
        shown.close()
    _conclude(name, certificate, partly=bool(wanted))
    return certificate


class _Shown:
    """Prints each group of the kit once it is through: how many passed, what failed and why."""

    def __init__(self, console: Console, names: Sequence[str], begin: Callable[[str], object]) -> None:
        self._console = console
        self._names = list(names)
        self._begin = begin
        self._checks: list[Check] = []

    def hear(self, check: Check) -> None:
        """Keep a check; the first of another group ends the one before."""
        if self._checks and self._checks[0].group != check.group:
            self.close()
        self._checks.append(check)

    def close(self) -> None:
        """Print the group that was heard last."""
        if not self._checks:
            return
        group = self._checks[0].group
        counts = {
            outcome: sum(check.outcome == outcome for check in self._checks)
            for outcome in ("passed", "failed", "left out")
        }
        told = " · ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        color = "red" if counts["failed"] else "green" if counts["passed"] else "dim"
        self._console.print(Text.assemble("  ", group.ljust(28), (told, color)))
        for check in self._checks:
            if check.outcome == "failed":
                self._console.print(Text.assemble(("    ✗ ", "red"), check.name, (f": {check.why}", "dim")))
            elif check.outcome == "left out":
                self._console.print(Text(f"    - {check.name}: {check.why}", style="dim"))
        self._checks = []
        at = self._names.index(group) + 1
        if at < len(self._names):
            self._begin(self._names[at])


def _conclude(name: str, certificate: Certificate, *, partly: bool) -> None:
    for oracle in certificate.oracles:
        out.print(Text(f"  stands behind it: {oracle['kind']}: {oracle['what']}"))
    checks = sum(check.outcome == "passed" for check in certificate.checks)
    if certificate.failed:
        out.print(Text(f"  Not certified: {len(certificate.failed)} of {len(certificate.checks)} failed.", style="red"))
    elif partly:
        out.print(Text(f"  {checks} checks passed. A certificate needs all groups.", style="yellow"))
    elif not certificate.passed:
        out.print(Text(f"  {checks} checks passed, and it is not certified yet: no oracle stands behind it.", "yellow"))
        out.print("  Add to its case what the provider itself says: its description, its SDK, a published vector.")
    else:
        out.print(Text(f"  Certified: {name} passed {checks} checks.", style="green"))


def _write(path: Path, certificate: Certificate) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(certificate.document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise NoKitError(f"{path} cannot be written: {error.strerror}") from None
