"""`tactful import`: customers, orders and suppressions from files, told row by row."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tactful.cli.importing.columns import Columns
from tactful.cli.importing.customers import customer_rows
from tactful.cli.importing.lines import FileError, Source
from tactful.cli.importing.orders import OrderRows, order_columns
from tactful.cli.importing.records import Row, Table, read_table
from tactful.cli.importing.sending import Count, Message, Rejects, Sending, seconds_since
from tactful.cli.importing.suppressions import BECAUSE, suppression_rows
from tactful.cli.terminal import HERE, AsJson, Exit, Server, client, err, examples, out, print_json
from tactful.client import TactfulClient
from tactful.strategy.spelling import did_you_mean, listed
from tactful.strategy.standards import CURRENCIES, time_zones
from tactful.wire.answers import StrategyAnswer

app = typer.Typer()
group = typer.Typer(
    no_args_is_help=True,
    help="Bring customers, orders and suppressions from files: CSV, or JSON lines. Bad rows are set aside, good rows "
    "are kept, and the same file again changes nothing.",
)
app.add_typer(group, name="import")

File = Annotated[Path, typer.Argument(help="CSV or JSON lines, UTF-8.", metavar="FILE", show_default=False)]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help="What a column is, where its name does not say.", metavar="MEANING=COLUMN"),
]
Encoding = Annotated[str | None, typer.Option(help="How the file is written, such as cp1252 or utf-16.")]
Delimiter = Annotated[str | None, typer.Option(help="What stands between cells; found out if left out.")]
Zone = Annotated[
    str | None,
    typer.Option("--time-zone", help="Whose days and hours the file means; the strategy's own if left out."),
]
DateForm = Annotated[str | None, typer.Option("--date-format", help="Where dates are not ISO: %d/%m/%Y and the like.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row with the server and keep nothing.")]

EXIT_CODES: Final = "Exit codes: 0 all rows are in · 1 some were rejected, or the file cannot be used · 3 no server"


@dataclass(frozen=True)
class Declared:
    """What the published strategies declare, all together."""

    events: dict[str, set[str]]
    properties: set[str]
    topics: set[str]
    time_zone: str


@group.command(
    epilog=examples(
        "tactful import orders orders.csv --create-customers",
        "tactful import orders bestellungen.csv --map customer=kundennr --map placed=datum --currency EUR "
        "--date-format %d.%m.%Y",
        "tactful import orders orders.csv --set occasion=birthday --dry-run",
        EXIT_CODES,
    )
)
def orders(
    file: File,
    *,
    maps: Map = None,
    currency: Annotated[str | None, typer.Option(help="The currency of amounts, where no column says it.")] = None,
    event_name: Annotated[str, typer.Option(help="The event that a row becomes.")] = "order.placed",
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="A property that every row gets.", metavar="NAME=VALUE")
    ] = None,
    create_customers: Annotated[
        bool, typer.Option("--create-customers", help="Register customers that nobody knows yet, by their id alone.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="These orders are happening now: they begin every journey they would.")
    ] = False,
    zone: Zone = None,
    date_form: DateForm = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    dry_run: DryRun = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring orders of the past: they count for segments and set repurchase clocks, and begin nothing else."""
    if currency is not None and currency.upper() not in CURRENCIES:
        hint = did_you_mean(currency.upper(), CURRENCIES) or "Three letters are needed, such as GBP, EUR or USD."
        raise typer.BadParameter(f'There is no currency "{currency}". {hint}')
    with client(server) as tactful, closing(Source(file, encoding)) as source:
        known = _declared(tactful.strategies().strategies)
        if event_name not in known.events:
            names = sorted(known.events)
            told = (
                did_you_mean(event_name, names) or f"Declared are: {listed(names) or 'none; publish a strategy first'}."
            )
            raise FileError(f'No published strategy has the event "{event_name}". {told}')
        table = read_table(source, delimiter)
        columns = order_columns(table.columns, known.events[event_name], _pairs(maps), currency)
        rows = OrderRows(
            columns=columns,
            event=event_name,
            currency=currency.upper() if currency else columns.currency,
            zone=_zone(zone, known),
            date_form=date_form,
            constants=_pairs(sets),
        )
        with closing(rows.seen):
            _import(
                _Import(source, table, columns, rows.message, tactful, dry_run=dry_run, as_json=as_json, creates=True),
                historical=not live,
                create_customers=create_customers,
            )


