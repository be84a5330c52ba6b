"""The command line over a real server: what it says, what it exits with, and never a traceback."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.embedded.ports import free_port
from tests.integration.doors.commands import PROGRAM, Command
from tests.integration.doors.conftest import Doors, Serve
from tests.small_strategy import SALE, files

pytestmark = pytest.mark.integration


def test_a_customer_is_told_of_looked_at_and_their_story_read(tactful: Command, doors: Doors) -> None:
    said = tactful.afresh("identify", "ada", "email=ada@fleur.example", "first_name=Ada", "--opt-in", "news:email")
    assert (said.code, said.out) == (0, "ada is known.\n")
    assert tactful("track", "customer.registered", "--customer", "ada").code == 0
    order = ("track", "order.placed", "--customer", "ada", "total=29.90", "currency=GBP", "--message-id", "m1")
    assert tactful(*order).out == "order.placed of ada is taken in.\n"
    assert "told before" in tactful(*order).out
    customer = tactful("customer", "ada").out
    for told in ("Ada", "ada@fleur.example", "29.90 GBP", "news by email", "opted in", "welcome: reached its goal"):
        assert told in customer, told
    story = tactful("timeline", "ada").out
    assert story.index("registered") < story.index("order.placed")
    assert doors.count("orders") == 1


def test_every_answer_is_there_as_json(tactful: Command) -> None:
    assert tactful("identify", "ada", "birthday=1990-05-01", "--json").answer["success"] is True
    track = ("track", "order.placed", "-c", "ada", 'total:={"amount": 5, "currency": "GBP"}', "--json")
    assert tactful(*track).answer["duplicate"] is False
    assert tactful("customer", "ada", "--json").answer["properties"] == {"birthday": "1990-05-01"}
    assert {entry["kind"] for entry in tactful("timeline", "ada", "--json").answer["entries"]} >= {"event"}
    assert tactful("contact", "bill", "-c", "ada", "--json").answer["decided"] is False
    assert tactful("strategies", "--json").answer["strategies"][0]["strategy"] == "small"
    assert tactful("doctor", "--json").answer["ok"] is True


def test_a_value_is_taken_away_by_null(tactful: Command, doors: Doors) -> None:
    tactful("identify", "ada", "email=ada@fleur.example", "favourite=roses")
    assert tactful("identify", "ada", "email:=null", "favourite:=null").code == 0
    customer = doors.get("/v1/customers/ada").json()
    assert (customer["addresses"], customer["properties"]["favourite"]) == ([], None)


def test_a_contact_that_is_not_decided_yet_says_so(tactful: Command) -> None:
    tactful("identify", "ada")
    made = tactful("contact", "bill", "--customer", "ada", "number=17", "--wait", "0")
    assert made.code == 0
    assert "not decided yet" in made.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("customer", "adb"), 'Did you mean "ada"?'),
        (("timeline", "adb"), "No customer is known"),
        (("track", "order.place", "-c", "ada"), 'Did you mean "order.placed"?'),
        (("track", "order.placed", "-c", "ada", "ocasion=x"), 'Did you mean "occasion"?'),
        (("track", "order.placed", "-c", "nobody"), "identify"),
        (("identify", "ada", "timezone=Mars/Base", "email=ada"), "email: "),
        (("contact", "bil", "-c", "ada"), 'Did you mean "bill"?'),
        (("publish", "nowhere"), "nowhere"),
        (("import", "orders", "nothing.csv"), "nothing.csv cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right_and_exit_code_1(
    tactful: Command, words: tuple[str, ...], told: str
) -> None:
    tactful("identify", "ada")
    done = tactful(*words)
    assert done.code == 1
    assert told in done.err
    assert done.out == ""


def test_an_error_is_there_as_json_too(tactful: Command) -> None:
    done = tactful.afresh("customer", "nobody", "--json")
    assert done.code == 1
    assert json.loads(done.err)["error"]["code"] == "unknown_customer"


@pytest.mark.parametrize(
    "words",
    [
        ("trak",),
        ("track", "order.placed"),
        ("track", "order.placed", "-c", "ada", "total"),
        ("track", "order.placed", "-c", "ada", "total:=five"),
        ("track", "order.placed", "-c", "ada", "--at", "yesterday"),
        ("identify", "ada", "--opt-in", "news"),
        ("import", "orders", "x.csv", "--currency", "XXY"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(tactful: Command, words: tuple[str, ...]) -> None:
    tactful.file("x.csv", "customer,date\n")
    done = tactful(*words)
    assert done.code == 2, done.err
    assert "Usage" in done.err


@pytest.mark.parametrize("words", [("customer", "ada"), ("strategies",), ("doctor",)])
def test_where_no_server_answers_it_says_where_it_looked(tmp_path: Path, words: tuple[str, ...]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    done = Command(nowhere, tmp_path).afresh(*words)
    assert done.code == (1 if words == ("doctor",) else 3)
    assert nowhere in done.out + done.err


@pytest.mark.parametrize("server", ["nonsense", "ftp://x", "http://", "http://[", "http://127.0.0.1:99999"])
def test_a_server_that_is_no_address_is_said_too(tmp_path: Path, server: str) -> None:
    assert Command(server, tmp_path)("customer", "ada").code == 3


def test_the_token_comes_from_the_environment(serve: Serve, tmp_path: Path) -> None:
    with serve(token=SecretStr("a-long-token")) as url:
        tactful = Command(url, tmp_path)
        assert tactful("strategies", TACTFUL_API_TOKEN="a-long-token").code == 0
        refused = tactful("strategies")
        assert refused.code == 1
        assert "TACTFUL_API_TOKEN" in refused.err
        looked = tactful("doctor", TACTFUL_API_TOKEN="wrong")
        assert looked.code == 1
        assert "The token is missing or wrong." in looked.out
        assert "a-long-token" not in looked.out + looked.err + refused.err


def test_publishing_checks_first_and_says_what_waits(tactful: Command, doors: Doors) -> None:
    for name, text in files(name="other", steps=(SALE,)).items():
        tactful.file(f"other/{name}", text)
    done = tactful.afresh("publish", "other", "--note", "the first")
    assert done.code == 0
    assert "other version 1 is published" in done.out
    assert "entry by campaign" in done.out
    assert "nothing has changed" in tactful("publish", "other").out
    assert "version 1" in tactful("strategies").out
    tactful.file("other/strategy.yaml", files(name="other")["strategy.yaml"].replace("until: order", "until: ordr"))
    wrong = tactful("publish", "other")
    assert wrong.code == 1
    assert "strategy.yaml:" in wrong.err
    assert "Nothing was published" in wrong.err
    assert doors.count("strategy_versions") == 2


def test_the_doctor_finds_what_is_not_well_and_says_what_to_do(tactful: Command, doors: Doors) -> None:
    well = tactful.afresh("doctor")
    assert well.code == 0
    assert "All is well." in well.out
    newer = "UPDATE tactful.alembic_version SET version_num = '9999'; DELETE FROM tactful.served_versions"
    doors.database.run(lambda c: c.exec_driver_sql(newer))
    sick = tactful("doctor")
    assert sick.code == 1
    assert "newer" in sick.out
    assert "tactful migrate" in sick.out


def test_a_mistake_of_ours_is_a_sentence_and_a_traceback_only_on_request(tactful: Command, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    words = ("import", "orders", "orders.csv", "--create-customers")
    tactful.file("orders.csv", "customer,date\nada,2026-03-24\n,\n")
    (tmp_path / "orders.csv.rejects.csv").mkdir()  # where the rejects would go there is a folder
    done = tactful(*words)
    assert done.code == 1
    assert "--debug" in done.err
    shown = tactful.afresh(*words, TACTFUL_DEBUG="1")
    assert "Traceback" in shown.err


def test_a_reader_who_has_enough_is_no_error(tactful: Command) -> None:
    tactful("identify", "ada")
    piped = subprocess.run(
        f"{PROGRAM} customer ada --json --server {tactful.server} | head -c 5; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (piped.returncode, piped.stderr) == (0, "")


@pytest.mark.parametrize(
    "command", ["", "identify", "track", "contact", "publish", "doctor", "import", "import orders"]
)
def test_every_command_explains_itself_with_examples(tactful: Command, command: str) -> None:
    done = tactful(*command.split(), "--help")
    assert done.code == 0
    assert "Usage: tactful" in done.out
    if command and command != "import":
        assert "Examples" in done.out
        assert f"tactful {command}" in done.out


def test_it_says_its_version(tactful: Command) -> None:
    assert tactful("--version").out.strip()[0].isdigit()
