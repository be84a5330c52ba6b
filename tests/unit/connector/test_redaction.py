"""What a provider says, made fit for a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from tactful.connector import Message, redacted
from tactful.connector.redaction import secrets_in
from tests.unit.connector.test_message import message


def mail() -> Message:
    return message(channel="email", to="jo.doe@example.com", text="Your bouquet of\npeonies is ready")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("5.1.1 <jo.doe@example.com>: unknown", "5.1.1 <[…]>: unknown"),
        ("5.1.1 <JO.DOE@EXAMPLE.COM>: unknown", "5.1.1 <[…]>: unknown"),
        ("user jo.doe has moved to other@example.org", "user […] has moved to […]"),
        ("no mailbox at example.com", "no mailbox at […]"),
        ("spam: 'bouquet of peonies is ready'", "spam: '[…]'"),
        ("line one\r\nline\ttwo\x1b[31m", "line one line two [31m"),
        ("queued as 4XyZ (203.0.113.9)", "queued as 4XyZ (203.0.113.9)"),
    ],
)
def test_addresses_and_quotations_are_masked(said: str, left: str) -> None:
    assert redacted(said, mail()) == left


def test_a_telephone_number_is_masked() -> None:
    sms = message(channel="sms", to="+447700900123", text="Hi")
    assert redacted("The number +447700900123 is unsubscribed", sms) == "The number […] is unsubscribed"
    assert redacted("to 447700900123: blocked", sms) == "to […]: blocked"


def test_a_secret_is_masked() -> None:
    assert redacted("535 wrong: hunter2", mail(), "hunter2", "") == "535 wrong: […]"


def test_what_is_long_is_cut() -> None:
    assert len(redacted("word " * 1000, mail())) == 300


@given(
    said=st.text(max_size=100),
    to=st.text(min_size=1, max_size=40),
    text=st.text(max_size=200) | st.text("ab \n", max_size=200),
)
def test_whatever_is_said_nothing_of_the_message_is_left(said: str, to: str, text: str) -> None:
    storable = str.maketrans(dict.fromkeys([0, *range(0xD800, 0xE000)], "x"))
    known = message(to=to.translate(storable), text=text.translate(storable))
    line = redacted(f"{said}{known.text}{said}{known.to}", known)
    assert line.isprintable()
    assert len(line) <= 300
    quoted = " ".join((known.text or "").split())
    pieces = {quoted[at : at + 16] for at in range(len(quoted) - 15)}
    assert not [piece for piece in sorted(pieces) if piece in line]


class Account(BaseModel):
    password: SecretStr
    name: str = "fleur"


class Several(BaseModel):
    key: SecretStr | None = None
    account: Account
    others: tuple[SecretStr, ...] = ()


def test_every_secret_of_a_configuration_is_found_however_deep_it_stands() -> None:
    config = Several.model_validate({"account": {"password": "deep"}, "others": ["one", "two"]})
    found = {key: secret.get_secret_value() for key, secret in secrets_in(config)}
    assert found == {"account.password": "deep", "others.0": "one", "others.1": "two"}