@group.command(
    epilog=examples(
        "tactful import customers customers.csv",
        "tactful import customers kunden.csv --map customer=kundennr --encoding cp1252",
        "Opt-ins: a column opt_ins with TOPIC:CHANNEL words, or one opt_in.TOPIC.CHANNEL each with yes or no; "
        "opt_in_source, opt_in_basis, opt_in_at are the proof.",
        EXIT_CODES,
    )
)
def customers(
    file: File,
    *,
    maps: Map = None,
    source_name: Annotated[
        str | None, typer.Option("--source", help="Where opt-ins were given; the file's name.")
    ] = None,
    zone: Zone = None,
    date_form: DateForm = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    dry_run: DryRun = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring customers: ids, addresses, what is known of them, and what they opted in to."""
    with client(server) as tactful, closing(Source(file, encoding)) as source:
        known = _declared(tactful.strategies().strategies)
        table = read_table(source, delimiter)
        rows = customer_rows(
            table.columns,
            declared=known.properties,
            topics=known.topics,
            told=_pairs(maps),
            zone=_zone(zone, known),
            date_form=date_form,
            written_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
            source=source_name or f"import of {file.name}",
        )
        _import(_Import(source, table, rows.columns, rows.message, tactful, dry_run=dry_run, as_json=as_json))


@group.command(
    epilog=examples(
        "tactful import suppressions unsubscribed.csv --kind marketing --reason unsubscribed",
        "tactful import suppressions bounces.csv --kind undeliverable --reason bounced --map email=recipient",
        "Columns: customer, email, phone, push_token or address says whom; kind, reason, topic, channel, at, "
        "expires_at, source, country are understood.",
        EXIT_CODES,
    )
)
def suppressions(
    file: File,
    *,
    kind: Annotated[
        Literal["marketing", "undeliverable"] | None,
        typer.Option(help="undeliverable stops everything, marketing stops marketing; where no column says it."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, where no column says it.", metavar="WORDS")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Whom a row suppresses, where the file names several: customer, email, phone, push_token, address.",
            metavar="MEANING",
        ),
    ] = None,
    topic: Annotated[str | None, typer.Option(help="About this topic alone; left out: about all.")] = None,
    channel: Annotated[str | None, typer.Option(help="Of customers: on this channel alone.")] = None,
    source_name: Annotated[
        str | None, typer.Option("--source", help="Who says so, where no column does; the file's name.")
    ] = None,
    maps: Map = None,
    zone: Zone = None,
    date_form: DateForm = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    dry_run: DryRun = False,
    server: Server = HERE,
    as_json: AsJson = False,
) -> None:
    """Bring suppressions: unsubscribed, bounced, complained, deceased, preference services. What stands stays once."""
    usual = {"kind": kind, "reason": reason, "topic": topic, "channel": channel}
    for name, said in usual.items():
        if said is not None and not said.strip():
            raise typer.BadParameter("it says nothing; leave it out, or say which", param_hint=f"--{name}")
    with client(server) as tactful, closing(Source(file, encoding)) as source:
        known = _declared(tactful.strategies().strategies)
        table = read_table(source, delimiter)
        rows = suppression_rows(
            table.columns,
            told=_pairs(maps),
            by=by,
            usual={name: said for name, said in usual.items() if said} | {"source": source_name or file.name},
            topics=known.topics,
            zone=_zone(zone, known),
            date_form=date_form,
            written_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        )
        _import(
            _Import(source, table, rows.columns, rows.message, tactful, dry_run=dry_run, as_json=as_json),
            because=BECAUSE,
        )


@dataclass(frozen=True)
class _Import:
    """One import, ready to be made."""

    source: Source
    table: Table
    columns: Columns
    message: Callable[[Row], Message]
    client: TactfulClient
    dry_run: bool
    as_json: bool
    creates: bool = False
    """Whether customers that nobody knows could be registered."""


def _import(
    doing: _Import, *, historical: bool = False, create_customers: bool = False, because: str = "reason"
) -> None:
    """Make an import, show what became of it, and end with its exit code."""
    path = doing.source.path
    began = time.monotonic()
    with (
        Rejects(path.with_name(f"{path.name}.rejects.csv"), doing.table.columns, because) as rejects,
        _progress(doing.source, shown=not doing.as_json) as advance,
    ):
        sending = Sending(
            doing.client,
            rejects,
            historical=historical,
            create_customers=create_customers,
            dry_run=doing.dry_run,
            told=advance,
        )
        try:
            count = sending.send(doing.table.rows, doing.message)
        except Exception:
            done = sending.count
            err.print(f"Broken off after {done.new + done.already_there:,} rows; the same command goes on from there.")
            raise
    _summarise(doing, count, rejects, seconds_since(began))
    raise typer.Exit(Exit.WRONG if count.rejected else Exit.OK)


def _summarise(doing: _Import, count: Count, rejects: Rejects, seconds: float) -> None:
    per_second = count.rows / seconds
    file = str(rejects.path) if rejects.written else None
    if doing.as_json:
        figures = asdict(count) | {"ignored_columns": list(doing.columns.ignored), "rejects_file": file}
        print_json(
            figures | {"seconds": round(seconds, 2), "rows_per_second": round(per_second), "dry_run": doing.dry_run}
        )
        return
    kept = "would be new" if doing.dry_run else "new"
    out.print(f"{count.rows:,} rows read in {seconds:.1f} s ({per_second:,.0f} a second)")
    out.print(f"{count.new:,} {kept} · {count.already_there:,} already there · {count.rejected:,} rejected")
    if doing.columns.ignored:
        out.print(Text(f"Columns that mean nothing here: {', '.join(doing.columns.ignored)}", style="dim"))
    if rejects.written:
        out.print(f"What was rejected, and why: {rejects.path}", style="yellow")
        for reason, times in sorted(count.reasons.items(), key=lambda item: -item[1])[:5]:
            out.print(Text(f"  {times:,} times: {reason.replace('_', ' ')}"))
    if "unknown_customer" in count.reasons and doing.creates:
        out.print("Customers that nobody knows yet are registered with --create-customers.", style="yellow")


@contextmanager
def _progress(source: Source, *, shown: bool) -> Generator[Callable[[], None]]:
    """Show how much of the file has been read; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not (shown and err.is_terminal)) as progress:
        task = progress.add_task(source.path.name, total=source.size)
        yield lambda: progress.update(task, completed=source.position)


def _declared(strategies: Sequence[StrategyAnswer]) -> Declared:
    events: dict[str, set[str]] = {}
    properties: set[str] = set()
    topics: set[str] = set()
    zones = {strategy.time_zone for strategy in strategies}
    for strategy in strategies:
        properties |= strategy.properties.keys()
        topics |= strategy.topics.keys()
        for event, fields in strategy.events.items():
            events.setdefault(event, set()).update(fields)
    return Declared(events, properties, topics, zones.pop() if len(zones) == 1 else "UTC")


def _zone(said: str | None, known: Declared) -> ZoneInfo:
    name = said or known.time_zone
    if name not in time_zones():
        hint = did_you_mean(name, time_zones()) or "A name such as Europe/London is needed."
        raise typer.BadParameter(f'There is no time zone "{name}". {hint}')
    return ZoneInfo(name)


def _pairs(said: Sequence[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in said or ():
        name, between, value = one.partition("=")
        if not between or not name:
            raise typer.BadParameter(f'"{one}" is not NAME=VALUE')
        found[name] = value
    return found
