"""What the email providers tell, as they sign it, through the doors into the ledger: each once, forged never."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

from service.reloading import Reloaded
from service.tellers import read_tellers
from tactful.connector import Accepted, Hook
from tactful.words import Channel
from tests.connectors.cases.sendgrid import PRIVATE_KEY, PUBLIC_KEY
from tests.connectors.conftest import KEY
from tests.connectors.mailing import published
from tests.connectors.sns_signing import CERTIFICATE_URL, TOPIC, certificate_pem, notification
from tests.integration.doors.conftest import Clock, Doors, Serve, refusal_of
from tests.integration.ledger import KEYED, Ledger

pytestmark = pytest.mark.integration
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRON = {"SECRET": "a-secret-of-ours", "WHSEC": WHSEC, "KEY": "not-needed-to-listen"}
TOML = f"""
[connectors.postmark]
server_token = {{ env = "KEY" }}
hook_secret = {{ env = "SECRET" }}
[connectors.sendgrid]
api_key = {{ env = "KEY" }}
hook_public_key = "{PUBLIC_KEY}"
[connectors.resend]
api_key = {{ env = "KEY" }}
hook_secret = {{ env = "WHSEC" }}
[connectors.ses]
region = "eu-west-1"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = {{ env = "KEY" }}
topic_arn = "{TOPIC}"
"""
Signs = Callable[[Any, datetime], Hook]


def by_postmark(said: Any, at: datetime) -> Hook:  # noqa: ANN401 - what is told can be anything
    login = base64.b64encode(b"postmark:a-secret-of-ours").decode()
    return Hook("", {"authorization": f"Basic {login}"}, json.dumps(said).encode(), at)


def by_sendgrid(said: Any, at: datetime) -> Hook:  # noqa: ANN401
    content, stamp = json.dumps([said]).encode(), str(int(at.timestamp()))
    proof = base64.b64encode(PRIVATE_KEY.sign(stamp.encode() + content, ec.ECDSA(hashes.SHA256()))).decode()
    names = "x-twilio-email-event-webhook-timestamp", "x-twilio-email-event-webhook-signature"
    return Hook("", dict(zip(names, (stamp, proof), strict=True)), content, at)


def by_resend(said: Any, at: datetime) -> Hook:  # noqa: ANN401
    content = json.dumps(said)
    proof = Webhook(WHSEC).sign("msg_1", at, content)
    headers = {"svix-id": "msg_1", "svix-timestamp": str(int(at.timestamp())), "svix-signature": proof}
    return Hook("", headers, content.encode(), at)


def by_ses(said: Any, at: datetime) -> Hook:  # noqa: ANN401
    return notification(said, at=at)


BOUNCES: dict[str, tuple[Signs, Any]] = {
    "postmark": (by_postmark, published("postmark")["bounce"]),
    "sendgrid": (by_sendgrid, published("sendgrid")["events"]["bounce"]),
    "resend": (by_resend, published("resend")["bounced"]),
    "ses": (by_ses, published("ses")["bounce"]),
}


@pytest.fixture
def hearing(
    serve: Serve, database_url: str, clock: Clock, tmp_path: Path
) -> Generator[tuple[httpx.Client, Ledger, Doors]]:
    """A client at doors that listen to all of them, and the ledger behind."""
    folder = tmp_path / "certificates"
    (tmp_path / "tactful.toml").write_text(f"{TOML}sns_certificates = {json.dumps(str(folder))}\n")
    folder.mkdir()
    (folder / CERTIFICATE_URL.rpartition("/")[2]).write_bytes(certificate_pem())
    tellers = read_tellers(tmp_path / "tactful.toml", ENVIRON)
    assert tellers.problems == ()
    ledger = Ledger(database_url)
    with serve(tellers=Reloaded(tellers)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client, ledger, Doors(url, client, ledger.database, clock)
    ledger.database.close()


def forged(hook: Hook) -> Hook:
    return replace(hook, headers={}, content=hook.content.replace(TOPIC.encode(), b"arn:of-another"))


def test_a_bounce_is_kept_once_and_ends_the_address_and_a_forged_one_is_nothing(
    hearing: tuple[httpx.Client, Ledger, Doors], clock: Clock
) -> None:
    client, ledger, doors = hearing
    doors.publish()
    for name, (sign, sample) in BOUNCES.items():
        contact = ledger.planned(name)
        ledger.record(contact, ledger.claim(contact, KEYED), Accepted(f"{name}-1"))  # pyright: ignore[reportArgumentType]
        (part,) = ledger.rows("SELECT part_key FROM messages WHERE contact_key = :key", key=contact.contact_key)
        ledger.rows("UPDATE messages SET connector = :name WHERE part_key = :key RETURNING 1", name=name, key=part[0])
        hook = sign(json.loads(json.dumps(sample).replace(str(KEY), str(part[0]))), clock())
        refusal_of(told(client, name, forged(hook)), 403, "not_genuine")
        assert [told(client, name, hook).status_code for _ in range(2)] == [204, 204]
        (row,) = ledger.rows("SELECT * FROM receipts WHERE connector = :name", name=name)
        assert (row.kind, row.contact_key) == ("bounced", contact.contact_key), name
    assert ledger.count("suppressions") == len(BOUNCES)


def of_address(name: str, address: str, number: int) -> Any:  # noqa: ANN401
    """Return what a provider tells of an address, and of no message of ours."""
    sample = {
        "postmark": published("postmark")["by_hand"],
        "sendgrid": published("sendgrid")["events"]["group_unsubscribe"] | {"sg_event_id": f"event-{number}"},
        "resend": published("resend")["contact_unsubscribed"],
        "ses": published("ses")["complaint"],
    }[name]
    found = ("bounced-address@wildbit.com", "example@test.com", "steve.wozniak@gmail.com", "recipient@example.com")
    content = json.dumps(sample).replace(str(KEY), "").replace("61b59c11", f"61b59c{number:02}")
    for theirs in found:
        content = content.replace(theirs, address)
    return json.loads(content)


def test_a_no_that_names_no_message_of_ours_holds_for_who_has_the_address(
    hearing: tuple[httpx.Client, Ledger, Doors], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    client, ledger, _ = hearing
    for number, (name, (sign, _)) in enumerate(BOUNCES.items(), 1):
        address = f"{name}@email.example"
        ledger.reachable(name)
        ledger.identify(name, addresses={Channel.EMAIL: address}, at=ledger.now)
        hook = sign(of_address(name, address, number), clock())
        refusal_of(told(client, name, forged(hook)), 403, "not_genuine")
        assert ledger.count("suppressions") == number - 1
        assert [told(client, name, hook).status_code for _ in range(2)] == [204, 204]
        (row,) = ledger.rows("SELECT * FROM suppressions WHERE source = :name", name=name)
        assert (row.kind, row.channel, row.address) == ("marketing", "email", address), name
    of_nobody = by_sendgrid(of_address("sendgrid", "nobody@email.example", 99), clock())
    assert told(client, "sendgrid", of_nobody).status_code == 204
    assert ledger.count("suppressions") == len(BOUNCES)
    assert ledger.count("receipts") == len(BOUNCES) + 1
    said = "".join(capsys.readouterr())
    assert "email.example" not in said


def told(client: httpx.Client, name: str, hook: Hook) -> httpx.Response:
    return client.post(f"/hooks/{name}", content=hook.content, headers=dict(hook.headers))
