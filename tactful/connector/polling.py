"""What a provider is asked for that does not call us: what a connector is given to ask with, and what it brings back.

Values only. Nothing is lost and nothing doubled however it ends: what was fetched is stored together with the cursor,
in one transaction; only then is the provider told that it may forget it; and what is fetched again is known by its
`dedupe_id`. When to ask, and keeping what was told, is the application's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from tactful.connector.hooks import Inbound, Told

LONGEST_CURSOR = 2_000


@dataclass(frozen=True, slots=True)
class Asking:
    """One look at what a provider has for us.

    Attributes:
        cursor: What `Fetched.cursor` was when something was last stored; None before that. Where nothing came of a
            look, the next one begins at the same place.
        at: Aware UTC instant of this look.
    """

    cursor: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one look brought.

    Attributes:
        news: What was told. Told again by a later look, each has the same `dedupe_id`.
        cursor: Where the next look begins, once this is stored, in printable characters; None where the provider needs
            no telling.
        taken: The provider's names for what it may forget, or mark as read, once this is stored.
        more: Whether there is more at once.
    """

    news: Sequence[Told | Inbound] = field(default=(), repr=False)
    cursor: str | None = None
    taken: Sequence[str] = ()
    more: bool = False


@runtime_checkable
class Polls(Protocol):
    """What a connector has besides whose provider has to be asked for receipts, or for what customers write."""

    def polls_every(self) -> timedelta | None:
        """Return how long there is between two looks; None where this one is not configured to look."""
        ...

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        """Fetch some of what the provider has, and change nothing there: a look that is not stored has not been.

        Called through `tactful.connector.poll`. What cannot be read is told as `ReceiptKind.UNKNOWN`, with what it was:
        a look must get past everything it finds.

        Args:
            asking: Where to begin.
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Raises:
            SendFault: The provider could not be asked; nothing of this look is kept.
        """
        ...

    async def acknowledge(self, taken: Sequence[str], *, deadline: float) -> None:
        """Tell the provider that what it names so is stored; as harmless twice as once.

        Called through `tactful.connector.acknowledge`, and not at all where a look took nothing. It may never come:
        then the same is fetched again.

        Args:
            taken: `Fetched.taken` of a look whose news are stored.
            deadline: Monotonic seconds (`time.monotonic`) by which the call must have ended.

        Raises:
            SendFault: It could not be told; the same is fetched again.
        """
        ...
