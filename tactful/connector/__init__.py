"""The connector contract: what a message is, what a connector declares and does, how it is found and called.

It knows no provider, no database and no Temporal.
"""

from tactful.connector.capabilities import Capabilities, Feature, Idempotency, Lookup, NativeKey, NoKey
from tactful.connector.faults import Fault, SendFault
from tactful.connector.hooks import (
    Handshake,
    Hook,
    Inbound,
    News,
    NotGenuineError,
    Reply,
    Told,
    UnreadableHookError,
)
from tactful.connector.kernel import acknowledge, look_up, poll, send, stop, time_left
from tactful.connector.loader import ConnectorError, find
from tactful.connector.message import Message
from tactful.connector.polling import Asking, Fetched, Polls
from tactful.connector.protocol import (
    Accepted,
    AnyConnector,
    Cancelled,
    CannotSay,
    Connector,
    ConnectorConfig,
    Deliver,
    Finding,
    Found,
    LooksUp,
    NotThere,
    Ports,
    Stopping,
    Stops,
    TooLate,
)
from tactful.connector.redaction import redacted
from tactful.connector.telling import AnswersHooks, PreparesHooks, TellsLater
from tactful.strategy.model import Money
from tactful.words import Channel, ReceiptKind

__all__ = [
    "Accepted",
    "AnswersHooks",
    "AnyConnector",
    "Asking",
    "Cancelled",
    "CannotSay",
    "Capabilities",
    "Channel",
    "Connector",
    "ConnectorConfig",
    "ConnectorError",
    "Deliver",
    "Fault",
    "Feature",
    "Fetched",
    "Finding",
    "Found",
    "Handshake",
    "Hook",
    "Idempotency",
    "Inbound",
    "LooksUp",
    "Lookup",
    "Message",
    "Money",
    "NativeKey",
    "News",
    "NoKey",
    "NotGenuineError",
    "NotThere",
    "Polls",
    "Ports",
    "PreparesHooks",
    "ReceiptKind",
    "Reply",
    "SendFault",
    "Stopping",
    "Stops",
    "TellsLater",
    "Told",
    "TooLate",
    "UnreadableHookError",
    "acknowledge",
    "find",
    "look_up",
    "poll",
    "redacted",
    "send",
    "stop",
    "time_left",
]
