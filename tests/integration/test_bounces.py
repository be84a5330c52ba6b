"""A mail that goes out by a real mail server and comes back by another: what is told of it, end to end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connectors.email.smtp import Smtp, SmtpConfig
from database import views
from database.attempts import Claimed
from service.polling import Polling
from tactful.connector import Message, Ports, send
from tactful.wire.answers import TimelineEntry
from tests.connectors.imap_server import MailStore, mail_store
from tests.connectors.mail_server import honest_server
from tests.connectors.returned import ADDRESS, failed, person, report
from tests.integration.ledger import Ledger
from tests.smtp_sink import HOST, SunkMail

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 30


def mails(ledger: Ledger, *users: str) -> list[tuple[Message, Claimed, object]]:
    """Claim a contact each by email, to be sent now."""
    found: list[tuple[Message, Claimed, object]] = []
    for user in users:
        contact = ledger.planned(user)
        claim = ledger.claim(contact)
        assert isinstance(claim, Claimed)
        found.append((claim.parts[0].message, claim, contact))
    return found


async def sent(ledger: Ledger, connector: Smtp, *users: str) -> None:
    """Make contacts as a worker does: claim, send, record."""
    for message, claim, contact in mails(ledger, *users):
        accepted = await send(connector, message, deadline=time.monotonic() + PATIENCE_SECONDS)
        ledger.record(contact, claim, accepted)


def timeline(ledger: Ledger, user: str) -> list[TimelineEntry]:
    (row,) = ledger.rows("SELECT customer_key FROM customer_ids WHERE id = :user", user=user)
    return ledger.run(lambda c: views.timeline(c, row.customer_key)).entries


async def until(seen: Callable[[], bool]) -> None:
    """Wait until something has happened, for as long as a test has patience."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not seen():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.1)


async def put(store: MailStore, *texts: str) -> None:
    await store.put(*(text.replace("\n", "\r\n").encode() for text in texts), at=datetime.now(UTC))


def ways_back(mails: list[SunkMail]) -> dict[str, str]:
    """Return where each mail comes back to, by whom it went to."""
    return {mail.envelope_to[0]: mail.envelope_from for mail in mails}


def test_a_bounce_a_complaint_of_nobody_and_a_stop_find_their_way_home(ledger: Ledger) -> None:
    ledger.now = datetime.now(UTC)

    async def story() -> None:
        async with honest_server() as relay, mail_store() as store:
            config = {
                "host": HOST, "port": relay.port, "tls": "none", "bounces_to": ADDRESS,
                "bounces": store.config(answers=True),
            }  # fmt: skip
            connector = Smtp(SmtpConfig.model_validate(config), Ports(deliver=str))
            await sent(ledger, connector, "ada", "bob")
            back = ways_back(relay.mails)
            replies = {mail.envelope_to[0]: dict(mail.headers)["Reply-To"] for mail in relay.mails}
            assert replies == back, "who answers, answers there"
            await put(
                store,
                report(failed("5.1.1", "smtp; 550 5.1.1 No such user"), to=back["ada@email.example"]),
                person("STOP", to=back["bob@email.example"]).replace("jane.doe@example.com", "bob@email.example"),
                report(failed("5.1.1"), to=ADDRESS),
            )
            running = asyncio.create_task(Polling(ledger.database, {"post": connector}).run())
            await until(lambda: ledger.count("connector_polls", "worked_at IS NOT NULL") == 1)
            assert await store.flags() == ["\\Seen"] * 3
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await connector.aclose()

    asyncio.run(story())
    suppressed = ledger.rows("SELECT kind, address, reason FROM suppressions ORDER BY address")
    assert [tuple(row) for row in suppressed] == [
        ("undeliverable", "ada@email.example", "bounced"),
        ("marketing", "bob@email.example", "stop"),
    ]
    told = {entry.kind: entry for entry in timeline(ledger, "ada")}
    assert "bounced" in told["receipt"].sentence
    assert "reply" in {entry.kind for entry in timeline(ledger, "bob")}
    (unproven,) = ledger.rows("SELECT contact_key, reason FROM receipts WHERE kind = 'unknown'")
    assert (unproven.contact_key, "not proven" in unproven.reason) == (None, True)


def test_a_start_that_anybody_could_have_written_takes_no_stop_back(ledger: Ledger) -> None:
    ledger.now = datetime.now(UTC)

    async def story() -> None:
        async with honest_server() as relay, mail_store() as store:
            config = {"host": HOST, "port": relay.port, "tls": "none", "bounces_to": ADDRESS}
            connector = Smtp(SmtpConfig.model_validate({**config, "bounces": store.config()}), Ports(deliver=str))
            await sent(ledger, connector, "ada")
            polling = Polling(ledger.database, {"post": connector})
            back = relay.mails[0].envelope_from

            async def wrote(text: str, to: str) -> None:
                await put(store, person(text, to=to).replace("jane.doe@example.com", "ada@email.example"))
                ledger.run(lambda c: c.exec_driver_sql("UPDATE connector_polls SET due_at = now() - interval '1 day'"))
                assert await polling.look(now=datetime.now(UTC)) == 1

            await wrote("STOP", ADDRESS)
            await wrote("START", ADDRESS)
            assert ledger.count("suppression_lifts") == 0
            await wrote("START please", back)
            assert ledger.count("suppression_lifts") == 1
            await connector.aclose()

    asyncio.run(story())
    wishes = ledger.rows("SELECT wish, hand_on_at IS NOT NULL AS for_a_person, answer FROM inbound ORDER BY inbound_no")
    assert [(row.wish, row.for_a_person) for row in wishes] == [("stop", True), (None, True), ("start", True)]
    assert wishes[1].answer is None, "what is not done is read by a person; what is done is answered"
