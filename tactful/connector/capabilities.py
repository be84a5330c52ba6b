"""What a connector declares of itself, and the test of a message against it before anything is sent.

Pure: it reads a message and a declaration. What a provider thinks of the message is the connector's to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tactful.connector.faults import Fault, SendFault
from tactful.connector.message import Message
from tactful.strategy.model import Money
from tactful.words import Channel


@dataclass(frozen=True, slots=True)
class NativeKey:
    """The provider sends once per key, however often it is asked within `window`; for ever where none is said."""

    window: timedelta = timedelta.max


@dataclass(frozen=True, slots=True)
class Lookup:
    """The provider can be asked by our key whether it has the message, once `settles_after` has passed."""

    settles_after: timedelta


@dataclass(frozen=True, slots=True)
class NoKey:
    """Neither: what is not known stays so until a receipt or a person settles it."""


Idempotency = NativeKey | Lookup | NoKey


class Feature(StrEnum):
    """The parts of a message that not every connector can carry; each is named as the field of `Message`."""

    SUBJECT = "subject"
    TITLE = "title"
    TEXT = "text"
    HTML = "html"
    LINK = "link"
    REPLY_TO = "reply_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector can do.

    Attributes:
        channels: The channels it serves.
        idempotency: What a second attempt with the same key means.
        features: The parts of a message it carries. A message with any other part is refused, never cut down.
        bytes_max: Most bytes of text and HTML together, in UTF-8.
        rate: Most messages a second that the provider takes; None where it names no limit. `rate` in the connector's
            table of `tactful.toml` says otherwise.
        receipts: Whether the provider tells later what became of a message: of its own accord (`TellsLater`), when it
            is asked (`Polls`), or within the house.
        arrivals: Whether, where it tells anything, it tells of every message that arrived. Only then does silence mean
            that one did not: a fallback `after 4 hours` waits for it. A mail server tells of bounces only.
        inbound: Whether the provider hands on what customers write back, by either way.
        cancels: Whether the provider can be told to stop a message that it took: a letter before it is printed.
        in_home_days: How many days it takes to reach the customer: a letter of three counts in caps and gap from three
            days after it was handed over.
        unit_cost: What a message costs, of a text each segment; None where that is the account's matter, as it mostly
            is. `unit_cost` in the connector's table of `tactful.toml` says otherwise.
    """

    channels: tuple[Channel, ...]
    idempotency: Idempotency
    features: frozenset[Feature]
    bytes_max: int
    rate: float | None = None
    receipts: bool = False
    arrivals: bool = True
    inbound: bool = False
    cancels: bool = False
    in_home_days: int = 0
    unit_cost: Money | None = None

    def admit(self, message: Message) -> None:
        """Let a message pass that this connector can carry whole.

        Raises:
            SendFault: UNSUPPORTED where the channel or a part is not among the capabilities; BAD_CONTENT where it is
                too big.
        """
        if message.channel not in self.channels:
            raise SendFault(Fault.UNSUPPORTED, "channel", f"serves {', '.join(self.channels)}, not {message.channel}")
        lacking = [part for part in Feature if part not in self.features and getattr(message, part) is not None]
        if lacking:
            raise SendFault(Fault.UNSUPPORTED, "feature", f"cannot carry {', '.join(lacking)}")
        size_bytes = sum(len(part.encode()) for part in (message.text, message.html) if part)
        if size_bytes > self.bytes_max:
            detail = f"the text is {size_bytes:,} bytes long; at most {self.bytes_max:,} can be sent"
            raise SendFault(Fault.BAD_CONTENT, "size", detail)
