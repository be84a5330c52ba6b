"""`make run` as a whole, in a process of its own: it starts, stops when asked, and never leaves a program behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest

from service.embedded.ports import ADDRESS, free_port
from tests.servers import server_home

pytestmark = pytest.mark.integration

# The two servers and a stand-in for the worker: what the application really does has tests of its own.
CODE = """
import sys
from service.embedded.run import main
from service.embedded.stack import Action, Application, Served

def act():
    if "fail" in sys.argv:
        raise ValueError("there is no florist")

def join(stack):
    worker = stack.python("worker", "-c", "import time; time.sleep(600)")
    return Application([Action("Publishing the florist", act), Served(worker)], {"console": stack.web_url})

sys.exit(main(join))
"""


class Run:
    """One `make run`, with ports of its own."""

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        ports = {f"TACTFUL_{name}_PORT": str(free_port()) for name in ("WEB", "TEMPORAL", "TEMPORAL_UI", "POSTGRES")}
        self.running = subprocess.Popen(
            [sys.executable, "-c", CODE, *arguments],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "TACTFUL_HOME": str(home / "state"), "COLUMNS": "300", **ports, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.family: list[psutil.Process] = []

    def remember_family(self) -> list[psutil.Process]:
        self.family = psutil.Process(self.running.pid).children(recursive=True)
        return self.family

    def wait_until_up(self) -> "Run":
        assert self.running.stdout is not None
        for line in self.running.stdout:
            if "Ctrl-C stops everything" in line:
                self.remember_family()
                return self
        raise AssertionError(self.running.communicate())

    def end(self) -> tuple[int, str, str]:
        """Wait until it has ended; return its exit code and what it said."""
        out, err = self.running.communicate(timeout=60)
        return self.running.returncode, out, err

    def survivors(self) -> list[str]:
        """Return the names of its programs that do not end soon after it."""
        _, alive = psutil.wait_procs(self.family, timeout=30)
        return [program.name() for program in alive]


Start = Callable[..., Run]


@pytest.fixture
def home() -> Generator[Path]:
    with server_home() as folder:
        yield folder


@pytest.fixture
def start(home: Path) -> Generator[Start]:
    """Start a run in the home; all are killed when the test is over, however it went."""
    runs: list[Run] = []

    def start_one(*arguments: str, **variables: str) -> Run:
        runs.append(Run(home, *arguments, **variables))
        return runs[-1]

    yield start_one
    for run in runs:
        run.running.kill()
        run.running.communicate()
        run.survivors()


def records(home: Path) -> dict[str, int]:
    """Return the pid of each program on record, by its name."""
    return {file.stem: json.loads(file.read_text())["pid"] for file in (home / "state" / "running").iterdir()}


@pytest.mark.parametrize("ask", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_everything_ends_and_the_exit_code_is_0(home: Path, start: Start, ask: signal.Signals) -> None:
    run = start().wait_until_up()
    assert records(home).keys() == {"postgres", "temporal", "worker"}
    run.running.send_signal(ask)
    code, out, err = run.end()
    assert (code, err) == (0, "")
    assert "Stopped." in out
    assert run.survivors() == []
    assert records(home) == {}


def test_killed_it_leaves_no_program_behind_and_starts_again(start: Start) -> None:
    run = start().wait_until_up()
    run.running.kill()
    run.end()
    assert run.survivors() == []
    again = start().wait_until_up()
    again.running.send_signal(signal.SIGINT)
    assert again.end()[0] == 0


@pytest.mark.parametrize("name", ["postgres", "temporal", "worker"])
def test_when_one_program_dies_its_name_and_log_are_shown_and_the_others_are_ended(
    home: Path, start: Start, name: str
) -> None:
    run = start().wait_until_up()
    os.kill(records(home)[name], signal.SIGKILL)
    code, _, err = run.end()
    assert code == 1
    assert f"{name} was ended by SIGKILL; stopping the others." in err
    assert f"The end of {home / 'state' / 'logs' / name}.log:" in err
    assert run.survivors() == []


def test_an_action_that_fails_is_named_without_a_traceback_and_everything_is_ended(home: Path, start: Start) -> None:
    run = start("fail")
    code, _, err = run.end()
    assert code == 1
    assert "Publishing the florist failed: there is no florist" in err
    assert "Traceback" not in err
    assert "ValueError: there is no florist" in (home / "state" / "logs" / "run.log").read_text()
    assert records(home) == {}


def test_a_port_in_use_is_said_before_anything_is_started(home: Path, start: Start) -> None:
    with socket.create_server((ADDRESS, 0)) as holder:
        code, _, err = start(TACTFUL_POSTGRES_PORT=str(holder.getsockname()[1])).end()
    assert code == 1
    assert "(TACTFUL_POSTGRES_PORT) is in use" in err
    assert "Traceback" not in err
    assert not (home / "state" / "postgres").exists()


def test_a_second_run_on_the_same_home_is_refused(start: Start) -> None:
    first = start().wait_until_up()
    code, _, err = start().end()
    assert code == 1
    assert f"Another `make run` (pid {first.running.pid}) uses" in err


def test_asked_to_stop_while_it_starts_it_leaves_nothing(start: Start) -> None:
    run = start()
    deadline = time.monotonic() + 30
    while not run.remember_family():
        assert time.monotonic() < deadline
    run.running.send_signal(signal.SIGINT)
    assert run.end()[0] == 0
    assert run.survivors() == []
