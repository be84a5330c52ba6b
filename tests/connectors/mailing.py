"""What the tests of email providers over HTTP share, besides `mobile`: payloads as vendors publish them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from tactful.conformance.provider import Act, Received, provider
from tactful.connector import Hook, Message, News, NotGenuineError, SendFault, TellsLater, Told, send
from tactful.connector.http import Answer, HttpConnector
from tests.connectors.mobile import description, problems

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOOKS = "https://fleur.example/hooks/mail"
_PUBLISHED = Path(__file__).parent / "hooks"


def published(name: str) -> dict[str, Any]:
    """Return payloads that a vendor publishes, by name; their source stands in the file."""
    return cast("dict[str, Any]", json.loads((_PUBLISHED / f"{name}.json").read_text(encoding="utf-8")))


def told(news: Iterable[News]) -> list[Told]:
    """Return what news tell of messages; there must be nothing else."""
    all_news = list(news)
    assert all(isinstance(one, Told) for one in all_news)
    return cast("list[Told]", all_news)


async def refused(connector_at: Any, message: Message, act: Act) -> SendFault:  # noqa: ANN401 - any maker of connectors
    """Return the fault that comes of an answer over a real socket; `connector_at(base_url)` makes the connector."""
    async with provider(lambda _: act) as there:
        connector = cast("HttpConnector[Any]", connector_at(there.base_url))
        try:
            with pytest.raises(SendFault) as caught:
                await send(connector, message, deadline=time.monotonic() + 10)
        finally:
            await connector.aclose()
    return caught.value


def body(received: Received) -> dict[str, Any]:
    """Return the JSON that a request carries."""
    return cast("dict[str, Any]", json.loads(received.content))


def assert_refused(connector: TellsLater, wrong: Hook) -> None:
    """Say that a hook is not let through."""
    with pytest.raises(NotGenuineError):
        connector.verify(wrong)


def said(status: int, content: object) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, {"content-type": "application/json"}, json.dumps(content).encode())


def described_problems(name: str, received: Received) -> list[str]:
    """Return what a vendor's description has against a request in JSON."""
    return problems(description(name), "request", json.loads(received.content))
