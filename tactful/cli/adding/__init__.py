"""`tactful connector new`: a package with a connector in it that installs, is found, and keeps the contract.

What is written stands in `templates/`, with the names of the connector put in; lines between `<receipts>` and its end
are for providers that tell later, those between `<silent>` for the others. Nothing that exists is written over.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer
from rich.text import Text

from tactful.cli.terminal import examples, out
from tactful.connector.loader import known
from tactful.errors import TactfulError
from tactful.strategy.spelling import PROPERTY_NAME
from tactful.words import Channel

app = typer.Typer()
LONGEST = 40
PARTS = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "{package}/__init__.py": "init.py.txt",
    "{package}/connector.py": "connector.py.txt",
    "{package}/case.py": "case.py.txt",
    "{package}/fixtures/accepted.json": "accepted.json.txt",
    "{package}/fixtures/refused.json": "refused.json.txt",
    "tests/test_contract.py": "test_contract.py.txt",
}


class ScaffoldError(TactfulError):
    """A package cannot be begun under this name or at this place."""


@dataclass(frozen=True)
class _Shape:
    """What differs by channel: what it carries, how that stands in a request, and an address of the kind."""

    what: str
    features: tuple[str, ...]
    body: tuple[str, ...]
    message: Mapping[str, str]
    needs: str = ""
    first: str = ""
    last: str = ""
    bytes_max: int = 6_000


_SHAPES: Mapping[Channel, _Shape] = {
    Channel.SMS: _Shape(
        what="text messages",
        features=("TEXT",),
        body=('"to": message.to', '"from": message.sender', '"text": message.text'),
        message={"to": "+447700900123", "sender_address": "Fleur", "text": "The first tulips of the year are here."},
    ),
    Channel.EMAIL: _Shape(
        what="mail",
        features=("HTML", "REPLY_TO", "SUBJECT", "TEXT"),
        body=(
            '"to": head.recipient',
            '"from": head.mailbox',
            '"reply_to": head.reply_to',
            '"subject": head.subject',
            '"text": message.text',
            '"html": message.html',
            '"headers": dict(head.list_headers)',
        ),
        message={
            "to": "ada@example.com",
            "sender_address": "hello@fleur.example",
            "reply_to": "maya@fleur.example",
            "subject": "Tulips",
            "text": "The first tulips of the year are here.",
            "html": "<p>The first tulips of the year are here.</p>",
        },
        needs="from tactful.connector.mail import mail_head\n",
        first="        head = mail_head(message)\n",
        bytes_max=1_000_000,
    ),
    Channel.PUSH: _Shape(
        what="push messages",
        features=("LINK", "TEXT", "TITLE"),
        body=('"token": message.to', '"title": message.title', '"text": message.text', '"link": message.link'),
        message={
            "to": "a-token-of-a-device",
            "title": "Tulips",
            "text": "The first tulips of the year are here.",
            "link": "https://fleur.example/tulips",
        },
        bytes_max=3_500,
    ),
    Channel.LETTER: _Shape(
        what="letters",
        features=("HTML",),
        body=('"to": message.to.splitlines()', '"from": message.sender', '"html": message.html'),
        message={
            "to": "Ada Lovelace\\n12 St James's Square\\nLondon SW1Y 4JH",
            "sender_address": "Fleur\\n1 Market Street\\nLeeds LS1 6DT",
            "html": "<p>The first tulips of the year are here.</p>",
        },
        bytes_max=1_000_000,
    ),
    Channel.CALL: _Shape(
        what="calls",
        features=("SUBJECT", "TEXT"),
        body=('"to": message.to', '"about": message.subject', '"notes": message.text'),
        message={"to": "+447700900123", "subject": "Tulips", "text": "Tell her of the tulips of the year."},
        bytes_max=20_000,
    ),
}


@app.command(
    epilog=examples("tactful connector new pigeon --channel sms --receipts", "tactful connector new owl --into ~/src")
)
def new(
    name: Annotated[
        str, typer.Argument(help="What tactful.toml will call it: small letters, digits, _.", show_default=False)
    ],
    *,
    channel: Annotated[Channel, typer.Option("--channel", help="What it sends.")] = Channel.SMS,
    receipts: Annotated[
        bool, typer.Option("--receipts", help="The provider tells later what became of a message.")
    ] = False,
    into: Annotated[
        Path, typer.Option("--into", help="The folder that its own folder is made in.", metavar="DIR")
    ] = Path(),
) -> None:
    """Begin a connector of your own: a package that installs beside the worker, with its case and its test.

    As it stands it speaks to a provider that does not exist, and keeps the contract with it.
    """
    _check_name(name)
    folder = into / f"tactful-{name.replace('_', '-')}"
    written = _write(folder, _contents(name, channel, receipts=receipts))
    for path in written:
        out.print(Text(f"  {path}"))
    out.print()
    out.print("Next, in a virtual environment that has tactful\\[conformance]:")
    out.print(Text(f"  pip install --editable {folder}"))
    out.print(Text(f"  tactful connector certify {name}"))
    out.print(Text(f"then make {written[3]} the provider's: docs/connectors/your-own.md leads on."))


def _check_name(name: str) -> None:
    """Refuse a name that cannot be a module's and a table's."""
    right = "small letters, digits and single underscores, beginning with a letter: carrier_pigeon"
    if not PROPERTY_NAME.fullmatch(name):
        raise ScaffoldError(f'"{name}" cannot be a connector\'s name; it is made of {right}')
    if len(name) > LONGEST:
        raise ScaffoldError(f"the name is {len(name)} characters long; at most {LONGEST} are taken")
    if keyword.iskeyword(name):
        raise ScaffoldError(f'"{name}" is a word of Python; take another name')
    if name in known():
        raise ScaffoldError(f'there is a connector "{name}" already; two of one name cannot be told apart')


def _contents(name: str, channel: Channel, *, receipts: bool) -> dict[str, str]:
    """Return what to write, by its place below the package's folder."""
    shape = _SHAPES[channel]
    package = f"tactful_{name}"
    values = {
        "name": name,
        "package": package,
        "distribution": package.replace("_", "-"),
        "host": name.replace("_", "-"),
        "variable": name.upper(),
        "Class": "".join(part.capitalize() for part in name.split("_")),
        "Title": name.replace("_", " ").capitalize(),
        "channel": channel.value,
        "CHANNEL": channel.name,
        "what": shape.what,
        "features": ", ".join(f"Feature.{part}" for part in shape.features),
        "body": "\n".join(f"            {line}," for line in shape.body),
        "message": "\n".join(f'            {key}="{value}",' for key, value in shape.message.items()),
        "needs": shape.needs,
        "first": shape.first,
        "bytes_max": f"{shape.bytes_max:_}",
    }
    templates = files("tactful.cli.adding") / "templates"
    texts = {place: (templates / part).read_text(encoding="utf-8") for place, part in PARTS.items()}
    return {
        place.format(package=package): _fitting(Template(text).substitute(values), receipts=receipts)
        for place, text in texts.items()
    }


def _fitting(text: str, *, receipts: bool) -> str:
    """Return a template without the lines that are for a provider of the other sort."""
    kept, dropped = ("receipts", "silent") if receipts else ("silent", "receipts")
    without = re.sub(rf"^<{dropped}>\n.*?^</{dropped}>\n", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(rf"^</?{kept}>\n", "", without, flags=re.MULTILINE)


def _write(folder: Path, contents: Mapping[str, str]) -> list[Path]:
    """Write all of it, or nothing: a folder that is there stays as it is."""
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already; nothing was written")
    written = [folder / place for place in contents]
    try:
        for path, content in zip(written, contents.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ScaffoldError(f"{error.filename} cannot be written: {error.strerror}") from None
    return written
