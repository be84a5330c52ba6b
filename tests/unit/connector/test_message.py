"""The frozen message: stored and read back without a change, shown to nobody, refused where it is no message."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tactful.connector import Capabilities, Fault, Feature, Message, NoKey, SendFault
from tactful.words import Channel

WRITTEN_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def message(**changes: object) -> Message:
    content: dict[str, object] = {
        "key": UUID(int=7),
        "channel": "push",
        "to": "device-token",
        "written_at": WRITTEN_AT,
        "language": "en",
        "marketing": False,
    }
    return Message.model_validate(content | changes)


@given(
    to=text.filter(bool),
    subject=text | st.none(),
    html=text | st.none(),
    written_at=st.datetimes(
        datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis wants it naive
        timezones=st.just(timezone(timedelta(hours=5, minutes=30))),
    ),
)
def test_what_is_stored_is_what_is_read(to: str, subject: str | None, html: str | None, written_at: datetime) -> None:
    before = message(to=to, subject=subject, html=html, written_at=written_at)
    stored = json.dumps(before.model_dump(mode="json"))
    after = Message.model_validate(json.loads(stored))
    assert after == before
    assert json.dumps(after.model_dump(mode="json")) == stored


def test_its_repr_names_nobody_and_quotes_nothing() -> None:
    shown = message(to="jane@example.com", text="You owe us 10 pounds", sender_name="Fleur")
    assert repr(shown) == f"Message(key='{UUID(int=7)}', channel='push')"
    assert str(shown) == f"key='{UUID(int=7)}' channel='push'"


@pytest.mark.parametrize(
    "wrong",
    [{"to": ""}, {"written_at": datetime(2026, 1, 1)}, {"channel": "fax"}, {"text": "a\0b"}, {"html": "\ud83d"}],  # noqa: DTZ001
    ids=["no address", "naive instant", "unknown channel", "NUL", "half a surrogate pair"],
)
def test_what_no_channel_can_carry_is_no_message(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        message(**{"subject": "Private"} | wrong)
    assert "Private" not in str(caught.value)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        message().to = "another"  # pyright: ignore[reportAttributeAccessIssue]


CAPABILITIES = Capabilities(
    channels=(Channel.PUSH,), idempotency=NoKey(), features=frozenset({Feature.TITLE, Feature.TEXT}), bytes_max=10
)


@pytest.mark.parametrize(
    ("changes", "fault", "code"),
    [
        ({"channel": "sms"}, Fault.UNSUPPORTED, "channel"),
        ({"link": "https://x.example"}, Fault.UNSUPPORTED, "feature"),
        ({"html": ""}, Fault.UNSUPPORTED, "feature"),
        ({"text": "üüüüüü"}, Fault.BAD_CONTENT, "size"),
    ],
)
def test_a_message_the_connector_cannot_carry_whole_is_refused(
    changes: dict[str, Any], fault: Fault, code: str
) -> None:
    with pytest.raises(SendFault) as caught:
        CAPABILITIES.admit(message(**changes))
    assert (caught.value.fault, caught.value.code) == (fault, code)


def test_a_message_that_fits_is_let_through() -> None:
    CAPABILITIES.admit(message(title="Peonies", text="üüüüü", sender_name="Fleur", unsubscribe_url="https://x.example"))


def test_a_sender_that_is_needed_and_not_said_is_for_a_person_to_set_up() -> None:
    assert message(sender_address="Fleur").sender == "Fleur"
    with pytest.raises(SendFault) as caught:
        _ = message().sender
    assert str(caught.value) == "config (sender): the strategy's sender does not say who it is from by push"
