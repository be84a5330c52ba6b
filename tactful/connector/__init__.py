"""The connector contract: what a message is, what a connector declares and does, how it is found and called.

It knows no provider, no database and no Temporal.
"""

from tactful.connector.capabilities import Capabilities, Feature, Idempotency, Lookup, NativeKey, NoKey
from tactful.connector.faults import Fault, SendFault
from tactful.connector.kernel import send, time_left
from tactful.connector.loader import ConnectorError, find
from tactful.connector.message import Message
from tactful.connector.protocol import Accepted, AnyConnector, Connector, ConnectorConfig, Deliver, LooksUp, Ports
from tactful.connector.redaction import redacted

__all__ = [
    "Accepted",
    "AnyConnector",
    "Capabilities",
    "Connector",
    "ConnectorConfig",
    "ConnectorError",
    "Deliver",
    "Fault",
    "Feature",
    "Idempotency",
    "LooksUp",
    "Lookup",
    "Message",
    "NativeKey",
    "NoKey",
    "Ports",
    "SendFault",
    "find",
    "redacted",
    "send",
    "time_left",
]
