"""The connector contract: what a message is, what a connector declares and does, how it is found and called.

It knows no provider, no database and no Temporal.
"""

from tactful.connector.capabilities import Capabilities, Feature, Idempotency, Lookup, NativeKey, NoKey
from tactful.connector.faults import Fault, SendFault
from tactful.connector.hooks import (
    AnswersHooks,
    Handshake,
    Hook,
    Inbound,
    News,
    NotGenuineError,
    PreparesHooks,
    Reply,
    TellsLater,
    Told,
    UnreadableHookError,
)
from tactful.connector.kernel import look_up, send, time_left
from tactful.connector.loader import ConnectorError, find
from tactful.connector.message import Message
from tactful.connector.protocol import (
    Accepted,
    AnyConnector,
    CannotSay,
    Connector,
    ConnectorConfig,
    Deliver,
    Finding,
    Found,
    LooksUp,
    NotThere,
    Ports,
)
from tactful.connector.redaction import redacted

__all__ = [
    "Accepted",
    "AnswersHooks",
    "AnyConnector",
    "CannotSay",
    "Capabilities",
    "Connector",
    "ConnectorConfig",
    "ConnectorError",
    "Deliver",
    "Fault",
    "Feature",
    "Finding",
    "Found",
    "Handshake",
    "Hook",
    "Idempotency",
    "Inbound",
    "LooksUp",
    "Lookup",
    "Message",
    "NativeKey",
    "News",
    "NoKey",
    "NotGenuineError",
    "NotThere",
    "Ports",
    "PreparesHooks",
    "Reply",
    "SendFault",
    "TellsLater",
    "Told",
    "UnreadableHookError",
    "find",
    "look_up",
    "redacted",
    "send",
    "time_left",
]
