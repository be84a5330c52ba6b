"""What the tests of letter connectors share."""

from __future__ import annotations

from tactful.connector import Hook, Message
from tests.connectors.conftest import KEY, WRITTEN_AT

LINES = "Ada Lovelace\n1 Rose Lane\nFlat 2\nBath BA1 1AA\nUK"
LINES_US = "Ada Lovelace\n210 King St\nSan Francisco, CA 94107\nUS"


def letter(**changes: object) -> Message:
    """Return a marketing letter, but for what a test changes."""
    content: dict[str, object] = {
        "key": KEY,
        "channel": "letter",
        "to": LINES,
        "sender_name": "Fleur & Fils",
        "sender_address": "1 Rose Lane, Bath BA1 1AA, UK",
        "written_at": WRITTEN_AT,
        "language": "en-GB",
        "marketing": True,
        "subject": "Peonies are here",
        "html": "<html><style>p{color:#333}</style><p>Dear Ada, the {peonies} are in.</p></html>",
    }
    return Message.model_validate(content | changes)


def hook(content: bytes, **headers: str) -> Hook:
    """Return a hook that came in when the letter was written; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Hook("https://tactful.example/hooks/letters", named, content, WRITTEN_AT)
