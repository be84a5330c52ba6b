"""What is too long, not JSON, not HTTP as it should be: refused at once, with the one shape of every error."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.integration.doors.conftest import Doors, refusal_of

pytestmark = pytest.mark.integration
JSON = {"Content-Type": "application/json"}


def test_an_item_longer_than_32_kb_is_refused(doors: Doors) -> None:
    body = {"userId": "ada", "traits": {"favourite": "x" * 33_000}}
    told = refusal_of(doors.post("/v1/identify", body), 413, "too_large")
    assert told["expected"] == "at most 32 KB"


def test_a_batch_longer_than_500_kb_is_refused(doors: Doors) -> None:
    item = {"type": "identify", "userId": "ada", "traits": {"favourite": "x" * 7_000}}
    refusal_of(doors.post("/v1/batch", {"batch": [item] * 80}), 413, "too_large")


def test_a_body_of_100_mb_is_refused_by_its_announced_length_before_it_is_sent(doors: Doors) -> None:
    host, port = doors.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 104857600\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert b'"too_large"' in answer


def test_a_body_without_end_is_refused_while_it_comes_in(doors: Doors) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"userId": "'
        while sent < 100 * 1024 * 1024:
            sent += 65536
            yield b"x" * 65536

    answer = doors.client.post("/v1/identify", content=endless(), headers=JSON)
    refusal_of(answer, 413, "too_large")
    assert sent < 20 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_body"),
        (b"{", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"[" * 10_000, "bad_json"),
        (b'{"userId": "ada", "traits": {"favourite": NaN}}', "bad_json"),
    ],
)
def test_what_is_no_json_is_400(doors: Doors, content: bytes, code: str) -> None:
    refusal_of(doors.client.post("/v1/identify", content=content, headers=JSON), 400, code)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        JSON | {"Content-Encoding": "gzip"},
    ],
)
def test_what_is_not_said_to_be_json_is_415_and_says_how_to_say_it(doors: Doors, headers: dict[str, str]) -> None:
    told = refusal_of(doors.client.post("/v1/identify", content=b"{}", headers=headers), 415, "not_json")
    assert told["expected"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\x00b", "bad_text"),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}, "too_deep"),
        (10**300, "bad_number"),
    ],
)
def test_what_no_database_keeps_is_refused_before_it_gets_there(doors: Doors, value: object, code: str) -> None:
    body = json.dumps({"userId": "ada", "traits": {"favourite": value}}).encode()
    refusal_of(doors.client.post("/v1/identify", content=body, headers=JSON), 422, code)


@pytest.mark.parametrize("path", ["/v1/calls?by=%00", "/v1/costs?connector=a%00", "/v1/costs?strategy=%00"])
def test_a_nul_in_an_address_is_the_callers_and_no_bug_of_ours(doors: Doors, path: str) -> None:
    refusal_of(doors.get(path), 422, "bad_text")


def test_errors_of_the_protocol_have_the_same_shape(doors: Doors) -> None:
    refusal_of(doors.get("/v1/nothing"), 404, "not_found")
    assert refusal_of(doors.get("/v1/track"), 405, "method_not_allowed")["expected"] == "POST"
    refusal_of(doors.get("/v1/contacts/not-a-key"), 422, "bad_value")
    refusal_of(doors.get("/v1/contacts?limit=many"), 422, "bad_value")


def test_a_bug_of_ours_is_500_with_a_number_and_no_traceback(doors: Doors) -> None:
    doors.database.run(lambda c: c.exec_driver_sql("ALTER TABLE tactful.customers RENAME COLUMN country TO land"))
    answer = doors.post("/v1/identify", {"userId": "ada"})
    told = refusal_of(answer, 500, "failed")
    assert "number" in told["message"]
    assert "Traceback" not in answer.text
    assert "column" not in answer.text


def test_the_openapi_document_describes_every_body_and_loads_nothing_from_elsewhere(doors: Doors) -> None:
    document = doors.get("/openapi.json").json()
    for path in ("identify", "track", "batch", "import", "contacts", "strategies"):
        content = document["paths"][f"/v1/{path}"]["post"]["requestBody"]["content"]
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert name in document["components"]["schemas"]
    refused = set(_references(document)) - {
        f"#/components/schemas/{name}" for name in document["components"]["schemas"]
    }
    assert not refused
    refusal_of(doors.get("/docs"), 404, "not_found")


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
