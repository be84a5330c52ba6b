"""The audit through the doors: streamed line by line, and as the command line shows it."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from tactful.client import RefusedByServerError, TactfulClient, UnreachableError
from tests.integration.doors.commands import Command
from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration


def break_a_promise(doors: Doors) -> None:
    """Have somebody's contact be overdue, with nobody looking after it."""
    doors.identify("ada", email="ada@fleur.example")
    doors.post("/v1/contacts?wait=0", {"userId": "ada", "communication": "bill", "properties": {"number": "1"}})
    doors.clock.pass_time(timedelta(hours=2))


def test_the_audit_is_told_line_by_line_and_ends_with_its_summary(doors: Doors) -> None:
    break_a_promise(doors)
    answer = doors.get("/v1/audit")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["kind"] for line in lines] == ["progress", "finding", "progress", "summary"]
    assert lines[1]["check"] == "accounted"
    assert lines[1]["sentence"] == "invoice / bill was due and has not been decided."
    assert (lines[-1]["ok"], lines[-1]["contacts"], lines[-1]["customers"]) == (False, 1, 1)
    assert {check["check"]: check["found"] for check in lines[-1]["checks"]}["accounted"] == 1


def test_a_strategy_that_is_not_there_and_a_future_are_refused(doors: Doors) -> None:
    refusal_of(doors.get("/v1/audit", params={"strategy": "tulips"}), 422, "unknown_strategy")
    refusal_of(doors.get("/v1/audit", params={"since": "2031-01-01T00:00:00Z"}), 422, "bad_value")
    refusal_of(doors.get("/v1/audit", params={"since": "yesterday"}), 422, "bad_value")


def test_the_command_ends_with_0_or_1_and_shows_the_rows(tactful: Command, doors: Doors) -> None:
    clean = tactful("audit")
    assert (clean.code, "Every promise was kept." in clean.out) == (0, True), clean
    break_a_promise(doors)
    broken = tactful("audit")
    assert broken.code == 1
    (row,) = doors.rows("SELECT contact_key FROM contacts")
    for told in ("invoice / bill was due and has not been decided.", str(row["contact_key"]), "1 break it"):
        assert told in broken.out
    as_json = tactful("audit", "--strategy", "small", "--json")
    assert (as_json.code, as_json.answer["ok"], len(as_json.answer["findings"])) == (1, False, 1)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--since", "2020-01-01"), 0, "Every promise"),
        (("--since", "520 weeks"), 0, "Every promise"),
        (("--since", "some day"), 2, "is no instant"),
        (("--strategy", "tulips"), 1, "There is no strategy tulips"),
    ],
)
def test_since_is_a_day_an_instant_or_how_long_ago(
    tactful: Command, words: tuple[str, ...], code: int, told: str
) -> None:
    done = tactful("audit", *words)
    assert (done.code, told in done.out + done.err) == (code, True), done


def test_an_audit_that_cannot_go_on_says_so_in_its_last_line(doors: Doors) -> None:
    break_a_promise(doors)
    doors.database.run(
        lambda c: c.execute(
            sa.text(
                "INSERT INTO decisions (contact_key, decided_at, verdict, trace, version, revision) "
                "SELECT contact_key, now(), 'defer', '[]', 9, 1 FROM contacts"
            )
        )
    )
    doors.database.run(
        lambda c: c.execute(
            sa.text(
                "INSERT INTO strategy_versions (strategy, version, hash, files, published_at) "
                "VALUES ('small', 9, 'x', '{\"strategy.yaml\": \"strategy: [\"}', now())"
            )
        )
    )
    told = json.loads(doors.get("/v1/audit").text.splitlines()[-1])
    assert told["kind"] == "broken_off"
    assert "version 9 of small cannot be read" in told["message"]
    with TactfulClient(doors.url) as tactful, pytest.raises(UnreachableError, match="version 9"):
        list(tactful.audit())


def test_a_stream_that_ends_before_its_summary_is_no_audit() -> None:
    cut = httpx.MockTransport(lambda _: httpx.Response(200, text='{"kind":"progress","done":1,"of":2}\n'))
    with TactfulClient(http=httpx.Client(transport=cut)) as tactful, pytest.raises(UnreachableError, match="broke off"):
        list(tactful.audit())
    strange = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>\n"))
    with (
        TactfulClient(http=httpx.Client(transport=strange)) as tactful,
        pytest.raises(UnreachableError, match="no Tact"),
    ):
        list(tactful.audit())


def test_a_refusal_is_told_by_the_client(doors: Doors) -> None:
    with TactfulClient(doors.url) as tactful, pytest.raises(RefusedByServerError, match="no strategy tulips"):
        list(tactful.audit(strategy="tulips"))
