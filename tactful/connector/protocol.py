"""What a connector is: a configuration, its capabilities, and one way to send a message.

The contract only; how a connector is found is the loader's, how it is called the kernel's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args, runtime_checkable
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from tactful.connector.capabilities import Capabilities
from tactful.connector.faults import Fault, SendFault
from tactful.connector.message import Message
from tactful.connector.spans import as_span
from tactful.strategy.model import Money


class ConnectorConfig(BaseModel):
    """Base of every connector's configuration: the keys of its `[connectors.NAME]` table.

    Secrets are `SecretStr`: the file then names where they are kept, and no `repr` or error shows them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _in_words(cls, given: object, field: ValidationInfo) -> object:
        """Read a length of time that is written in words."""
        annotation = cls.model_fields[field.field_name or ""].annotation
        return as_span(given) if timedelta in {annotation, *get_args(annotation)} else given


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message.

    Attributes:
        provider_id: The provider's name for it, by which receipts will speak of it.
        detail: What the provider said, in one line, with no address, body or secret in it; may be empty.
        cost: What it costs, all its segments or pages together, where the provider tells; it stands over what is
            configured.
    """

    provider_id: str
    detail: str = ""
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has the message that was asked about.

    Attributes:
        provider_id: The provider's name for it, by which receipts will speak of it.
        detail: What the provider said, as in `Accepted`.
        cost: What it costs, as in `Accepted`.
    """

    provider_id: str
    detail: str = ""
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider never got the message that was asked about, and can no longer get it by that attempt."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The provider will not send the message, and never did."""


@dataclass(frozen=True, slots=True)
class TooLate:
    """The message has gone its way: printed, or sent."""


@dataclass(frozen=True, slots=True)
class CannotSay:
    """The provider could not be asked, or does not know (yet): `why` in one line, with no address in it."""

    why: str


Finding = Found | NotThere | CannotSay
Stopping = Cancelled | TooLate | CannotSay


class Deliver(Protocol):
    """Puts a message into the house's own mailbox. Blocking; called in a thread."""

    def __call__(self, message: Message, /) -> str:
        """Keep the message, once per key however often it is called, and return the id it is kept under."""
        ...


class Calls(Protocol):
    """The house's list of calls that people make. Both methods are blocking; called in a thread."""

    def put(self, message: Message, /) -> str:
        """Put a call on the list, once per key however often it is put, and return the id it is known by."""
        ...

    def withdraw(self, task: str, /) -> Stopping:
        """Take a call off the list that nobody has taken yet."""
        ...


class NoCalls:
    """A house without a list."""

    def put(self, message: Message, /) -> str:
        """Refuse: nobody would call."""
        del message
        raise SendFault(Fault.CONFIG, "no calls", "here is no list of calls")

    def withdraw(self, task: str, /) -> Stopping:
        """Say that nothing is known of it."""
        del task
        return CannotSay("here is no list of calls")


@dataclass(frozen=True, slots=True)
class Ports:
    """What the application lends to connectors whose messages stay in the house."""

    deliver: Deliver
    calls: Calls = field(default_factory=NoCalls)


ConfigT = TypeVar("ConfigT", bound=ConnectorConfig)


class Connector(ABC, Generic[ConfigT]):
    """The code that speaks to one provider. One object per `[connectors.NAME]`, shared by all sends, in one loop.

    A subclass names its `Config` and its `capabilities`, and implements `send`.
    """

    Config: ClassVar[type[ConnectorConfig]]
    capabilities: ClassVar[Capabilities]

    def __init__(self, config: ConfigT, ports: Ports) -> None:
        self.config = config
        self.ports = ports

    @abstractmethod
    async def send(self, message: Message, *, deadline: float) -> Accepted:
        """Hand the message to the provider, at most once.

        Called through `tactful.connector.send`, which has tested the message against the capabilities. An
        implementation asks `time_left` immediately before the bytes that cannot be taken back, and lets a cancellation
        through after closing what it had open.

        Args:
            message: The frozen message, the same for every attempt.
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Returns:
            That the provider took it, and its id for it.

        Raises:
            SendFault: It did not, or that is not known.
        """

    @property
    def receipts_come(self) -> bool:
        """Whether we hear of what arrives, as this one is configured: it may lack our address, or our trust.

        Where we do not, what was taken counts as arrived: a fallback that waits for a receipt would double it. What is
        told of a failure has its consequences all the same.
        """
        return self.capabilities.receipts and self.capabilities.arrivals

    async def aclose(self) -> None:
        """Close what is open. Nothing is sent afterwards."""
        return


AnyConnector = Connector[Any]


@runtime_checkable
class LooksUp(Protocol):
    """What a connector that declares `Lookup` has besides."""

    async def lookup(self, key: UUID, *, deadline: float) -> Finding:
        """Say what became of the message with this key. Asking sends nothing.

        Called through `tactful.connector.look_up`, and not before the time has passed in which, by the connector's
        declaration, a message that was handed over shows up. *Not there* is a promise: the message is sent again.

        Args:
            key: The key of the message (`Message.key`).
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Raises:
            SendFault: The provider could not be asked; the same as `CannotSay`.
        """
        ...


@runtime_checkable
class Stops(Protocol):
    """What a connector that declares `cancels` has besides."""

    def cancels_within(self) -> timedelta:
        """Return how long after it was handed over a message may still be stopped, at the most."""
        ...

    async def cancel(self, provider_id: str, *, deadline: float) -> Stopping:
        """Tell the provider to stop a message; as harmless twice as once. *Cancelled* is a promise.

        Called through `tactful.connector.stop`.

        Args:
            provider_id: The provider's name for the message.
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Raises:
            SendFault: The provider could not be asked; the same as `CannotSay`.
        """
        ...
