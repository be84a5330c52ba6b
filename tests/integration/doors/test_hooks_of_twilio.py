"""Twilio at the door: what it signs is stored and answered in its own language, over a real socket and database."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator

from service.reloading import Reloaded
from service.tellers import Tellers, read_tellers
from tactful.connector import Accepted
from tests.integration.doors.conftest import Clock, Doors, Serve
from tests.integration.ledger import KEYED, Ledger

pytestmark = pytest.mark.integration
PUBLIC = "https://hooks.fleur.example/base"
ACCOUNT = "AC" + "0" * 32
NUMBER = "+447700900123"
TOML = f"""
[connectors.texts]
use = "twilio"
account_sid = "{ACCOUNT}"
auth_token = {{ env = "TWILIO_AUTH_TOKEN" }}
hooks_url = "{PUBLIC}/hooks/texts"
"""


class Twilio:
    """Twilio, and the ledger behind the doors that it tells things."""

    def __init__(self, client: httpx.Client, ledger: Ledger) -> None:
        self.client, self.ledger = client, ledger

    def tells(self, query: str = "", *, token: str = "12345678", **fields: str) -> httpx.Response:
        """Post what Twilio would, signed by its own library for the public address."""
        path = f"/hooks/texts{query}"
        signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", fields)
        headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
        return self.client.post(path, content=urlencode(fields), headers=headers)


@pytest.fixture
def twilio(serve: Serve, database_url: str, clock: Clock, tmp_path: Path) -> Generator[Twilio]:
    (tmp_path / "tactful.toml").write_text(TOML)
    tellers: Reloaded[Tellers] = Reloaded(read_tellers(tmp_path / "tactful.toml", {"TWILIO_AUTH_TOKEN": "12345678"}))
    ledger = Ledger(database_url)
    with serve(tellers=tellers, public_url=PUBLIC) as url, httpx.Client(base_url=url, timeout=30) as client:
        Doors(url, client, ledger.database, clock).publish()
        yield Twilio(client, ledger)
    ledger.database.close()


def test_a_status_with_our_key_is_the_receipt_of_its_message(twilio: Twilio) -> None:
    contact = twilio.ledger.planned("ada")
    claim = twilio.ledger.claim(contact, KEYED)
    twilio.ledger.record(contact, claim, Accepted("SM1"))  # pyright: ignore[reportArgumentType]
    twilio.ledger.rows("UPDATE messages SET connector = 'texts' RETURNING 1")
    (message,) = twilio.ledger.rows("SELECT part_key FROM messages")
    query = f"?key={message.part_key}"
    for _ in range(2):
        said = twilio.tells(query, MessageSid="SM2", MessageStatus="undelivered", ErrorCode="30005", To=NUMBER)
        assert said.status_code == 200
    (row,) = twilio.ledger.rows("SELECT * FROM receipts")
    assert (row.kind, row.contact_key, row.provider_id) == ("bounced", contact.contact_key, "SM2")
    assert twilio.tells(query, token="another1", MessageSid="SM3", MessageStatus="delivered").status_code == 403


def test_a_stop_is_done_and_answered_in_twiml(twilio: Twilio) -> None:
    said = twilio.tells(MessageSid="SM9", From=NUMBER, To="+15005550006", Body="Please stop", SmsStatus="received")
    assert (said.status_code, said.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert said.text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')
    (row,) = twilio.ledger.rows("SELECT * FROM suppressions")
    assert (row.channel, row.address, row.reason) == ("sms", NUMBER, "stop")
    (kept,) = twilio.ledger.rows("SELECT * FROM inbound")
    assert (kept.sender, kept.wish) == (NUMBER, "stop")
