"""What the tests of text and push connectors share: messages, hooks, answers, and vendors' descriptions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import UUID

import jsonschema

from tactful.conformance.provider import Act, Received, provider
from tactful.connector import Accepted, AnyConnector, Hook, Message, SendFault, send
from tactful.connector.http import Answer, HttpConnector

KEY = UUID("6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e")
NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
_DESCRIPTIONS = Path(__file__).parent / "descriptions"


def text_message(**changes: object) -> Message:
    """Return a text message about a marketing topic, but for what a test changes."""
    content: dict[str, object] = {
        "key": KEY,
        "channel": "sms",
        "to": "+447700900123",
        "sender_name": "Fleur & Co",
        "sender_address": "+15005550006",
        "written_at": NOON,
        "language": "en-GB",
        "marketing": True,
        "text": "The peonies are in. Reply STOP to end.",
    }
    return Message.model_validate(content | changes)


def push_message(**changes: object) -> Message:
    """Return a push message with everything in it, but for what a test changes."""
    content: dict[str, object] = {
        "key": KEY,
        "channel": "push",
        "to": "a-device",
        "sender_name": "Fleur & Co",
        "sender_address": "com.fleur.app",
        "written_at": NOON,
        "language": "en-GB",
        "marketing": True,
        "title": "Peonies are here",
        "text": "Come and see.",
        "link": "https://fleur.example/peonies",
    }
    return Message.model_validate(content | changes)


def hook(url: str, content: bytes, at: datetime = NOON, **headers: str) -> Hook:
    """Return a hook; underscores in header names stand for hyphens."""
    return Hook(url, {name.replace("_", "-"): value for name, value in headers.items()}, content, at)


async def attempt(connector: AnyConnector, message: Message, seconds: float = 10) -> Accepted:
    """Send a message and close the connector."""
    try:
        return await send(connector, message, deadline=time.monotonic() + seconds)
    finally:
        await connector.aclose()


async def sent_to(connector_at: Any, message: Message, act: Act) -> Received:  # noqa: ANN401 - any maker of connectors
    """Return what a connector puts on the wire, made by `connector_at(base_url)`."""
    async with provider(lambda _: act) as there:
        await attempt(connector_at(there.base_url), message)
    (received,) = there.received
    return received


def refusal(connector: HttpConnector[Any], status: int, content: object) -> SendFault:
    """Return the fault that an answer of the provider is by the connector's table."""
    return connector.refusal(Answer(status, {}, json.dumps(content).encode()))


def form(content: bytes) -> dict[str, str]:
    """Return a form's fields."""
    return dict(parse_qsl(content.decode(), keep_blank_values=True))


def description(name: str) -> dict[str, Any]:
    """Return the excerpt of a vendor's description; its source and licence stand in it."""
    return cast("dict[str, Any]", json.loads((_DESCRIPTIONS / f"{name}.json").read_text(encoding="utf-8")))


def problems(described: Mapping[str, Any], part: str, value: object) -> list[str]:
    """Return what a vendor's description has against a value; an unknown name is a problem as well."""
    schema = {**described, **described[part]}
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    found = [error.message for error in validator.iter_errors(cast("Any", value))]
    known = set(cast("Mapping[str, object]", described[part].get("properties", {})))
    unknown = sorted(set(cast("Mapping[str, object]", value)) - known) if known and isinstance(value, dict) else []
    return found + [f"{name} is unknown" for name in unknown]


def form_values(described: Mapping[str, Any], part: str, fields: Mapping[str, str]) -> dict[str, object]:
    """Return a form's fields as the description types them."""
    types = {name: each.get("type") for name, each in described[part]["properties"].items()}
    return {name: int(value) if types.get(name) == "integer" else value for name, value in fields.items()}
