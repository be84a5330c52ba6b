"""The console's page of calls: what it shows, what may be done on it, and that nobody else's page can do it."""

from __future__ import annotations

import base64
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from tests.integration.doors.conftest import Doors, Serve
from tests.integration.doors.test_calls import asked, ledger, listed
from tests.integration.doors.test_console import outline
from tests.integration.ledger import Ledger

__all__ = ["ledger"]

pytestmark = pytest.mark.integration
HERE = {"Sec-Fetch-Site": "same-origin"}


def act(
    doors: Doors, what: str, by: str = "maya", headers: dict[str, str] | None = None, **more: str
) -> httpx.Response:
    task = doors.rows("SELECT part_key FROM call_tasks ORDER BY put_at")[0]["part_key"]
    form = {"by": by, "show": "all", **more}
    return doors.client.post(f"/console/calls/{task}/{what}", data=form, headers=HERE if headers is None else headers)


def led_to(doors: Doors, answer: httpx.Response) -> str:
    """Return the page that an act leads to."""
    assert answer.status_code == 303, answer.text
    page = doors.get(answer.headers["Location"])
    outline(page)
    return page.text


async def test_a_call_is_taken_made_and_finished_on_the_page(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    nobody = doors.get("/console/calls")
    assert "This is hello." in nobody.text
    assert "ada@call.example" in nobody.text
    assert "Take" not in nobody.text, "who has not said who they are takes nothing"
    assert "<button>Take</button>" in doors.get("/console/calls?by=maya").text
    mine = led_to(doors, act(doors, "take"))
    assert "yours until 13:00" in mine
    assert "Give back" in mine
    other = doors.get("/console/calls?by=tom").text
    assert "maya, until 13:00" in other
    assert "Give back" not in other
    assert "Noted: reached." in led_to(doors, act(doors, "finish", outcome="reached", note="wants <b>roses</b>"))
    assert "Nobody is to be called" in doors.get("/console/calls").text
    assert [row["kind"] for row in doors.rows("SELECT kind FROM receipts")] == ["delivered"]
    assert "wants &lt;b&gt;roses&lt;/b&gt;" in doors.get("/console/customers/ada").text


async def test_a_double_click_does_it_once(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    for what in ("take", "give-back", "take", "finish"):
        assert [act(doors, what, outcome="no_answer").status_code for _ in range(2)] == [303, 303]
    assert doors.count("receipts") == 1


async def test_whoever_was_slower_is_told_who_was_faster(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    act(doors, "take")
    slower = act(doors, "take", by="tom")
    assert (slower.status_code, "Maya has taken this call." in slower.text) == (409, True)
    outline(slower)
    act(doors, "finish", outcome="reached")
    late = act(doors, "finish", by="tom", outcome="no_answer")
    assert (late.status_code, "This call is done: maya said reached." in late.text) == (409, True)


async def test_a_call_that_was_withdrawn_is_gone_and_says_so(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    task = listed(doors)[0]["task_key"]
    doors.database.run(lambda c: c.exec_driver_sql("UPDATE call_tasks SET state = 'withdrawn'"))
    assert task not in doors.get("/console/calls").text
    late = act(doors, "take")
    assert (late.status_code, "not wanted any more" in late.text) == (409, True)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Say what came of the call first."),
        ({"outcome": "bored"}, "Say what came of the call first."),
        ({"outcome": "reached", "by": " "}, "Say who you are first."),
        ({"outcome": "reached", "note": "x" * 2_001}, "The note has 2,001 characters"),
    ],
)
async def test_what_is_missing_is_said_and_what_was_written_is_kept(
    doors: Doors, ledger: Ledger, form: dict[str, str], told: str
) -> None:
    await asked(doors, ledger)
    act(doors, "take")
    said = {"note": "roses", **form}
    answer = act(doors, "finish", said.pop("by", "maya"), None, **said)
    assert (answer.status_code, told in answer.text) == (422, True)
    if form.get("by") is None:
        assert form.get("note", "roses") in answer.text
    assert doors.count("receipts") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
        {"Sec-Fetch-Site": "same-site", "Origin": "{own}"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_form_on_another_sites_page_does_nothing(doors: Doors, ledger: Ledger, headers: dict[str, str]) -> None:
    await asked(doors, ledger)
    sent = {name: value.format(own=doors.url) for name, value in headers.items()}
    for what in ("take", "give-back", "finish"):
        answer = act(doors, what, headers=sent, outcome="reached")
        assert (answer.status_code, "not sent from a page of ours" in answer.text) == (403, True)
    assert listed(doors)[0]["state"] == "open"


async def test_a_browser_that_says_the_origin_alone_is_believed(doors: Doors, ledger: Ledger) -> None:
    await asked(doors, ledger)
    assert doors.get("/console/calls").headers["Referrer-Policy"] == "same-origin", "else it would say null"
    assert act(doors, "take", headers={"Origin": doors.url}).status_code == 303


def test_the_page_is_behind_the_token_and_knows_who_signed_in(serve: Serve) -> None:
    task = UUID(int=7)

    def signed(name: str, password: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}

    def has(page: httpx.Response, name: str) -> bool:
        return f'name="by" value="{name}"' in page.text

    with serve(token=SecretStr("a-long-token")) as url, httpx.Client(base_url=url) as browser:
        assert browser.get("/console/calls").status_code == 401
        assert browser.post(f"/console/calls/{task}/take", data={"by": "eve"}, headers=HERE).status_code == 401
        assert has(browser.get("/console/calls", headers=signed("maya", "a-long-token")), "maya")
        for name, password in (("a-long-token", ""), ("a-long-token", "x"), ("a-long-token", "a-long-token")):
            assert has(browser.get("/console/calls", headers=signed(name, password)), "")
