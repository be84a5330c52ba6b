"""`tactful check` and `tactful schema`, as people and programs meet them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tactful.cli.strategy import app
from tactful.strategy import read_strategy
from tests.unit.strategy.samples import FLORIST_FOLDER, bakery, florist_files, florist_text, florist_with


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The florist's folder, to be changed."""
    for path, text in florist_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def tactful(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in florist_text()
    (folder / "strategy.yaml").write_text(florist_text().replace(old, new, 1), encoding="utf-8")
    return folder


def test_a_sound_strategy_is_summed_up_with_what_waits() -> None:
    result = tactful("check", str(FLORIST_FOLDER))
    assert result.exit_code == 0
    for said in (
        "florist is sound",
        "8 in 2 stages",
        "15 by email, sms, push, letter",
        "en, de",
        "gold, regular, new, lapsed",
    ):
        assert said in result.stdout
    assert "mothers-day: entry by campaign at its hour: nobody enters by the calendar" in result.stdout
    assert "when_moved" not in result.stdout


def test_every_problem_is_shown_with_its_line_and_a_mark_below_the_place(folder: Path) -> None:
    changed(folder, "our-story: { when: 3 days", "our-story: { when: 3 dyas")
    result = tactful("check", str(folder))
    assert result.exit_code == 1
    headline, *rest = result.stdout.splitlines()
    assert headline.startswith('strategy.yaml:52:30: "dyas" in "3 dyas after start"; expected a unit (minutes, hours,')
    assert headline.endswith("Did you mean `3 days after start`?")
    assert rest == [
        "    52 │         our-story: { when: 3 dyas after start }",
        "       │                              ^",
        "1 error",
    ]


def test_colours_are_for_terminals_only(folder: Path) -> None:
    assert "\x1b[" not in tactful("check", str(changed(folder, "ask: reason", "ask: raeson"))).stdout


def test_warnings_alone_do_not_fail(folder: Path) -> None:
    changed(folder, "our-story: { when: 3 days", "our-story: { when: 21 days")
    result = tactful("check", str(folder))
    assert result.exit_code == 0
    assert "warning: `21 days after start`, about when the step ends" in result.stdout
    assert "1 warning\nflorist is sound" in result.stdout


def test_what_is_wrong_with_a_template_is_found_too(folder: Path) -> None:
    (folder / "templates" / "hello" / "email.mjml").unlink()
    (folder / "templates" / "hello" / "email.de.mjml").unlink()
    result = tactful("check", str(folder))
    assert result.exit_code == 1
    assert "templates/hello" in result.stdout


def test_problems_and_summary_are_there_for_programs(folder: Path) -> None:
    sound = json.loads(tactful("check", "--json", str(folder)).stdout)
    assert (sound["sound"], sound["problems"], len(sound["version"])) == (True, [], 64)
    assert sound["summary"]["communications"] == 15
    assert ("basket", None) in {(one["step"], one["communication"]) for one in sound["not_yet"]}
    result = tactful("check", "--json", str(changed(folder, "topic: orders, ", "topic: oders, ")))
    broken = json.loads(result.stdout)
    assert (result.exit_code, broken["sound"]) == (1, False)
    (problem,) = broken["problems"]
    assert (problem["file"], problem["line"], problem["severity"]) == ("strategy.yaml", 91, "error")
    assert problem["hint"] == 'Did you mean "orders"?'


def test_expand_prints_a_file_that_says_the_same() -> None:
    result = tactful("check", "--expand", str(FLORIST_FOLDER))
    assert result.exit_code == 0
    assert read_strategy(florist_with(result.stdout)) == read_strategy(florist_files())


def test_expand_of_a_broken_strategy_prints_its_problems(folder: Path) -> None:
    result = tactful("check", "--expand", str(changed(folder, "holdout: 2%", "holdout: 2")))
    assert result.exit_code == 1
    assert result.stdout.startswith("strategy.yaml:42:12:")


def test_a_folder_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    result = tactful("check", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert "nothing at this path; expected the folder that holds strategy.yaml" in result.stdout


def test_yaml_and_json_at_once_is_a_mistake_of_the_command_line() -> None:
    assert tactful("check", "--expand", "--json", str(FLORIST_FOLDER)).exit_code == 2


def test_brackets_in_a_file_are_not_taken_for_markup(folder: Path) -> None:
    changed(folder, "for: [gold, regular, lapsed]", "for: [bold, regular, lapsed]")
    assert "for: [bold, regular, lapsed]" in tactful("check", str(folder)).stdout


def test_a_very_long_line_is_shown_around_its_place(folder: Path) -> None:
    changed(folder, "says: a free vase,", f"says: {'a free vase ' * 9}, lasts: 3 dyas,")
    shown = tactful("check", str(folder)).stdout.splitlines()
    line, mark = shown[1], shown[2]
    assert max(len(line), len(mark)) < 130
    assert line[mark.index("^") :].startswith("dyas")


def test_the_schema_is_json_and_says_how_to_bind_it() -> None:
    assert json.loads(tactful("schema").stdout)["title"] == "Tactful strategy"
    assert "yaml-language-server" in tactful("schema", "--editor-help").stdout


def test_the_command_itself_ends_with_its_exit_code(tmp_path: Path) -> None:
    """The real program in a process of its own, in the folder it checks."""
    (tmp_path / "strategy.yaml").write_text(bakery().replace("at once", "at onec"), encoding="utf-8")
    command = [sys.executable, "-c", "from tactful.cli import main; main()", "check"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout.startswith("strategy.yaml:19:27: ")
    assert "Traceback" not in run.stdout + run.stderr
