"""`tactful connector certify`: what one sees of the kit, what its exit code says, what is said where it cannot run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.doors.commands import CHECKOUT, Command
from tests.unit.conformance.acme import CASE

ACME = "tests.unit.conformance.acme:CASE"
SWALLOWS = replace(CASE, use="tests.unit.conformance.test_kit:SwallowsThrottling")
NOBODYS = replace(CASE, oracles=())
NO_CASE = "something else"
tactful = Command("http://127.0.0.1:9", CHECKOUT)


def test_a_connector_that_keeps_the_contract_is_certified_group_by_group(tmp_path: Path) -> None:
    done = tactful("connector", "certify", "acme", "--case", ACME, "--out", str(tmp_path / "new" / "acme.json"))
    assert done.code == 0, done.err
    lines = [line.split("  ")[1] for line in done.out.splitlines() if line.endswith(" passed")]
    assert lines[:2] == ["construction and secrets", "features"]
    assert "stands behind it: vector: made up" in done.out
    assert "Certified: acme passed" in done.out
    certificate = json.loads((tmp_path / "new" / "acme.json").read_text())
    assert (certificate["passed"], certificate["connector"]) == (True, CASE.use)


def test_a_check_that_fails_is_named_with_what_was_seen_and_is_exit_code_1() -> None:
    broken = f"{__name__}:SWALLOWS"
    done = tactful("connector", "certify", "acme", "--case", broken, "--group", "failures")
    assert done.code == 1
    assert "✗ 429 without a wait slows us down: it was bad_content" in done.out
    assert "Not certified: " in done.out


def test_without_an_oracle_nothing_failed_and_nothing_is_certified() -> None:
    done = tactful("connector", "certify", "acme", "--case", f"{__name__}:NOBODYS")
    assert done.code == 0
    assert "it is not certified yet: no oracle stands behind it" in done.out


def test_as_json_it_is_the_certificate() -> None:
    done = tactful("connector", "certify", "acme", "--case", ACME, "--group", "keys", "--json")
    assert set(done.answer["groups"]) == {"keys", "network"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["twilo"], 'there is no connector "twilo". Did you mean "twilio"?'),
        (["smtp", "--case", "nowhere"], '"nowhere" is not of the form package.module:CASE'),
        (["smtp", "--case", "nowhere.case:CASE"], "cannot be imported: No module named 'nowhere'"),
        (["smtp", "--case", f"{__name__}:NO_CASE"], "is no tactful.conformance.Case"),
        (["smtp", "--case", f"{__name__}:MISSING"], "is no tactful.conformance.Case"),
        (["mailbox", "--group", "kes"], 'the kit has no group "kes". Did you mean "keys"?'),
        (["mailbox", "--out", "/dev/null/x.json"], "/dev/null/x.json cannot be written: "),
    ],
)
def test_what_cannot_be_tried_is_said(words: list[str], said: str) -> None:
    done = tactful("connector", "certify", *words)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err


@pytest.mark.parametrize("words", [[], ["mailbox", "--all"], ["mailbox", "--group", "keys", "--out", "x.json"]])
def test_a_command_that_makes_no_sense_is_refused_before_anything_is_tried(words: list[str]) -> None:
    assert tactful("connector", "certify", *words).code == 2


def test_a_connector_that_nobody_made_a_case_for_is_told_where_one_would_be(tmp_path: Path) -> None:
    done = Command("http://127.0.0.1:9", tmp_path)("connector", "certify", "mailbox")
    assert (done.code, 'an entry point "mailbox" in the group "tactful.conformance"' in done.err) == (1, True)


def test_without_the_kits_libraries_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['trustme'] = None; from tactful.cli import main;"
        "sys.argv = ['tactful', 'connector', 'certify', 'mailbox']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "the conformance kit needs trustme: pip install 'tactful[conformance]'\n",
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("class Owl(:\n", "the case owl:CASE cannot be imported: invalid syntax (owl.py, line 1)"),
        (
            "\nCASE = 1 / 0\n",
            "the case owl:CASE cannot be imported: ZeroDivisionError: division by zero (owl.py, line 2)",
        ),
        ("import no_such_library\n", "the case owl:CASE cannot be imported: No module named 'no_such_library'"),
    ],
)
def test_a_strangers_mistake_is_told_with_its_line_and_is_not_called_ours(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "owl.py").write_text(code)
    done = Command("http://127.0.0.1:9", tmp_path)("connector", "certify", "owl", "--case", "owl:CASE")
    assert (done.code, done.err) == (1, f"{said}\n")


def test_a_package_that_was_begun_and_not_installed_is_told_so(tmp_path: Path) -> None:
    there = Command("http://127.0.0.1:9", tmp_path)
    assert there("connector", "new", "barn_owl").code == 0
    done = there("connector", "certify", "barn_owl")
    assert done.code == 1
    assert done.err == 'the connector "barn_owl" is not installed yet: pip install --editable tactful-barn-owl\n'
