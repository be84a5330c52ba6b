"""The message as it is frozen when a contact is claimed: everything a connector needs, and nothing that could change.

It is stored as JSON and read back for every attempt, so that every attempt sends the same bytes. It renders nothing
and looks nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from tactful.connector.faults import Fault, SendFault
from tactful.words import Channel

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Message(BaseModel):
    """One message to one address on one channel.

    `model_dump(mode="json")` and `model_validate` are each other's inverse. Its `repr` shows the key and the channel
    only, so that no address and no text reach a log by accident.

    Attributes:
        key: The key of this part of the contact, the same for every attempt: the idempotency key.
        channel: The channel it is for.
        to: The address: an email address, a telephone number, a push token, the lines of a postal address.
        written_at: Instant at which it was frozen, in UTC; the only time a message may show.
        language: BCP 47 tag of the language it is written in.
        marketing: Whether it is about a marketing topic.
        sender_name: The company as people know it.
        sender_address: Who it is from on this channel: an email address, an SMS sender, an app, a return address, the
            number that a call comes from.
        reply_to: Email address that answers go to, where it is not the sender's.
        list_id: What one says yes or no to, as a dotted name: `ideas.florist` (topic, strategy).
        subject: Subject line (email), or what a call is about.
        title: Heading (push).
        text: Plain text (email, SMS, push); what there is to say (call).
        html: HTML (email, letter).
        link: URL that opens on a tap (push).
        unsubscribe_url: Where one POST ends this topic for this customer; for channels that have a place for it
            outside the text, as email has. The way out that people read stands in the text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: UUID
    channel: Channel
    to: str = Field(min_length=1)
    written_at: AwareDatetime
    language: str
    marketing: bool
    sender_name: str | None = None
    sender_address: str | None = None
    reply_to: str | None = None
    list_id: str | None = None
    subject: str | None = None
    title: str | None = None
    text: str | None = None
    html: str | None = None
    link: str | None = None
    unsubscribe_url: str | None = None

    @property
    def sender(self) -> str:
        """Who it is from, for connectors whose provider wants to be told.

        Raises:
            SendFault: CONFIG, the strategy does not say.
        """
        if not self.sender_address:
            detail = f"the strategy's sender does not say who it is from by {self.channel}"
            raise SendFault(Fault.CONFIG, "sender", detail)
        return self.sender_address

    @field_validator("written_at")
    @classmethod
    def _in_utc(cls, written_at: AwareDatetime) -> AwareDatetime:
        return written_at.astimezone(UTC)

    @model_validator(mode="after")
    def _storable(self) -> Self:
        for name, value in self:
            if isinstance(value, str) and _UNSTORABLE.search(value):
                msg = f"{name} holds a NUL character or half a surrogate pair, which no channel can carry"
                raise ValueError(msg)
        return self

    def __repr_args__(self) -> Iterator[tuple[str, object]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Yield what may be shown: the key and the channel."""
        yield "key", str(self.key)
        yield "channel", str(self.channel)
