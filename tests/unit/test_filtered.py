"""The filter of `tactful sends`, whichever command it is given to: what says nothing is refused, never widened."""

from __future__ import annotations

import inspect

import pytest
from typer.testing import CliRunner

from tactful.cli import app
from tactful.cli.filtered import OPTIONS, filtered, is_everything
from tactful.wire.sends import SendsFilter

ACTS = ["retry", "skip", "mark-sent", "settle"]
NOBODY = "http://127.0.0.1:9"


def refused(*words: str) -> str:
    """Return what the command line says against a call, which must not get as far as asking a server."""
    done = CliRunner().invoke(app, [*words, "--server", NOBODY], env={"COLUMNS": "300", "NO_COLOR": "1"})
    assert done.exit_code == 2, done.output
    return done.output


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("option", ["connector", "fault", "strategy", "step", "communication", "customer", "since"])
@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_option_that_says_nothing_is_no_lack_of_a_filter(act: str, option: str, nothing: str) -> None:
    said = refused("sends", act, "--all", "--yes", "--why", "over", f"--{option}", nothing)
    assert f"--{option}: it says nothing" in said


def test_a_filter_before_the_command_is_refused_for_the_command_would_not_see_it() -> None:
    done = CliRunner().invoke(app, ["sends", "--connector", "smtp", "retry", "--all"], env={"COLUMNS": "300"})
    assert (done.exit_code, "the filter goes after retry" in done.output) == (2, True)


def test_a_reason_that_there_is_not_is_told_with_those_there_are() -> None:
    assert "--reason: right would be 'failed', 'bad_message' or 'unknown'" in refused(
        "sends", "skip", "--why", "over", "--reason", "lost"
    )


@pytest.mark.parametrize(
    ("act", "lacks"),
    [(None, "contacts"), ("list", "contacts"), ("retry", None), ("skip", None), ("mark-sent", "reason")],
)
def test_every_command_shows_its_filter_in_the_help(act: str | None, lacks: str | None) -> None:
    shown = CliRunner().invoke(app, ["sends", *([act] if act else []), "--help"], env={"COLUMNS": "200"}).output
    missing = [name for name in OPTIONS if f"--{'contact' if name == 'contacts' else name} " not in shown]
    assert missing == ([lacks] if lacks else [])


def test_a_command_gets_what_was_said_as_one_filter() -> None:
    @filtered(without=("since",))
    def command(one: str, *, meant: SendsFilter, last: bool = False) -> tuple[str, SendsFilter, bool]:
        return one, meant, last

    names = [name for name in OPTIONS if name != "since"]
    assert list(inspect.signature(command).parameters) == ["one", *names, "last"]
    told = command("a", connector="smtp", contacts=[], last=True)
    assert told == ("a", SendsFilter(connector="smtp"), True)
    assert is_everything(command("a")[1])
