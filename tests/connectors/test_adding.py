"""`tactful connector new`: what it writes installs, is found and keeps the contract; it writes over nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tactful.words import Channel
from tests.connectors.installing import installed
from tests.integration.doors.commands import Command

SERVER = "http://127.0.0.1:9"
TELLING = (Channel.EMAIL, Channel.SMS)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package begun for each channel, and all of them installed in its folder `site`."""
    folder = tmp_path_factory.mktemp("packages")
    tactful = Command(SERVER, folder)
    for channel in Channel:
        # Mail and texts with receipts, push and letters without.
        more = ["--receipts"] if channel in TELLING else []
        done = tactful("connector", "new", f"my_{channel}", "--channel", channel, *more)
        assert done.code == 0, done.err
    return installed(folder / "site", *sorted(folder.glob("tactful-*"))).parent


@pytest.mark.slow
@pytest.mark.parametrize("channel", Channel)
def test_what_is_begun_keeps_the_contract_and_lacks_an_oracle(packages: Path, channel: Channel) -> None:
    tactful = Command(SERVER, packages)
    done = tactful("connector", "certify", f"my_{channel}", PYTHONPATH=str(packages / "site"))
    assert (done.code, "failed" in done.out) == (0, False), done.out + done.err
    assert "checks passed, and it is not certified yet: no oracle stands behind it." in done.out
    assert ("- hooks: the provider tells nothing afterwards" in done.out) is (channel not in TELLING)


@pytest.mark.slow
def test_its_own_test_passes(packages: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {"PYTHONPATH": str(packages / "site")}
    folder = packages / "tactful-my-email"
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tactful-owl").mkdir()
    done = Command(SERVER, tmp_path)("connector", "new", "owl")
    assert (done.code, done.err) == (1, "tactful-owl is there already; nothing was written\n")
    assert list((tmp_path / "tactful-owl").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Owl", "cannot be a connector's name; it is made of small letters, digits and single underscores"),
        ("barn-owl", "cannot be a connector's name"),
        ("7owls", "cannot be a connector's name"),
        ("../owl", "cannot be a connector's name"),
        ("class", '"class" is a word of Python'),
        ("o" * 41, "the name is 41 characters long; at most 40 are taken"),
        ("twilio", 'there is a connector "twilio" already'),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_what_would_be_right(tmp_path: Path, name: str, said: str) -> None:
    done = Command(SERVER, tmp_path)("connector", "new", name)
    assert done.code == 1
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Command(SERVER, tmp_path)("connector", "new", "owl", "--into", "file")
    assert (done.code, "cannot be written: Not a directory" in done.err) == (1, True)
