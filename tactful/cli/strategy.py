"""`tactful check` and `tactful schema`: the strategy language on the command line. Pure work; they ask no server.

Problems go to standard output, like those of any linter; exit code 0 is sound, 1 is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.problems import print_problems
from tactful.cli.summary import print_summary, summarise
from tactful.cli.terminal import AsJson, Exit, examples, out, print_json
from tactful.strategy import Problem, Reading, StrategyErrors, examine, not_yet, version_hash
from tactful.strategy.expand import expand
from tactful.strategy.folder import read_folder
from tactful.strategy.problems import errors_in, in_reading_order
from tactful.strategy.reading.names import STRATEGY_FILE
from tactful.strategy.schema import EDITOR_HELP, json_schema
from tactful.templates import check_templates

app = typer.Typer()

Folder = Annotated[Path, typer.Argument(help="The folder with strategy.yaml in it.", show_default="this folder")]


@app.command(
    epilog=examples(
        "tactful check strategies/florist", "tactful check --expand . > expanded.yaml", "tactful check --json"
    )
)
def check(
    folder: Folder = Path(),
    *,
    expanded: Annotated[
        bool, typer.Option("--expand", help="Print the file with every default written out, if it is sound.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a strategy: everything that is wrong, with file and line, or what it holds.

    Exit code 0: it can be used (there may be warnings). 1: it cannot. Nothing is changed, no server is asked.
    """
    if expanded and as_json:
        raise typer.BadParameter("--expand prints YAML and --json JSON: one of them.")
    files, reading = _read(folder)
    if as_json:
        print_json(_as_json(files, reading))
    elif expanded and reading.strategy is not None:
        typer.echo(expand(files[STRATEGY_FILE], reading.strategy), nl=False)
    else:
        print_problems(out, reading.problems, files)
        if reading.strategy is not None:
            print_summary(out, reading.strategy, files)
    if reading.strategy is None:
        raise typer.Exit(Exit.WRONG)


@app.command(epilog=examples("tactful schema > strategy.schema.json", "tactful schema --editor-help"))
def schema(
    *,
    editor_help: Annotated[
        bool, typer.Option("--editor-help", help="Say how to bind the schema in an editor instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of strategy.yaml, with which editors complete keys and check phrases."""
    if editor_help:
        typer.echo(EDITOR_HELP, nl=False)
    else:
        print_json(json_schema())


def check_files(files: Mapping[str, str]) -> Reading:
    """Return a folder's strategy with everything that is wrong with it, templates included."""
    reading = examine(files)
    if reading.strategy is None:
        return reading
    problems = in_reading_order([*reading.problems, *check_templates(reading.strategy, files)])
    return Reading(None if errors_in(problems) else reading.strategy, problems)


def _read(folder: Path) -> tuple[dict[str, str], Reading]:
    try:
        files = read_folder(folder)
    except StrategyErrors as errors:
        return {}, Reading(None, errors.problems)
    return files, check_files(files)


def _as_json(files: Mapping[str, str], reading: Reading) -> dict[str, object]:
    strategy = reading.strategy
    answer: dict[str, object] = {
        "sound": strategy is not None,
        "problems": [_problem_as_json(problem) for problem in reading.problems],
    }
    if strategy is None:
        return answer
    waiting = [
        {"step": one.step, "communication": one.communication, "feature": one.feature, "effect": one.effect}
        for one in not_yet(strategy)
    ]
    return answer | {"version": version_hash(files), "summary": summarise(strategy, files), "not_yet": waiting}


def _problem_as_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "found": problem.found,
        "expected": problem.expected,
        "hint": problem.hint,
        "message": str(problem),
    }
