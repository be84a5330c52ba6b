"""The call task's case: it speaks to nobody, so there is little that could fail."""

from __future__ import annotations

from tactful.conformance import Case, Oracle
from tactful.words import Channel
from tests.unit.connector.test_message import message

CASE = Case(
    use="call_task",
    config={},
    messages=(
        message(
            channel=Channel.CALL, to="+447700900123", subject="Tulips", text="Ask whether the tulips have arrived."
        ),
    ),
    oracles=(Oracle("server", "PostgreSQL: tests/integration/doors/test_calls.py"),),
)
