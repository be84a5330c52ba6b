"""SMTP: real servers on sockets, one that keeps the rules and one that breaks them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import trustme

from tactful.conformance import Case, Oracle, PollCase
from tactful.connector import Fault
from tactful.words import ReceiptKind
from tests.connectors.conftest import email_message
from tests.connectors.imap_server import MailStore, mail_store
from tests.connectors.mail_server import PASSWORD, USERNAME, Script, honest_server, rude_server, server_context
from tests.connectors.returned import (
    ADDRESS,
    AT,
    PATH,
    RFC_3464,
    RFC_5965,
    failed,
    person,
    report,
    returned_headers,
)
from tests.connectors.test_smtp_rude import after_the_dot, hang_up_at, say_at
from tests.smtp_sink import HOST

Server = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]


@contextlib.asynccontextmanager
async def honest(refusals: Mapping[str, str] | None = None) -> AsyncGenerator[Mapping[str, Any]]:
    """Run an honest server, encrypted after the greeting and with a log-in; it refuses what it is told to."""
    authority = trustme.CA()
    with authority.cert_pem.tempfile() as ca_file:
        async with honest_server(starttls=server_context(authority, HOST), login=True) as server:
            server.refusals.update(refusals or {})
            yield {"port": server.port, "ca_file": ca_file}


def refusing(command: str, line: str) -> Server:
    """Return an honest server that refuses at a command."""
    return lambda: honest({command: line})


def rude(script: Script) -> Server:
    """Return a server that does as its script says; it knows no log-in."""

    @contextlib.asynccontextmanager
    async def server() -> AsyncGenerator[Mapping[str, Any]]:
        async with rude_server(script) as there:
            yield {"port": there.port, "tls": "none", "username": None, "password": None}

    return server


@contextlib.asynccontextmanager
async def nobody() -> AsyncGenerator[Mapping[str, Any]]:
    yield {"port": 9}


def came_back() -> list[bytes]:
    """Return what is in the mailbox of bounces: reports, a complaint, an answer, and what proves nothing."""
    mails = [
        report(failed("5.1.1", "smtp; 550 5.1.1 No such user")),
        report(RFC_3464["simple"]),
        report(RFC_3464["delayed"], to="postmaster@fleur.example", returned=returned_headers()),
        RFC_5965.replace("<somespammer@example.net>", f"<{PATH}>"),
        person("Are they fragrant?"),
        person("I am out of the office.", more="Auto-Submitted: auto-replied\n"),
        report(failed("5.1.1"), to=ADDRESS),
        "\x00 no mail at all",
    ]
    return [mail.replace("\n", "\r\n").encode() for mail in mails]


@contextlib.asynccontextmanager
async def full(**different: Any) -> AsyncGenerator[Mapping[str, Any]]:  # noqa: ANN401 - whatever a setting takes
    """Run an IMAP server with all that in it."""
    async with mail_store() as store:
        await store.put(*came_back(), at=AT)
        yield {"bounces_to": ADDRESS, "bounces": store.config(**different)}


def full_but(**different: Any) -> Server:  # noqa: ANN401 - whatever a setting takes
    """Return the same server, reached by other settings."""
    return lambda: full(**different)


@contextlib.asynccontextmanager
async def away() -> AsyncGenerator[Mapping[str, Any]]:
    yield {"bounces_to": ADDRESS, "bounces": MailStore(9).config()}


CASE = Case(
    use="smtp",
    config={"host": HOST, "username": USERNAME, "password": PASSWORD, "hello_as": "test"},
    messages=(
        email_message(reply_to="ask@fleur.example"),
        email_message(marketing=False, html=None, list_id=None, unsubscribe_url=None),
    ),
    oracles=(
        Oracle("server", "aiosmtpd 1.4.6, tests/connectors/test_smtp.py and test_smtp_rude.py"),
        Oracle("server", "pymap 0.36.7, an IMAP server, tests/connectors/test_bounces_fetched.py"),
        Oracle("vector", "the examples of RFC 3464 and RFC 5965, tests/connectors/test_bounces.py"),
    ),
    server=honest,
    failures={
        "a server that does not listen": (nobody, Fault.TRANSIENT),
        "a log-in that is refused": (refusing("AUTH", "535 5.7.8 Authentication failed"), Fault.CONFIG),
        "a sender that is refused": (refusing("MAIL", "550 5.7.1 Sender not verified"), Fault.CONFIG),
        "greylisting": (refusing("RCPT", "451 4.7.1 Greylisted, try again later"), Fault.TRANSIENT),
        "a mailbox that does not exist": (refusing("RCPT", "550 5.1.1 No such user"), Fault.BAD_RECIPIENT),
        "an opt-out that the relay knows of": (refusing("RCPT", "550 5.7.1 has unsubscribed"), Fault.SUPPRESSED),
        "flood protection": (refusing("DATA", "450 4.7.28 Too fast"), Fault.THROTTLED),
        "a daily limit": (refusing("DATA", "550 5.4.5 Daily quota exceeded"), Fault.QUOTA),
        "a text that is refused": (refusing("DATA", "554 5.7.1 Message looks like spam"), Fault.BAD_CONTENT),
        "a server that closes before the envelope": (rude(say_at("MAIL", "421 4.3.2 Closing")), Fault.TRANSIENT),
        "a connection lost before the text": (rude(hang_up_at("DATA")), Fault.TRANSIENT),
        "a connection lost after the dot": (rude(after_the_dot()), Fault.AMBIGUOUS),
        "nonsense after the dot": (rude(after_the_dot("Hello?")), Fault.AMBIGUOUS),
    },
    polls=PollCase(
        kinds=(
            ReceiptKind.BOUNCED,
            ReceiptKind.BOUNCED,
            ReceiptKind.DEFERRED,
            ReceiptKind.COMPLAINED,
            ReceiptKind.REPLIED,
            ReceiptKind.UNKNOWN,
            ReceiptKind.UNKNOWN,
            ReceiptKind.UNKNOWN,
        ),
        server=full,
        failures={
            "a mailbox that nobody serves": (away, Fault.TRANSIENT),
            "a log-in that is refused there": (full_but(password="not the password"), Fault.CONFIG),
            "a folder that is not there": (full_but(folder="Nowhere"), Fault.CONFIG),
            "a server without encryption": (full_but(tls="starttls"), Fault.CONFIG),
        },
        source="RFC 3464, appendix D, and RFC 5965, appendix B; answers as programs and people write them",
    ),
)
