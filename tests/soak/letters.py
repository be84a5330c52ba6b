"""What the provider tells later of what it has delivered: at once, late, twice, out of order, of strangers, or never.

Pure: drawn from the seed for each delivery. What is told at once can be known here before our own worker has recorded
anything, and what comes late can tell of a message that nobody knew the fate of any more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

SILENT: Final = 0.3
"""Share of deliveries of which nothing is ever told, so that some unknowns stay unknown."""
AT_ONCE, SOON = 0.3, 0.4
SOON_SECONDS, LATE_SECONDS = 2.0, 8.0
TWICE, STRANGE, BOUNCES, OPENS, NAMES_US = 0.3, 0.05, 0.05, 0.3, 0.7


@dataclass(frozen=True)
class Letter:
    """One copy of something that is told.

    Attributes:
        at: When it comes, in seconds since the epoch.
        happened_at: When it happened, as the provider says.
        personality: Who tells.
        letter_id: The provider's own id of what it tells: the same in every copy.
        kind: What it tells.
        provider_id: The provider's name for the message.
        reference: Our own name for it, where it is given back.
    """

    at: float
    happened_at: float
    personality: str
    letter_id: str
    kind: str
    provider_id: str
    reference: str | None


def letters(seed: int, now: float, personality: str, provider_id: str, reference: str) -> list[Letter]:
    """Return all that will be told of one delivery, in no order."""
    chance = random.Random(f"{seed} {provider_id}")
    if chance.random() < SILENT:
        return []
    named = reference if chance.random() < NAMES_US else None
    tellings = [("bounced" if chance.random() < BOUNCES else "delivered", provider_id, named)]
    if chance.random() < OPENS:
        tellings.append(("opened", provider_id, named))
    if chance.random() < STRANGE:
        tellings.append(("delivered", f"stranger-{provider_id}", None))
    return [
        Letter(now + _delay(chance), now + number, personality, f"{kind}-{of}", kind, of, ours)
        for number, (kind, of, ours) in enumerate(tellings)
        for _ in range(2 if chance.random() < TWICE else 1)
    ]


def _delay(chance: random.Random) -> float:
    drawn = chance.random()
    if drawn < AT_ONCE:
        return 0.0
    return chance.random() * SOON_SECONDS if drawn < AT_ONCE + SOON else SOON_SECONDS + chance.random() * LATE_SECONDS
