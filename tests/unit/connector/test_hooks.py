"""What every connector reads hooks with: bodies, instants and keys that may be anything; secrets in an address."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tactful.connector import Hook, NotGenuineError, UnreadableHookError
from tactful.connector.hooks import told_at, told_key, told_text
from tactful.connector.signatures import verify_shared_secret

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "a-long-secret"


def hook(content: bytes = b"", query: str = "", **headers: str) -> Hook:
    return Hook(f"https://shop.example/hooks/acme{query}", headers, content, NOON)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"[" * 100_000, b"7", b'["a"]'])
def test_a_body_that_is_no_object_is_unreadable_and_no_crash(content: bytes) -> None:
    with pytest.raises(UnreadableHookError):
        hook(content).objects()


def test_one_object_is_read_like_a_list_of_one() -> None:
    assert hook(b'{"a":1}').objects() == hook(b'[{"a":1}]').objects() == [{"a": 1}]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-11-21T09:30:00.1234567Z", datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)),
        (1_763_717_400, datetime(2025, 11, 21, 9, 30, tzinfo=UTC)),
        ("2026-11-21T09:30:00", NOON),
        ("yesterday", NOON),
        (10**30, NOON),
        (float("nan"), NOON),
        (True, NOON),
        (None, NOON),
    ],
)
def test_an_instant_that_is_none_is_that_of_the_hook(said: object, expected: datetime) -> None:
    assert told_at(said, NOON) == expected


def test_a_key_or_a_text_that_is_not_there_is_none() -> None:
    assert told_key(str(UUID(int=7))) == UUID(int=7)
    assert [told_key(said) for said in (None, 7, "", "not ours")] == [None] * 4
    assert told_text({"a": {"b": 7}}, "a", "b") == "7"
    assert [told_text({"a": "x"}, *path) for path in (("b",), ("a", "b"))] == ["", ""]


def login(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_secret_in_the_address_lets_a_hook_pass_as_password_and_as_query() -> None:
    verify_shared_secret(hook(authorization=login(f"postmark:{SECRET}")), SECRET)
    verify_shared_secret(hook(query=f"?secret={SECRET}"), SECRET)


@pytest.mark.parametrize(
    "wrong",
    [
        hook(),
        hook(query="?secret="),
        hook(query=f"?secret={SECRET}x"),
        hook(authorization=login(f"{SECRET}:")),
        hook(authorization=login(f"postmark:{SECRET[:-1]}")),
        hook(authorization="Basic !!!"),
        hook(authorization=f"Bearer {SECRET}"),
        hook(authorization="Basic " + base64.b64encode(b"\xff:\xff").decode()),
    ],
)
def test_a_hook_without_the_secret_is_refused(wrong: Hook) -> None:
    with pytest.raises(NotGenuineError):
        verify_shared_secret(wrong, SECRET)
