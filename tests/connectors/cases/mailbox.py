"""The mailbox: it speaks to nobody, so there is little that could fail."""

from __future__ import annotations

from tactful.conformance import Case, Oracle
from tactful.words import Channel
from tests.unit.connector.test_message import message

CASE = Case(
    use="mailbox",
    config={},
    messages=(
        message(
            channel=Channel.EMAIL,
            to="ada@example.com",
            subject="Tulips",
            title="Tulips",
            text="The first tulips of the year are here.",
            html="<p>The first tulips of the year are here.</p>",
            link="https://example.com/tulips",
            reply_to="shop@example.com",
        ),
    ),
    oracles=(Oracle("server", "PostgreSQL: tests/connectors/test_mailbox.py"),),
)
