"""Links: signed, whole or refused, and giving nobody away."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tactful.links import (
    BadTokenError,
    Links,
    Question,
    Unsubscribe,
    question_token,
    read_token,
    unsubscribe_token,
)
from tactful.words import Channel
from tests.unit.given import communication

SECRET = SecretStr("a secret for tests only")
KEY = UUID("6c1b0c1e-5a0e-4f55-9d49-0b0f3a6f8a11")


@given(st.uuids(), st.text(min_size=1, max_size=60), st.sampled_from(Channel))
def test_a_link_says_what_it_was_made_for(key: UUID, topic: str, channel: Channel) -> None:
    token = unsubscribe_token(SECRET, key, topic.replace("\x1f", ""), channel)
    assert read_token(SECRET, token) == Unsubscribe(key, topic.replace("\x1f", ""), channel)


def test_a_question_is_told_from_an_unsubscribe() -> None:
    assert read_token(SECRET, question_token(SECRET, KEY, "birthday")) == Question(KEY, "birthday")


def test_a_link_of_another_secret_is_refused() -> None:
    token = unsubscribe_token(SecretStr("another secret altogether"), KEY, "news", Channel.EMAIL)
    with pytest.raises(BadTokenError):
        read_token(SECRET, token)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_no_byte_of_a_link_can_be_changed(where: int, to: int) -> None:
    token = unsubscribe_token(SECRET, KEY, "news", Channel.EMAIL)
    at = where % len(token)
    other = token[:at] + chr(to) + token[at + 1 :]
    if other == token:
        return
    try:
        read = read_token(SECRET, other)
    except BadTokenError:
        return
    # The last letter of base64 has bits that stand for nothing: the same link, spelled otherwise.
    assert at == len(token) - 1
    assert read == Unsubscribe(KEY, "news", Channel.EMAIL)


@given(st.text(max_size=600))
def test_anything_else_is_refused_and_nothing_fails(token: str) -> None:
    with pytest.raises(BadTokenError):
        read_token(SECRET, token)


def test_a_message_gets_the_links_it_needs() -> None:
    links = Links("https://contact.fleur.example/", SECRET)
    plain = links.of(KEY, communication("hello"), Channel.EMAIL)
    assert set(plain) == {"unsubscribe", "preferences"}
    assert plain["unsubscribe"].startswith("https://contact.fleur.example/u/")
    asking = links.of(KEY, communication("dates", ask="birthday"), Channel.EMAIL)
    assert asking["question"].startswith("https://contact.fleur.example/q/")


def test_a_link_names_nobody() -> None:
    token = unsubscribe_token(SECRET, KEY, "news", Channel.EMAIL)
    assert str(KEY) not in token
    assert "@" not in token
