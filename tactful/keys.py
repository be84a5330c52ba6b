"""Keys that come out the same every time: of contacts, and of the share of customers a customer falls into.

No randomness and no Temporal run id enters a key, so that every attempt at a contact carries the same one.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from uuid import UUID, uuid5

NAMESPACE = UUID("6f2d7e0c-5b0f-5a3e-9c57-1d0b8f4c2a11")
"""The namespace of all our derived keys. Never to be changed: contacts would be made a second time."""
_BETWEEN = "\x1f"
_PLACES = 7


def contact_key(journey_key: UUID, step: str, communication: str, occurrence: int) -> UUID:
    """Return the key of a contact: one communication of one step of a journey, the occurrence-th time.

    Args:
        journey_key: The journey.
        step: The step's name; a journey passes through a step once.
        communication: The communication's name.
        occurrence: The cycle of a clock, from 1; 1 for every other step.
    """
    return uuid5(NAMESPACE, _BETWEEN.join(("contact", str(journey_key), step, communication, str(occurrence))))


def request_contact_key(customer_key: UUID, request_key: str) -> UUID:
    """Return the key of a contact that another system asks for, under its own key for the request."""
    return uuid5(NAMESPACE, _BETWEEN.join(("request", str(customer_key), request_key)))


def bucket(customer_key: UUID, salt: str) -> Decimal:
    """Return where a customer stands between 0 and 100 (exclusive), always the same for the same salt.

    Different salts (a test's name, the holdout) sort customers independently of each other.
    """
    digest = sha256(_BETWEEN.join((salt, str(customer_key))).encode("utf-8", "surrogatepass")).digest()
    share = int.from_bytes(digest) * 10**_PLACES >> (8 * len(digest))
    return Decimal(share * 100).scaleb(-_PLACES)
