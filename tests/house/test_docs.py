"""The documents say what is so: links lead somewhere, commands exist, settings and reasons are explained, excerpts are
really in what they are taken from.

That no document names a package registry's host or a machine's path is for `test_committed_files` to see.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import psycopg
import pytest
from pydantic.fields import FieldInfo
from typer.main import get_group
from typer.testing import CliRunner

from benchmarks.__main__ import (
    BUDGET_ACTIONS,
    BUDGET_BATCH_RATE,
    BUDGET_BATCH_STATEMENTS,
    BUDGET_BATCH_TIMES,
    BUDGET_EVENTS_BESIDES,
    BUDGET_RATIO,
    BUDGET_STATEMENTS,
)
from benchmarks.decide import BUSY_BUDGET, PLAIN_BUDGET
from service.embedded.settings import EmbeddedSettings
from service.settings import PREFIX, Settings
from tactful.cli import app
from tactful.cli.strategy import check_files
from tactful.words import Channel, ConsentState, ContactState, JourneyState, Purpose, Reason, Shape, SuppressionClass
from tests.house.documents import (
    CHECKOUT,
    DOCUMENTS,
    blocks,
    calls,
    committed,
    labelled,
    leads_somewhere,
    links,
    prose,
    section,
    text,
)

FLORIST = "strategies/florist/strategy.yaml"
MARKETER, OPERATOR = "docs/marketer.md", "docs/operator.md"
# Read by the command line, by the tests, or by whoever wants a worker to die: no settings of the service.
OTHER_VARIABLES = {"TACTFUL_SERVER", "TACTFUL_DEBUG", "TACTFUL_CRASH_AT", "TACTFUL_TEST_DATABASE_URL"}
NOTHING = "\N{EN DASH}"
EVERY = pytest.mark.parametrize("document", DOCUMENTS)

# ---------------------------------------------------------------------------------------------------------------- links


def broken_links(document: str, content: str) -> list[str]:
    return [target for target in links(content) if not leads_somewhere(document, target)]


@EVERY
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(document: str) -> None:
    assert broken_links(document, text(document)) == []


@pytest.mark.parametrize("target", ["nowhere.md", "docs/glossary.md#nothing-of-the-kind", "#nowhere"])
def test_a_link_to_nowhere_would_be_seen(target: str) -> None:
    assert broken_links("README.md", f"# A heading\n[there]({target})") == [target]


def test_every_document_that_the_code_points_to_is_there() -> None:
    """Docstrings give their sources as `docs/rules.md#caps`."""
    pointer = re.compile(r"\bdocs/[\w./-]+\.md(?:#[\w-]+)?")
    code = [
        name
        for name in committed(".py", ".toml", ".lark", "Makefile", "Dockerfile")
        if name != "tests/house/test_docs.py"
    ]
    said = {(name, target) for name in code for target in pointer.findall(text(name))}
    assert sorted(one for one in said if not leads_somewhere("README.md", one[1])) == []


@EVERY
def test_every_document_is_reached_from_an_index(document: str) -> None:
    """What nobody links to, nobody reads."""
    shelves = ["README.md", "docs/README.md", "docs/decisions/README.md"]
    linked = {
        (CHECKOUT / shelf).parent / target.partition("#")[0] for shelf in shelves for target in links(text(shelf))
    }
    assert (CHECKOUT / document).resolve() in {CHECKOUT / "README.md", *(path.resolve() for path in linked)}


# ------------------------------------------------------------------------------------------------------- files and code


@EVERY
def test_every_file_a_document_names_is_there(document: str) -> None:
    if document.startswith("docs/decisions/"):
        return  # they tell of the time in which they were made
    folders = {path.name for path in CHECKOUT.iterdir() if path.is_dir()}
    named = set(re.findall(r"`([a-z_]+/[\w./-]*|worker\.py|Makefile|Dockerfile)`", prose(text(document))))
    ours = {path for path in named if path.split("/")[0] in folders or "/" not in path}
    assert sorted(path for path in ours if not (CHECKOUT / path).exists()) == []


def test_the_strategy_in_the_readme_is_the_florists() -> None:
    (excerpt,) = blocks(text("README.md"), "yaml")
    assert len(excerpt.splitlines()) == 12
    assert [part for part in excerpt.split("# …\n") if part not in text(FLORIST)] == []


def test_the_timeline_in_the_readme_tells_of_the_florists_communications() -> None:
    story = labelled(text("README.md"))["tactful timeline mateo"]
    told = set(re.findall(r"\d\d:\d\d  ([a-z-]+) / ([a-z-]+)  ", story))
    assert told
    assert [one for one in told if not all(f" {name}:" in text(FLORIST) for name in one)] == []


def bakery() -> dict[str, str]:
    """Return the strategy that the marketer's guide has its reader write."""
    files = {name: body for name, body in labelled(text(MARKETER)).items() if name.startswith("bakery/")}
    return {name.removeprefix("bakery/"): body for name, body in files.items()}


