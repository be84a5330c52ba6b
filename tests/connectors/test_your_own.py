"""docs/connectors/your-own.md, followed: its commands are typed, its connector of a protocol is put to work."""

from __future__ import annotations

import asyncio
import importlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from service.connectors import read_connectors
from tactful.connector import Accepted, AnyConnector, Fault, Ports, SendFault, http, send
from tactful.words import Channel
from tests.connectors.conftest import email_message
from tests.connectors.installing import installed
from tests.integration.doors.commands import Command

PAGE = (Path(__file__).parents[2] / "docs/connectors/your-own.md").read_text(encoding="utf-8")
SMS = email_message(channel="sms", to="loft 7", text="Peonies", html=None, subject=None)


def block(language: str, containing: str) -> str:
    """Return the page's block of code that contains a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    [found] = [block for block in blocks if containing in block]
    return found


@pytest.fixture
def folder() -> Generator[Path]:
    """A folder on the path, its name short enough for a socket, with the page's code in it."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "pigeon.py").write_text(block("python", "class Pigeon"))
        sys.path.insert(0, name)
        importlib.invalidate_caches()
        yield Path(name)
        sys.path.remove(name)
        sys.modules.pop("pigeon", None)


@pytest.fixture
async def pigeon(folder: Path) -> AnyConnector:
    """The page's connector, configured as the page says, but for where things are."""
    toml = block("toml", "[connectors.pigeon]").replace("/run/loft.sock", str(folder / "loft.sock"))
    (folder / "tactful.toml").write_text(toml)
    ports = Ports(deliver=lambda _: "")
    found = read_connectors(folder / "tactful.toml", ports, {"PIGEON_WHISTLE": "two short, one long"})
    assert found.by_channel == {Channel.SMS: ("pigeon",)}
    return found.by_name["pigeon"]


async def fly(pigeon: AnyConnector, loft: Path, answer: bytes) -> Accepted | SendFault:
    """Send to a loft that answers so; return what came of it."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(receive, loft / "loft.sock")
    try:
        return await send(pigeon, SMS, deadline=time.monotonic() + 30)
    except SendFault as fault:
        return fault
    finally:
        server.close()


async def test_the_page_leads_to_a_connector_that_works(pigeon: AnyConnector, folder: Path) -> None:
    assert await fly(pigeon, folder, b"ring 12\n") == Accepted("ring 12")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [(b"NO loft 7 is empty\n", "bad_recipient (refused): NO […] is empty"), (b"", "ambiguous (no answer)")],
)
async def test_its_failures_are_faults(pigeon: AnyConnector, folder: Path, answer: bytes, shown: str) -> None:
    assert str(await fly(pigeon, folder, answer)) == shown


async def test_without_a_loft_nothing_was_sent(pigeon: AnyConnector) -> None:
    with pytest.raises(SendFault) as caught:
        await send(pigeon, SMS, deadline=time.monotonic() + 30)
    assert str(caught.value) == "transient (no loft): No such file or directory"
    assert caught.value.fault is Fault.TRANSIENT


@pytest.mark.slow
def test_its_commands_lead_from_nothing_to_a_connector_that_the_worker_reads(tmp_path: Path) -> None:
    site = tmp_path / "site"
    tactful = Command("http://127.0.0.1:9", tmp_path)
    typed = re.findall(r"^\$ (.*)$", block("console", "connector new owl"), re.MULTILINE)
    for line in typed:
        program, *words = line.split()
        if program == "pip":
            installed(site, tmp_path / words[-1])  # as the page says, but offline and into a folder of this test's
            continue
        done = tactful(*words, PYTHONPATH=str(site))
        assert done.code == 0, done.out + done.err
    written = (tmp_path / "tactful-owl" / "tactful_owl" / "connector.py").read_text()
    assert written.endswith("\n" + block("python", "def verify")), "the page shows what `new` writes"
    assert [line.split()[:3] for line in typed[::2]] == [
        ["tactful", "connector", "new"],
        ["tactful", "connector", "certify"],
    ]
    (tmp_path / "tactful.toml").write_text(block("toml", "[connectors.owl]"))
    reading = (
        "import pathlib; from service.connectors import read_connectors as read; from tactful.connector import Ports;"
        "print(dict(read(pathlib.Path('tactful.toml'), Ports(deliver=str)).by_channel))"
    )
    told = {"PYTHONPATH": str(site), "OWL_API_KEY": "a-key-of-the-account", "OWL_HOOK_SECRET": "what-it-signs-with"}
    done = subprocess.run(
        [sys.executable, "-c", reading], cwd=tmp_path, env=told, capture_output=True, text=True, check=False
    )
    assert "('owl',)" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["plivo", "telnyx"])
def test_the_page_says_how_long_the_examples_are(name: str) -> None:
    folder = Path(__file__).parents[2] / "examples" / name
    lines = (folder / f"tactful_{name}" / "connector.py").read_text().count("\n")
    [row] = re.findall(rf"^\| \[`examples/{name}`\].* \| (\d+) \|$", PAGE, re.MULTILINE)
    assert int(row) == lines


def test_the_page_names_every_fault() -> None:
    told = PAGE.partition("### What a fault leads to")[2].partition("###")[0]
    assert re.findall(r"^\| `([A-Z_]+)`", told, re.MULTILINE) == [fault.name for fault in Fault]


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`(tactful\.connector\.[a-z0-9_.]+)`", PAGE))))
def test_what_the_page_sends_one_to_is_there(place: str) -> None:
    importlib.import_module(place)


def test_what_the_page_says_of_further_promises_is_there() -> None:
    told = PAGE.partition("### What else a provider may promise")[2].partition("## 6")[0]
    rows = re.findall(r"^\| `(With\w+)` \|[^|]*\|(.*)\|$", told, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(name for name in http.__all__ if name.startswith("With"))
    named = {name: set(re.findall(r"`([a-z]+_[a-z_]+)[(`]", methods)) for name, methods in rows}
    assert [
        (name, each)
        for name, all_of_it in named.items()
        for each in all_of_it
        if not hasattr(getattr(http, name), each)
    ] == []
    for name, all_of_it in named.items():
        assert getattr(http, name).__abstractmethods__ - {"build"} <= all_of_it, name
