"""The console's pages: what they show, what they say when there is nothing, and that nothing on them acts but calls."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from tests.integration.doors.conftest import Doors
from tests.small_strategy import SALE
from web.console import calls, pages

pytestmark = pytest.mark.integration
FREEZE = sa.text(
    "INSERT INTO messages (contact_key, channel, part_key, connector, content, frozen_at, state) "
    "VALUES (:key, :channel, :part, 'mailbox', CAST(:content AS jsonb), :now, 'sent')"
)
HTML = "<html><body><h1>Welcome</h1><script>alert(1)</script></body></html>"


class Outline(HTMLParser):
    """What a page is made of, as far as a browser would have to guess."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def outline(page: httpx.Response) -> Outline:
    parsed = Outline()
    parsed.feed(page.text)
    assert parsed.open == [], f"never closed: {parsed.open}"
    return parsed


def said_to(doors: Doors, user: str, channel: str = "email", **content: str) -> UUID:
    """Have something said to a customer, as a worker would write it."""
    key = doors.post("/v1/contacts", {"userId": user, "communication": "bill"}).json()["contact_key"]
    message = {"to": "ada@fleur.example", "language": "en", **content}

    def work(conn: sa.Connection) -> None:
        row = {"key": key, "channel": channel, "part": uuid4(), "content": json.dumps(message), "now": doors.clock()}
        conn.execute(FREEZE, row)
        conn.execute(
            sa.text("UPDATE contacts SET state = 'sent', sent_at = :now, counts_at = :now WHERE contact_key = :key"),
            row,
        )

    doors.database.run(work)
    return UUID(key)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("customers", "No customers yet"),
        ("customers?q=nobody", "Nobody was found"),
        ("customers/nobody", "Nobody is known by that id"),
        ("mailbox", "No message yet"),
        ("mailbox?channel=sms", "No message yet"),
        ("calls", "Nobody is to be called"),
        ("costs", "Nothing was handed over"),
        ("calls?show=taken", "Nobody is calling"),
        ("calls?show=mine", "Say who you are"),
        ("calls?show=mine&by=maya", "You have no call"),
        (f"contacts/{UUID(int=7)}", "There is no such contact"),
        (f"messages/{UUID(int=7)}/email", "There is no such message"),
    ],
)
def test_where_there_is_nothing_the_page_says_so_and_what_to_do(doors: Doors, path: str, told: str) -> None:
    page = doors.get(f"/console/{path}")
    assert told in page.text
    outline(page)


def test_the_first_address_leads_to_the_customers(doors: Doors) -> None:
    page = doors.get("/", follow_redirects=True)
    assert str(page.url).endswith("/console/customers")


def test_every_page_is_whole_in_one_language_with_one_heading_and_no_script(doors: Doors) -> None:
    doors.identify("ada", email="ada@fleur.example", firstName="Ada")
    doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    key = said_to(doors, "ada", subject="Your bill", html=HTML, text="Your bill")
    paths = [
        "customers",
        "customers/ada",
        "mailbox",
        "calls",
        "costs",
        "strategies",
        "health",
        f"contacts/{key}",
        f"messages/{key}/email",
    ]
    for path in paths:
        page = doors.get(f"/console/{path}")
        assert page.status_code == 200, path
        parsed = outline(page)
        tags = [tag for tag, _ in parsed.seen]
        assert tags.count("h1") == 1, path
        assert "script" not in tags, path
        assert ("html", {"lang": "en"}) in parsed.seen
        assert not any(name.startswith("on") or name == "style" for _, attrs in parsed.seen for name in attrs), path
        assert "script-src" not in page.headers["Content-Security-Policy"]
        for tag, attrs in parsed.seen:
            if tag == "input":
                unseen = {"checkbox", "radio", "hidden"}
                assert attrs.get("aria-label") or attrs.get("id") or attrs.get("type") in unseen


