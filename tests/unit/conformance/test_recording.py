"""A request that a provider's library made, held against ours: every difference is named, words apart."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tactful.conformance import Recording
from tactful.conformance.provider import Received
from tactful.connector.http import Request

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def made(content_type: str, **fields: object) -> Received:
    said = {"to": "+44", "text": "Tulips", **fields}
    content = Request.json("/", said).content if content_type == JSON else urlencode(said).encode()
    return Received("POST", "/v2/messages?now=1", {"authorization": "Bearer k", "content-type": content_type}, content)


def found(received: Received, content_type: str = JSON) -> list[str]:
    recording = Recording(
        method="POST",
        url="https://api.example.com/v2/messages?now=1",
        headers={"authorization": "Bearer k", "content-type": content_type},
        body={"to": "+44", "text": "Peonies"},
    )
    description = recording.description(texts=["text"], recipient="to")
    assert list(description.problems(description.canary(received))), "a request to nobody is never right"
    return list(description.problems(received))


@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_the_same_request_with_other_words_is_right(content_type: str) -> None:
    assert found(made(content_type), content_type) == []


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (made(JSON, to="+1"), "to is '+1' and not '+44'"),
        (made(JSON, type="sms"), "type is 'sms' and not None"),
        (made(JSON, text=7), "text is no text"),
        (replace(made(JSON), method="PUT"), "PUT /v2/messages?now=1 and not POST /v2/messages?now=1"),
        (replace(made(JSON), path="/v2/messages"), "POST /v2/messages and not POST /v2/messages?now=1"),
        (replace(made(JSON), headers={"content-type": JSON}), "the header authorization is None and not 'Bearer k'"),
    ],
)
def test_each_difference_is_named(received: Received, said: str) -> None:
    assert found(received) == [said]


def test_a_body_that_is_none_lacks_everything() -> None:
    assert found(replace(made(JSON), content=b"<html>")) == ["to is None and not '+44'", "text is no text"]