def checked(files: dict[str, str], folder: Path) -> list[str]:
    """Return what `tactful check` prints of a folder with these files."""
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body)
    return CliRunner().invoke(app, ["check", str(folder)]).output.splitlines()


def test_the_strategy_of_the_marketers_guide_is_sound(tmp_path: Path) -> None:
    assert check_files(bakery()).problems == ()
    assert labelled(text(MARKETER))["bakery, as it stands"].splitlines() == checked(bakery(), tmp_path)[:1]


def test_the_slip_in_the_marketers_guide_is_reported_as_it_says(tmp_path: Path) -> None:
    slip = bakery() | {"strategy.yaml": bakery()["strategy.yaml"].replace("after start", "after startt")}
    assert labelled(text(MARKETER))['bakery, with "start" misspelled'].splitlines() == checked(slip, tmp_path)


# ------------------------------------------------------------------------------------------------------------- commands


@cache
def wrong_with(words: tuple[str, ...]) -> str | None:
    """Return what the command line says against a call; its `--help` is asked, so that nothing is done."""
    asked = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    return None if asked.exit_code == 0 else asked.output


@EVERY
def test_every_tactful_command_in_a_document_is_one(document: str) -> None:
    if document.startswith("docs/decisions/"):
        return
    assert {
        " ".join(words): why for words in calls(text(document), "tactful") if (why := wrong_with(tuple(words)))
    } == {}


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("tactful bake florist", "No such command 'bake'"),
        ("TACTFUL_SERVER=x .venv/bin/tactful check florist --expant", "No such option: --expant"),
        ("docker run --rm tactful tactful import letters a.csv", "No such command 'letters'"),
    ],
)
def test_a_command_that_does_not_exist_would_be_seen(call: str, why: str) -> None:
    (words,) = calls(f"```console\n$ {call}\n```\n", "tactful")
    assert why in (wrong_with(tuple(words)) or "")


def test_every_command_that_a_page_of_the_console_names_is_one() -> None:
    shown = re.compile(r"(?<=<pre>)tactful [^<]+|(?<=<code>)tactful [^<]+")
    pages = committed(".html")
    named = [line for page in pages for each in shown.findall(text(page)) for line in each.splitlines()]
    assert named
    written = "\n".join(f"$ {line}" for line in named)
    assert {
        " ".join(words): why
        for words in calls(f"```console\n{written}\n```\n", "tactful")
        if (why := wrong_with(tuple(words)))
    } == {}


def test_every_tactful_command_is_in_a_guide() -> None:
    guides = "".join(text(name) for name in ("README.md", MARKETER, OPERATOR))
    assert [name for name in get_group(app).commands if f"tactful {name}" not in guides] == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


@EVERY
def test_every_make_target_in_a_document_is_in_the_makefile(document: str) -> None:
    targets = {word for words in calls(text(document), "make") for word in words if "=" not in word}
    assert targets - make_targets() == set()


def test_every_make_target_is_told_to_contributors() -> None:
    assert [target for target in make_targets() if f"| `make {target}` |" not in text("CONTRIBUTING.md")] == []


# ------------------------------------------------------------------------------------------------------------- settings


def settings() -> dict[str, FieldInfo]:
    fields = {**Settings.model_fields, **EmbeddedSettings.model_fields}
    return {f"{PREFIX}{name.upper()}": field for name, field in fields.items()}


def default_of(field: FieldInfo) -> str:
    """Return a setting's default as the operator's table writes it."""
    if field.is_required():
        return "required"
    if field.default is None:
        return NOTHING
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


@pytest.mark.parametrize("variable", settings())
def test_every_setting_has_one_row_in_the_operators_guide_with_its_default(variable: str) -> None:
    (row,) = [line for line in text(OPERATOR).splitlines() if line.startswith(f"| `{variable}` |")]
    assert row.split("|")[2].strip() == default_of(settings()[variable])