def test_what_may_act_is_the_page_of_calls_and_nothing_else(doors: Doors) -> None:
    """All other pages are for looking: there is no form that sends anything, and what is sent to them is refused."""
    routes = [*pages.router.routes, *pages.guarded.routes, *calls.router.routes]
    acting = {route.path for route in routes if isinstance(route, APIRoute) and route.methods != {"GET"}}
    assert acting == {f"/console/calls/{{task_key}}/{act}" for act in ("take", "give-back", "finish")}
    templates = Path(pages.__file__).parent / "templates"
    sending = {page.name for page in templates.glob("*.html") if 'method="post"' in page.read_text(encoding="utf-8")}
    assert sending == {"calls.html", "unsubscribe.html", "question.html"}, "the last two are customers' own"
    for path in ("customers", "customers/ada", "mailbox", "calls", "costs", "strategies", "health"):
        sent = doors.client.post(f"/console/{path}", headers={"Sec-Fetch-Site": "same-origin"})
        assert sent.status_code == 405, path


def test_a_customer_is_found_by_the_beginning_of_the_id_by_address_and_by_key(doors: Doors) -> None:
    doors.identify("ada-lovelace", email="ada@fleur.example", phone="+447700900123")
    doors.identify("bob")
    key = doors.get("/v1/customers/ada-lovelace").json()["customer_key"]
    for typed in ("ada", "ada-lovelace", "Ada@Fleur.example", "+44 7700 900123", key):
        page = doors.get("/console/customers", params={"q": typed}).text
        assert "ada-lovelace" in page, typed
        assert ">bob<" not in page, typed
    for typed in ("%", "_", "' OR 1=1", "\x00", "z"):
        assert "ada-lovelace" not in doors.get("/console/customers", params={"q": typed}).text or typed == "\x00"


def test_customers_are_listed_page_by_page_each_once(doors: Doors) -> None:
    for i in range(60):
        doors.clock.pass_time(timedelta(seconds=1))
        doors.identify(f"customer-{i:02}")
    first = doors.get("/console/customers").text
    older = re.search(r'href="(/console/customers\?before=[^"]+)"', first)
    assert older is not None
    listed = re.findall(r">(customer-\d\d)<", first + doors.get(older[1]).text)
    assert listed == [f"customer-{i:02}" for i in reversed(range(60))]


def test_a_customers_page_tells_who_what_they_allowed_where_they_are_and_what_was_said(doors: Doors) -> None:
    said = {
        "userId": "ada",
        "traits": {
            "email": "ada@fleur.example",
            "firstName": "Ada",
            "birthday": "1990-05-01",
            "timezone": "Asia/Tokyo",
        },
        "optIns": [{"topic": "news", "channel": "email", "source": "checkout"}],
    }
    doors.post("/v1/identify", said)
    doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    said_to(doors, "ada", subject="Your bill")
    page = doors.get("/console/customers/ada").text
    for told in ("Ada", "ada@fleur.example", "1990-05-01", "opted in", "checkout", "welcome", "Day 1", "bill", "21:00"):
        assert told in page, told


def test_what_customers_say_of_themselves_is_text_and_nothing_else(doors: Doors) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    doors.identify(evil, firstName=evil, favourite=evil)
    said_to(doors, evil, subject=evil, text=evil)
    for path in (
        "customers",
        "mailbox",
        f"customers/{httpx.URL('http://x').copy_with(path='/' + evil).raw_path.decode()[1:]}",
    ):
        page = doors.get(f"/console/{path}")
        assert "alert(1)" in page.text
        assert "<script" not in page.text
        assert "<img" not in page.text


def test_a_message_is_shown_in_a_frame_that_may_do_nothing(doors: Doors) -> None:
    doors.identify("ada")
    key = said_to(doors, "ada", subject="Your bill", html=HTML)
    page = outline(doors.get(f"/console/messages/{key}/email"))
    frames = [attrs for tag, attrs in page.seen if tag == "iframe"]
    assert [frame["sandbox"] for frame in frames] == [None]
    body = doors.get(frames[0]["src"] or "")
    assert body.text == HTML
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "allow-" not in policy
    assert "script" not in policy


def test_the_mailbox_is_listed_by_channel(doors: Doors) -> None:
    doors.identify("ada")
    said_to(doors, "ada", subject="By email")
    said_to(doors, "ada", channel="sms", text="By text")
    assert "By text" in doors.get("/console/mailbox").text
    by_email = doors.get("/console/mailbox?channel=email").text
    assert "By email" in by_email
    assert "By text" not in by_email


def test_the_strategies_page_says_what_is_published_and_what_waits(doors: Doors) -> None:
    doors.publish(name="later", steps=(SALE,))
    page = doors.get("/console/strategies").text
    assert "version 1" in page
    assert "entry by campaign" in page
