"""The house's rules on who may import whom hold, and each of them bites."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from pkgutil import iter_modules

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ["activities", "connectors", "database", "service", "tactful", "web", "workflows"]
WITH_IO = {"cli", "client", "conformance", "connector"}


def lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, env={"COLUMNS": "300"})


def test_every_rule_holds() -> None:
    looked = lint_imports(CHECKOUT)
    assert looked.returncode == 0, looked.stdout


def test_every_module_of_tactful_is_pure_or_known_to_do_io() -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = [contract["source_modules"] for contract in contracts if contract["id"] == "pure"]
    there = {module.name for module in iter_modules([str(CHECKOUT / "tactful")])}
    assert {name.removeprefix("tactful.") for name in pure} == there - WITH_IO


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("connectors/__init__.py", "import activities", "The house"),
        ("database/__init__.py", "import connectors", "The house"),
        ("tactful/words.py", "import tactful.strategy", "The wheel"),
        ("tactful/newcomer.py", "", "The wheel"),
        ("tactful/verdict.py", "import random", "The strategy, its rules and decide()"),
        ("tactful/strategy/model.py", "import time", "The strategy, its rules and decide()"),
        ("database/engine.py", "import temporalio", "Temporal is known"),
        ("workflows/welcome.py", "import httpx", "Workflows reach no I/O"),
        ("activities/contract.py", "import database", "Workflows reach no I/O"),
        ("tactful/audit/windows.py", "import tactful.timing", "The audit shares nothing"),
        ("database/audit/reading.py", "import database.strategies", "The audit shares nothing"),
    ],
)
def test_the_rule_turns_red_when_broken(tmp_path: Path, file: str, line: str, rule: str) -> None:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / file).open("a") as planted:
        planted.write(f"\n{line}\n")
    looked = lint_imports(tmp_path)
    assert looked.returncode == 1, looked.stdout
    assert [name for name in looked.stdout.splitlines() if name.startswith(rule) and name.endswith("BROKEN")]


# SQL lives in database/. Who calls it may pass a transaction on, hence its type; the embedded server makes its own
# database and asks nothing of it.
OF_SQL = {"alembic", "psycopg", "sqlalchemy"}
MAY_NAME = {"sqlalchemy.Connection"}
MAKES_DATABASES = Path("service/embedded/postgres.py")


def sql_imports(code: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OF_SQL} - MAY_NAME


def test_sql_lives_in_the_database_folder_alone() -> None:
    files = [
        path.relative_to(CHECKOUT)
        for package in PACKAGES
        if package != "database"
        for path in sorted((CHECKOUT / package).rglob("*.py"))
    ]
    speaking = {path: names for path in files if (names := sql_imports((CHECKOUT / path).read_text()))}
    assert speaking.keys() == {MAKES_DATABASES}, speaking


@pytest.mark.parametrize("line", ["import sqlalchemy as sa", "from sqlalchemy import text", "import psycopg"])
def test_sql_elsewhere_would_be_seen(line: str) -> None:
    assert sql_imports(line)
