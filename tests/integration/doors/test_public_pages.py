"""The customers' own pages: looking changes nothing, one click ends a topic, a question is answered in one form."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from tactful.links import question_token, unsubscribe_token
from tactful.words import Channel
from tests.integration.doors.conftest import SECRET, Doors

pytestmark = pytest.mark.integration
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def ada(doors: Doors) -> UUID:
    body = {"userId": "ada", "optIns": [{"topic": "news", "channel": channel} for channel in ("email", "sms")]}
    return UUID(doors.post("/v1/identify", body).json()["customer_key"])


def unsubscribe(ada: UUID, topic: str = "news", channel: Channel = Channel.EMAIL) -> str:
    return f"/u/{unsubscribe_token(SECRET, ada, topic, channel)}"


def states(doors: Doors) -> dict[tuple[str, str], str]:
    consents = doors.get("/v1/customers/ada").json()["consents"]
    return {(consent["topic"], consent["channel"]): consent["state"] for consent in consents}


def test_looking_at_the_page_unsubscribes_nobody(doors: Doors, ada: UUID) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = doors.client.request(method, unsubscribe(ada))
        assert answer.status_code in {200, 405}
    assert states(doors)["news", "email"] == "opted_in"
    page = doors.get(unsubscribe(ada)).text
    assert page.count("<button") == 1
    assert "News" in page
    assert "About an order of yours" not in page


def test_one_click_of_a_mail_program_ends_the_topic_on_that_channel(doors: Doors, ada: UUID) -> None:
    """RFC 8058: a POST with that one field, no cookies, no page before it."""
    answer = httpx.post(f"{doors.url}{unsubscribe(ada)}", data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.text) == (200, "Unsubscribed.")
    assert "set-cookie" not in answer.headers
    assert states(doors) == {("news", "email"): "opted_out", ("news", "sms"): "opted_in"}
    kept = doors.rows("SELECT basis, source, evidence FROM consents WHERE state = 'opted_out'")
    assert kept == [
        {"basis": "withdrawn", "source": "one-click unsubscribe", "evidence": {"link": "signed", "about": "news"}}
    ]


def test_one_click_as_multipart_works_too(doors: Doors, ada: UUID) -> None:
    answer = httpx.post(f"{doors.url}{unsubscribe(ada)}", files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert states(doors)["news", "email"] == "opted_out"


def test_twice_is_as_once(doors: Doors, ada: UUID) -> None:
    for _ in range(2):
        doors.client.post(unsubscribe(ada), data={"List-Unsubscribe": "One-Click"})
    assert states(doors)["news", "email"] == "opted_out"


def test_the_page_ends_what_was_ticked_and_says_so(doors: Doors, ada: UUID) -> None:
    answer = doors.client.post(unsubscribe(ada), data={"topic": ["news"]})
    assert "News" in answer.text
    assert states(doors)["news", "email"] == "opted_out"
    assert "stopped already" in doors.get(unsubscribe(ada)).text


def test_nothing_ticked_changes_nothing(doors: Doors, ada: UUID) -> None:
    assert "Nothing was changed" in doors.client.post(unsubscribe(ada), content=b"", headers=FORM).text
    assert "Nothing was changed" in doors.client.post(unsubscribe(ada), data={"topic": "nonsense"}).text
    assert states(doors)["news", "email"] == "opted_in"


def test_a_topic_that_is_no_longer_published_can_still_be_ended(doors: Doors, ada: UUID) -> None:
    doors.client.post(unsubscribe(ada, topic="gone"), data={"List-Unsubscribe": "One-Click"})
    assert states(doors)["gone", "email"] == "opted_out"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda t: t[:-4], id="cut short"),
        pytest.param(lambda t: f"{t}xxxx", id="too long"),
        pytest.param(lambda t: f"A{t[1:]}", id="altered"),
        pytest.param(lambda _: "nonsense", id="none of ours"),
    ],
)
def test_a_link_that_is_not_whole_does_nothing_and_says_so(
    doors: Doors, ada: UUID, spoil: Callable[[str], str]
) -> None:
    path = "/u/" + spoil(unsubscribe(ada).removeprefix("/u/"))
    for answer in (doors.get(path), doors.client.post(path, data={"List-Unsubscribe": "One-Click"})):
        assert answer.status_code == 404
        assert "not whole" in answer.text
    assert states(doors)["news", "email"] == "opted_in"


def test_a_question_link_unsubscribes_nobody_and_an_unsubscribe_link_asks_nothing(doors: Doors, ada: UUID) -> None:
    question = question_token(SECRET, ada, "birthday")
    assert doors.client.post(f"/u/{question}", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert doors.get(unsubscribe(ada).replace("/u/", "/q/")).status_code == 404


def test_a_customer_who_is_no_more_is_told_the_same_as_everybody(doors: Doors) -> None:
    path = unsubscribe(UUID(int=7))
    assert doors.client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert doors.count("customers") == 0


def test_a_question_is_asked_and_its_answer_kept(doors: Doors, ada: UUID) -> None:
    path = f"/q/{question_token(SECRET, ada, 'birthday')}"
    page = doors.get(path)
    assert 'type="date"' in page.text
    assert "birthday" not in doors.get("/v1/customers/ada").json()["properties"]
    assert "Thank you" in doors.client.post(path, data={"answer": "1990-05-01"}).text
    assert doors.get("/v1/customers/ada").json()["properties"]["birthday"] == "1990-05-01"


@pytest.mark.parametrize("answer", ["", "  ", "soon", "1990-02-30", "<script>alert(1)</script>"])
def test_an_answer_that_is_none_is_asked_again_with_a_word_why(doors: Doors, ada: UUID, answer: str) -> None:
    path = f"/q/{question_token(SECRET, ada, 'birthday')}"
    said = doors.client.post(path, data={"answer": answer})
    assert said.status_code == 422
    assert 'role="alert"' in said.text
    assert "<script" not in said.text
    assert "birthday" not in doors.get("/v1/customers/ada").json()["properties"]


def test_a_form_without_end_is_refused(doors: Doors, ada: UUID) -> None:
    answer = doors.client.post(unsubscribe(ada), content=b"x" * 20_000, headers=FORM)
    assert answer.status_code == 413


def test_pages_load_nothing_from_elsewhere_and_set_no_cookie(doors: Doors, ada: UUID) -> None:
    answer = doors.get(unsubscribe(ada))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "set-cookie" not in answer.headers
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', answer.text)
    assert all(address.startswith(("/", "data:")) for address in loaded)
    style = next(address for address in loaded if ".css" in address)
    assert doors.get(style).headers["Content-Type"].startswith("text/css")
