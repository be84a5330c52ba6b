"""What the provider tells later of what it has delivered: at once, late, twice, out of order, of strangers, or never.

Pure: drawn from the seed for each delivery. What is told at once can be known here before our own worker has recorded
anything, and what comes late can tell of a message that nobody knew the fate of any more. Vendors call things by their
own names, and always give back what they were given; the soak's own provider forgets our key now and then.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from tests.soak.press import is_stoppable

SILENT: Final = 0.3
"""Share of deliveries of which nothing is ever told, so that some unknowns stay unknown."""
AT_ONCE, SOON = 0.3, 0.4
SOON_SECONDS, LATE_SECONDS = 2.0, 8.0
TWICE, STRANGE, BOUNCES, OPENS, NAMES_US = 0.3, 0.05, 0.05, 0.3, 0.7
STRANGER: Final = "stranger"
WORDS: Final = {
    "twilio": {"delivered": "delivered", "undelivered": "bounced", "read": "opened"},
    "sendgrid": {"delivered": "delivered", "bounce": "bounced", "open": "opened"},
    "lob": {
        "delivered": "delivered",
        "returned_to_sender": "returned",
        "mailed": "mailed",
        "rendered_pdf": "accepted",
        "deleted": "cancelled",
    },
}
"""Of each vendor: its words, in the order arrived, did not, was looked at; and what they are in ours."""
_OWN = {"delivered": "delivered", "bounced": "bounced", "opened": "opened"}


@dataclass(frozen=True)
class Of:
    """What a thing is told of: a message as its provider knows it.

    Attributes:
        personality: Who has it.
        provider_id: The provider's name for it.
        reference: Our own name for it.
        to: The address.
        callback: Where the provider was asked to tell.
    """

    personality: str
    provider_id: str
    reference: str | None
    to: str = ""
    callback: str | None = None


@dataclass(frozen=True)
class Letter:
    """One copy of something that is told.

    Attributes:
        at: When it comes, in seconds since the epoch.
        happened_at: When it happened, as the provider says.
        of: What it is told of; our name is in it where it is given back.
        letter_id: The provider's own id of what it tells: the same in every copy.
        said: What it tells, in the provider's word.
    """

    at: float
    happened_at: float
    of: Of
    letter_id: str
    said: str

    @property
    def kind(self) -> str:
        """Return what it tells, in our word."""
        return WORDS.get(self.of.personality, _OWN)[self.said]

    @property
    def of_a_stranger(self) -> bool:
        """Say whether it tells of a message that nobody here sent."""
        return self.of.provider_id.startswith(STRANGER)

    @property
    def place(self) -> tuple[str, str, str]:
        """Return what must be kept of it exactly once: who told, of what, what."""
        return self.of.personality, self.of.provider_id, self.kind


def letters(seed: int, now: float, of: Of) -> list[Letter]:
    """Return all that will be told of one delivery, in no order."""
    chance = random.Random(f"{seed} {of.provider_id}")
    if chance.random() < SILENT:
        return []
    arrived, failed, looked_at, *_ = WORDS.get(of.personality, _OWN)
    forgets = of.personality not in WORDS and chance.random() >= NAMES_US
    known = Of(of.personality, of.provider_id, None if forgets else of.reference, of.to, of.callback)
    tellings = [(failed if chance.random() < BOUNCES else arrived, known)]
    if chance.random() < OPENS:
        tellings.append((looked_at, known))
    if is_stoppable(seed, of.personality, of.provider_id):
        tellings = [("rendered_pdf", known)]
    if chance.random() < STRANGE:
        callback = of.callback.partition("?")[0] if of.callback else None
        tellings.append((arrived, Of(of.personality, f"{STRANGER}-{of.provider_id}", None, of.to, callback)))
    return [
        Letter(now + _delay(chance), now + number, who, f"{said}-{who.provider_id}", said)
        for number, (said, who) in enumerate(tellings)
        for _ in range(2 if chance.random() < TWICE else 1)
    ]


def of_stopping(seed: int, now: float, of: Of) -> list[Letter]:
    """Return what will be told of a letter that was stopped."""
    chance = random.Random(f"{seed} stopped {of.provider_id}")
    return (
        []
        if chance.random() < SILENT
        else [Letter(now + _delay(chance), now, of, f"deleted-{of.provider_id}", "deleted")]
    )


def _delay(chance: random.Random) -> float:
    drawn = chance.random()
    if drawn < AT_ONCE:
        return 0.0
    return chance.random() * SOON_SECONDS if drawn < AT_ONCE + SOON else SOON_SECONDS + chance.random() * LATE_SECONDS
