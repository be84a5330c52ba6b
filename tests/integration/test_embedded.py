"""The servers of `make run`: they start, survive being killed, and say clearly why they cannot start."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from service.embedded.child import LOG_BYTES_MAX, Child, Program, trim
from service.embedded.errors import StartError
from service.embedded.home import open_home
from service.embedded.leftovers import end_leftovers, remember
from service.embedded.placement import ELSEWHERE, place
from service.embedded.ports import ADDRESS, free_port, require_free
from service.embedded.postgres import PostgresServer
from service.embedded.settings import from_environment
from service.embedded.temporal import TemporalServer
from tests.servers import libpq_url, server_home

pytestmark = pytest.mark.integration

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")


@pytest.fixture
def home() -> Generator[Path]:
    with server_home() as folder:
        yield folder


def written(server: PostgresServer) -> list[tuple[int]]:
    with psycopg.connect(libpq_url(server.database_url)) as connection:
        return connection.execute("SELECT number FROM kept ORDER BY number").fetchall()


def write(server: PostgresServer, number: int) -> None:
    with psycopg.connect(libpq_url(server.database_url)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


# ----------------------------------------------------------------------------------------------------------- PostgreSQL


def test_a_killed_postgres_starts_again_with_all_that_was_committed(own_postgres_server: PostgresServer) -> None:
    write(own_postgres_server, 1)
    own_postgres_server.kill()
    own_postgres_server.start()
    write(own_postgres_server, 2)
    assert written(own_postgres_server) == [(1,), (2,)]


def test_a_postgres_killed_with_sessions_open_can_be_started_at_once(own_postgres_server: PostgresServer) -> None:
    """Its orphaned session still holds the memory for a moment: the start waits for it instead of failing."""
    write(own_postgres_server, 1)
    assert own_postgres_server.child is not None
    open_session = psycopg.connect(libpq_url(own_postgres_server.database_url), autocommit=True)
    os.kill(own_postgres_server.child.pid, signal.SIGKILL)
    own_postgres_server.start()
    open_session.close()
    assert written(own_postgres_server) == [(1,)]


def test_a_lock_of_a_killed_postgres_whose_pid_is_taken_by_another_program_is_no_obstacle(
    own_postgres_server: PostgresServer,
) -> None:
    own_postgres_server.kill()
    lock = own_postgres_server.placement.folder / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    own_postgres_server.start()
    assert own_postgres_server.child is not None
    assert own_postgres_server.child.exit_code is None


def test_postgres_is_reached_by_its_password_only(own_postgres_server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://tactful:wrong@{ADDRESS}:{own_postgres_server.port}/tactful")


def test_postgres_listens_on_this_machine_alone(own_postgres_server: PostgresServer) -> None:
    assert own_postgres_server.child is not None
    listening = {
        connection.laddr[0]
        for connection in psutil.Process(own_postgres_server.child.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {ADDRESS}


def test_text_is_sorted_by_code_point_and_all_letters_have_a_case(own_postgres_server: PostgresServer) -> None:
    with psycopg.connect(libpq_url(own_postgres_server.database_url)) as connection:
        assert connection.execute("SELECT lower('ÉÄ'), 'Z' < 'a', current_setting('TimeZone')").fetchone() == (
            "éä",
            True,
            "UTC",
        )


def test_data_made_by_another_version_is_refused_with_the_way_out(own_postgres_server: PostgresServer) -> None:
    own_postgres_server.stop()
    (own_postgres_server.placement.folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError, match=r"made by PostgreSQL 9(.|\n)*TACTFUL_POSTGRES_BIN"):
        own_postgres_server.start()


def test_a_replaced_password_is_said_to_be_one(own_postgres_server: PostgresServer, home: Path) -> None:
    own_postgres_server.stop()
    password_file = Path(str(own_postgres_server._password_file))
    password_file.write_text("another")
    with pytest.raises(StartError, match="is not that of the database"):
        own_postgres_server.start()
    assert own_postgres_server.child is not None
    assert own_postgres_server.child.exit_code is not None, "a server that cannot be used must not stay"


def test_a_folder_without_a_postgres_is_refused(home: Path) -> None:
    with pytest.raises(StartError, match=r"TACTFUL_POSTGRES_BIN is .*no PostgreSQL in it"):
        place(home, home)


def test_the_log_names_no_password(own_postgres_server: PostgresServer) -> None:
    password = own_postgres_server._password()
    assert password not in own_postgres_server._log.read_text()
    assert stat.S_IMODE(own_postgres_server._password_file.stat().st_mode) == 0o600


# -------------------------------------------------------------------------------------------------------------- as whom


@as_root
def test_as_root_postgres_runs_as_nobody(own_postgres_server: PostgresServer) -> None:
    assert own_postgres_server.child is not None
    assert psutil.Process(own_postgres_server.child.pid).username() == "nobody"


@as_root
def test_a_home_that_nobody_can_reach_is_left_as_it_is_and_the_data_goes_elsewhere(home: Path) -> None:
    home.chmod(0o700)
    placement = place(home, None)
    try:
        assert placement.folder.parent == ELSEWHERE
        assert placement.moved is not None
        assert str(placement.folder) in placement.moved
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE(placement.folder.stat().st_mode) == 0o700
        assert place(home, None) == placement, "the next start must find the same data"
    finally:
        shutil.rmtree(placement.folder)


@as_root
def test_programs_that_nobody_can_reach_are_copied_and_left_as_they_are(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a virtual environment in root's home, made with a umask of 077."""
    origin = place(home, None).programs.parent.parent
    locked = home / "locked"
    shutil.copytree(origin, locked / origin.name)
    shutil.copytree(origin.with_name(f"{origin.name}.libs"), locked / f"{origin.name}.libs")
    for path in [locked, *locked.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.syspath_prepend(str(locked))
    placement = place(home, None, elsewhere=home / "elsewhere")
    assert placement.programs.is_relative_to(home / "elsewhere")
    for program in ("postgres", "initdb"):
        subprocess.run([placement.programs / program, "--version"], user="nobody", cwd="/", check=True)
    assert stat.S_IMODE(locked.stat().st_mode) == 0o700


def ordinary_python() -> str | None:
    """Return a Python of this version that the account nobody may run, or None."""
    for candidate in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        asked = subprocess.run(
            ["/bin/sh", "-c", '"$1" -c "import sys; print(sys.version_info[:2])"', "sh", candidate],
            user="nobody",
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.stdout.strip() == str(sys.version_info[:2]):
            return candidate
    return None


AS_ORDINARY_USER = """
import os, sys
from pathlib import Path
from service.embedded.postgres import PostgresServer
from service.embedded.ports import free_port
home = Path(sys.argv[1])
server = PostgresServer(home=home, port=free_port(), log=home / "log")
server.start()
server.stop()
print(os.geteuid(), server.placement.account, server.placement.folder == home / "postgres")
"""


@as_root
def test_an_ordinary_user_runs_postgres_as_themselves_in_their_home(home: Path) -> None:
    python = ordinary_python()
    if python is None:
        pytest.skip("no Python of this version that another account may run")
    os.chown(home, 65534, 65534)
    home.chmod(0o700)
    checkout = Path(__file__).parents[2]
    ran = subprocess.run(
        [python, "-c", AS_ORDINARY_USER, str(home)],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join([str(checkout), *(path for path in sys.path if "site-packages" in path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "65534 None True\n", "")


# ------------------------------------------------------------------------------------------------------------- Temporal


async def test_a_killed_temporal_starts_again_with_the_workflows_that_were_waiting(
    own_temporal_server: TemporalServer,
) -> None:
    client = await Client.connect(own_temporal_server.address)
    await client.start_workflow("Sleeper", id="sleeper", task_queue="nobody-polls", start_delay=timedelta(days=365))
    own_temporal_server.kill()
    own_temporal_server.start()
    client = await Client.connect(own_temporal_server.address)
    described = await client.get_workflow_handle("sleeper").describe()
    assert described.status == WorkflowExecutionStatus.RUNNING


def test_temporal_listens_on_this_machine_alone(own_temporal_server: TemporalServer) -> None:
    assert own_temporal_server.child is not None
    listening = {
        connection.laddr[0]
        for connection in psutil.Process(own_temporal_server.child.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {ADDRESS}


def test_a_temporal_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    (home / "temporal.db").write_text("this is no database\n" * 100)
    server = TemporalServer(port=free_port(), ui_port=None, file=home / "temporal.db", log=home / "temporal.log")
    with pytest.raises(StartError, match=r"temporal ended with exit code 1(.|\n)*temporal\.log:(.|\n)*not a database"):
        server.start()


# ---------------------------------------------------------------------------------------------------------------- ports


def test_a_port_in_use_is_named_with_its_holder_and_another_to_try() -> None:
    with socket.create_server((ADDRESS, 0)) as holder:
        port: int = holder.getsockname()[1]
        with pytest.raises(StartError) as refused:
            require_free({"TACTFUL_WEB_PORT": port})
    message = str(refused.value)
    assert f"Port {port} (TACTFUL_WEB_PORT) is in use" in message
    assert f"(pid {os.getpid()})" in message
    assert "TACTFUL_WEB_PORT=" in message.split("Try another:")[1]


def test_a_port_wanted_twice_is_refused() -> None:
    port = free_port()
    with pytest.raises(StartError, match=f"TACTFUL_TEMPORAL_PORT and TACTFUL_WEB_PORT are both {port}"):
        require_free({"TACTFUL_WEB_PORT": port, "TACTFUL_TEMPORAL_PORT": port})


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTFUL_WEB_PORT", "eighty")
    monkeypatch.setenv("TACTFUL_POSTGRES_PORT", "70000")
    with pytest.raises(StartError) as refused:
        from_environment()
    assert "TACTFUL_WEB_PORT is 'eighty'" in str(refused.value)
    assert "TACTFUL_POSTGRES_PORT is '70000'" in str(refused.value)


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTFUL_WEB_PORT", "")
    assert from_environment().web_port == 8080


# ----------------------------------------------------------------------------------------------------------------- home


def test_two_runs_do_not_share_a_home(tmp_path: Path) -> None:
    with (
        open_home(tmp_path / "home"),
        pytest.raises(StartError, match=rf"Another `make run` \(pid {os.getpid()}\)"),
        open_home(tmp_path / "home"),
    ):
        pass
    with open_home(tmp_path / "home"):
        pass


def test_a_home_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="TACTFUL_HOME"), open_home(tmp_path / "file"):
        pass


def test_others_cannot_look_into_a_home(tmp_path: Path) -> None:
    with open_home(tmp_path / "home") as home:
        assert stat.S_IMODE(home.path.stat().st_mode) & 0o066 == 0
        assert stat.S_IMODE(home.logs.stat().st_mode) == 0o700


# ------------------------------------------------------------------------------------------------------------- programs


def a_program(tmp_path: Path, code: str, grace: timedelta = timedelta(seconds=10)) -> Program:
    return Program("example", [sys.executable, "-c", code], dict(os.environ), tmp_path / "example.log", grace=grace)


def test_a_program_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = Child(a_program(tmp_path, "import sys; sys.exit('no such thing as a free lunch')"))
    with pytest.raises(StartError, match=r"example ended with exit code 1(.|\n)*free lunch"):
        child.wait_until(lambda: False, timedelta(seconds=30))


def test_a_program_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    child = Child(a_program(tmp_path, "import time; time.sleep(600)"))
    with pytest.raises(StartError, match="did not answer within 0 s"):
        child.wait_until(lambda: False, timedelta(seconds=0.1))
    assert child.exit_code == -signal.SIGTERM


def test_a_program_that_will_not_end_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = Child(a_program(tmp_path, deaf, grace=timedelta(seconds=0.2)))
    child.wait_until(lambda: "deaf" in (tmp_path / "example.log").read_text(), timedelta(seconds=30))
    child.stop()
    assert child.exit_code == -signal.SIGKILL


def test_a_log_does_not_grow_without_end(tmp_path: Path) -> None:
    log = tmp_path / "example.log"
    log.write_bytes(b"x" * (LOG_BYTES_MAX + 1))
    trim(log)
    assert log.stat().st_size == 0
    assert (tmp_path / "example.log.1").stat().st_size == LOG_BYTES_MAX + 1


def test_what_an_earlier_run_left_is_ended_and_a_stranger_with_its_pid_is_not(tmp_path: Path) -> None:
    left = Child(a_program(tmp_path, "import time; time.sleep(600)"))
    stranger = Child(a_program(tmp_path, "import time; time.sleep(600)"))
    remember(tmp_path, "left", left.pid)
    (tmp_path / "stranger.json").write_text(f'{{"pid": {stranger.pid}, "started": 1.0}}')
    (tmp_path / "torn.json").write_text('{"pid": 1')
    assert end_leftovers(tmp_path) == ["left"]
    assert left.exit_code is not None
    assert stranger.exit_code is None
    assert list(tmp_path.glob("*.json")) == []
    stranger.kill()
