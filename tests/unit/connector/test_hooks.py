"""What every connector reads hooks with: bodies, instants and keys that may be anything; secrets in an address."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tactful.connector import Hook, NotGenuineError, ReceiptKind, UnreadableHookError
from tactful.connector.hooks import kinds, told_at, told_key, told_text
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


def test_a_place_in_a_body_is_read_by_its_path_and_what_must_be_there_is_named() -> None:
    said = hook(b'{"data": {"to": [{"status": "sent"}], "code": 7, "so": true}}')
    assert [said.find(path) for path in ("data.to.0.status", "data.code", "data.to.1.status", "data.so")] == [
        "sent",
        "7",
        "",
        "",
    ]
    assert said.need("data.code") == "7"
    with pytest.raises(UnreadableHookError, match=r"the body has no data\.id"):
        said.need("data.id")


@pytest.mark.parametrize("content", [b"\xff=1", b"&".join(b"a=1" for _ in range(1001))])
def test_a_body_that_is_no_form_or_too_long_a_one_has_no_fields(content: bytes) -> None:
    assert hook(content).fields() == []


def test_a_form_keeps_its_order_and_an_address_what_we_gave_it() -> None:
    assert hook(b"To=%2B44&Body=&To=7").fields() == [("To", "+44"), ("Body", ""), ("To", "7")]
    assert hook(query="?key=a%20key&b=1").query("key") == "a key"
    assert [hook(query=query).query("key") for query in ("", "?b=1", "?key=")] == ["", "", ""]


def test_a_providers_words_are_a_table_of_kinds_and_one_it_invents_is_unknown() -> None:
    table = kinds(accepted="queued sent", delivered="delivered")
    assert [table[word] for word in ("queued", "sent", "delivered", "teleported")] == [
        ReceiptKind.ACCEPTED,
        ReceiptKind.ACCEPTED,
        ReceiptKind.DELIVERED,
        ReceiptKind.UNKNOWN,
    ]
    assert table.get("teleported") is None


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ({"arrived": "ok"}, "'arrived' is not a valid ReceiptKind"),
        ({"accepted": "sent", "bounced": "sent"}, "sent stands twice"),
    ],
)
def test_a_table_that_cannot_be_is_refused_where_it_is_written(words: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        kinds(**words)