@EVERY
def test_every_variable_in_a_document_is_one_that_is_read(document: str) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b", text(document)))
    assert named - settings().keys() - OTHER_VARIABLES == set()


def test_the_other_variables_are_read_too() -> None:
    code = "".join(text(name) for name in committed(".py") if not name.startswith("tests/house/"))
    assert [variable for variable in OTHER_VARIABLES if f'"{variable}"' not in code] == []


# ---------------------------------------------------------------------------------------------------------------- words


def test_every_reason_is_explained_and_no_other() -> None:
    """A code that a log or an answer shows can be looked up."""
    explained = re.findall(r"^\| `([a-z_]+)` \|", section(text(MARKETER), "Reasons"), re.MULTILINE)
    assert sorted(explained) == sorted(reason.value for reason in Reason)


@pytest.mark.parametrize("words", [Channel, ConsentState, ContactState, JourneyState, Purpose, Shape, SuppressionClass])
def test_the_glossary_has_the_words_of_the_ledger(words: type[StrEnum]) -> None:
    said = text("docs/glossary.md").lower()
    assert [word.value for word in words if word.value not in said] == []


def test_the_diagram_of_a_contacts_life_has_its_states_and_no_other() -> None:
    (diagram,) = blocks(text("docs/architecture.md"), "mermaid")
    arrows = [line.partition(":")[0].split("-->") for line in diagram.splitlines()[1:]]
    states = {end.strip() for arrow in arrows for end in arrow} - {"[*]"}
    assert states == {state.value for state in ContactState}


def test_every_event_of_the_logs_is_in_the_operators_guide_and_no_other() -> None:
    running = {"activities", "service", "web", "workflows"}
    code = "".join(text(name) for name in committed(".py") if name.split("/")[0] in running)
    logged = set(re.findall(r'log(?:ger)?\.\w+\(\s*"([a-z_]+\.[a-z_]+)"', code))
    logged |= set(re.findall(r'ContactState\.\w+: "([a-z_]+\.[a-z_]+)"', code))
    told = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", section(text(OPERATOR), "Logs"), re.MULTILINE)
    assert sorted(logged) == sorted(told)


def test_the_points_of_a_crash_are_those_that_can_be_asked_for() -> None:
    code = "".join(text(name) for name in committed(".py") if name.startswith("activities/"))
    points = set(re.findall(r'crash_at\("([a-z_]+)"\)', code))
    table = section(text(OPERATOR), "A worker dies in the middle of a send")
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == sorted(points)


@pytest.mark.integration
def test_every_statement_in_the_operators_guide_runs(database_url: str) -> None:
    """What is typed in an emergency is typed once."""
    statements = [
        sql for block in blocks(text(OPERATOR), "sql") for sql in re.split(r";[^\n]*\n", block) if sql.strip()
    ]
    assert statements
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        for statement in statements:
            connection.execute(statement.encode())


# ------------------------------------------------------------------------------------------------ decisions and budgets


def test_every_decision_is_listed_under_its_own_title() -> None:
    listed = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+) \|$", text("docs/decisions/README.md"), re.MULTILINE)
    there = [Path(name) for name in DOCUMENTS if re.match(r"docs/decisions/\d", name)]
    titles = {path.name: text(path.as_posix()).splitlines()[0] for path in there}
    assert [(file, f"# {number}. {title}") for number, file, title in listed] == sorted(titles.items())


def test_the_budgets_are_those_that_are_measured() -> None:
    budgets = section(text("docs/benchmarks.md"), "Budgets")
    figures = [BUDGET_ACTIONS, BUDGET_EVENTS_BESIDES, BUDGET_STATEMENTS, *BUDGET_RATIO.values()]
    figures += [BUDGET_BATCH_RATE, BUDGET_BATCH_TIMES, BUDGET_BATCH_STATEMENTS]
    said = [*(f"{figure:g}" for figure in figures), f"{PLAIN_BUDGET:,}", f"{BUSY_BUDGET:,}"]
    assert [budget for budget in said if not re.search(rf"(?<![\d.,]){budget}(?![\d.])", budgets)] == []


def test_the_changelog_has_a_section_for_this_version() -> None:
    (version,) = re.findall(r'^version = "(.+)"$', text("pyproject.toml"), re.MULTILINE)
    assert f"\n## [{version}] - " in text("CHANGELOG.md")
