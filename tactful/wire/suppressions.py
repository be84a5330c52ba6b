"""Suppressions over the wire: a standing no told, lifted by somebody, and looked at. Shapes only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tactful.wire.answers import Answer, SuppressionAnswer
from tactful.wire.bodies import Body, OtherId, Words

LONGEST_ADDRESS = 4096
Kind = Literal["undeliverable", "marketing"]


class Against(Body):
    """Whom a suppression is against: a customer, or an address on a channel, whoever has it now or later."""

    user_id: OtherId | None = None
    anonymous_id: OtherId | None = None
    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS)] | None = None
    """An address; `channel` says of which kind. It concerns everybody who has it."""

    country: Words | None = None
    """For a telephone number that is written without its country: two letters."""

    channel: Words | None = None
    """`email`, `sms`, `push`, `letter` or `call`. Of a customer: left out, it holds for all channels."""

    topic: Words | None = None
    """Left out, it holds for all topics."""


class SuppressBody(Against):
    """A standing no."""

    type: Literal["suppress"] = "suppress"
    kind: Kind
    """*undeliverable* stops everything, *marketing* stops marketing."""

    reason: Words
    """Why, in a word or two: bounced, gone away, deceased, legal · unsubscribed, complained, preference service."""

    source: Words = "api"
    """Who says so: the form, the list, the provider."""

    at: str | None = None
    """When it was said, ISO 8601 with an offset. Missing: now."""

    expires_at: str | None = None
    """From when it stands no longer. Missing: until it is lifted."""


class LiftBody(Against):
    """Lift what stands against a customer or an address, as far as it is named."""

    kind: Kind | None = None
    asked_by: Words = "api"
    """Who lifts it: kept beside it."""

    why: Annotated[str, Field(min_length=1, max_length=500)]


class ListedSuppression(SuppressionAnswer):
    """A no as it was told, and what became of it."""

    state: Literal["standing", "expired", "lifted"]
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    why_lifted: str | None = None


class SuppressedAnswer(Answer):
    """What a no came to."""

    new: bool
    """False: it stands already, or was lifted since it was said."""

    customers: int
    """How many customers it concerns as things are."""


class LiftedAnswer(Answer):
    """What a lift came to."""

    lifted: int
    standing: list[ListedSuppression]
    """What still stands against whom it names: of a customer also what stands against their addresses."""


class SuppressionsAnswer(Answer):
    """What was ever told against a customer or an address, the newest first, 200 at most."""

    suppressions: list[ListedSuppression]
