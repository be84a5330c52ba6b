"""How a connector is found by its name: in the house, among installed packages, by its path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from connectors.email.smtp import Smtp
from connectors.mailbox import Mailbox
from tactful.connector import ConnectorError, find

GOOD = """
from tactful.connector import Accepted, Capabilities, Connector, ConnectorConfig, Lookup, NoKey
from datetime import timedelta

class Pigeon(Connector[ConnectorConfig]):
    Config = ConnectorConfig
    capabilities = Capabilities(channels=(), idempotency=NoKey(), features=frozenset(), bytes_max=1)

    async def send(self, message, *, deadline):
        return Accepted("1")
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Generator[Write]:
    """Writes a file of a house of this test's own, and says what the house is called."""
    house = f"house_{tmp_path.name.replace('-', '_')}"
    sys.path.insert(0, str(tmp_path))

    def write_file(path: str, source: str = GOOD, *, house: str = house) -> str:
        file = tmp_path / house / path
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in (file.parent, *file.parent.parents):
            if folder.is_relative_to(tmp_path / house):
                (folder / "__init__.py").touch()
        file.write_text(source)
        importlib.invalidate_caches()
        return house

    yield write_file
    sys.path.remove(str(tmp_path))


def refusal(use: str, house: str) -> str:
    with pytest.raises(ConnectorError) as caught:
        find(use, house=house)
    return str(caught.value)


def test_the_house_is_found_by_its_files() -> None:
    assert find("smtp") is Smtp
    assert find("mailbox") is Mailbox


def test_a_path_is_taken_literally() -> None:
    assert find("connectors.mailbox:Mailbox") is Mailbox


def test_a_misspelt_name_is_corrected() -> None:
    assert refusal("smtpp", "connectors") == 'there is no connector "smtpp". Did you mean "smtp"?'


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    said = refusal("owl", "connectors")
    before, _, names = said.removesuffix(".").partition(" There are: ")
    assert before == 'there is no connector "owl".'
    assert {"mailbox", "smtp"} <= set(names.split(", "))
    assert names.split(", ") == sorted(names.split(", "))


def test_without_a_house_there_are_the_installed_ones() -> None:
    assert "there is no connector" in refusal("smtp", "no_such_house")


@pytest.mark.parametrize("path", ["pigeon.py", "sms/pigeon.py", "sms/pigeon/birds.py"])
def test_a_new_file_is_enough(write: Write, path: str) -> None:
    house = write(path)
    if path.endswith("birds.py"):
        write("sms/pigeon/__init__.py", f"from {house}.sms.pigeon.birds import Pigeon")
    assert find("pigeon", house=house).__name__ == "Pigeon"


def test_one_that_cannot_be_imported_harms_no_other(write: Write) -> None:
    house = write("sms/pigeon.py")
    write("sms/broken.py", "import a_library_nobody_has")
    assert find("pigeon", house=house).__name__ == "Pigeon"
    assert refusal("broken", house) == f"{house}.sms.broken cannot be imported: No module named 'a_library_nobody_has'"


def test_two_of_a_name_must_be_told_apart(write: Write) -> None:
    house = write("sms/pigeon.py")
    write("push/pigeon.py")
    assert refusal("pigeon", house) == (
        f'several connectors are called "pigeon": {house}.push.pigeon, {house}.sms.pigeon. Say which by its path'
    )
    assert find(f"{house}.sms.pigeon:Pigeon", house=house).__module__ == f"{house}.sms.pigeon"


def test_an_installed_package_brings_its_own(write: Write) -> None:
    package = write("birds.py")
    write("entry_points.txt", f"[tactful.connectors]\nowl = {package}.birds:Pigeon\n", house="owls-1.0.dist-info")
    write("METADATA", "Metadata-Version: 2.1\nName: owls\nVersion: 1.0\n", house="owls-1.0.dist-info")
    assert find("owl").__module__ == f"{package}.birds"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("", "one subclass of tactful.connector.Connector, not 0"),
        (GOOD + GOOD.replace("Pigeon", "Owl"), "one subclass of tactful.connector.Connector, not 2"),
        (GOOD.replace("    Config = ConnectorConfig", ""), "lacks Config"),
        (GOOD.replace("async def send", "async def sned"), "lacks send"),
        (GOOD.replace("    capabilities =", "    capability ="), "lacks capabilities"),
        (GOOD.replace("NoKey()", "Lookup(timedelta(seconds=5))"), "lacks lookup"),
    ],
    ids=["none", "two", "no config", "no send", "no capabilities", "no look-up"],
)
def test_what_does_not_keep_the_contract_is_no_connector(write: Write, source: str, complaint: str) -> None:
    assert complaint in refusal("pigeon", write("sms/pigeon.py", source))


@pytest.mark.parametrize(
    ("use", "complaint"),
    [
        ("connectors.mailbox:Letterbox", "connectors.mailbox has no class Letterbox"),
        ("connectors.mailbox:Channel", "connectors.mailbox:Channel is not a subclass of"),
        ("no.such.module:Class", "no.such.module cannot be imported"),
        (":Class", " cannot be imported"),
    ],
)
def test_a_wrong_path_is_explained(use: str, complaint: str) -> None:
    assert complaint in refusal(use, "connectors")
