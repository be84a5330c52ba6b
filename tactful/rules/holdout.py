"""The holdout: a share of customers whom marketing leaves alone, so that it is known what marketing does."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tactful.facts import Customer
from tactful.keys import bucket
from tactful.strategy.model import Topic
from tactful.verdict import Line
from tactful.words import Purpose, Reason

HOLDOUT = "holdout"
SALT = "holdout"
"""One salt for all strategies: whoever is held out of one is in the yardstick of every other with as large a share."""
_PASSED = Line(HOLDOUT)


def held_out(customer_key: UUID, share: Decimal) -> bool:
    """Say whether a customer belongs to the share that is held out: always the same customers for the same share.

    A share that grows keeps whom it had. Independent of every test's arms.

    Source: docs/rules.md#holdout
    """
    return share > 0 and bucket(customer_key, SALT) < share


def not_held_out(topic: Topic, customer: Customer, share: Decimal, *, asked_for: bool) -> Line:
    """Say whether the customer is outside the universal holdout. Mandatory contacts and those asked for by API pass.

    Held out is no end of the asking: the contact is *control* only where everything else would let it be sent now.

    Args:
        topic: What about; mandatory contacts pass.
        customer: Whom.
        share: `holdout` of the published rules, in percent.
        asked_for: Another system asks for this one contact.

    Source: docs/rules.md#holdout
    """
    if share <= 0 or asked_for or topic.purpose is Purpose.SERVICE or not held_out(customer.customer_key, share):
        return _PASSED
    return Line(HOLDOUT, Reason.HELD_OUT, {"holdout": f"{share.normalize():f}%"})
