"""What docs/cli.md and docs/api.md have people type is typed here, in their order, against a real server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from database import holds, strategies
from tactful.strategy.folder import read_folder
from tactful.words import Channel
from tests.house.documents import CHECKOUT, FENCED, text
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors

pytestmark = [pytest.mark.integration, pytest.mark.slow]
HERE = "http://127.0.0.1:8080"
ORDERS = "order_id,customer_id,ordered_on,occasion,value_gbp\n1,ada,2026-01-05,birthday,29.90\n2,bob,2026-02-05,,12\n"


def typed(document: str) -> list[tuple[str, int]]:
    """Return every line of a document's console blocks, with the exit code it says."""
    found: list[tuple[str, int]] = []
    for block in FENCED.finditer(text(document)):
        if block["kind"] != "console":
            continue
        says = re.fullmatch(r"exits (\d)", block["label"] or "")
        for line in re.split(r"^\$ ", block["body"].replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            found += [(line.strip(), int(says[1]) if says else 0)]
    return found


@pytest.mark.timeout(300)
def test_every_command_of_the_command_lines_guide_does_what_it_says(tactful: Command, doors: Doors) -> None:
    doors.clock.now = datetime(2027, 6, 1, 12, tzinfo=UTC)  # after everything that the sample tells
    (tactful.folder / "strategies").symlink_to(CHECKOUT / "strategies")
    (tactful.folder / "tests").symlink_to(CHECKOUT / "tests")
    sample = CHECKOUT / "strategies" / "florist" / "sample" / "customers.csv"
    tactful.file("customers.csv", sample.read_bytes())
    os.utime(tactful.folder / "customers.csv", (0, 1_700_000_000))
    tactful.file("orders.csv", ORDERS)
    tactful.file("bestellungen.csv", "kundennr;datum;summe\n7;24.12.2025;12,50\n")
    tactful.file("unsubscribed.csv", "email,unsubscribed_at\nada@fleur.example,2026-11-01\n")
    configured = {"smtp": [Channel.EMAIL], "twilio": [Channel.SMS]}
    doors.database.run(lambda c: holds.register(c, configured, now=doors.clock()))
    commands = typed("docs/cli.md")
    assert len(commands) > 15
    for line, code in commands:
        program, *words = shlex.split(line)
        assert program == "tactful", line
        done = tactful(*words)
        assert done.code == code, f"{line}\n{done.out}{done.err}"


def test_the_refusal_in_the_guide_is_the_one_that_comes(tactful: Command, doors: Doors) -> None:
    doors.identify("ada")
    doors.database.run(
        lambda c: strategies.publish(c, read_folder(CHECKOUT / "strategies" / "florist"), now=doors.clock())
    )
    (told,) = [block["body"] for block in FENCED.finditer(text("docs/cli.md")) if block["kind"] == "text"]
    first, second, third = told.splitlines()
    said = tactful("track", "order.place", "--customer", "ada").err.splitlines()
    assert (said[0], said[2]) == (first, third)
    assert said[1].startswith(second.removesuffix("…").removesuffix("complaint.closed, "))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_call_of_the_apis_guide_does_what_it_says(doors: Doors) -> None:
    doors.database.run(
        lambda c: strategies.publish(c, read_folder(CHECKOUT / "strategies" / "florist"), now=doors.clock())
    )
    calls = typed("docs/api.md")
    assert len(calls) > 8
    for line, _ in calls:
        assert HERE in line
        command = line.replace("curl ", "curl --silent --show-error --fail-with-body ", 1).replace(HERE, doors.url)
        done = subprocess.run(command, shell=True, executable="/bin/bash", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_every_address_of_the_api_is_in_its_guide_and_no_other(doors: Doors) -> None:
    guide = text("docs/api.md")
    paths = doors.get("/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    told = {f"{method} {re.sub(r'{customer_id}', '{id}', path)}" for method, path in (one.split(" ") for one in there)}
    assert sorted(one for one in told if one not in guide) == []
    named = set(re.findall(r"\b(GET|POST) (/v1/[\w/{}-]+|/healthz|/readyz)", guide))
    assert sorted({" ".join(one) for one in named} - told) == []
