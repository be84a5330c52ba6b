# ruff: noqa: ANN401 - what is told can be anything
"""What providers tell, over a real socket into a real database."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from database import receipts
from service.reloading import Reloaded
from service.tellers import Tellers, read_tellers
from tactful.connector import Accepted
from tactful.words import Channel
from tests.integration.doors.conftest import Clock, Doors, Serve, refusal_of
from tests.integration.doors.teller import signature
from tests.integration.ledger import KEYED, Ledger

pytestmark = pytest.mark.integration
PUBLIC = "https://hooks.fleur.example/base"
TOML = """
[connectors.teller]
use = "tests.integration.doors.teller:Teller"
secret = { env = "TELLER_SECRET" }
[connectors.speaker]
use = "tests.integration.doors.teller:Speaker"
secret = { env = "TELLER_SECRET" }
[connectors.broken]
use = "tests.integration.doors.teller:Teller"
secret = { env = "NOT_THERE" }
[connectors.mailbox]
"""
ENVIRON = {"TELLER_SECRET": "whistle"}


@pytest.fixture
def tellers(tmp_path: Path) -> Reloaded[Tellers]:
    (tmp_path / "tactful.toml").write_text(TOML)
    return Reloaded(read_tellers(tmp_path / "tactful.toml", ENVIRON))


class Telling:
    """A provider that tells the doors things, and the ledger behind them."""

    def __init__(self, doors: Doors, ledger: Ledger) -> None:
        self.doors, self.ledger = doors, ledger

    def tell(self, *said: dict[str, Any], connector: str = "teller", **different: Any) -> httpx.Response:
        content = "\n".join(json.dumps(one, default=str) for one in said).encode()
        return self.post(content, connector=connector, **different)

    def post(
        self,
        content: bytes,
        *,
        connector: str = "teller",
        secret: str = "whistle",
        query: str = "?a=1&b=%20",
        signed: bytes | None = None,
        at: datetime | None = None,
    ) -> httpx.Response:
        path = f"/hooks/{connector}{query}"
        stamp = str(int((at or self.doors.clock()).timestamp()))
        proof = signature(secret, f"{PUBLIC}{path}", stamp, content if signed is None else signed)
        return self.doors.client.post(path, content=content, headers={"x-time": stamp, "x-signature": proof})

    def send(self, user: str = "ada", *channels: Channel, number: int = 1) -> Any:
        """Have a contact sent, and return the row of its message."""
        contact = self.ledger.planned(user, *channels)
        claim = self.ledger.claim(contact, KEYED)
        self.ledger.record(contact, claim, Accepted(f"teller-{number}"))  # pyright: ignore[reportArgumentType]
        self.ledger.rows("UPDATE messages SET connector = 'teller' RETURNING 1")
        (row,) = self.ledger.rows("SELECT * FROM messages WHERE contact_key = :key", key=contact.contact_key)
        return row


@pytest.fixture
def telling(serve: Serve, database_url: str, clock: Clock, tellers: Reloaded[Tellers]) -> Generator[Telling]:
    ledger = Ledger(database_url)
    with serve(tellers=tellers, public_url=PUBLIC) as url, httpx.Client(base_url=url, timeout=30) as client:
        doors = Doors(url, client, ledger.database, clock)
        doors.publish()
        yield Telling(doors, ledger)
    ledger.database.close()


def told(kind: str, id_: str, *, at: datetime, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "id": id_, "at": at.isoformat(), **more}


def kept(telling: Telling) -> list[Any]:
    return telling.ledger.rows("SELECT * FROM receipts ORDER BY receipt_no")


def test_what_is_genuine_is_stored_before_it_is_answered(telling: Telling) -> None:
    message = telling.send()
    at = telling.ledger.now
    assert telling.tell(told("delivered", "d1", at=at, message="teller-1")).status_code == 204
    (row,) = kept(telling)
    assert (row.kind, row.contact_key, row.channel) == ("delivered", message.contact_key, "email")
    assert row.raw["kind"] == "delivered"
    answer = telling.doors.get(f"/v1/contacts/{message.contact_key}").json()
    assert [one["kind"] for one in answer["receipts"]] == ["delivered"]


@pytest.mark.parametrize(
    "how",
    [{"secret": "guessed"}, {"signed": b"{}"}, {"at": datetime(2026, 3, 24, 11, 50, tzinfo=UTC)}],
    ids=["another secret", "another body", "ten minutes old"],
)
def test_what_is_not_genuine_is_refused_and_leaves_nothing(telling: Telling, how: dict[str, Any]) -> None:
    refusal_of(telling.tell(told("delivered", "d1", at=telling.ledger.now, message="x"), **how), 403, "not_genuine")
    unsigned = telling.doors.client.post("/hooks/teller", content=b"{}")
    refusal_of(unsigned, 403, "not_genuine")
    assert kept(telling) == []


def test_the_log_says_why_a_hook_was_refused_once_a_minute(
    telling: Telling, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        telling.tell(secret="guessed")
    said = [line for line in capsys.readouterr().out.splitlines() if "hook.refused" in line]
    assert len(said) == 1
    assert "the signature is wrong" in said[0]
    assert "teller" in said[0]


@pytest.mark.parametrize("content", [b'{"kind": "?"}', b"\xff\x00{", b'{"bug": 1}'])
def test_what_cannot_be_read_is_kept_as_it_came_once(telling: Telling, content: bytes) -> None:
    for _ in range(2):
        assert telling.post(content).status_code == 204
    (row,) = kept(telling)
    assert (row.kind, row.contact_key) == ("unknown", None)
    assert "content" in row.raw


def test_only_connectors_that_are_told_things_are_there(telling: Telling) -> None:
    refusal_of(telling.tell(connector="nobody"), 404, "unknown_connector")
    refusal_of(telling.tell(connector="mailbox"), 404, "unknown_connector")
    later = telling.tell(connector="broken")
    refusal_of(later, 503, "cannot_hear")
    assert later.headers["retry-after"] == "60"
    assert telling.doors.get("/hooks/teller").status_code == 405


def test_a_body_that_is_too_long_is_refused(telling: Telling) -> None:
    assert telling.post(b"x" * (5 * 1024 * 1024 + 1)).status_code == 413


def test_a_thousand_events_in_one_request_are_kept_each_once_or_not_at_all(telling: Telling) -> None:
    telling.send()
    at = telling.ledger.now
    many = [told("opened", f"o{n % 900}", at=at + timedelta(seconds=n), message="teller-1") for n in range(1000)]
    assert telling.tell(*many).status_code == 204
    assert telling.ledger.count("receipts") == 900
    assert telling.tell(*reversed(many)).status_code == 204
    assert telling.ledger.count("receipts", "contact_key IS NOT NULL") == 900
    # Any that cannot be stored: none is.
    bad = told("delivered", "new", at=at, message="teller-1")
    telling.ledger.run(lambda c: c.exec_driver_sql("ALTER TABLE receipts ADD CHECK (dedupe_id <> 'poison')"))
    assert telling.tell(bad, told("delivered", "poison", at=at)).status_code == 500
    assert telling.ledger.count("receipts") == 900


def test_what_comes_before_our_own_record_is_found_later(telling: Telling) -> None:
    ledger = telling.ledger
    contact = ledger.planned()
    claim = ledger.claim(contact, KEYED)
    assert (
        telling.tell(told("delivered", "d1", at=ledger.now, message="post-9"), connector="speaker").status_code == 200
    )
    ledger.rows("UPDATE messages SET connector = 'speaker' RETURNING 1")
    ledger.record(contact, claim, Accepted("post-9"))  # pyright: ignore[reportArgumentType]
    assert ledger.run(lambda c: receipts.look(c, now=ledger.now)) == 0, "not yet its time"
    ledger.now += timedelta(seconds=2)
    assert ledger.run(lambda c: receipts.look(c, now=ledger.now)) == 1
    (row,) = kept(telling)
    assert row.contact_key == contact.contact_key
    (part,) = ledger.rows("SELECT receipt FROM messages")
    assert part.receipt == "delivered"


def test_what_is_told_of_nobody_is_looked_for_for_a_day_and_kept_for_a_month(telling: Telling) -> None:
    ledger = telling.ledger
    telling.tell(told("delivered", "d1", at=ledger.now, message="somebody-else"))
    began, looks = ledger.now, list[datetime]()
    while (row := kept(telling)[0]).look_at is not None:
        looks.append(row.look_at)
        ledger.now = row.look_at
        ledger.run(lambda c: receipts.look(c, now=ledger.now))
        assert len(looks) < 30
    assert looks[0] == began + timedelta(seconds=1)
    assert timedelta(days=1) <= ledger.now - began < timedelta(days=3)
    ledger.now += timedelta(days=31)
    assert ledger.run(lambda c: receipts.forget(c, now=ledger.now)) == 1


def test_strange_texts_are_kept_as_far_as_the_database_can(telling: Telling) -> None:
    at = telling.ledger.now
    odd = told("unknown", "i" * 5000 + "\0", at=at, message="\0\ud800", note="\0" * 20_000, deep={"\0": ["\ud800"]})
    for _ in range(2):
        assert telling.tell(odd).status_code == 204
    (row,) = kept(telling)
    assert len(row.dedupe_id) == 64


def test_an_address_that_is_to_be_called_is_called(telling: Telling, serve: Serve, tellers: Reloaded[Tellers]) -> None:
    called: list[str] = []

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_response(200 if "ok" in self.path else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    with HTTPServer(("127.0.0.1", 0), Provider) as provider:
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{provider.server_address[1]}"
        refused = telling.tell({"call": f"{there}/ok"})
        refusal_of(refused, 503, "cannot_hear")
        assert called == [], "only https, where the house is not on this machine alone"
        with serve(tellers=tellers, public_url="http://127.0.0.1:1") as url, httpx.Client(base_url=url) as client:
            for path, status in (("/ok?token=1", 204), ("/gone", 503)):
                content = json.dumps({"call": f"{there}{path}"}).encode()
                stamp = str(int(telling.doors.clock().timestamp()))
                proof = signature("whistle", "http://127.0.0.1:1/hooks/teller", stamp, content)
                headers = {"x-time": stamp, "x-signature": proof}
                assert client.post("/hooks/teller", content=content, headers=headers).status_code == status
        provider.shutdown()
    assert called == ["/ok?token=1", "/gone"]


def test_a_key_of_ours_says_which_message_is_meant(telling: Telling) -> None:
    message = telling.send()
    at = telling.ledger.now
    telling.tell(told("opened", "o1", at=at, key=str(message.part_key)), told("opened", "o2", at=at, key=str(uuid4())))
    assert [row.contact_key for row in kept(telling)] == [message.contact_key, None]
