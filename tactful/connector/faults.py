"""How a send can end badly: nine faults, each with one consequence, and the error that carries one.

This module classifies nothing; a connector does, from what its provider said. A fault other than *ambiguous* promises
that the customer was not reached by this attempt.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from tactful.errors import TactfulError


class Fault(StrEnum):
    """What went wrong, in terms of what has to happen next."""

    TRANSIENT = "transient"
    """Not sent; the same may well work later."""
    THROTTLED = "throttled"
    """Not sent; the provider asks us to slow down. Says nothing about the message, so no attempt is used up."""
    AMBIGUOUS = "ambiguous"
    """Not known: the message may have gone out. Never sent again without a key, a look-up or a person."""
    BAD_RECIPIENT = "bad_recipient"
    """Not sent, and never will be to this address: it does not exist or takes no mail."""
    SUPPRESSED = "suppressed"
    """Not sent: the provider knows of an opt-out or a complaint of this address."""
    BAD_CONTENT = "bad_content"
    """Not sent, and never will be as it stands: this message is refused."""
    CONFIG = "config"
    """Not sent: our side is set up wrongly. True for every message, so the connector is held until a person acts."""
    QUOTA = "quota"
    """Not sent: a daily or paid-for limit is used up. The connector is held until it is there again."""
    UNSUPPORTED = "unsupported"
    """Not sent, nothing was tried: the message needs what this connector cannot do."""


class SendFault(TactfulError):  # noqa: N818 - a fault is the design's word for it
    """A connector did not send a message, or does not know whether it did.

    Attributes:
        fault: What follows from it.
        code: The provider's own code, or a short word of ours where there is none: `550 5.1.1`, `timeout`.
        detail: What the provider said, in one line, with no address, body or secret in it; may be empty.
        retry_after: How long the provider asked us to wait, if it did.
    """

    def __init__(self, fault: Fault, code: str, detail: str = "", *, retry_after: timedelta | None = None) -> None:
        self.fault = fault
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        super().__init__(fault, code, detail)

    def __str__(self) -> str:
        """Return fault, code and detail in one line."""
        return f"{self.fault} ({self.code})" + (f": {self.detail}" if self.detail else "")
