"""The doors: what arrives as text and JSON becomes checked values, or refusals that say what would be right.

Pure: bodies (`tactful.wire`) and the published vocabulary go in, `tactful.intake` values come out. Nothing here stores,
asks a clock or reaches a network.
"""

from tactful.doors.messages import read_identify, read_message, read_request, read_track
from tactful.doors.reading import read_body
from tactful.doors.refusals import RefusedError, refusal
from tactful.doors.vocabulary import Vocabulary

__all__ = [
    "RefusedError",
    "Vocabulary",
    "read_body",
    "read_identify",
    "read_message",
    "read_request",
    "read_track",
    "refusal",
]
