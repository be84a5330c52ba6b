"""The wire: what the HTTP API takes and answers, as types shared by the server, the client and other people's code.

`bodies` are requests, `answers` what comes back. Shapes only: what a body's content may be is `tactful.doors`' to say.
"""

from tactful.wire.answers import (
    BatchAnswer,
    ContactAnswer,
    CustomerAnswer,
    ErrorAnswer,
    FeedAnswer,
    HealthAnswer,
    ItemAnswer,
    PublishAnswer,
    Refusal,
    StrategiesAnswer,
    Taken,
    TimelineAnswer,
)
from tactful.wire.bodies import (
    BatchBody,
    ContactBody,
    IdentifyBody,
    ImportBody,
    OptIn,
    PublishBody,
    TrackBody,
)

__all__ = [
    "BatchAnswer",
    "BatchBody",
    "ContactAnswer",
    "ContactBody",
    "CustomerAnswer",
    "ErrorAnswer",
    "FeedAnswer",
    "HealthAnswer",
    "IdentifyBody",
    "ImportBody",
    "ItemAnswer",
    "OptIn",
    "PublishAnswer",
    "PublishBody",
    "Refusal",
    "StrategiesAnswer",
    "Taken",
    "TimelineAnswer",
    "TrackBody",
]
