"""SMTP against an honest server: what arrives, how it is encrypted, how connections are kept."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest
import trustme

from connectors.email.smtp import Smtp
from tactful.connector import Accepted, Fault, Message, SendFault, send
from tests.connectors.conftest import KEY, email_message
from tests.connectors.mail_server import (
    PASSWORD,
    PATIENCE_SECONDS,
    USERNAME,
    honest_server,
    server_context,
)

MakeSmtp = Callable[..., Smtp]


def soon(seconds: float = PATIENCE_SECONDS) -> float:
    return time.monotonic() + seconds


async def accepted(connector: Smtp, message: Message | None = None) -> Accepted:
    return await send(connector, message or email_message(), deadline=soon())


async def fault(connector: Smtp, message: Message | None = None, seconds: float = PATIENCE_SECONDS) -> SendFault:
    with pytest.raises(SendFault) as caught:
        await send(connector, message or email_message(), deadline=soon(seconds))
    return caught.value


def another() -> Message:
    return email_message(key=uuid4())


async def test_a_mail_arrives_with_its_headers_and_both_parts(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        answer = await accepted(smtp(server.port))
    [mail] = server.mails
    assert answer == Accepted(f"<{KEY}@fleur.example>", "2.0.0 Ok: queued as 1")
    assert (mail.envelope_from, mail.envelope_to) == ("hello@fleur.example", ["jane.doe@example.com"])
    assert mail.headers == [
        ("Date", "Sat, 21 Nov 2026 09:30:00 +0000"),
        ("Message-ID", f"<{KEY}@fleur.example>"),
        ("From", "Fleur & Co <hello@fleur.example>"),
        ("To", "jane.doe@example.com"),
        ("Subject", "Peonies are here"),
        ("Content-Language", "en-GB"),
        ("List-Id", "<ideas.florist.fleur.example>"),
        ("List-Unsubscribe", "<https://fleur.example/u/3f9c>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="=_{KEY.hex}"'),
    ]
    assert mail.parts == [
        ("text/plain", "The peonies are in.\n.\nCome and see."),
        ("text/html", "<p>The <b>peonies</b> are in.</p>"),
    ]


async def test_every_attempt_sends_the_same_bytes(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        server.refusals["DATA"] = "451 4.3.0 Later"
        message = email_message()
        assert (await fault(smtp(server.port), message)).fault is Fault.TRANSIENT
        del server.refusals["DATA"]
        again = Message.model_validate_json(message.model_dump_json())
        await accepted(smtp(server.port), message)
        await accepted(smtp(server.port), again)
    assert server.contents[0] == server.contents[1]


async def test_bounces_go_where_the_configuration_says(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        await accepted(smtp(server.port, bounces_to="bounces@fleur.example"))
    assert server.mails[0].envelope_from == "bounces@fleur.example"


async def test_a_long_mail_of_dots_arrives_whole(smtp: MakeSmtp) -> None:
    text = ".\n..\n" * 150_000
    async with honest_server() as server:
        await accepted(smtp(server.port), email_message(text=text, html=None))
    assert server.mails[0].parts == [("text/plain", text)]


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_mail_travels_encrypted(
    smtp: MakeSmtp, authority: trustme.CA, ca_file: Path, mode: Literal["starttls", "tls"]
) -> None:
    context = server_context(authority, "127.0.0.1")
    server_at = honest_server(tls=context) if mode == "tls" else honest_server(starttls=context)
    text = "long enough to fill every buffer on the way\n" * 100_000
    async with server_at as server:
        connector = smtp(server.port, tls=mode, ca_file=ca_file)
        await accepted(connector, email_message(text=text, html=None))
        await accepted(connector)
    assert [connection.encrypted for connection in server.connections] == [True]
    assert [len(mail.parts[0][1]) for mail in server.mails] == [len(text), 35]


async def test_it_logs_in(smtp: MakeSmtp, authority: trustme.CA, ca_file: Path) -> None:
    async with honest_server(starttls=server_context(authority, "127.0.0.1"), login=True) as server:
        connector = smtp(server.port, tls="starttls", ca_file=ca_file, username=USERNAME, password=PASSWORD)
        await accepted(connector)
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [(None, Fault.CONFIG), ("535 5.7.8 No", Fault.CONFIG), ("454 4.7.0 Not now", Fault.TRANSIENT)],
)
async def test_a_refused_log_in_is_our_fault_unless_it_is_temporary(
    smtp: MakeSmtp, authority: trustme.CA, ca_file: Path, refusal: str | None, expected: Fault
) -> None:
    async with honest_server(starttls=server_context(authority, "127.0.0.1"), login=True) as server:
        if refusal:
            server.refusals["AUTH"] = refusal
        connector = smtp(server.port, tls="starttls", ca_file=ca_file, username=USERNAME, password="wrong")
        assert (await fault(connector)).fault is expected


async def test_no_certificate_of_a_stranger_is_accepted(smtp: MakeSmtp, authority: trustme.CA) -> None:
    async with honest_server(starttls=server_context(authority, "127.0.0.1")) as server:
        said = await fault(smtp(server.port, tls="starttls"))
    assert (said.fault, said.code) == (Fault.CONFIG, "tls")
    assert said.detail == f"127.0.0.1:{server.port}: unable to get local issuer certificate"
    assert server.mails == []


async def test_no_certificate_of_another_host_is_accepted(smtp: MakeSmtp, authority: trustme.CA, ca_file: Path) -> None:
    async with honest_server(tls=server_context(authority, "other.example")) as server:
        said = await fault(smtp(server.port, tls="tls", ca_file=ca_file))
    assert (said.fault, said.code) == (Fault.CONFIG, "tls")


async def test_it_does_not_fall_back_to_plain_text(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        said = await fault(smtp(server.port, tls="starttls"))
    assert (said.fault, said.code) == (Fault.CONFIG, "not offered")
    assert "STARTTLS" in said.detail
    assert server.mails == []


async def test_a_password_is_not_offered_to_a_server_that_wants_none(
    smtp: MakeSmtp, authority: trustme.CA, ca_file: Path
) -> None:
    async with honest_server(tls=server_context(authority, "127.0.0.1")) as server:
        said = await fault(smtp(server.port, tls="tls", ca_file=ca_file, username=USERNAME, password=PASSWORD))
    assert (said.fault, said.code) == (Fault.CONFIG, "not offered")


async def test_one_connection_carries_many_mails(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port)
        for _ in range(20):
            await accepted(connector, another())
        assert (len(server.mails), len(server.connections)) == (20, 1)


async def test_no_more_connections_are_opened_than_allowed(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port, connections=3)
        await asyncio.gather(*(accepted(connector, another()) for _ in range(30)))
        assert (len(server.mails), len(server.connections)) == (30, 3)


async def test_a_refusal_leaves_the_connection_for_the_next_mail(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port)
        for command, reply in (("RCPT", "550 5.1.1 No"), ("MAIL", "550 5.1.8 No"), ("DATA", "554 5.6.0 No")):
            server.refusals = {command: reply}
            await fault(connector)
        server.refusals = {}
        await accepted(connector)
        assert (len(server.mails), len(server.connections)) == (1, 1)


async def test_an_idle_connection_is_closed_politely(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port, idle=timedelta(milliseconds=10))
        await accepted(connector)
        await asyncio.wait_for(server.connections[0].ended.wait(), PATIENCE_SECONDS)
        await accepted(connector)
        assert len(server.connections) == 2


async def test_closing_the_connector_closes_its_connections(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port, connections=3)
        await asyncio.gather(*(accepted(connector, another()) for _ in range(9)))
        await connector.aclose()
        for connection in server.connections:
            await asyncio.wait_for(connection.ended.wait(), PATIENCE_SECONDS)


async def test_a_refused_recipient_is_named_to_nobody(smtp: MakeSmtp) -> None:
    """The server quotes the address and the log-in; neither is in the fault, its causes or a traceback of it."""
    async with honest_server() as server:
        server.refusals["RCPT"] = "550 5.1.1 <jane.doe@example.com>: jane.doe is unknown in virtual mailbox table"
        said = await fault(smtp(server.port))
    assert (said.fault, said.code) == (Fault.BAD_RECIPIENT, "550 5.1.1")
    assert said.detail == "5.1.1 <[…]>: […] is unknown in virtual mailbox table"
    assert said.__cause__ is None
    assert said.__context__ is None
    assert "jane" not in "".join(traceback.format_exception(said))


async def test_a_secret_is_shown_nowhere(
    smtp: MakeSmtp, authority: trustme.CA, ca_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with honest_server(starttls=server_context(authority, "127.0.0.1"), login=True) as server:
        server.refusals["AUTH"] = f"535 5.7.8 {PASSWORD} is not the password of {USERNAME}"
        connector = smtp(server.port, tls="starttls", ca_file=ca_file, username=USERNAME, password=PASSWORD)
        said = await fault(connector)
    assert (said.code, said.detail) == ("535 5.7.8", "5.7.8 […] is not the password of […]")
    shown = [repr(connector.config), str(connector.config), repr(vars(connector)), *traceback.format_exception(said)]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail")]  # aiosmtpd's own
    assert not [text for text in [*shown, *ours] if PASSWORD in text]


async def test_nothing_is_begun_after_the_deadline(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        said = await fault(smtp(server.port), seconds=-1)
        assert (said.fault, said.code) == (Fault.TRANSIENT, "deadline")
        assert server.connections == []


async def test_who_waits_too_long_for_a_connection_has_sent_nothing(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port, connections=1)
        async with connector._pool.connection(fresh=False):
            said = await fault(connector, seconds=0.2)
    assert (said.fault, said.code) == (Fault.TRANSIENT, "timeout")
    assert server.mails == []


async def test_a_refused_connection_is_transient(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        port = server.port
    said = await fault(smtp(port))
    assert (said.fault, said.code) == (Fault.TRANSIENT, "no connection")


async def test_a_host_that_does_not_exist_is_our_fault(smtp: MakeSmtp) -> None:
    said = await fault(smtp(25, host="no-such-host.invalid"))
    assert (said.fault, said.code) in {(Fault.CONFIG, "no such host"), (Fault.TRANSIENT, "name service")}


async def test_a_message_for_another_channel_is_refused_before_anything_is_opened(smtp: MakeSmtp) -> None:
    async with honest_server() as server:
        connector = smtp(server.port)
        assert (await fault(connector, email_message(channel="sms"))).fault is Fault.UNSUPPORTED
        assert (await fault(connector, email_message(link="https://fleur.example/"))).fault is Fault.UNSUPPORTED
        assert (await fault(connector, email_message(html="x" * 5_000_001))).code == "size"
        assert server.connections == []
