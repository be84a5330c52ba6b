"""What the tests of connectors share: messages, certificates, and SMTP connectors that are closed afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import trustme

from connectors.email.smtp import Smtp, SmtpConfig
from tactful.connector import Message, Ports
from tests.smtp_sink import HOST

KEY = UUID("6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e")
WRITTEN_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def email_message(**changes: object) -> Message:
    """Return a marketing mail with everything in it, but for what a test changes."""
    content: dict[str, object] = {
        "key": KEY,
        "channel": "email",
        "to": "jane.doe@example.com",
        "sender_name": "Fleur & Co",
        "sender_address": "hello@fleur.example",
        "written_at": WRITTEN_AT,
        "language": "en-GB",
        "marketing": True,
        "list_id": "ideas.florist",
        "unsubscribe_url": "https://fleur.example/u/3f9c",
        "subject": "Peonies are here",
        "text": "The peonies are in.\n.\nCome and see.",
        "html": "<p>The <b>peonies</b> are in.</p>",
    }
    return Message.model_validate(content | changes)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority's certificate, for `ca_file`."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
async def smtp() -> AsyncGenerator[Callable[..., Smtp]]:
    """Makes SMTP connectors to a port of this machine; closes them after the test."""
    made: list[Smtp] = []

    def make(port: int, **settings: object) -> Smtp:
        config = SmtpConfig.model_validate({"host": HOST, "port": port, "tls": "none", "hello_as": "test"} | settings)
        made.append(Smtp(config, Ports(deliver=lambda _: "")))
        return made[-1]

    yield make
    for connector in made:
        await connector.aclose()
