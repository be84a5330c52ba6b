"""Lob's own library for Python against ours: the same letter is the same request, and stopped by the same call."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from lob_python import ApiClient, Configuration
from lob_python.api.letters_api import LettersApi
from lob_python.model.address_editable import AddressEditable
from lob_python.model.country_extended import CountryExtended
from lob_python.model.letter_editable import LetterEditable
from lob_python.model.ltr_use_type import LtrUseType
from lob_python.model.mail_type import MailType
from lob_python.model.metadata_model import MetadataModel

from tactful.conformance.provider import Provider, Received, provider, say
from tactful.connector import Message, send
from tests.connectors.conftest import KEY
from tests.connectors.letters import LINES_US, letter
from tests.connectors.test_lob import lob

LETTER = "ltr_4868c3b754655f90"


def theirs(there: Provider) -> LettersApi:
    return LettersApi(ApiClient(Configuration(host=there.base_url, username="test_key")))


def address(parts: dict[str, str]) -> Any:  # noqa: ANN401 - the library has no types
    return AddressEditable(**(parts | {"address_country": CountryExtended(parts["address_country"])}))


def as_arguments(said: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
    """Return a letter as one would give it to Lob's library."""
    return LetterEditable(
        **{name: said[name] for name in ("color", "file", "double_sided", "address_placement", "description")},
        to=address(said["to"]),
        _from=address(said["from"]),
        use_type=LtrUseType(said["use_type"]),
        mail_type=MailType(said["mail_type"]),
        metadata=MetadataModel(**said["metadata"]),
    )


def counts(received: Received) -> dict[str, str | None]:
    names = ("authorization", "content-type", "idempotency-key")
    return {name: received.headers.get(name) for name in names}


@pytest.mark.parametrize("message", [letter(), letter(to=LINES_US, marketing=False)])
async def test_ours_is_what_lobs_own_library_sends(message: Message) -> None:
    async with provider(lambda _: say(200, json.dumps({"id": LETTER}))) as there:
        connector = lob(there.base_url)
        await send(connector, message, deadline=time.monotonic() + 10)
        await connector.aclose()
        said = json.loads(there.received[0].content)
        sent = {"idempotency_key": str(KEY), "_preload_content": False}
        await asyncio.to_thread(theirs(there).create, as_arguments(said), **sent)
        ours, other = there.received
    assert (ours.method, ours.path) == (other.method, other.path) == ("POST", "/letters")
    assert json.loads(ours.content) == json.loads(other.content)
    assert counts(ours) == counts(other)


async def test_a_letter_is_stopped_by_the_call_of_lobs_own_library() -> None:
    async with provider(lambda _: say(200, json.dumps({"id": LETTER, "deleted": True}))) as there:
        connector = lob(there.base_url)
        await connector.cancel(LETTER, deadline=time.monotonic() + 10)
        await connector.aclose()
        await asyncio.to_thread(theirs(there).cancel, LETTER, _preload_content=False)
        ours, other = there.received
    assert (ours.method, ours.path) == (other.method, other.path) == ("DELETE", f"/letters/{LETTER}")
    assert ours.headers["authorization"] == other.headers["authorization"]
